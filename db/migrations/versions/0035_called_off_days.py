"""Days that are called off: what was confirmed, and what has become of each appointment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "called_off_days",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("practice_id", sa.String(40), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("provider_id", sa.String(40), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=True),
        sa.Column("to_minute", sa.Integer(), nullable=True),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("instead", sa.String(), nullable=False),
        sa.Column("within_days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("closing", JSONB(), nullable=True),
        sa.Column("who", JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("runs_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("stopped_at", MOMENT, nullable=True),
    )
    op.create_index("ix_called_off_days_provider", "called_off_days", ["provider_id", "created_at"])
    op.create_table(
        "called_off_appointment",
        sa.Column(
            "called_off_id",
            sa.String(),
            sa.ForeignKey("called_off_days.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("appointment_id", sa.String(40), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id", ondelete="CASCADE"), nullable=False),
        sa.Column("was_at", MOMENT, nullable=False),
        sa.Column("planned", sa.String(), nullable=False),
        sa.Column("planned_to", MOMENT, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=True),
        sa.Column("moved_to", MOMENT, nullable=True),
        sa.Column("refund_minor", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=True),
        sa.UniqueConstraint("called_off_id", "appointment_id"),
    )
    op.create_index("ix_called_off_appointment_appointment_id", "called_off_appointment", ["appointment_id"])
    op.create_index("ix_called_off_appointment_client_id", "called_off_appointment", ["client_id"])
    op.create_index(
        "ix_called_off_appointment_waiting",
        "called_off_appointment",
        ["called_off_id", "position"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
