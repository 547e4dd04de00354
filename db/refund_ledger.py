"""The refunds of one payment as they are kept: what the processor says of them is written down, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.fees import amount_of
from db.ids import new_id
from db.models import Payment, Refund
from db.timeline import tell
from domain.fees import RefundCause
from domain.ports import MadeRefund, RefundStatus
from domain.refund_ledger import KeptRefund, as_made, follow
from domain.stages import Actor
from domain.states import PaymentState, TimelineKind


async def refunds_of(session: AsyncSession, payment_id: str) -> list[Refund]:
    """In the order in which they were asked."""
    query = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at, Refund.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def follow_refunds(session: AsyncSession, payment: Payment, made: Sequence[MadeRefund], now: datetime) -> bool:
    """Have the locked payment's ledger say what the processor has made; what was made past us is found here.

    False, and nothing written, where it can't be true of this payment.
    """
    rows = await refunds_of(session, payment.id)
    kept_rows = [_kept(row) for row in rows]
    followed = follow(amount_of(payment), kept_rows, made, lost_minor=payment.lost_minor)
    if followed is None:
        return False
    for row, kept in zip(rows, followed.kept, strict=True):
        row.amount_minor, row.processor_refund_id = kept.amount_minor, kept.made_as
        _settle(row, kept.status, now)
    for found in followed.found:
        if found.status is not RefundStatus.FAILED:
            rows.append(_found(payment, found, now))
            session.add(rows[-1])
    await _add_up(session, payment, rows, now)
    return True


async def note_made(session: AsyncSession, payment: Payment, refund_id: str, made: MadeRefund, now: datetime) -> None:
    """The processor's answer to a refund that we have asked for."""
    rows = await refunds_of(session, payment.id)
    row = next(one for one in rows if one.id == refund_id)
    after = as_made(_kept(row), made)
    row.amount_minor, row.processor_refund_id = after.amount_minor, after.made_as
    _settle(row, after.status, now)
    await _add_up(session, payment, rows, now)


def _settle(row: Refund, status: RefundStatus, now: datetime) -> None:
    if row.status != status:
        row.status = str(status)
        row.settled_at = now if status is RefundStatus.SUCCEEDED else None


def _found(payment: Payment, made: MadeRefund, now: datetime) -> Refund:
    return Refund(
        id=new_id("rfd"),
        payment_id=payment.id,
        amount_minor=made.amount.amount_minor,
        status=str(made.status),
        processor_refund_id=made.refund_id,
        cause=str(RefundCause.PROCESSOR),
        settled_at=now if made.status is RefundStatus.SUCCEEDED else None,
        created_at=now,
    )


async def _add_up(session: AsyncSession, payment: Payment, rows: Sequence[Refund], now: datetime) -> None:
    """The payment's sums, from its refunds; each that has arrived is told once."""
    kept = [_kept(row) for row in rows]
    refunded, due = sum(one.returned_minor for one in kept), sum(one.owed_minor for one in kept)
    if (payment.refunded_minor, payment.refund_due_minor) != (refunded, due):
        payment.refunded_minor, payment.refund_due_minor, payment.changed_at = refunded, due, now
    if payment.state in (PaymentState.CAPTURED, PaymentState.REFUNDED):
        all_of_it = refunded == payment.amount_minor
        payment.state = str(PaymentState.REFUNDED if all_of_it else PaymentState.CAPTURED)
    for one in kept:
        if one.status is RefundStatus.SUCCEEDED:
            kind = TimelineKind.FEE_REFUNDED
            await tell(session, payment.client_id, kind, at=now, actor=Actor.SYSTEM, ref=one.id)


def _kept(row: Refund) -> KeptRefund:
    return KeptRefund(
        id=row.id,
        amount_minor=row.amount_minor,
        status=RefundStatus(row.status),
        cause=RefundCause(row.cause),
        made_as=row.processor_refund_id,
    )
