"""Payments as a practice looks at them: found by client, state and day, and summed by currency from the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, Client, Payment
from domain.roles import Reach
from domain.states import PaymentState

_TAKEN = (str(PaymentState.CAPTURED), str(PaymentState.REFUNDED))


@dataclass(frozen=True, kw_only=True)
class PaymentFilter:
    """`q` is part of a name or an address, or a payment's id; `end` is exclusive."""

    q: str = ""
    state: PaymentState | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    payment: Payment
    client: Client
    appointment: Appointment

    @property
    def taken_minor(self) -> int:
        return self.payment.amount_minor if self.payment.state in _TAKEN else 0


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Of one currency, in minor units: taken, gone back, on its way back, lost to disputes."""

    currency: str
    count: int
    taken_minor: int
    refunded_minor: int
    on_its_way_minor: int
    lost_minor: int

    @property
    def kept_minor(self) -> int:
        return self.taken_minor - self.refunded_minor - self.lost_minor


def _found(reach: Reach, wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Payment.practice_id == reach.practice_id]
    if reach.provider_id is not None:
        found.append(Payment.provider_id == reach.provider_id)
    if wanted.state is not None:
        found.append(Payment.state == str(wanted.state))
    if wanted.start is not None:
        found.append(Payment.created_at >= wanted.start)
    if wanted.end is not None:
        found.append(Payment.created_at < wanted.end)
    if wanted.q:
        name = Client.first_name + " " + Client.last_name
        found.append(
            or_(
                name.icontains(wanted.q, autoescape=True),
                Client.email.icontains(wanted.q, autoescape=True),
                Payment.id == wanted.q,
            )
        )
    return found


async def find_payments(
    session: AsyncSession,
    reach: Reach,
    wanted: PaymentFilter,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> tuple[Sequence[PaymentRow], tuple[datetime, str] | None]:
    """Newest first, and where the next page begins."""
    query = (
        select(Payment, Client, Appointment)
        .join(Client, Client.id == Payment.client_id)
        .join(Appointment, Appointment.id == Payment.appointment_id)
        .where(*_found(reach, wanted))
    )
    if before is not None:
        query = query.where(tuple_(Payment.created_at, Payment.id) < before)
    query = query.order_by(Payment.created_at.desc(), Payment.id.desc()).limit(limit + 1)
    rows = [
        PaymentRow(payment=payment, client=client, appointment=appointment)
        for payment, client, appointment in (await session.execute(query)).tuples()
    ]
    last = rows[limit - 1].payment if len(rows) > limit else None
    return rows[:limit], (last.created_at, last.id) if last else None


async def totals_of(session: AsyncSession, reach: Reach, wanted: PaymentFilter) -> list[Totals]:
    taken = case((Payment.state.in_(_TAKEN), Payment.amount_minor), else_=0)
    query = (
        select(
            Payment.currency,
            func.count(),
            func.sum(taken),
            func.sum(Payment.refunded_minor),
            func.sum(Payment.refund_due_minor - Payment.refunded_minor),
            func.sum(Payment.lost_minor),
        )
        .join(Client, Client.id == Payment.client_id)
        .where(*_found(reach, wanted))
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    return [
        Totals(
            currency=currency,
            count=count,
            taken_minor=int(taken_minor),
            refunded_minor=int(refunded),
            on_its_way_minor=int(on_its_way),
            lost_minor=int(lost),
        )
        for currency, count, taken_minor, refunded, on_its_way, lost in (await session.execute(query)).tuples()
    ]
