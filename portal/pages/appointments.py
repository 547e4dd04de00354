"""One appointment of a client: how it stands, paying for it, cancelling it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind, who_is
from commands.appointments import cancel, may_cancel
from commands.holds import extend_hold, may_extend
from db.fees import quote_of
from db.ids import new_id
from db.models import Appointment, Client, Payment
from db.portal_accounts import clients_of
from db.tenancy import appointment_by_id, appointment_of_client, payment_of_appointment
from db.waking import notice_payment
from domain.errors import Conflict, DomainError, NotFound
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState
from portal.forms import ClientForm
from portal.pages.frames import ClientFrame, frame_for, go
from portal.rendering import refresh_after, render, spoken_until
from portal.waiting import wait_while_pending
from web.fields import opaque_id
from web.identity import SignedInClients, session_token
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

appointment_pages_router = APIRouter(tags=["pages: client portal"])

# How often a page that waits for the bank looks again, and how many times before it offers to pay instead.
_LOOK_AGAIN_SECONDS = 3
_LOOKS = 20
# While the client is to do something, reloading is only there to notice the end of the hold.
_SLOW_SECONDS = 60


async def own_appointment(
    session: AsyncSession, clients: list[Client], appointment_id: str, *, for_update: bool = False
) -> tuple[Client, Appointment]:
    """Of anybody behind the account. Raises NotFound."""
    for client in clients:
        try:
            found = await appointment_of_client(session, client.id, opaque_id(appointment_id), for_update=for_update)
        except NotFound:
            continue
        return client, found
    raise NotFound("There is no such appointment.")


class AppointmentFrame:
    """The page of one appointment: its owner's frame, and what belongs to it."""

    def __init__(self, frame: ClientFrame, appointment: Appointment, payment: Payment | None) -> None:
        self.frame = frame
        self.appointment = appointment
        self.payment = payment
        self.quote = quote_of(payment) if payment is not None else None

    async def render(self, session: AsyncSession, office: TheOffice, template: str, **context: Any) -> Response:
        decision = await may_cancel(session, office, self.appointment, Actor.CLIENT)
        # The notice that counts is the more generous one of then and now, as in the decision.
        notice = min(self.appointment.cancel_notice_minutes, self.frame.policy.cancel_notice_minutes)
        return self.frame.render(
            template,
            appointment=self.appointment,
            payment=self.payment,
            quote=self.quote,
            notice=notice if self.frame.policy.clients_can_cancel else None,
            decision=decision,
            **context,
        )


async def appointment_frame(
    request: Request, session: Transaction, office: TheOffice, clients: SignedInClients, appointment_id: str
) -> AppointmentFrame:
    client, appointment = await own_appointment(session, clients, appointment_id)
    frame = await frame_for(request, session, office, clients, client)
    return AppointmentFrame(frame, appointment, await payment_of_appointment(session, appointment.id))


TheAppointmentFrame = Annotated[AppointmentFrame, Depends(appointment_frame)]


@appointment_pages_router.get("/portal/appointments/{appointment_id}", summary="How an appointment stands")
async def appointment_page(
    session: Transaction,
    office: TheOffice,
    about: TheAppointmentFrame,
    checking: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    appointment, payment = about.appointment, about.payment
    state, refresh = _state(about, checking)
    now = await office.clock.now(session)
    expires = appointment.hold_expires_at
    choose_until = appointment.choose_until
    extend = await may_extend(session, office, appointment, payment)
    return await about.render(
        session,
        office,
        "portal/appointment.html",
        state=state,
        refresh=refresh,
        held_until=spoken_until(expires, about.frame.timezone, now) if expires else None,
        seconds_left=max(0, int((expires - now).total_seconds())) if expires and state == "held" else 0,
        extended=appointment.hold_extended_at is not None,
        extend_until=spoken_until(extend.until, about.frame.timezone, now) if extend.until else None,
        choose_until=spoken_until(choose_until, about.frame.timezone, now) if choose_until else None,
        may_pay=state in ("held", "checking") and payment is not None and payment.checkout_url is not None,
    )


def _state(about: AppointmentFrame, checking: int) -> tuple[str, str | None]:
    """What the page says, and when it looks again by itself: only while something is pending."""
    appointment, payment = about.appointment, about.payment
    again = refresh_after(_LOOK_AGAIN_SECONDS)
    if appointment.choose_until is not None:
        return "choosing", None
    if appointment.status != AppointmentStatus.PENDING:
        return appointment.status, None
    if appointment.cancel_requested_at is not None:
        return "releasing", again
    if payment is None or payment.checkout_url is None:
        return "confirming", again
    if payment.state != PaymentState.REQUESTED:
        return "checking", again
    if 0 < checking <= _LOOKS:
        path = f"/portal/appointments/{appointment.id}"
        return "checking", refresh_after(_LOOK_AGAIN_SECONDS, about.frame.link(path, checking=str(checking + 1)))
    return "held", refresh_after(_SLOW_SECONDS, about.frame.link(f"/portal/appointments/{appointment.id}"))


@appointment_pages_router.post("/portal/appointments/{appointment_id}/extend-hold", summary="More time to pay, once")
async def extend(
    session: Transaction, office: TheOffice, form: ClientForm, clients: SignedInClients, appointment_id: str
) -> Response:
    client, appointment = await own_appointment(session, clients, appointment_id, for_update=True)
    done = "hold-extended"
    try:
        await extend_hold(session, office, appointment, actor=Actor.CLIENT)
    except Conflict:
        done = "hold-not-extended"
    place = client.id if len(clients) > 1 else None
    return go(f"/portal/appointments/{appointment.id}", done, client=place)


@appointment_pages_router.get("/portal/appointments/{appointment_id}/cancel", summary="Before cancelling: what happens")
async def before_cancelling(session: Transaction, office: TheOffice, about: TheAppointmentFrame) -> Response:
    return await about.render(session, office, "portal/cancel.html", refusal=None)


@appointment_pages_router.post("/portal/appointments/{appointment_id}/cancel", summary="Cancel the appointment")
async def cancel_appointment(
    request: Request,
    office: TheOffice,
    relay: TheRelay,
    form: ClientForm,
    clients: SignedInClients,
    appointment_id: str,
) -> Response:
    try:
        async with office.database.transaction() as session:
            _, appointment = await own_appointment(session, clients, appointment_id, for_update=True)
            choosing = appointment.choose_until is not None
            await cancel(session, office, appointment, actor=Actor.CLIENT)
    except NotFound:
        raise
    except DomainError as refusal:
        async with office.database.transaction() as session:
            about = await appointment_frame(request, session, office, clients, appointment_id)
            status = status_of(refusal)
            return await about.render(session, office, "portal/cancel.html", refusal=refusal.detail, status=status)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_while_pending(office, appointment.id)
    async with office.database.transaction() as session:
        pending = (await appointment_by_id(session, appointment.id)).status == AppointmentStatus.PENDING
    done = "money-back" if choosing else "released" if pending else "cancelled"
    return go(f"/portal/appointments/{appointment.id}", done)


@appointment_pages_router.get("/portal/payments/{payment_id}/return", summary="Back from Bill Pay")
async def back_from_bill_pay(request: Request, session: Transaction, office: TheOffice, payment_id: str) -> Response:
    """Coming back proves nothing: the booking is only asked to look at the payment again."""
    token = session_token(request, office, SessionKind.CLIENT)
    account_id = await who_is(session, SessionKind.CLIENT, token)
    if account_id is None:
        return render(request, "public/paid_signed_out.html")
    payment = await session.get(Payment, opaque_id(payment_id))
    if payment is None or payment.client_id not in [client.id for client in await clients_of(session, account_id)]:
        raise NotFound("There is no such payment.")
    external_id = f"return:{payment.id}:{new_id('ret')}"
    await notice_payment(session, payment, source="portal", external_id=external_id)
    return go(f"/portal/appointments/{payment.appointment_id}", checking="1")
