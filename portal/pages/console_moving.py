"""Moving an appointment, for the front desk: always, with a reason where the time isn't offered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.moving import may_move, move
from commands.office import Office
from db.appointment_types import load_types
from db.settings_store import load_availability
from db.tenancy import appointment_of_practice, client_of_practice, payment_of_appointment, provider_of
from domain.audit import AuditKind
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.stages import Actor
from portal.forms import Form, StaffForm
from portal.pages.console_appointments import LONGEST_REASON, chosen_time
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.picking import instant_of, staff_picker
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_moving_router = APIRouter(
    prefix="/console/appointments/{appointment_id}/move",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


@console_moving_router.get("", summary="Before moving an appointment")
async def before_moving(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    appointment_id: str,
    on: Annotated[str | None, Query(max_length=40)] = None,
    view: Annotated[str | None, Query(max_length=10)] = None,
    at: Annotated[str | None, Query(max_length=40)] = None,
    back: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    """`at` is a time that was picked before, on the calendar; `back` the view of it to go back to."""
    picked = Form({"on": [on or ""], "view": [view or ""], "starts_at": [at or ""], "back": [back or ""]})
    return await _page(session, office, frame, appointment_id, picked)


@console_moving_router.post("", summary="Move an appointment")
async def move_appointment(
    office: TheOffice, relay: TheRelay, form: StaffForm, frame: TheStaffFrame, appointment_id: str
) -> Response:
    try:
        async with office.database.transaction() as session:
            reach = frame.staff.reach
            appointment = await appointment_of_practice(session, reach, opaque_id(appointment_id))
            starts_at = await chosen_time(session, appointment.provider_id, form)
            reason = form.text("reason")[:LONGEST_REASON] or None
            await move(session, office, appointment, starts_at, actor=Actor.STAFF, override_reason=reason)
            await note(session, office, frame.staff.who, AuditKind.APPOINTMENT_MOVED, appointment.id)
    except NotFound:
        raise
    except DomainError as refusal:
        async with office.database.transaction() as session:
            return await _page(session, office, frame, appointment_id, form, refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    if back := _calendar_view(form):
        return go("/console/calendar", "staff-moved", view=back, chosen=appointment.id)
    return go(f"/console/clients/{appointment.client_id}", "staff-moved")


def _calendar_view(form: Form) -> str | None:
    """The view of the calendar that somebody came from, if they did."""
    return form.first("back") if form.first("back") in ("day", "week") else None


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    appointment_id: str,
    form: Form,
    refusal: DomainError | None = None,
) -> Response:
    appointment = await appointment_of_practice(session, frame.staff.reach, opaque_id(appointment_id))
    provider = await provider_of(session, appointment.provider_id)
    timezone = (await load_availability(session, provider.id)).timezone
    client = await client_of_practice(session, frame.staff.reach, appointment.client_id)
    detail = refusal.detail if refusal else None
    if isinstance(refusal, ValidationFailed):
        detail = refusal.errors[0].message
    back = _calendar_view(form)
    path = f"/console/appointments/{appointment.id}/move"
    picker = await staff_picker(
        session, office, frame, provider, client, timezone, form, path, refusal, moving=appointment
    )
    return frame.render(
        "console/move.html",
        status=status_of(refusal) if refusal else 200,
        appointment=appointment,
        kind=(await load_types(session, provider.id)).name_of(appointment.type_id),
        client=client,
        payment=await payment_of_appointment(session, appointment.id),
        moving=await may_move(session, office, appointment, Actor.STAFF),
        provider=provider,
        timezone=timezone,
        picker=picker,
        picked=instant_of(form.first("starts_at")) if back and refusal is None else None,
        back=back,
        refusal=detail,
        values=form.flat(),
    )
