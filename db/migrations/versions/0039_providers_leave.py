"""Providers who have left their practice."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("provider", sa.Column("left_words", sa.String(), nullable=True))
    op.add_column(
        "provider", sa.Column("sign_ins_ended", sa.ARRAY(sa.String()), nullable=False, server_default=sa.text("'{}'"))
    )
