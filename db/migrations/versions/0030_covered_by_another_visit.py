"""Appointments say whether no fee was asked of them because another visit came first."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("covered", sa.Boolean(), nullable=False, server_default="false"))
