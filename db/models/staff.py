"""Who works at a practice: staff, their second factor, and what they did (append-only)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId


class StaffMember(Base):
    """Somebody who signs in to the console; without a password until the invitation is accepted."""

    __tablename__ = "staff_member"

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="owner")
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))  # of the role provider: who they are
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    # The second factor: its secret sealed for this row, in force from `totp_since` on; a code is good once.
    totp_wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_since: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A way in without the second factor, once; only its hash is kept."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what, to which record, and when: ids only. The database refuses to change or remove a row."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_practice", "practice_id", "seq"),)

    id: Mapped[PrimaryId]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    staff_id: Mapped[str | None]  # None: an API key, or nobody who is known
    name: Mapped[str]  # as it was then
    role: Mapped[str | None]
    object_id: Mapped[str | None]
    address: Mapped[str | None]  # where the request came from
    request_id: Mapped[str | None]
