"""The waitlist on the console: each provider's list in its order, adding a client, and removing one with a reason."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.waitlist import add_to_waitlist, remove_from_waitlist, waiting_with
from db.appointment_types import load_types
from db.models import Appointment, Client, Provider
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_of_client, provider_of
from db.waitlist import as_wish, open_wish_of, wish_by_id
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.states import AppointmentStatus
from domain.wording import local_date
from portal import waitlist_words
from portal.forms import Form, StaffForm
from portal.pages.console_client import LockedClient, OwnClient
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import appointments_of, providers_of
from portal.pages.waitlist import free_of
from portal.rendering import errors_by_field
from portal.waitlist_forms import document_of, first_values, typed_values
from portal.zones import place
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_waitlist_router = APIRouter(
    prefix="/console/waitlist", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)
console_client_waitlist_router = APIRouter(
    prefix="/console/clients/{client_id}/waitlist",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


@console_waitlist_router.get("", summary="Who waits for a time, provider by provider, in order")
async def waitlist_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    return await _page(session, office, frame)


@console_waitlist_router.post(
    "/{wish_id}/remove",
    summary="Take a client off the waitlist",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def remove(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, wish_id: str
) -> Response:
    row = await wish_by_id(session, opaque_id(wish_id))
    if not frame.staff.reach.covers(row.practice_id, row.provider_id):
        raise NotFound("There is no such wish on the waitlist.")
    try:
        await remove_from_waitlist(session, office, row.id, form.text("reason"), frame.staff.who)
    except ValidationFailed as refusal:
        return await _page(session, office, frame, failed=row.id, refusal=refusal)
    return go("/console/waitlist", "staff-waitlist-removed")


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    *,
    failed: str | None = None,
    refusal: ValidationFailed | None = None,
) -> Response:
    lists: list[dict[str, Any]] = []
    for provider in await providers_of(session, frame.staff.reach):
        lists.append(
            {
                "provider": provider,
                "waiting": await waiting_with(session, office, provider.id),
                "minutes": (await load_policy(session, provider.id)).policy.waitlist_offer_minutes,
                "timezone": (await load_availability(session, provider.id)).timezone,
                "types": await load_types(session, provider.id),
            }
        )
    return frame.render(
        "console/waitlist.html",
        status=status_of(refusal) if refusal else 200,
        lists=lists,
        now=await office.clock.now(session),
        words_of=waitlist_words,
        place=place,
        failed=failed,
        refusal=errors_by_field(refusal.errors).get("reason", "") if refusal else "",
    )


# Adding


@console_client_waitlist_router.get("", summary="Before putting the client on the waitlist")
async def adding_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    return await _adding(session, office, frame, client, Form({}))


@console_client_waitlist_router.post("", summary="Put the client on the waitlist, or change what they wait for")
async def add(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        async with session.begin_nested():
            await add_to_waitlist(
                *(session, office, client, document_of(form)),
                who=frame.staff.who,
                type_id=form.text("type") or None,
                replaces=await _replaced(session, client, form),
            )
    except NotFound:
        raise
    except DomainError as refusal:
        return await _adding(session, office, frame, client, form, refusal)
    return go("/console/waitlist", "staff-waitlist-saved")


async def _replaced(session: AsyncSession, client: Client, form: Form) -> Appointment | None:
    wanted = form.text("appointment")
    return await appointment_of_client(session, client.id, opaque_id(wanted)) if wanted else None


async def _adding(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    client: Client,
    form: Form,
    refusal: DomainError | None = None,
) -> Response:
    provider: Provider = await provider_of(session, client.provider_id)
    timezone = (await load_availability(session, provider.id)).timezone
    row = await open_wish_of(session, client.id)
    wish = as_wish(row) if row is not None else None
    zone = wish.timezone if wish is not None else client.timezone or timezone
    now = await office.clock.now(session)
    booked = [
        one.appointment
        for one in await appointments_of(session, client.id)
        if one.appointment.status == AppointmentStatus.BOOKED and one.appointment.starts_at > now
    ]
    return frame.render(
        "console/waitlist_add.html",
        status=status_of(refusal) if refusal else 200,
        client=client,
        provider=provider,
        timezone=timezone,
        types=await load_types(session, provider.id),
        kind=form.text("type") or (row.type_id if row is not None else ""),
        replaces_id=form.text("appointment") or (row.replaces_id if row is not None else None) or "",
        booked=booked,
        wish=wish,
        zone=zone,
        place=place,
        minutes=(await load_policy(session, provider.id, client.id)).policy.waitlist_offer_minutes,
        values=typed_values(form) if form.has("from") else first_values(local_date(now, zone), wish),
        refusal=refusal.detail if refusal is not None and not isinstance(refusal, ValidationFailed) else None,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        free=free_of(refusal),
    )
