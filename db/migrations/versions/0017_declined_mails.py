"""Greetings and reminders can be declined, by address and practice."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "declined_mails",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("practice_id", sa.String(40), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("recipient_hash", sa.String(), nullable=False),
        sa.Column("declined_at", moment, nullable=False),
        sa.Column("wanted_again_at", moment, nullable=True),
        sa.Column("wanted_again_by", sa.String(), nullable=True),
    )
    op.create_index(
        "uq_declined_mails_in_force",
        "declined_mails",
        ["practice_id", "recipient_hash"],
        unique=True,
        postgresql_where=sa.text("wanted_again_at IS NULL"),
    )
