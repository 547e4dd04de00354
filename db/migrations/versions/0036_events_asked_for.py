"""Which events were found by asking for them, and how far each account's were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "external_event", sa.Column("undelivered", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.create_index(
        "ix_external_event_undelivered", "external_event", ["external_id"], postgresql_where=sa.text("undelivered")
    )
    op.create_table(
        "event_question",
        sa.Column("door", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("looked_until", MOMENT, nullable=True),
        sa.Column("left_until", MOMENT, nullable=True),
        sa.Column("reaches", MOMENT, nullable=True),
        sa.Column("unanswered_since", MOMENT, nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
    )
