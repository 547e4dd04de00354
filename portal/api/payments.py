"""Payments by API: found and summed, looked at, refunded."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.payments import PaymentFilter, PaymentRow, find_payments, totals_of
from commands.refunds import refund_by_staff
from db.disputes import disputes_of
from db.models import Dispute, Payment, Refund
from db.refund_ledger import refunds_of
from db.tenancy import appointment_by_id, client_by_id, payment_of_practice
from domain.errors import ValidationFailed
from domain.states import PaymentState
from portal.paging import Limit, cursor_of, read_cursor
from portal.payment_words import why
from portal.shapes import Json, instant, listed, payment_shape
from web.bodies import json_object
from web.fields import moment, only, opaque_id, optional_text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

payments_router = APIRouter(tags=["payments"])


def _filter(
    q: Annotated[str, Query(max_length=100)],
    state: Annotated[str | None, Query(max_length=20)],
    start: str | None,
    end: str | None,
) -> PaymentFilter:
    if state is not None and state not in list(PaymentState):
        raise ValidationFailed.of("state", f"must be one of {', '.join(PaymentState)}")
    return PaymentFilter(
        q=q.replace("\0", "").strip(),
        state=PaymentState(state) if state else None,
        start=moment("from", start) if start else None,
        end=moment("to", end) if end else None,
    )


@payments_router.get("/payments", summary="Payments, newest first, with their sums by currency")
async def list_payments(
    session: Transaction,
    staff: ApiPractice,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str | None, Query(max_length=20)] = None,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 100,
) -> Json:
    wanted = _filter(q, state, start, end)
    before = read_cursor(cursor) if cursor is not None else None
    rows, further = await find_payments(session, staff.reach, wanted, before=before, limit=limit)
    totals = [
        {
            "currency": one.currency,
            "count": one.count,
            "taken_minor": one.taken_minor,
            "refunded_minor": one.refunded_minor,
            "on_its_way_minor": one.on_its_way_minor,
            "lost_minor": one.lost_minor,
            "kept_minor": one.kept_minor,
        }
        for one in await totals_of(session, staff.reach, wanted)
    ]
    return listed([_row_shape(row) for row in rows], cursor_of(*further) if further else None) | {"totals": totals}


@payments_router.get("/payments/{payment_id}", summary="One payment, with its refunds")
async def read_payment(session: Transaction, staff: ApiPractice, payment_id: str) -> Json:
    return await _with_refunds(session, await payment_of_practice(session, staff.reach, opaque_id(payment_id)))


@payments_router.post("/payments/{payment_id}/refund", status_code=202, summary="Refund all of it or a part")
async def refund(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    payment_id: str,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Json:
    """`{"reason", "amount_minor"?}`: without an amount all that is left. Never more than was taken: a conflict."""
    body = await json_object(request)
    only(body, ("amount_minor", "reason"))
    amount = body.get("amount_minor")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        raise ValidationFailed.of("amount_minor", "must be a whole number of minor units")
    payment = await payment_of_practice(session, staff.reach, opaque_id(payment_id), for_update=True)
    await refund_by_staff(
        *(session, office, payment),
        amount_minor=amount,
        reason=optional_text(body, "reason"),
        who=staff.who,
        idempotency_key=idempotency_key,
    )
    return await _with_refunds(session, payment)


async def _with_refunds(session: AsyncSession, payment: Payment) -> Json:
    row = PaymentRow(
        payment=payment,
        client=await client_by_id(session, payment.client_id),
        appointment=await appointment_by_id(session, payment.appointment_id),
    )
    disputes = [_dispute_shape(one) for one in await disputes_of(session, payment.id)]
    refunds = [_refund_shape(one) for one in await refunds_of(session, payment.id)]
    return _row_shape(row) | {"refunds": refunds, "disputes": disputes}


def _row_shape(row: PaymentRow) -> Json:
    return {
        **payment_shape(row.payment),
        "refund_due_minor": row.payment.refund_due_minor,
        "disputed": row.payment.disputed,
        "lost_minor": row.payment.lost_minor,
        "detail": why(row.payment, row.appointment),
        "client_id": row.client.id,
        "appointment_id": row.appointment.id,
        "created_at": instant(row.payment.created_at),
    }


def _refund_shape(refund: Refund) -> Json:
    return {
        "id": refund.id,
        "amount_minor": refund.amount_minor,
        "status": refund.status,
        "cause": refund.cause,
        "reason": refund.reason,
        "asked_by": refund.asked_by,
        "created_at": instant(refund.created_at),
        "settled_at": instant(refund.settled_at),
    }


def _dispute_shape(dispute: Dispute) -> Json:
    return {
        "id": dispute.id,
        "status": dispute.status,
        "reason": dispute.reason,
        "amount_minor": dispute.amount_minor,
        "due_by": instant(dispute.due_by),
        "opened_at": instant(dispute.opened_at),
    }
