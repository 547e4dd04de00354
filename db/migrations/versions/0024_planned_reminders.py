"""Invitations and appointments know the reminders that were planned for them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitation", sa.Column("reminder_days", sa.ARRAY(sa.Integer()), nullable=True))
    op.add_column("appointment", sa.Column("reminder_hours", sa.ARRAY(sa.Integer()), nullable=True))
