"""Clients who may be the same person: what the practice has decided about them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("duplicate_of_id", sa.String(), sa.ForeignKey("client.id"), nullable=True))
    op.create_index("ix_client_duplicate_of_id", "client", ["duplicate_of_id"])
    op.create_index("ix_client_provider_birth", "client", ["provider_id", "date_of_birth"])
    op.create_table(
        "two_persons",
        sa.Column("one_id", sa.String(), sa.ForeignKey("client.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("other_id", sa.String(), sa.ForeignKey("client.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_two_persons_other_id", "two_persons", ["other_id"])
