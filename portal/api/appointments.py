"""Appointments, as the practice sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import select, tuple_

from commands.appointments import cancel, may_cancel, record_visit
from commands.audit import note
from commands.booking import claim
from commands.moving import move
from db.models import Appointment
from db.tenancy import appointment_of_practice, client_of_practice, payment_of_appointment
from domain.audit import AuditKind
from domain.stages import Actor
from domain.states import AppointmentStatus
from portal.paging import Limit, cursor_of, read_cursor
from portal.shapes import Json, appointment_shape, appointment_shapes, cancel_shape, listed
from portal.waiting import wait_for_booking, wait_while_pending
from web.bodies import json_object, parse_object, raw_body
from web.fields import moment, only, opaque_id, optional_text, text
from web.identity import ApiPractice
from web.transactions import TheOffice, TheRelay, Transaction

appointments_router = APIRouter(tags=["appointments"])


async def own_appointment(appointment_id: str, session: Transaction, staff: ApiPractice) -> Appointment:
    return await appointment_of_practice(session, staff.reach, opaque_id(appointment_id))


async def locked_appointment(appointment_id: str, session: Transaction, staff: ApiPractice) -> Appointment:
    return await appointment_of_practice(session, staff.reach, opaque_id(appointment_id), for_update=True)


OwnAppointment = Annotated[Appointment, Depends(own_appointment)]
LockedAppointment = Annotated[Appointment, Depends(locked_appointment)]


@appointments_router.get("/appointments", summary="Appointments by start")
async def list_appointments(
    session: Transaction,
    staff: ApiPractice,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    client: Annotated[str | None, Query(max_length=100)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 100,
) -> Json:
    query = select(Appointment).where(Appointment.practice_id == staff.practice_id)
    if start is not None:
        query = query.where(Appointment.starts_at >= moment("from", start))
    if end is not None:
        query = query.where(Appointment.starts_at < moment("to", end))
    if client is not None:
        query = query.where(Appointment.client_id == opaque_id(client))
    if cursor is not None:
        query = query.where(tuple_(Appointment.starts_at, Appointment.id) > read_cursor(cursor))
    rows = list(await session.scalars(query.order_by(Appointment.starts_at, Appointment.id).limit(limit + 1)))
    after = cursor_of(rows[limit - 1].starts_at, rows[limit - 1].id) if len(rows) > limit else None
    return listed(await appointment_shapes(session, rows[:limit]), after)


@appointments_router.post("/appointments", status_code=201, summary="Book for a client")
async def book_for_client(request: Request, office: TheOffice, relay: TheRelay, staff: ApiPractice) -> Json:
    """Past the client's own rules, never over another appointment. It stands at once, without an online fee.

    Without a `type` the provider's default one is booked.
    """
    body = await json_object(request)
    only(body, ("client_id", "starts_at", "type", "override_reason"))
    starts_at = moment("starts_at", body.get("starts_at"))
    reason = optional_text(body, "override_reason")
    # Committed before the journey is waited for: it couldn't see the appointment otherwise.
    async with office.database.transaction() as session:
        client = await client_of_practice(session, staff.reach, opaque_id(text(body, "client_id")))
        kind = optional_text(body, "type")
        appointment = await claim(
            session, office, client, starts_at, actor=Actor.STAFF, type_id=kind, override_reason=reason
        )
        await note(session, office, staff.who, AuditKind.APPOINTMENT_BOOKED, appointment.id)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_for_booking(office, appointment.id)
    async with office.database.transaction() as session:
        return await appointment_shape(session, await appointment_of_practice(session, staff.reach, appointment.id))


@appointments_router.get("/appointments/{appointment_id}", summary="One appointment")
async def read_appointment(session: Transaction, appointment: OwnAppointment) -> Json:
    return await appointment_shape(session, appointment)


@appointments_router.get("/appointments/{appointment_id}/can-cancel", summary="What cancelling would do")
async def can_cancel(session: Transaction, office: TheOffice, staff: ApiPractice, appointment: OwnAppointment) -> Json:
    decision = await may_cancel(session, office, appointment, Actor.STAFF)
    return cancel_shape(decision, await payment_of_appointment(session, appointment.id))


@appointments_router.post("/appointments/{appointment_id}/cancel", summary="Cancel; the fee is refunded in full")
async def cancel_appointment(
    request: Request, appointment_id: str, office: TheOffice, relay: TheRelay, staff: ApiPractice
) -> Json:
    raw = await raw_body(request)
    body = parse_object(raw) if raw.strip() else {}
    only(body, ("reason",))
    reason = optional_text(body, "reason")
    wanted = opaque_id(appointment_id)
    async with office.database.transaction() as session:
        appointment = await appointment_of_practice(session, staff.reach, wanted, for_update=True)
        await cancel(session, office, appointment, actor=Actor.STAFF, reason=reason)
        await note(session, office, staff.who, AuditKind.APPOINTMENT_CANCELLED, appointment.id)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_while_pending(office, appointment.id)
    async with office.database.transaction() as session:
        return await appointment_shape(session, await appointment_of_practice(session, staff.reach, appointment.id))


@appointments_router.post("/appointments/{appointment_id}/move", summary="Give it another time; the fee counts for it")
async def move_appointment(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, appointment: OwnAppointment
) -> Json:
    """Outside what is offered with a reason only, and never over another appointment."""
    body = await json_object(request)
    only(body, ("starts_at", "override_reason"))
    starts_at = moment("starts_at", body.get("starts_at"))
    reason = optional_text(body, "override_reason")
    moved = await move(session, office, appointment, starts_at, actor=Actor.STAFF, override_reason=reason)
    await note(session, office, staff.who, AuditKind.APPOINTMENT_MOVED, moved.id)
    return await appointment_shape(session, moved)


@appointments_router.post("/appointments/{appointment_id}/no-show", summary="The client didn't come; the fee is kept")
async def no_show(session: Transaction, office: TheOffice, staff: ApiPractice, appointment: LockedAppointment) -> Json:
    await record_visit(session, office, appointment, AppointmentStatus.NOSHOW)
    await note(session, office, staff.who, AuditKind.VISIT_RECORDED, appointment.id)
    return await appointment_shape(session, appointment)


@appointments_router.post("/appointments/{appointment_id}/fulfil", summary="The client came")
async def fulfil(session: Transaction, office: TheOffice, staff: ApiPractice, appointment: LockedAppointment) -> Json:
    await record_visit(session, office, appointment, AppointmentStatus.FULFILLED)
    await note(session, office, staff.who, AuditKind.VISIT_RECORDED, appointment.id)
    return await appointment_shape(session, appointment)
