"""Disputes as they are kept: what the processor says of them is written down with the payment locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client, Dispute, Payment, Refund
from db.timeline import tell
from domain.disputes import OPEN, DisputeStatus, SeenDispute, lost_minor
from domain.errors import NotFound
from domain.fees import RefundCause
from domain.ports import RefundStatus
from domain.roles import Reach
from domain.stages import Actor
from domain.states import TimelineKind

_TOLD = {
    DisputeStatus.WON: TimelineKind.DISPUTE_WON,
    DisputeStatus.CLOSED: TimelineKind.DISPUTE_WON,
    DisputeStatus.LOST: TimelineKind.DISPUTE_LOST,
}


async def disputes_of(session: AsyncSession, payment_id: str) -> list[Dispute]:
    """The oldest first."""
    query = select(Dispute).where(Dispute.payment_id == payment_id).order_by(Dispute.opened_at, Dispute.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def follow_disputes(session: AsyncSession, payment: Payment, seen: Sequence[SeenDispute], now: datetime) -> None:
    """Freeze or free the locked payment by what its disputes have come to; refunds that waited are told to go on."""
    known = {row.processor_dispute_id: row for row in await disputes_of(session, payment.id)}
    rows = []
    for one in seen:
        row = known.get(one.dispute_id)
        if row is None:
            row = _opened(payment, one)
            session.add(row)
        if row.status != one.status:
            row.status, row.changed_at = str(one.status), now
        row.due_by, row.amount_minor = one.due_by, one.amount.amount_minor
        rows.append(row)
        await _tell(session, payment, row, now)
    before = payment.disputed
    payment.disputed = any(row.status in OPEN for row in rows)
    payment.lost_minor = lost_minor((DisputeStatus(row.status), row.amount_minor) for row in rows)
    if before and not payment.disputed:
        await _go_on(session, payment, rows)


async def find_disputes(session: AsyncSession, reach: Reach) -> list[tuple[Dispute, Payment, Client]]:
    """Those that somebody may reach: open ones by their deadline, then what was decided, the newest first."""
    query = select(Dispute, Payment, Client).join(Payment, Payment.id == Dispute.payment_id)
    query = query.join(Client, Client.id == Payment.client_id).where(Payment.practice_id == reach.practice_id)
    if reach.provider_id is not None:
        query = query.where(Payment.provider_id == reach.provider_id)
    rows = [(row[0], row[1], row[2]) for row in await session.execute(query.order_by(Dispute.changed_at.desc()))]
    opened = [row for row in rows if row[0].status in OPEN]
    opened.sort(key=lambda row: (row[0].status != DisputeStatus.NEEDS_RESPONSE, row[0].due_by or row[0].opened_at))
    return [*opened, *(row for row in rows if row[0].status not in OPEN)]


async def dispute_of_practice(session: AsyncSession, reach: Reach, dispute_id: str) -> tuple[Dispute, Payment]:
    """Raises NotFound."""
    query = select(Dispute, Payment).join(Payment, Payment.id == Dispute.payment_id).where(Dispute.id == dispute_id)
    row = (await session.execute(query)).one_or_none()
    if row is None or not reach.covers(row[1].practice_id, row[1].provider_id):
        raise NotFound("There is no such dispute.")
    return row[0], row[1]


async def count_open_disputes(session: AsyncSession, reach: Reach) -> int:
    query = select(func.count(Dispute.id)).join(Payment, Payment.id == Dispute.payment_id)
    query = query.where(Payment.practice_id == reach.practice_id, Dispute.status.in_([str(one) for one in OPEN]))
    if reach.provider_id is not None:
        query = query.where(Payment.provider_id == reach.provider_id)
    return await session.scalar(query) or 0


def _opened(payment: Payment, seen: SeenDispute) -> Dispute:
    return Dispute(
        id=new_id("dsp"),
        payment_id=payment.id,
        processor_dispute_id=seen.dispute_id,
        status="",
        reason=seen.reason,
        amount_minor=seen.amount.amount_minor,
        due_by=seen.due_by,
        opened_at=seen.opened_at,
        changed_at=seen.opened_at,
    )


async def _tell(session: AsyncSession, payment: Payment, row: Dispute, now: datetime) -> None:
    opened, decided = TimelineKind.DISPUTE_OPENED, _TOLD.get(DisputeStatus(row.status))
    await tell(session, payment.client_id, opened, at=now, actor=Actor.SYSTEM, ref=row.id)
    if decided is not None:
        await tell(session, payment.client_id, decided, at=now, actor=Actor.SYSTEM, ref=row.id)


async def _go_on(session: AsyncSession, payment: Payment, rows: Sequence[Dispute]) -> None:
    """What was owed all along is given back now, by the booking."""
    query = select(Refund.id).where(
        Refund.payment_id == payment.id,
        Refund.status == str(RefundStatus.PENDING),
        Refund.cause != str(RefundCause.PROCESSOR),
    )
    decided = max(rows, key=lambda row: row.changed_at)
    for refund_id in await session.scalars(query.order_by(Refund.created_at, Refund.id)):
        await record_event(
            session,
            source="dispute",
            tenant=payment.provider_id,
            external_id=f"{decided.id}:{decided.changed_at:%Y%m%d%H%M%S}:{refund_id}",
            kind=EventKind.REFUND_ASKED,
            subject=client_subject(payment.client_id),
            payload={"appointment_id": payment.appointment_id, "refund_id": refund_id},
        )
