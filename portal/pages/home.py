"""The client's home: what comes next, what is booked, what was paid."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.booking import why_not
from commands.intake import intake_standing
from commands.next_step import NextStep, next_step
from db.refund_ledger import refunds_of
from db.tenancy import appointment_being_chosen
from db.waitlist import as_wish, open_offer_of, open_wish_of
from domain.states import SubmissionStatus
from portal.pages.frames import TheClientFrame
from portal.pages.queries import appointments_of, payments_of_client, split_by_time
from portal.rendering import spoken_until
from portal.waitlist_words import wish_in_words
from web.transactions import TheOffice, Transaction

home_router = APIRouter(tags=["pages: client portal"])


@home_router.get("/portal", summary="The client's home")
async def home(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    step = await next_step(session, office, frame.client)
    blocks, _ = await why_not(session, office, frame.client, None)
    now = await office.clock.now(session)
    upcoming, past = split_by_time(await appointments_of(session, frame.client.id), now)
    waiting = next((row.appointment for row in upcoming if row.appointment.status == "pending"), None)
    held_until = waiting.hold_expires_at if waiting else None
    offer, wish = await open_offer_of(session, frame.client.id), await open_wish_of(session, frame.client.id)
    intake = await intake_standing(session, frame.client)
    return frame.render(
        "portal/home.html",
        step=str(step),
        intake_open=intake.form is not None and intake.status is not SubmissionStatus.SUBMITTED,
        intake_begun=intake.status is SubmissionStatus.DRAFT,
        may_book=not blocks and step is not NextStep.INTAKE,
        blocks=blocks,
        upcoming=upcoming,
        waiting=waiting,
        held_until=spoken_until(held_until, frame.timezone, now) if held_until else None,
        past=past,
        offer=offer,
        answer_until=spoken_until(offer.expires_at, frame.timezone, now) if offer is not None else None,
        waiting_for=wish_in_words(as_wish(wish)) if wish is not None else None,
        choosing=await appointment_being_chosen(session, frame.client.id),
        others=[
            (one, str(await next_step(session, office, one))) for one in frame.clients if one.id != frame.client.id
        ],
    )


@home_router.get("/portal/bill-pay", summary="Bill Pay: what is due, paid, refunded")
async def bill_pay(session: Transaction, frame: TheClientFrame) -> Response:
    payments = await payments_of_client(session, frame.client.id)
    due = [
        (payment, appointment)
        for payment, appointment in payments
        if payment.state == "requested" and appointment.status == "pending" and payment.checkout_url
    ]
    refunds = {payment.id: await refunds_of(session, payment.id) for payment, _ in payments if payment.refund_due_minor}
    return frame.render("portal/bill_pay.html", due=due, payments=payments, refunds=refunds)
