"""Files of greetings: size, and who has confirmed that they hold no health data; greetings sent to oneself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    size = sa.Column("size", sa.Integer(), sa.Computed("octet_length(content)", persisted=True), nullable=False)
    op.add_column("greeting_attachment", size)
    op.add_column("greeting_attachment", sa.Column("no_phi_confirmed_by", sa.String(), nullable=True))
    op.add_column("greeting_attachment", sa.Column("no_phi_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    # The page has asked for files without PHI from the beginning: uploading was the confirmation.
    op.execute("UPDATE greeting_attachment SET no_phi_confirmed_by = uploaded_by, no_phi_confirmed_at = created_at")
    op.create_table(
        "greeting_test",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("provider_id", sa.String(40), sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff_member.id"), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_greeting_test_staff_id", "greeting_test", ["staff_id"])
