"""Clients and what belongs to them: account, invitation, intake, timeline, calls for attention."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class PortalAccount(Base):
    """One sign-in per e-mail address, with one or several clients behind it."""

    __tablename__ = "portal_account"

    id: Mapped[PrimaryId]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    created_at: Mapped[datetime]


class EmailChange(Base):
    """Another address for signing in, asked for on the profile page; in force once its link has been followed.

    The links' tokens are derived from the id. `ended_at`: confirmed (`confirmed_at` too), taken back, stopped from the
    old address, or asked for anew.
    """

    __tablename__ = "email_change"

    id: Mapped[PrimaryId]
    account_id: Mapped[OpaqueId] = mapped_column(ForeignKey("portal_account.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Client(Base):
    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("provider_id", "external_id"),
        Index("ix_client_practice_created", "practice_id", "created_at", "id"),
        Index("ix_client_provider_birth", "provider_id", "date_of_birth"),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    track: Mapped[str]
    stage: Mapped[str]
    # Where the client stood before booking: there they go back when the appointment is cancelled.
    stage_before_booking: Mapped[str | None]
    outcome: Mapped[str | None]
    closed_reason: Mapped[str | None]  # why the practice closed the way, in its own words
    account_id: Mapped[str | None] = mapped_column(ForeignKey("portal_account.id"), index=True)
    external_id: Mapped[str | None]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    phone: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    preferred_contact: Mapped[str | None]
    preferred_name: Mapped[str | None]
    pronouns: Mapped[str | None]
    timezone: Mapped[str | None]  # in which the client last chose a time on the pages
    # Where it was changed since the sign-up, which keeps what was said then; sealed for `address:<id>`.
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    forms_requested_at: Mapped[datetime | None]
    forms_sent_at: Mapped[datetime | None]
    intake_form_id: Mapped[str | None] = mapped_column(ForeignKey("intake_form.id"))  # as assigned by the journey
    # The same person as that one, who is kept: this one's way was closed for it.
    duplicate_of_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"), index=True)
    created_at: Mapped[datetime]
    # From then on there is no such client: the row stays for the ledger's sake, and says nothing of anybody.
    erased_at: Mapped[datetime | None]


class TwoPersons(Base):
    """The practice has decided that two clients who look alike aren't the same person; the lesser id is first."""

    __tablename__ = "two_persons"

    one_id: Mapped[str] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), primary_key=True, index=True)
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


class ClientPolicyVersion(Base):
    """One saved version of what is different for a single client, and why; the highest is in force."""

    __tablename__ = "client_policy_version"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[type_document]
    reason: Mapped[str | None]
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]


class Signup(Base):
    """A completed sign-up form, bound to the version it was given on; all but contact data is sealed for its id."""

    __tablename__ = "signup"

    id: Mapped[PrimaryId]
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), unique=True)
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    form_version: Mapped[int]
    sealed_answers: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class Invitation(Base):
    """An invitation to the portal. Its token is derived from the id and a secret; nothing secret is stored."""

    __tablename__ = "invitation"

    id: Mapped[PrimaryId]
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    # After how many days it is reminded of, as set when it was made; None: made before that was kept.
    reminder_days: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))


class DataKey(Base):
    """The client's own key, wrapped; destroying it makes their intake answers unreadable."""

    __tablename__ = "data_key"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)


class IntakeSubmission(Base):
    """The client's answers (a QuestionnaireResponse, sealed), draft until submitted, bound to one form version.

    `revision` counts the saves: a window that shows an older one doesn't overwrite a newer one. The signature (typed
    name, the text that was agreed to, its SHA-256, the moment) is sealed with the answers; the hash stands open too.
    """

    __tablename__ = "intake_submission"
    __table_args__ = (UniqueConstraint("client_id", "form_id"),)

    id: Mapped[PrimaryId]
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    form_id: Mapped[OpaqueId] = mapped_column(ForeignKey("intake_form.id"))
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default="1")
    sealed_response: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    consent_sha256: Mapped[str | None]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]


class FiledResponse(Base):
    """A completed QuestionnaireResponse in the built-in record system, sealed; one for each identifier."""

    __tablename__ = "filed_response"

    id: Mapped[PrimaryId]
    identifier: Mapped[str] = mapped_column(unique=True)
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    form_id: Mapped[OpaqueId] = mapped_column(ForeignKey("intake_form.id"))
    sealed_response: Mapped[bytes] = mapped_column(LargeBinary)
    filed_at: Mapped[datetime]


class TimelineEntry(Base):
    """One fact on a client's timeline; the same fact is told once."""

    __tablename__ = "timeline_entry"
    __table_args__ = (
        UniqueConstraint("client_id", "kind", "ref"),
        Index("ix_timeline_entry_client_at", "client_id", "at"),
    )

    id: Mapped[PrimaryId]
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    ref: Mapped[str]


class AttentionItem(Base):
    """A step that was refused for good and waits for a person: a client's, or one of the practice's own affairs."""

    __tablename__ = "attention_item"
    __table_args__ = (
        Index(
            "uq_attention_item_open", "workflow_id", "step", unique=True, postgresql_where=text("settled_at IS NULL")
        ),
        CheckConstraint("(client_id IS NULL) <> (practice_id IS NULL)", name="somebodys"),
    )

    id: Mapped[PrimaryId]
    client_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"), index=True)
    practice_id: Mapped[str | None] = mapped_column(ForeignKey("practice.id"), index=True)  # without client
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))  # whose affair, if one's
    workflow_id: Mapped[str]
    step: Mapped[str]
    reason: Mapped[str]
    owner: Mapped[str] = mapped_column(server_default="front_desk")  # whose it is to answer; passed on when due
    due_at: Mapped[datetime | None]
    raised_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    resolution: Mapped[str | None]
