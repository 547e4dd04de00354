"""The front desk's appointments: what is coming, booking for a client, cancelling, kept or missed."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import cancel, may_cancel, record_visit, rest_on
from commands.audit import note
from commands.booking import claim, why_not
from commands.office import Office
from db.appointment_types import load_types
from db.models import Appointment, Client
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_of_practice, client_of_practice, payment_of_appointment, provider_of
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.roles import Permission
from domain.stages import Actor
from domain.states import AppointmentStatus
from domain.wording import local_date
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.console_client import OwnClient, page_of
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.picking import staff_picker
from portal.pages.queries import agenda, providers_of
from portal.waiting import wait_for_booking, wait_while_pending
from portal.wording import zone
from web.fields import moment, opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_appointments_router = APIRouter(tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)])

_MOST_SHOWN = 200
LONGEST_REASON = 500


@console_appointments_router.get("/console/appointments", summary="Upcoming appointments by day")
async def appointments_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    now = await office.clock.now(session)
    found = await agenda(session, frame.staff.reach, now, _MOST_SHOWN)
    providers = await providers_of(session, frame.staff.reach)
    zones = {one.id: (await load_availability(session, one.id)).timezone for one in providers}
    types = {one.id: await load_types(session, one.id) for one in providers}
    by_day = groupby(found, key=lambda row: local_date(row[0].starts_at, zones[row[0].provider_id]))
    days = [list(rows) for _, rows in by_day]
    return frame.render("console/appointments.html", days=days, zones=zones, types=types, several=len(providers) > 1)


@console_appointments_router.get(
    "/console/clients/{client_id}/book",
    summary="Before booking for the client",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def booking_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    client: OwnClient,
    on: Annotated[str | None, Query(max_length=40)] = None,
    view: Annotated[str | None, Query(max_length=10)] = None,
    at: Annotated[str | None, Query(max_length=40)] = None,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Response:
    """`at` is a time that was picked before, on the calendar."""
    picked = Form({"on": [on or ""], "view": [view or ""], "starts_at": [at or ""], "type": [type_id or ""]})
    return await _booking_page(session, office, frame, client, picked)


@console_appointments_router.post(
    "/console/clients/{client_id}/book",
    summary="Book for the client",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def book_for_client(
    office: TheOffice, relay: TheRelay, form: StaffForm, frame: TheStaffFrame, client: OwnClient
) -> Response:
    """It stands without an online fee. Committed before the journey is waited for."""
    try:
        async with office.database.transaction() as session:
            mine = await client_of_practice(session, frame.staff.reach, client.id)
            starts_at = await chosen_time(session, mine.provider_id, form)
            claimed = await claim(
                session,
                office,
                mine,
                starts_at,
                actor=Actor.STAFF,
                type_id=form.first("type") or None,
                override_reason=form.text("reason")[:LONGEST_REASON] or None,
                idempotency_key=f"{form.first('form_token')[:100]}:{starts_at.isoformat()}",
            )
            await note(session, office, frame.staff.who, AuditKind.APPOINTMENT_BOOKED, claimed.id)
    except DomainError as refusal:
        async with office.database.transaction() as session:
            return await _booking_page(session, office, frame, client, form, refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_for_booking(office, claimed.id)
    return go(f"/console/clients/{client.id}", "staff-booked")


async def chosen_time(session: AsyncSession, provider_id: str, form: Form) -> datetime:
    """The typed date and time in the provider's zone, or the slot that was picked."""
    typed = form.text("own_time")
    if not typed:
        if not form.first("starts_at"):
            raise ValidationFailed.of("starts_at", "Please pick a time, or type a date and time.")
        return moment("starts_at", form.first("starts_at"))
    timezone = (await load_availability(session, provider_id)).timezone
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone(timezone))
    except ValueError:
        raise ValidationFailed.of("own_time", "Please type a date and time, such as 2026-12-01 14:00.") from None


async def _booking_page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    client: Client,
    form: Form,
    refusal: DomainError | None = None,
) -> Response:
    provider = await provider_of(session, client.provider_id)
    timezone = (await load_availability(session, provider.id)).timezone
    blocks, _ = await why_not(session, office, client, None)
    detail = refusal.detail if refusal else None
    if isinstance(refusal, ValidationFailed):
        detail = refusal.errors[0].message
    types = await load_types(session, provider.id)
    wanted = types.find(form.first("type"))
    kind = wanted if wanted is not None and not wanted.archived else types.default
    path = f"/console/clients/{client.id}/book"
    picker = await staff_picker(
        session,
        office,
        frame,
        provider,
        client,
        timezone,
        form,
        path,
        refusal,
        type_id=kind.id if types.several else None,
    )
    return frame.render(
        "console/book.html",
        status=status_of(refusal) if refusal else 200,
        client=client,
        provider=provider,
        timezone=timezone,
        blocks=blocks,
        types=types,
        kind=kind,
        usual_minutes=(await load_policy(session, provider.id, client.id)).policy.appointment_minutes,
        picker=picker,
        refusal=detail,
        values=form.flat(),
        form_token=new_form_token(),
    )


@console_appointments_router.get(
    "/console/appointments/{appointment_id}/cancel",
    summary="Before cancelling",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def before_cancelling(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, appointment_id: str
) -> Response:
    appointment = await appointment_of_practice(session, frame.staff.reach, opaque_id(appointment_id))
    return frame.render(
        "console/cancel.html",
        appointment=appointment,
        client=await client_of_practice(session, frame.staff.reach, appointment.client_id),
        payment=await payment_of_appointment(session, appointment.id),
        decision=await may_cancel(session, office, appointment, Actor.STAFF),
        resting=len(await rest_on(session, appointment)),
        timezone=(await load_availability(session, appointment.provider_id)).timezone,
    )


@console_appointments_router.post(
    "/console/appointments/{appointment_id}/cancel",
    summary="Cancel for the practice",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def cancel_appointment(
    office: TheOffice, relay: TheRelay, form: StaffForm, frame: TheStaffFrame, appointment_id: str
) -> Response:
    wanted = opaque_id(appointment_id)
    reason = form.text("reason")[:LONGEST_REASON] or None
    async with office.database.transaction() as session:
        appointment = await appointment_of_practice(session, frame.staff.reach, wanted, for_update=True)
        await cancel(session, office, appointment, actor=Actor.STAFF, reason=reason)
        await note(session, office, frame.staff.who, AuditKind.APPOINTMENT_CANCELLED, appointment.id)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_while_pending(office, appointment.id)
    return go(f"/console/clients/{appointment.client_id}", "staff-cancelled")


@console_appointments_router.post(
    "/console/appointments/{appointment_id}/no-show",
    summary="The client didn't come",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def no_show(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, appointment_id: str
) -> Response:
    return await _visit(session, office, frame, appointment_id, AppointmentStatus.NOSHOW)


@console_appointments_router.post(
    "/console/appointments/{appointment_id}/fulfil",
    summary="The client came",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def fulfil(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, appointment_id: str
) -> Response:
    return await _visit(session, office, frame, appointment_id, AppointmentStatus.FULFILLED)


async def _visit(
    session: AsyncSession, office: Office, frame: StaffFrame, appointment_id: str, to: AppointmentStatus
) -> Response:
    reach = frame.staff.reach
    appointment: Appointment = await appointment_of_practice(session, reach, opaque_id(appointment_id), for_update=True)
    try:
        await record_visit(session, office, appointment, to)
    except Conflict as refusal:
        client = await client_of_practice(session, reach, appointment.client_id)
        return await page_of(session, office, frame, client, refusal=refusal)
    await note(session, office, frame.staff.who, AuditKind.VISIT_RECORDED, appointment.id)
    return go(f"/console/clients/{appointment.client_id}", str(to))
