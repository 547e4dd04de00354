"""A practice has a country, a client a preferred name and pronouns; what a sign-up says beside contact data is sealed.

Custom answers of earlier sign-ups stood open in `signup.custom` and go: nothing had been deployed, and a migration has
no keys to seal them with.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("country", sa.String(), nullable=False, server_default="US"))
    op.add_column("client", sa.Column("preferred_name", sa.String(), nullable=True))
    op.add_column("client", sa.Column("pronouns", sa.String(), nullable=True))
    op.add_column("signup", sa.Column("sealed_answers", sa.LargeBinary(), nullable=True))
    op.drop_column("signup", "custom")
