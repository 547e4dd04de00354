"""Disputes of payments: what banks ask back, until when to answer, and what is lost to them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("payment_id", sa.String(), sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("processor_dispute_id", sa.String(), nullable=False, unique=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("due_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    )
    op.create_index("ix_dispute_payment_id", "dispute", ["payment_id"])
    op.add_column("payment", sa.Column("disputed", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("payment", sa.Column("lost_minor", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint("lost_not_negative", "payment", "lost_minor >= 0")
