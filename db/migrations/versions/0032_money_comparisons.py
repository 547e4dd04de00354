"""When each practice's money was last compared with the processor, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "money_comparison",
        sa.Column("practice_id", sa.String(), sa.ForeignKey("practice.id"), primary_key=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
    )
