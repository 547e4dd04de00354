"""Choosing a time in the portal: the slot is claimed at once, then paid, then it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointment_types import on_offer
from commands.booking import claim
from commands.office import Office
from commands.settings import read_settings
from commands.standpoint import Standpoint
from db.tenancy import appointment_being_chosen, appointment_by_id, client_by_id, payment_of_appointment
from domain.errors import DomainError, FeeRequired, ValidationFailed
from domain.stages import Actor
from domain.states import AppointmentStatus, SettingsKind
from portal.forms import ClientForm, new_form_token
from portal.pages.frames import ClientFrame, TheClientFrame
from portal.pages.picking import keep_zone, offer_to, taken_time
from portal.pages.times import Wanted, pick
from portal.waiting import wait_for_booking
from portal.zones import chosen_zone, zone_choices
from web.fields import moment
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

booking_router = APIRouter(tags=["pages: client portal"])

_LONGEST_TOKEN = 100


@booking_router.get("/portal/book", summary="The times on offer")
async def choose(
    session: Transaction,
    office: TheOffice,
    frame: TheClientFrame,
    on: Annotated[str | None, Query(max_length=40)] = None,
    view: Annotated[str | None, Query(max_length=10)] = None,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Response:
    choosing = await appointment_being_chosen(session, frame.client.id)
    if choosing is not None:
        return frame.go(f"/portal/appointments/{choosing.id}/move")
    return await _page(session, office, frame, Wanted.of(on, view), type_id)


@booking_router.post("/portal/book", summary="Choose a time")
async def book(office: TheOffice, relay: TheRelay, form: ClientForm, frame: TheClientFrame) -> Response:
    """Committed before the journey is waited for: it couldn't see the appointment otherwise."""
    try:
        starts_at = _chosen(form.first("starts_at"))
        # Another time chosen from the same page is another wish.
        key = f"{form.first('form_token')[:_LONGEST_TOKEN]}:{starts_at.isoformat()}"
        # A page that was rendered before there were quotes says nothing of one.
        seen = form.first("quote") if form.has("quote") else None
        async with office.database.transaction() as session:
            client = await client_by_id(session, frame.client.id)
            claimed = await claim(
                *(session, office, client, starts_at),
                actor=Actor.CLIENT,
                type_id=form.first("type") or None,
                idempotency_key=key,
                seen_quote=seen,
            )
    except DomainError as refusal:
        async with office.database.transaction() as session:
            wanted = Wanted.of(form.first("on"), form.first("view"))
            return await _page(session, office, frame, wanted, form.first("type"), form.first("starts_at"), refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    await keep_zone(office, frame, form)
    await wait_for_booking(office, claimed.id)
    async with office.database.transaction() as session:
        appointment = await appointment_by_id(session, claimed.id)
        payment = await payment_of_appointment(session, claimed.id)
    if appointment.status == AppointmentStatus.PENDING and payment is not None and payment.checkout_url is not None:
        return RedirectResponse(payment.checkout_url, 303)
    return frame.go(f"/portal/appointments/{claimed.id}")


def _chosen(value: str) -> datetime:
    if not value:
        raise ValidationFailed.of("starts_at", "Please choose a time first.")
    return moment("starts_at", value)


def _shown(points: list[Standpoint], type_id: str | None) -> Standpoint | None:
    """The type whose times are shown; None where there is one to be chosen first."""
    if len(points) == 1:
        return points[0]
    return next((one for one in points if one.kind.id == type_id), None)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: ClientFrame,
    wanted: Wanted,
    type_id: str | None,
    chosen: str = "",
    refusal: DomainError | None = None,
) -> Response:
    status = status_of(refusal) if refusal else 200
    points = await on_offer(session, office, frame.client)
    point = _shown(points, type_id)
    detail = refusal.detail if refusal else None
    if isinstance(refusal, ValidationFailed):
        detail = refusal.errors[0].message
    in_the_way = (point or points[0]).blocks
    if point.blocks if point else all(one.blocks for one in points):
        contact = (await read_settings(session, frame.provider, SettingsKind.PAGE)).document["contact"]
        several = point is not None and any(not one.blocks for one in points)
        held = next((str(one.value) for one in in_the_way if one.refusal is FeeRequired), None)
        return frame.render(
            "portal/blocked.html",
            status=status,
            blocks=in_the_way,
            contact=contact,
            others=several,
            held=await appointment_by_id(session, held) if held is not None else None,
        )
    if point is None:
        return frame.render("portal/book_type.html", status=status, points=points, refusal=detail)
    named = point.kind.id if len(points) > 1 else None
    picker = await pick(
        session,
        office,
        offer_to(frame, type_id=point.kind.id),
        wanted,
        lambda day, view: frame.link("/portal/book", type=named, on=day.isoformat(), view=str(view)),
        refused=taken_time(refusal, chosen),
    )
    return frame.render(
        "portal/book.html",
        status=status,
        picker=picker,
        refusal=detail,
        follows_zone=refusal is None and chosen_zone(frame.request) is None,
        zone_choices=zone_choices(),
        point=point,
        named=named,
        quote=point.quote,
        form_token=new_form_token(),
    )
