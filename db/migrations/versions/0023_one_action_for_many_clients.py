"""One action for many clients: what was confirmed, and what has become of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_batch",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("practice_id", sa.String(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("provider_id", sa.String(), sa.ForeignKey("provider.id"), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("who", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_client_batch_practice", "client_batch", ["practice_id", "created_at"])
    op.create_table(
        "batch_item",
        sa.Column(
            "batch_id", sa.String(), sa.ForeignKey("client_batch.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("client_id", sa.String(), sa.ForeignKey("client.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("batch_id", "client_id"),
    )
    op.create_index("ix_batch_item_client_id", "batch_item", ["client_id"])
    op.create_index(
        "ix_batch_item_waiting", "batch_item", ["batch_id", "position"], postgresql_where=sa.text("state = 'waiting'")
    )
