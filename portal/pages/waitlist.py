"""The client's place on the waitlist: asking, changing, withdrawing; and the time that is held for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.waitlist import ask, withdraw_wish
from commands.waitlist_offers import OfferView, decline_offer, look_at_offer, take_offer
from db.models import Appointment
from db.tenancy import appointment_by_id, appointment_of_client, client_by_id, payment_of_appointment
from db.waitlist import as_wish, newest_wish_of, open_offer_of
from domain.errors import DomainError, NotFound, TimesFree, ValidationFailed
from domain.stages import Actor
from domain.states import AppointmentStatus
from domain.wording import local_date
from portal import waitlist_words
from portal.api.waitlist import check_own_offer
from portal.forms import ClientForm, Form
from portal.pages.frames import ClientFrame, TheClientFrame
from portal.pages.picking import keep_zone
from portal.rendering import errors_by_field, spoken_until
from portal.waiting import instant_in, wait_for_booking
from portal.waitlist_forms import document_of, first_values, typed_values
from portal.zones import place
from web.fields import opaque_id
from web.identity import SignedInClients
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

waitlist_pages_router = APIRouter(prefix="/portal/waitlist", tags=["pages: client portal"])


@waitlist_pages_router.get("", summary="Tell me when a time frees up")
async def waitlist_page(
    session: Transaction,
    office: TheOffice,
    frame: TheClientFrame,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
    appointment: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    about = Form({"type": [type_id or ""], "appointment": [appointment or ""]})
    return await _page(session, office, frame, about)


@waitlist_pages_router.post("", summary="Ask to be told, or change the wish")
async def save_wish(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    try:
        async with session.begin_nested():
            client = await client_by_id(session, frame.client.id, for_update=True)
            await ask(
                *(session, office, client, document_of(form)),
                actor=Actor.CLIENT,
                type_id=form.text("type") or None,
                replaces=await _replaced(session, frame, form),
            )
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, form, refusal)
    return frame.go("/portal/waitlist", "waitlist-saved")


@waitlist_pages_router.post("/withdraw", summary="Wait no more")
async def withdraw(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    await withdraw_wish(session, office, await client_by_id(session, frame.client.id, for_update=True))
    return frame.go("/portal/waitlist", "waitlist-left")


@waitlist_pages_router.post("/offers/{offer_id}/take", summary="Take the time that is held")
async def take(
    office: TheOffice,
    relay: TheRelay,
    form: ClientForm,
    frame: TheClientFrame,
    clients: SignedInClients,
    offer_id: str,
) -> Response:
    """Committed before the journey is waited for: it couldn't see the appointment otherwise."""
    try:
        async with office.database.transaction() as session:
            await check_own_offer(session, clients, offer_id)
            quote = form.first("quote") if form.has("quote") else None
            taken = await take_offer(session, office, opaque_id(offer_id), seen_quote=quote)
    except NotFound:
        raise
    except DomainError as refusal:
        async with office.database.transaction() as session:
            return await _page(session, office, frame, form, refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    await keep_zone(office, frame, form)
    return await on_to(office, taken.id, frame.link(f"/portal/appointments/{taken.id}"))


@waitlist_pages_router.post("/offers/{offer_id}/decline", summary="Let the time go to the next")
async def decline(
    session: Transaction,
    office: TheOffice,
    form: ClientForm,
    frame: TheClientFrame,
    clients: SignedInClients,
    offer_id: str,
) -> Response:
    await check_own_offer(session, clients, offer_id)
    try:
        async with session.begin_nested():
            await decline_offer(session, office, opaque_id(offer_id))
    except DomainError as refusal:
        return await _page(session, office, frame, form, refusal)
    return frame.go("/portal/waitlist", "offer-declined")


async def on_to(office: Office, appointment_id: str, home: str) -> Response:
    """To the checkout, where a fee is asked; else to the page that says how the appointment stands."""
    await wait_for_booking(office, appointment_id)
    async with office.database.transaction() as session:
        appointment = await appointment_by_id(session, appointment_id)
        payment = await payment_of_appointment(session, appointment_id)
    if appointment.status == AppointmentStatus.PENDING and payment is not None and payment.checkout_url is not None:
        return RedirectResponse(payment.checkout_url, 303)
    return RedirectResponse(home, 303)


async def _replaced(session: AsyncSession, frame: ClientFrame, form: Form) -> Appointment | None:
    """Raises NotFound."""
    wanted = form.text("appointment")
    return await appointment_of_client(session, frame.client.id, opaque_id(wanted)) if wanted else None


async def _page(
    session: AsyncSession, office: Office, frame: ClientFrame, form: Form, refusal: DomainError | None = None
) -> Response:
    now = await office.clock.now(session)
    row = await newest_wish_of(session, frame.client.id)
    open_row = row if row is not None and row.ended_at is None else None
    offer = await open_offer_of(session, frame.client.id)
    view: OfferView | None = await look_at_offer(session, office, offer) if offer is not None else None
    replaced_id = form.text("appointment") or (open_row.replaces_id if open_row is not None else None)
    wish = as_wish(open_row) if open_row is not None else None
    zone = wish.timezone if wish is not None else frame.zone
    typed = refusal is not None and form.has("from")
    kind = form.text("type") or (open_row.type_id if open_row is not None else frame.types.default.id)
    found = frame.types.find(kind)
    return frame.render(
        "portal/waitlist.html",
        status=status_of(refusal) if refusal else 200,
        offered=frame.policy.waitlist_offer_minutes,
        row=row,
        wish=wish,
        view=view,
        kind=kind if found is not None else frame.types.default.id,
        replaces=await appointment_of_client(session, frame.client.id, opaque_id(replaced_id)) if replaced_id else None,
        zone=form.text("timezone") or zone,
        place=place,
        answer_until=spoken_until(offer.expires_at, frame.timezone, now) if offer is not None else None,
        values=typed_values(form) if typed else first_values(local_date(now, zone), wish),
        words_of=waitlist_words,
        refusal=refusal.detail if refusal is not None and not isinstance(refusal, ValidationFailed) else None,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        free=free_of(refusal),
    )


def free_of(refusal: DomainError | None) -> list[object]:
    """The free times that a refusal names."""
    if not isinstance(refusal, TimesFree):
        return []
    slots = refusal.data["slots"]
    assert isinstance(slots, list)
    return [instant_in(one) for one in slots]
