"""An address that a client has changed since the sign-up, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("sealed_address", sa.LargeBinary(), nullable=True))
