"""Moving an appointment, for the client: the rule first, then the times on offer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.moving import may_move, move
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.stages import Actor
from portal.forms import ClientForm
from portal.pages.appointments import AppointmentFrame, TheAppointmentFrame, appointment_frame, own_appointment
from portal.pages.picking import keep_zone, offer_to, taken_time
from portal.pages.times import Wanted, pick
from portal.waiting import wait_while_pending
from portal.zones import chosen_zone, zone_choices
from web.fields import moment
from web.identity import SignedInClients
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

moving_router = APIRouter(tags=["pages: client portal"])


@moving_router.get("/portal/appointments/{appointment_id}/move", summary="Before moving: the rule and the times")
async def before_moving(
    session: Transaction,
    office: TheOffice,
    about: TheAppointmentFrame,
    on: Annotated[str | None, Query(max_length=40)] = None,
    view: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    return await _page(session, office, about, Wanted.of(on, view))


@moving_router.post("/portal/appointments/{appointment_id}/move", summary="Move the appointment")
async def move_appointment(
    request: Request,
    office: TheOffice,
    relay: TheRelay,
    form: ClientForm,
    clients: SignedInClients,
    appointment_id: str,
) -> Response:
    try:
        if not form.first("starts_at"):
            raise ValidationFailed.of("starts_at", "Please choose a time first.")
        starts_at = moment("starts_at", form.first("starts_at"))
        async with office.database.transaction() as session:
            _, appointment = await own_appointment(session, clients, appointment_id)
            choosing = appointment.choose_until is not None
            await move(session, office, appointment, starts_at, actor=Actor.CLIENT)
    except NotFound:
        raise
    except DomainError as refusal:
        async with office.database.transaction() as session:
            about = await appointment_frame(request, session, office, clients, appointment_id)
            wanted = Wanted.of(form.first("on"), form.first("view"))
            return await _page(session, office, about, wanted, form.first("starts_at"), refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    if choosing:
        await wait_while_pending(office, appointment.id)
    async with office.database.transaction() as session:
        about = await appointment_frame(request, session, office, clients, appointment_id)
    await keep_zone(office, about.frame, form)
    return about.frame.go(f"/portal/appointments/{appointment.id}", None if choosing else "moved")


async def _page(
    session: AsyncSession,
    office: TheOffice,
    about: AppointmentFrame,
    wanted: Wanted,
    chosen: str = "",
    refusal: DomainError | None = None,
) -> Response:
    decision = await may_move(session, office, about.appointment, Actor.CLIENT)
    frame = about.frame
    picker = None
    if decision.allowed:
        path = f"/portal/appointments/{about.appointment.id}/move"
        picker = await pick(
            session,
            office,
            offer_to(frame, about.appointment),
            wanted,
            lambda day, view: frame.link(path, on=day.isoformat(), view=str(view)),
            refused=taken_time(refusal, chosen),
        )
    detail = refusal.detail if refusal else None
    if isinstance(refusal, ValidationFailed):
        detail = refusal.errors[0].message
    return frame.render(
        "portal/move.html",
        status=status_of(refusal) if refusal else 200,
        appointment=about.appointment,
        payment=about.payment,
        quote=about.quote,
        moving=decision,
        picker=picker,
        refusal=detail,
        follows_zone=refusal is None and chosen_zone(frame.request) is None,
        zone_choices=zone_choices(),
    )
