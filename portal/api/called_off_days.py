"""Calling off a provider's days, for programs: looked at, confirmed, asked about, undone within the grace, stopped."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.called_off_days import (
    Preview,
    Touched,
    call_off,
    look_at_calling_off,
    read_request,
    stop_calling_off,
    undo_calling_off,
)
from db.called_off_days import CalledOff, asked_of, counted, newest_called_off, parts_of
from db.models import CalledOffAppointment
from db.settings_store import load_availability
from domain.called_off_days import CallingOff
from domain.calling_off_request import FIELDS
from domain.errors import NotFound
from domain.hours import clock
from domain.money import Money
from domain.roles import Reach
from portal.api.provider_settings import OwnProvider
from portal.shapes import Json, instant, listed
from web.bodies import json_object
from web.fields import only, opaque_id
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

called_off_days_router = APIRouter(prefix="/providers/{provider}/called-off-days", tags=["appointments"])

_Word = Annotated[str | None, Query(max_length=20)]


@called_off_days_router.get("", summary="Days of a provider's that were called off, newest first")
async def list_called_off(session: Transaction, staff: ApiPractice, provider: OwnProvider) -> Json:
    found = await newest_called_off(session, staff.reach, provider_id=provider.id)
    return listed([_head(one) for one in found])


@called_off_days_router.get("/preview", summary="What would become of each appointment; nothing is changed")
async def preview(
    session: Transaction,
    office: TheOffice,
    provider: OwnProvider,
    first_day: _Word = None,
    last_day: _Word = None,
    from_time: _Word = None,
    to_time: _Word = None,
    instead: _Word = None,
    within_days: _Word = None,
) -> Json:
    """Without a last day it is one day; times are those of one day. A new time is about right: others book, too."""
    values: dict[str, object] = {
        "first_day": first_day,
        "last_day": last_day,
        "from_time": from_time,
        "to_time": to_time,
        "instead": instead,
        "within_days": within_days,
        "reason": "-",  # not asked before it is confirmed
    }
    asked = await read_request(session, office, provider, values)
    return _preview(await look_at_calling_off(session, office, provider, asked))


@called_off_days_router.post("", status_code=202, summary="Call days off: closed at once, and done after 3 minutes")
async def call_off_days(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    provider: OwnProvider,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Json:
    """`reason` is for the record; `words`, if any, stand in the mails to clients. It can be undone for 3 minutes."""
    body = await json_object(request)
    only(body, FIELDS)
    asked = await read_request(session, office, provider, body)
    row = await call_off(session, office, provider, staff.who, asked, idempotency_key=idempotency_key)
    return await _shape(session, staff.reach, row.id)


@called_off_days_router.get("/{called_off_id}", summary="How far it has got, appointment by appointment")
async def read_called_off(session: Transaction, staff: ApiPractice, provider: OwnProvider, called_off_id: str) -> Json:
    return await _shape(session, staff.reach, opaque_id(called_off_id), provider.id)


@called_off_days_router.post("/{called_off_id}/undo", summary="Within 3 minutes: open the days again, and tell nobody")
async def undo(
    session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider, called_off_id: str
) -> Json:
    one = opaque_id(called_off_id)
    row = await undo_calling_off(session, office, staff.reach, staff.who, one, provider_id=provider.id)
    return await _shape(session, staff.reach, row.id)


@called_off_days_router.post("/{called_off_id}/stop", summary="Leave what isn't done yet; what is done stays")
async def stop(
    session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider, called_off_id: str
) -> Json:
    one = opaque_id(called_off_id)
    row = await stop_calling_off(session, office, staff.reach, staff.who, one, provider_id=provider.id)
    return await _shape(session, staff.reach, row.id)


def _asked(asked: CallingOff) -> Json:
    part = asked.days.part
    return {
        "first_day": asked.days.first_day.isoformat(),
        "last_day": asked.days.last_day.isoformat(),
        "from_time": clock(part.start) if part else None,
        "to_time": clock(part.end) if part else None,
        "instead": str(asked.instead),
        "within_days": asked.within_days or None,
    }


def _preview(preview: Preview) -> Json:
    return _asked(preview.asked) | {
        "timezone": preview.timezone,
        "appointments": [_touched(one) for one in preview.touched],
        "refunds": [_money(one) for one in preview.refunds],
        "waitlist_offers": preview.offers,
    }


def _touched(one: Touched) -> Json:
    return {
        "appointment_id": one.appointment.id,
        "client_id": one.client.id,
        "starts_at": instant(one.appointment.starts_at),
        "becomes": str(one.becomes.fate),
        "moves_to": instant(one.becomes.moves_to),
        "refund": _money(one.refund) if one.refund else None,
        "reachable": one.reachable,
    }


def _money(amount: Money) -> Json:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}


def _head(one: CalledOff) -> Json:
    return _asked(asked_of(one.row)) | {
        "id": one.row.id,
        "confirmed_by": one.row.who["name"],
        "created_at": instant(one.row.created_at),
        "runs_at": instant(one.row.runs_at),
        "phase": str(one.phase),
        "total": one.total,
        "waiting": one.waiting,
    }


async def _shape(session: AsyncSession, reach: Reach, called_off_id: str, provider_id: str | None = None) -> Json:
    found = await newest_called_off(session, reach, provider_id=provider_id, only=called_off_id)
    if not found:
        raise NotFound("No such days were called off.")
    row = found[0].row
    parts = [part for part, _ in await parts_of(session, row.id)]
    return _head(found[0]) | {
        "timezone": (await load_availability(session, row.provider_id)).timezone,
        "reason": row.reason,
        "words": row.words or None,
        "counts": counted(parts),
        "items": [_item(part) for part in parts],
    }


def _item(part: CalledOffAppointment) -> dict[str, Any]:
    refund = Money(amount_minor=part.refund_minor, currency=part.currency) if part.currency else None
    return {
        "appointment_id": part.appointment_id,
        "client_id": part.client_id,
        "starts_at": instant(part.was_at),
        "planned": part.planned,
        "state": part.state,
        "became": part.fate,
        "moved_to": instant(part.moved_to),
        "refund": _money(refund) if refund and part.refund_minor else None,
        "reason": part.reason,
    }
