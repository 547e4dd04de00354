"""The console's front: the practice's clients, who needs attention, and inviting somebody new."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.invitations import check_new_client, invite
from commands.office import Office
from db.models import Client, Provider
from domain.errors import DomainError, ValidationFailed
from domain.stages import PortalStatus, Stage
from portal.client_search import ClientFilter, find_clients
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of
from portal.rendering import errors_by_field
from portal.shapes import client_shapes
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_clients_router = APIRouter(tags=["pages: console"])

_FIELDS = ("first_name", "last_name", "email", "phone", "external_id")


@console_clients_router.get("/console", summary="The practice's clients")
async def clients_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    status: Annotated[str, Query(max_length=20)] = "",
    stage: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    wanted = ClientFilter(
        status=PortalStatus(status) if status in list(PortalStatus) else None,
        stage=Stage(stage) if stage in list(Stage) else None,
        text=q.replace("\0", "") or None,
    )
    clients, after = await find_clients(session, frame.staff.practice_id, wanted, cursor=cursor)
    shapes = await client_shapes(session, office.vault, clients)
    return frame.render(
        "console/clients.html",
        rows=list(zip(clients, shapes, strict=True)),
        status_wanted=status,
        stage_wanted=stage,
        q=q,
        filtered=bool(status or stage or q),
        cursor=after,
        providers={one.id: one for one in await providers_of(session, frame.staff.practice_id)},
    )


@console_clients_router.get("/console/clients/new", summary="Before inviting a client")
async def new_client_page(session: Transaction, frame: TheStaffFrame) -> Response:
    return await _page(session, frame, None, None)


@console_clients_router.post("/console/clients/new", summary="Invite a client")
async def new_client(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        client = await _invite(session, office, frame, form)
    except DomainError as refusal:
        return await _page(session, frame, form, refusal)
    return go(f"/console/clients/{client.id}", "invited")


async def _invite(session: AsyncSession, office: Office, frame: StaffFrame, form: Form) -> Client:
    provider = await _provider(session, frame, form.first("provider"))
    new = check_new_client(office, frame.practice.country, {name: form.text(name) for name in _FIELDS})
    async with session.begin_nested():
        key = form.first("form_token")[:100] or None
        return await invite(session, office, provider, new, source="console", idempotency_key=key)


async def _provider(session: AsyncSession, frame: StaffFrame, slug: str) -> Provider:
    providers = await providers_of(session, frame.staff.practice_id)
    for provider in providers:
        if provider.slug == slug or (len(providers) == 1 and not slug):
            return provider
    raise ValidationFailed.of("provider", "Please choose the provider.")


async def _page(session: AsyncSession, frame: StaffFrame, form: Form | None, refusal: DomainError | None) -> Response:
    return frame.render(
        "console/new_client.html",
        status=status_of(refusal) if refusal else 200,
        providers=await providers_of(session, frame.staff.practice_id),
        values=form.flat() if form else {},
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        form_token=new_form_token(),
    )
