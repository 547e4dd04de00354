"""What goes with a greeting, who wants none, and greetings that their writers send to themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Computed, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class GreetingAttachment(Base):
    """A file of a greeting; whoever uploaded it has confirmed that it holds no health data of anybody (no PHI)."""

    __tablename__ = "greeting_attachment"

    id: Mapped[PrimaryId]
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(Computed("octet_length(content)", persisted=True))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    uploaded_by: Mapped[str]
    no_phi_confirmed_by: Mapped[str | None]  # a staff member's id, or an API key's name
    no_phi_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeclinedMails(Base):
    """Somebody wants no greetings and reminders of a practice any more, until they want them again."""

    __tablename__ = "declined_mails"
    __table_args__ = (
        Index(
            "uq_declined_mails_in_force",
            "practice_id",
            "recipient_hash",
            unique=True,
            postgresql_where=text("wanted_again_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    recipient_hash: Mapped[str]
    declined_at: Mapped[datetime]
    wanted_again_at: Mapped[datetime | None]
    wanted_again_by: Mapped[str | None]  # the staff member who has written it down; None: by the link


class GreetingTest(Base):
    """A greeting that somebody of the staff sent to themselves, as it stood in the editor: saved or not."""

    __tablename__ = "greeting_test"

    id: Mapped[PrimaryId]
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    staff_id: Mapped[OpaqueId] = mapped_column(ForeignKey("staff_member.id"), index=True)
    document: Mapped[type_document]
    requested_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
