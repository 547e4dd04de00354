"""Another address for signing in, asked for and not yet confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "email_change",
        sa.Column("id", sa.String(length=40), primary_key=True),
        sa.Column(
            "account_id", sa.String(length=40), sa.ForeignKey("portal_account.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("confirmed_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
    )
    op.create_index("ix_email_change_account_id", "email_change", ["account_id"])
