"""Staff have roles, invitations and a second factor; what they do is written down for good."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME; END $$
"""
_GUARD = """
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("practice", sa.Column("two_factor_required", sa.Boolean(), server_default="false", nullable=False))
    # Whoever had a sign-in before there were roles could do everything.
    op.add_column("staff_member", sa.Column("role", sa.String(), server_default="owner", nullable=False))
    op.add_column("staff_member", sa.Column("provider_id", sa.String(), sa.ForeignKey("provider.id"), nullable=True))
    op.alter_column("staff_member", "password_hash", nullable=True)
    op.add_column("staff_member", sa.Column("last_sign_in_at", moment, nullable=True))
    op.add_column("staff_member", sa.Column("deactivated_at", moment, nullable=True))
    op.add_column("staff_member", sa.Column("totp_wrapped_key", sa.LargeBinary(), nullable=True))
    op.add_column("staff_member", sa.Column("totp_sealed_secret", sa.LargeBinary(), nullable=True))
    op.add_column("staff_member", sa.Column("totp_since", moment, nullable=True))
    op.add_column("staff_member", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("password_reset", sa.Column("purpose", sa.String(), server_default="reset", nullable=False))
    op.add_column("web_session", sa.Column("device", sa.String(), nullable=True))
    op.create_table(
        "recovery_code",
        sa.Column(
            "staff_id", sa.String(), sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("code_hash", sa.String(), primary_key=True),
        sa.Column("used_at", moment, nullable=True),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), sa.Identity(), nullable=False, unique=True),
        sa.Column("practice_id", sa.String(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("object_id", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
    )
    op.create_index("ix_audit_entry_practice", "audit_entry", ["practice_id", "seq"])
    op.execute(_APPEND_ONLY)
    op.execute(_GUARD)
