"""Appointments say when the client confirmed that they will come."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("attendance_confirmed_at", sa.DateTime(timezone=True), nullable=True))
