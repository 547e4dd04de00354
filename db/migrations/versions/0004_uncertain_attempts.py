"""The ledger counts the attempts of which nobody knows whether they arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("effect", sa.Column("uncertain_attempts", sa.Integer(), nullable=False, server_default="0"))
