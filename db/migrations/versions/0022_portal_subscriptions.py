"""The practice's own subscription: whom the processor bills, how it stands, what is ahead, the checkout under way."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for name, kind in (
        ("customer", sa.String()),
        ("subscription", sa.String()),
        ("price", sa.String()),
        ("period_end", moment),
        ("ending", sa.String()),
        ("closes_at", moment),
        ("told_at", moment),
        ("checkout_price", sa.String()),
        ("checkout_session", sa.String()),
        ("checkout_url", sa.String()),
        ("checkout_asked_at", moment),
        ("renewal_wish", sa.Boolean()),
        ("read_at", moment),
    ):
        op.add_column("portal_subscription", sa.Column(name, kind, nullable=True))
    for name in ("checkout_attempt", "wish_revision"):
        op.add_column("portal_subscription", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in ("customer", "subscription", "checkout_session"):
        op.create_unique_constraint(f"uq_portal_subscription_{name}", "portal_subscription", [name])
