"""A fee that came in too late buys another time for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("choose_until", sa.DateTime(timezone=True), nullable=True))
