"""Refunds say why and by whom; what is owed back of a payment, all refunds together, never passes what was asked."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refund", sa.Column("cause", sa.String(), server_default="cancelled", nullable=False))
    op.alter_column("refund", "cause", server_default=None)
    op.add_column("refund", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("refund", sa.Column("asked_by", sa.String(), nullable=True))
    op.add_column("refund", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    # Each refund is written down with its payment locked, and added to this sum in the same transaction.
    op.create_check_constraint(
        "refunds_within_owed", "payment", "refunded_minor <= refund_due_minor AND refund_due_minor <= amount_minor"
    )
    op.create_index("ix_payment_practice_created", "payment", ["practice_id", "created_at", "id"])
