"""Why the practice closed a client's way, in its own words."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("closed_reason", sa.String(), nullable=True))
