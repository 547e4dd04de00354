"""A payment keeps the quote it was asked by: purpose, versions of the settings, refund rule; none of it changes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE FUNCTION refuse_another_quote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the quote of a payment never changes'; END $$
"""
_GUARD = """
CREATE TRIGGER payment_keeps_its_quote BEFORE UPDATE ON payment FOR EACH ROW
WHEN ((OLD.amount_minor, OLD.currency, OLD.purpose, OLD.settings_versions, OLD.refund_full_minutes,
       OLD.refund_part_percent, OLD.refund_part_minutes)
      IS DISTINCT FROM
      (NEW.amount_minor, NEW.currency, NEW.purpose, NEW.settings_versions, NEW.refund_full_minutes,
       NEW.refund_part_percent, NEW.refund_part_minutes))
EXECUTE FUNCTION refuse_another_quote()
"""


def upgrade() -> None:
    # What was asked before there were quotes was refunded in full whenever it could be cancelled.
    for name, kind, before in (
        ("purpose", sa.String(), "Appointment fee"),
        ("settings_versions", sa.String(), "0.0.0"),
        ("refund_full_minutes", sa.Integer(), "0"),
        ("refund_part_percent", sa.Integer(), "0"),
        ("refund_part_minutes", sa.Integer(), "0"),
        ("refund_at_most_percent", sa.Integer(), "100"),
    ):
        op.add_column("payment", sa.Column(name, kind, server_default=before, nullable=False))
        op.alter_column("payment", name, server_default=None)
    op.execute(_FUNCTION)
    op.execute(_GUARD)
