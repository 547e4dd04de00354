"""Invitations say why they were ended: what the practice took back isn't what a newer one replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# What was ended before: by the closing of the way, or by a newer one.
_BECAUSE = """
UPDATE invitation i SET revoked_because = CASE
         WHEN EXISTS (SELECT 1 FROM invitation newer WHERE newer.client_id = i.client_id
                         AND newer.issued_at > i.issued_at) THEN 'replaced'
         WHEN c.outcome = 'withdrawn' THEN 'practice' ELSE 'lapsed' END
  FROM client c WHERE c.id = i.client_id AND i.revoked_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("invitation", sa.Column("revoked_because", sa.String(), nullable=True))
    op.execute(_BECAUSE)
