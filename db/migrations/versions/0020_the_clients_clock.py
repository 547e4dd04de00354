"""The zone that a client last booked in, and a hold that was made longer."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("timezone", sa.String(), nullable=True))
    op.add_column("appointment", sa.Column("hold_extended_at", sa.DateTime(timezone=True), nullable=True))
