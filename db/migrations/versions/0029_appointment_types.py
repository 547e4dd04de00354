"""Appointments say of which type they are; those that are there already are of the standard one."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("type_id", sa.String(40), nullable=False, server_default="standard"))
