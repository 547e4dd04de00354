"""Merchant accounts say since when, what is asked for and when they were read; attention for a practice's own affairs."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("merchant_account", sa.Column("status_before", sa.String(), nullable=True))
    op.add_column("merchant_account", sa.Column("attempt", sa.Integer(), server_default="0", nullable=False))
    op.add_column("merchant_account", sa.Column("asked_at", moment, nullable=True))
    op.add_column("merchant_account", sa.Column("due", sa.Integer(), server_default="0", nullable=False))
    op.add_column("merchant_account", sa.Column("disabled_reason", sa.String(), nullable=True))
    op.add_column("merchant_account", sa.Column("read_at", moment, nullable=True))
    op.create_index("ix_merchant_account_account", "merchant_account", ["account"])
    op.alter_column("attention_item", "client_id", nullable=True)
    op.add_column("attention_item", sa.Column("practice_id", sa.String(40), sa.ForeignKey("practice.id"), nullable=True))
    op.add_column("attention_item", sa.Column("provider_id", sa.String(40), sa.ForeignKey("provider.id"), nullable=True))
    op.create_index("ix_attention_item_practice_id", "attention_item", ["practice_id"])
    op.create_check_constraint("somebodys", "attention_item", "(client_id IS NULL) <> (practice_id IS NULL)")
