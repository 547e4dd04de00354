"""Another plan of the portal subscription: what an owner has asked for, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("portal_subscription", sa.Column("plan_wish", sa.String(), nullable=True))
    op.add_column("portal_subscription", sa.Column("plan_wish_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("portal_subscription", sa.Column("plan_revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("portal_subscription", sa.Column("plan_refusal", sa.String(), nullable=True))
    op.add_column("portal_subscription", sa.Column("plan_changed_at", sa.DateTime(timezone=True), nullable=True))
