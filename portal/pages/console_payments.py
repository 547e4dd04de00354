"""Payments as the front desk works with them: found, summed, exported, looked at, refunded with a reason."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.payments import PaymentFilter, PaymentRow, find_payments, totals_of
from commands.refunds import refund_by_staff
from db.disputes import count_open_disputes, disputes_of
from db.fees import amount_of, quote_of
from db.models import MoneyComparison, Payment
from db.refund_ledger import refunds_of
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, client_by_id, payment_of_practice
from domain.audit import AuditKind
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.fees import refundable
from domain.money import Money, decimals
from domain.roles import Permission
from domain.states import PaymentState
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from portal.paging import cursor_of, read_cursor
from portal.paths import with_query
from portal.payment_words import why
from portal.policy_forms import typed_amount
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_payments_router = APIRouter(
    prefix="/console/payments", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)

_BATCH = 500
COLUMNS = (
    *("payment_id", "asked_at", "client", "client_id", "appointment_at", "purpose", "state", "currency"),
    *("asked", "taken", "refunded", "on_its_way", "lost", "kept"),
)


@dataclass(frozen=True, kw_only=True)
class PaymentQuery:
    """The page's address; whatever isn't a choice or a date is passed over."""

    q: str = ""
    state: str = ""
    start: str = ""
    end: str = ""

    def read(self, timezone: str) -> PaymentFilter:
        """Days are the practice's; `end` is included."""
        end = _day(self.end)
        return PaymentFilter(
            q=self.q.replace("\0", "").strip(),
            state=PaymentState(self.state) if self.state in list(PaymentState) else None,
            start=_midnight(_day(self.start), timezone),
            end=_midnight(end + timedelta(days=1) if end else None, timezone),
        )

    def link(self, path: str, **more: str | None) -> str:
        query = {"q": self.q, "state": self.state, "from": self.start, "to": self.end} | more
        return with_query(path, **{name: value or None for name, value in query.items()})


def payment_query(
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    start: Annotated[str, Query(alias="from", max_length=10)] = "",
    end: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> PaymentQuery:
    return PaymentQuery(q=q, state=state, start=start, end=end)


TheQuery = Annotated[PaymentQuery, Depends(payment_query)]


@console_payments_router.get("", summary="Payments, newest first, with their sums")
async def payments_page(
    session: Transaction,
    frame: TheStaffFrame,
    asked: TheQuery,
    before: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    reach = frame.staff.reach
    timezone = await timezone_of_practice(session, reach)
    wanted = asked.read(timezone)
    rows, further = await find_payments(session, reach, wanted, before=read_cursor(before) if before else None)
    return frame.render(
        "console/payments.html",
        rows=[(row, why(row.payment, row.appointment)) for row in rows],
        totals=await totals_of(session, reach, wanted),
        further=cursor_of(*further) if further else None,
        asked=asked,
        filtered=wanted != PaymentFilter(),
        paged=before is not None,
        states=list(PaymentState),
        timezone=timezone,
        disputes_open=await count_open_disputes(session, reach),
        # Of all the practice's money: not for who sees only their own clients.
        comparison=await session.get(MoneyComparison, reach.practice_id) if reach.provider_id is None else None,
    )


@console_payments_router.get("/export.csv", summary="All that the filter finds, as a file that sums")
async def payments_file(session: Transaction, office: TheOffice, frame: TheStaffFrame, asked: TheQuery) -> Response:
    reach = frame.staff.reach
    wanted = asked.read(await timezone_of_practice(session, reach))
    await note(session, office, frame.staff.who, AuditKind.PAYMENTS_EXPORTED)

    async def lines() -> AsyncIterator[str]:
        """Batch by batch: the payments of years aren't held at once."""
        yield _line(COLUMNS)
        before: tuple[datetime, str] | None = None
        while True:
            async with office.database.statements() as reading:
                rows, before = await find_payments(reading, reach, wanted, before=before, limit=_BATCH)
            for row in rows:
                yield _line(_cells(row))
            if before is None:
                return

    headers = {"Content-Disposition": 'attachment; filename="payments.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@console_payments_router.get("/{payment_id}", summary="One payment: how it stands, why, and its refunds")
async def payment_page(session: Transaction, frame: TheStaffFrame, payment_id: str) -> Response:
    payment = await payment_of_practice(session, frame.staff.reach, opaque_id(payment_id))
    return await _payment_page(session, frame, payment)


@console_payments_router.post(
    "/{payment_id}/refund",
    summary="Refund all of it or a part, with a reason",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def refund(
    office: TheOffice, relay: TheRelay, form: StaffForm, frame: TheStaffFrame, payment_id: str
) -> Response:
    wanted = opaque_id(payment_id)
    try:
        async with office.database.transaction() as session:
            payment = await payment_of_practice(session, frame.staff.reach, wanted, for_update=True)
            await refund_by_staff(
                *(session, office, payment),
                amount_minor=_amount(form, payment),
                reason=form.text("reason"),
                who=frame.staff.who,
                idempotency_key=form.first("form_token")[:100] or None,
            )
    except NotFound:
        raise
    except DomainError as refusal:
        async with office.database.transaction() as session:
            payment = await payment_of_practice(session, frame.staff.reach, wanted)
            return await _payment_page(session, frame, payment, form, refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    return go(f"/console/payments/{wanted}", "refunded")


def _amount(form: Form, payment: Payment) -> int | None:
    """Minor units; None for all that is left. Raises ValidationFailed."""
    if form.first("how_much") != "part":
        return None
    minor = typed_amount(form.text("amount"), payment.currency)
    if minor is None:
        raise ValidationFailed.of("amount_minor", "must be an amount, such as 20.00")
    return minor


async def _payment_page(
    session: AsyncSession,
    frame: StaffFrame,
    payment: Payment,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    appointment = await appointment_by_id(session, payment.appointment_id)
    amount = amount_of(payment)
    wrong = refusal.errors if isinstance(refusal, ValidationFailed) else ()
    return frame.render(
        "console/payment.html",
        status=status_of(refusal) if refusal else 200,
        payment=payment,
        quote=quote_of(payment),
        why=why(payment, appointment),
        appointment=appointment,
        client=await client_by_id(session, payment.client_id),
        refunds=await refunds_of(session, payment.id),
        disputes=await disputes_of(session, payment.id),
        left=refundable(PaymentState(payment.state), amount, payment.refund_due_minor + payment.lost_minor),
        timezone=(await load_availability(session, payment.provider_id)).timezone,
        values=form.flat() if form else {},
        errors=errors_by_field(wrong),
        refusal=refusal.detail if refusal is not None and not wrong else None,
        form_token=new_form_token(),
    )


def _cells(row: PaymentRow) -> tuple[str, ...]:
    payment, client = row.payment, row.client
    refunded, due = payment.refunded_minor, payment.refund_due_minor
    name = f"{client.first_name} {client.last_name}"
    told = (payment.purpose, payment.state, payment.currency.upper())
    kept = row.taken_minor - refunded - payment.lost_minor
    sums = (payment.amount_minor, row.taken_minor, refunded, due - refunded, payment.lost_minor, kept)
    moments = (payment.created_at, row.appointment.starts_at)
    asked_at, appointment_at = (one.astimezone(UTC).isoformat() for one in moments)
    cells = (payment.id, asked_at, _harmless(name), client.id, appointment_at, *told)
    return (*cells, *(_plain(Money(amount_minor=one, currency=payment.currency)) for one in sums))


def _plain(amount: Money) -> str:
    """In whole units with a point, as spreadsheets add them up."""
    return str(Decimal(amount.amount_minor).scaleb(-decimals(amount.currency)))


def _harmless(cell: str) -> str:
    """A name that a spreadsheet would take for a formula stays text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date | None, timezone: str) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(timezone)) if day else None
