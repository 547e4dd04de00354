"""One action for many clients, as it was confirmed, and what has become of each of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class ClientBatch(Base):
    """`who` is what the audit log says of whoever confirmed it: the lines are written when it is done."""

    __tablename__ = "client_batch"
    __table_args__ = (Index("ix_client_batch_practice", "practice_id", "created_at"),)

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))  # whose sign-in was tied to them
    action: Mapped[str]
    who: Mapped[type_document]
    created_at: Mapped[datetime]


class BatchItem(Base):
    """One client's part; decided in the transaction that does it, so that nobody is done twice."""

    __tablename__ = "batch_item"
    __table_args__ = (
        UniqueConstraint("batch_id", "client_id"),
        Index("ix_batch_item_waiting", "batch_id", "position", postgresql_where=text("state = 'waiting'")),
    )

    batch_id: Mapped[str] = mapped_column(ForeignKey("client_batch.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), index=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    ref: Mapped[str | None]  # the request's or the invitation's id
    at: Mapped[datetime | None]
