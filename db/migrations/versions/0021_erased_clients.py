"""Clients can be erased: their row stays without a word about them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
