"""The console's front: the practice's clients, who needs attention, and inviting somebody new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.invitations import NewClient, check_new_client, invite
from commands.office import Office
from db.duplicates import clients_at, person_of
from db.invitations import newest_of_each
from db.models import Client, Provider
from domain.audit import AuditKind
from domain.duplicates import resemblance
from domain.errors import DomainError, ValidationFailed
from domain.roles import Permission
from portal.client_listing import WAITING_DAYS, ListQuery, list_query
from portal.client_search import (
    count_clients,
    find_clients,
    last_steps,
)
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of, timezone_of_practice
from portal.rendering import errors_by_field
from portal.shapes import client_shapes
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_clients_router = APIRouter(tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)])

_FIELDS = ("first_name", "last_name", "email", "phone", "external_id")


@console_clients_router.get("/console", summary="The practice's clients")
async def clients_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    listing: Annotated[ListQuery, Depends(list_query)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    reach = frame.staff.reach
    wanted = await listing.read(session, office, reach)
    clients, after = await find_clients(session, reach, wanted, order=listing.order, cursor=cursor)
    shapes = await client_shapes(session, office, clients)
    providers = await providers_of(session, reach)
    return frame.render(
        "console/clients.html",
        rows=list(zip(clients, shapes, strict=True)),
        listing=listing,
        waiting_names=[(days, f"{days} days") for days in WAITING_DAYS],
        filtered=wanted.narrows,
        total=await count_clients(session, reach, wanted),
        last_steps=await last_steps(session, clients),
        timezone=await timezone_of_practice(session, reach),
        cursor=after,
        paged=cursor is not None,
        invitations=await newest_of_each(session, [client.id for client in clients]),
        now=await office.clock.now(session),
        providers={one.id: one for one in providers},
        provider_names=[(one.slug, one.name) for one in providers],
    )


@console_clients_router.get(
    "/console/clients/new", summary="Before inviting a client", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def new_client_page(session: Transaction, frame: TheStaffFrame) -> Response:
    return await _page(session, frame, None, None)


@console_clients_router.post(
    "/console/clients/new", summary="Invite a client", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def new_client(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        provider, new = await _asked(session, office, frame, form)
        known = await _known(session, provider, new)
        if known and not form.has("anyway"):
            return await _page(session, frame, form, None, known)
        async with session.begin_nested():
            key = form.first("form_token")[:100] or None
            client = await invite(session, office, provider, new, source="console", idempotency_key=key)
    except DomainError as refusal:
        return await _page(session, frame, form, refusal)
    await note(session, office, frame.staff.who, AuditKind.CLIENT_INVITED, client.id)
    return go(f"/console/clients/{client.id}", "invited")


async def _asked(session: AsyncSession, office: Office, frame: StaffFrame, form: Form) -> tuple[Provider, NewClient]:
    provider = await _provider(session, frame, form.first("provider"))
    return provider, check_new_client(office, frame.practice.country, {name: form.text(name) for name in _FIELDS})


async def _known(session: AsyncSession, provider: Provider, new: NewClient) -> list[Client]:
    """Clients who are the same person, it seems. Somebody else with the same address is family."""
    there = (await clients_at(session, provider.id, [new.email])).get(new.email, [])
    alike = ((one, resemblance(person_of(one), new.person)) for one in there)
    return [one for one, why in alike if why is not None and why.possible_duplicate]


async def _provider(session: AsyncSession, frame: StaffFrame, slug: str) -> Provider:
    providers = await providers_of(session, frame.staff.reach, there=True)
    for provider in providers:
        if provider.slug == slug or (len(providers) == 1 and not slug):
            return provider
    raise ValidationFailed.of("provider", "Please choose the provider.")


async def _page(
    session: AsyncSession,
    frame: StaffFrame,
    form: Form | None,
    refusal: DomainError | None,
    known: Sequence[Client] = (),
) -> Response:
    return frame.render(
        "console/new_client.html",
        status=status_of(refusal) if refusal else 409 if known else 200,
        known=known,
        providers=await providers_of(session, frame.staff.reach, there=True),
        values=form.flat() if form else {},
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        form_token=new_form_token(),
    )
