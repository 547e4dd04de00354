"""The waitlist: open wishes, and offers that hold a time while they are open."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waitlist_wish",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("practice_id", sa.String(40), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("provider_id", sa.String(40), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("type_id", sa.String(40), nullable=False),
        sa.Column("replaces_id", sa.String(40), sa.ForeignKey("appointment.id"), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=True),
        sa.Column("removal_reason", sa.String(), nullable=True),
    )
    still = sa.text("ended_at IS NULL")
    op.create_index("ix_waitlist_wish_client_id", "waitlist_wish", ["client_id"])
    op.create_index("uq_waitlist_wish_open", "waitlist_wish", ["client_id"], unique=True, postgresql_where=still)
    op.create_index(
        "ix_waitlist_wish_order", "waitlist_wish", ["provider_id", "asked_at", "id"], postgresql_where=still
    )
    op.create_table(
        "waitlist_offer",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("practice_id", sa.String(40), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("provider_id", sa.String(40), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("wish_id", sa.String(40), sa.ForeignKey("waitlist_wish.id"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appointment_id", sa.String(40), sa.ForeignKey("appointment.id"), nullable=True),
        sa.UniqueConstraint("client_id", "starts_at", name=op.f("uq_waitlist_offer_client_id_starts_at")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_waitlist_offer_ends_after_start")),
    )
    held = sa.text("state = 'open'")
    op.create_index("ix_waitlist_offer_wish_id", "waitlist_offer", ["wish_id"])
    op.create_index("uq_waitlist_offer_open", "waitlist_offer", ["wish_id"], unique=True, postgresql_where=held)
    op.create_index(
        "ix_waitlist_offer_blocking", "waitlist_offer", ["provider_id", "starts_at", "ends_at"], postgresql_where=held
    )
