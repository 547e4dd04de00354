"""Attention has an owner and a deadline."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "attention_item", sa.Column("owner", sa.String(), nullable=False, server_default="front_desk")
    )
    op.add_column("attention_item", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
