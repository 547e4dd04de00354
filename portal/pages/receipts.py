"""A receipt for what was paid: a page to print or to keep, with what went back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select

from db.fees import amount_of
from db.models import Payment, TimelineEntry
from db.refund_ledger import refunds_of
from db.tenancy import appointment_by_id
from domain.errors import NotFound
from domain.money import Money
from domain.states import PaymentState, TimelineKind
from portal.pages.frames import frame_for
from portal.payment_words import told_client
from web.fields import opaque_id
from web.identity import SignedInClients
from web.transactions import TheOffice, Transaction

receipts_router = APIRouter(tags=["pages: client portal"])


@receipts_router.get("/portal/payments/{payment_id}/receipt", summary="A receipt to print")
async def receipt(
    request: Request, session: Transaction, office: TheOffice, clients: SignedInClients, payment_id: str
) -> Response:
    payment = await session.get(Payment, opaque_id(payment_id))
    client = next((one for one in clients if payment is not None and one.id == payment.client_id), None)
    taken = payment is not None and payment.state in (PaymentState.CAPTURED, PaymentState.REFUNDED)
    if payment is None or client is None or not taken:
        raise NotFound("There is no receipt for that.")
    frame = await frame_for(request, session, office, clients, client)
    paid_at = await session.scalar(
        select(TimelineEntry.at).where(
            TimelineEntry.client_id == client.id,
            TimelineEntry.kind == str(TimelineKind.FEE_CAPTURED),
            TimelineEntry.ref == payment.id,
        )
    )
    kept = Money(amount_minor=payment.amount_minor - payment.refunded_minor, currency=payment.currency)
    return frame.render(
        "portal/receipt.html",
        payment=payment,
        amount=amount_of(payment),
        kept=kept,
        paid_at=paid_at or payment.changed_at,
        appointment=await appointment_by_id(session, payment.appointment_id),
        refunds=[
            (one, told_client(one, payment.currency, disputed=payment.disputed))
            for one in await refunds_of(session, payment.id)
        ],
    )
