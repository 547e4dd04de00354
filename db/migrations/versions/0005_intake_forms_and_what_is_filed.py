"""Intake forms have an origin and their source, submissions a revision and a signature; answers are filed once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intake_form", sa.Column("origin", sa.String(), nullable=False, server_default="imported"))
    op.add_column("intake_form", sa.Column("source", sa.String(), nullable=True))
    op.add_column("intake_submission", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("intake_submission", sa.Column("sealed_signature", sa.LargeBinary(), nullable=True))
    op.add_column("intake_submission", sa.Column("consent_sha256", sa.String(), nullable=True))
    op.create_table(
        "filed_response",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("form_id", sa.String(length=40), nullable=False),
        sa.Column("sealed_response", sa.LargeBinary(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_filed_response_client_id")),
        sa.ForeignKeyConstraint(["form_id"], ["intake_form.id"], name=op.f("fk_filed_response_form_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_filed_response_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filed_response")),
        sa.UniqueConstraint("identifier", name=op.f("uq_filed_response_identifier")),
    )
    op.create_index(op.f("ix_filed_response_client_id"), "filed_response", ["client_id"], unique=False)
    op.create_index(op.f("ix_filed_response_provider_id"), "filed_response", ["provider_id"], unique=False)
