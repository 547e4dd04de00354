"""Offers of the waitlist that are taken back, because the time is closed after all."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waitlist_offer", sa.Column("apologised_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_waitlist_offer_client_id_starts_at"), "waitlist_offer", type_="unique")
    op.create_index(
        "uq_waitlist_offer_once",
        "waitlist_offer",
        ["client_id", "starts_at"],
        unique=True,
        postgresql_where=sa.text("state <> 'taken_back'"),
    )
