"""Clients, as the practice sees them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.booking import why_not
from commands.contact import change_contact
from commands.intake import look_at_intake
from commands.invitations import check_new_client, invite, issue_again, revoke
from commands.new_client_forms import send_new_client_forms
from commands.outlook import look_ahead
from commands.withdrawing import withdraw
from db.models import Client, Provider
from db.tenancy import client_of_practice, practice_of, provider_by_slug
from db.timeline import timeline_of
from domain.audit import AuditKind
from domain.errors import NotFound, ValidationFailed
from domain.roles import Reach
from domain.stages import Actor, PortalStatus, Stage, Track
from portal.answer_sheet import answers_pdf
from portal.client_search import ClientFilter, ClientOrder, find_clients, possible_duplicates, quiet_since
from portal.pages.queries import providers_of
from portal.paging import Limit
from portal.shapes import (
    Json,
    block_shape,
    client_shape,
    client_shapes,
    instant,
    invitation_shape,
    listed,
    submitted_intake_shape,
    timeline_shape,
)
from web.bodies import json_object
from web.fields import moment, only, opaque_id, text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

clients_router = APIRouter(prefix="/clients", tags=["clients"])


async def own_client(client_id: str, session: Transaction, staff: ApiPractice) -> Client:
    return await client_of_practice(session, staff.reach, opaque_id(client_id))


async def locked_client(client_id: str, session: Transaction, staff: ApiPractice) -> Client:
    return await client_of_practice(session, staff.reach, opaque_id(client_id), for_update=True)


OwnClient = Annotated[Client, Depends(own_client)]
LockedClient = Annotated[Client, Depends(locked_client)]


@clients_router.get("", summary="Find clients")
async def list_clients(
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    status: PortalStatus | None = None,
    stage: Stage | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    provider: Annotated[str | None, Query(max_length=100)] = None,
    track: Track | None = None,
    attention: bool = False,
    duplicates: bool = False,
    waiting_days: Annotated[int | None, Query(ge=1, le=3650)] = None,
    sort: ClientOrder = ClientOrder.NEWEST,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
) -> Json:
    """`q` looks in names, addresses and external ids; `attention=true` finds those with a step that needs a person.

    `duplicates=true` finds those who may be the same person as another client of the same provider.
    `waiting_days` finds those on their way with whom neither client nor practice has done anything for so long.
    """
    wanted = ClientFilter(
        status=status,
        stage=stage,
        text=q,
        provider=provider,
        track=track,
        attention=attention,
        among=await possible_duplicates(session, staff.reach, duplicates),
        quiet_since=await quiet_since(session, office, waiting_days),
    )
    clients, after = await find_clients(session, staff.reach, wanted, order=sort, cursor=cursor, limit=limit)
    return listed(await client_shapes(session, office, clients), after)


@clients_router.post("", status_code=201, summary="Invite a client")
async def invite_client(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Json:
    """`provider` (a slug) may be left out where the practice has one provider only."""
    body = await json_object(request)
    provider = await provider_meant(session, staff.reach, body.pop("provider", None))
    new = check_new_client(office, (await practice_of(session, staff.practice_id)).country, body)
    client = await invite(session, office, provider, new, source="api", idempotency_key=idempotency_key)
    await note(session, office, staff.who, AuditKind.CLIENT_INVITED, client.id)
    return await client_shape(session, office, client)


async def provider_meant(session: AsyncSession, reach: Reach, slug: Any) -> Provider:
    """The one named, or the practice's only one. Raises ValidationFailed."""
    if isinstance(slug, str):
        try:
            return await provider_by_slug(session, opaque_id(slug), reach)
        except NotFound:
            raise ValidationFailed.of("provider", "There is no such provider in this practice.") from None
    providers = await providers_of(session, reach, there=True)
    if slug is not None or len(providers) != 1:
        raise ValidationFailed.of("provider", "Name the provider by the last part of their page's address.")
    return providers[0]


@clients_router.get("/{client_id}", summary="One client")
async def read_client(session: Transaction, office: TheOffice, client: OwnClient) -> Json:
    return await client_shape(session, office, client)


@clients_router.put("/{client_id}/contact", summary="Change contact data")
async def write_contact(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient
) -> Json:
    """What isn't named stays. The e-mail address has a route of its own: `correct-email`."""
    if await change_contact(session, office, client, await json_object(request), actor=Actor.STAFF):
        await note(session, office, staff.who, AuditKind.CONTACT_CHANGED, client.id)
    return await client_shape(session, office, client)


@clients_router.get("/{client_id}/timeline", summary="What has happened, oldest first")
async def read_timeline(session: Transaction, client: OwnClient) -> Json:
    return listed([timeline_shape(entry) for entry in await timeline_of(session, client.id)])


@clients_router.get("/{client_id}/outlook", summary="Whose turn it is, and what happens when if nobody does anything")
async def read_outlook(session: Transaction, office: TheOffice, client: OwnClient) -> Json:
    outlook = await look_ahead(session, office, client)
    coming = [{"kind": str(one.kind), "at": instant(one.at), "ref": one.ref} for one in outlook.ahead]
    return {"turn": str(outlook.turn), "ahead": coming}


@clients_router.get("/{client_id}/can-book", summary="Why can't this client book? Every rule, and who can lift it")
async def can_book(
    session: Transaction,
    office: TheOffice,
    client: OwnClient,
    starts_at: str | None = None,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Json:
    """Without `starts_at` and `type` the answer is for what there is least against."""
    wanted = moment("starts_at", starts_at) if starts_at is not None else None
    blocks, in_force = await why_not(session, office, client, wanted, type_id=type_id)
    return {"allowed": not blocks, "blocks": [block_shape(block, in_force) for block in blocks]}


@clients_router.get("/{client_id}/intake", summary="The client's intake answers (a QuestionnaireResponse)")
async def read_intake(session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient) -> Json:
    shape = submitted_intake_shape(client.id, await look_at_intake(session, office, client))
    await note(session, office, staff.who, AuditKind.ANSWERS_READ, client.id)
    return shape


@clients_router.get("/{client_id}/intake.pdf", summary="The client's intake answers as a PDF file")
async def read_intake_pdf(session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient) -> Response:
    file = await answers_pdf(session, office, client)
    await note(session, office, staff.who, AuditKind.ANSWERS_EXPORTED, client.id)
    return file


@clients_router.post("/{client_id}/send-new-client-forms", status_code=202, summary="Send New Client Forms")
async def send_forms(session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient) -> Json:
    answer = await send_new_client_forms(session, office, client)
    if answer.sent:
        await note(session, office, staff.who, AuditKind.FORMS_SENT, client.id)
    return {"sent": answer.sent, "last_sent_at": instant(answer.last_sent_at)}


@clients_router.post("/{client_id}/withdraw", status_code=202, summary="End this client's way: nobody is waited for")
async def end_the_way(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient
) -> Json:
    """With a `reason`, for the practice's own records. Appointments ahead are called off, and fees go back in full.

    Once the client has been here it is a 409: cancel single appointments instead.
    """
    body = await json_object(request)
    only(body, ("reason",))
    reason = text(body, "reason", 1000)
    called_off = await withdraw(session, office, staff.reach, client.id, who=staff.who, reason=reason)
    return {"client_id": client.id, "appointments_called_off": called_off}


@clients_router.post("/{client_id}/invitation", status_code=202, summary="Issue the invitation again")
async def invite_again(session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient) -> Json:
    invitation = await issue_again(session, office, client)
    await note(session, office, staff.who, AuditKind.INVITATION_SENT_AGAIN, client.id)
    return {"invitation_id": invitation.id, "expires_at": instant(invitation.expires_at)}


@clients_router.post("/{client_id}/invitation/revoke", summary="Take the invitation back: its link stops at once")
async def take_invitation_back(
    session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient
) -> Json:
    """A second time changes nothing. The client can be invited again; one whose account is open is a 409."""
    invitation, changed = await revoke(session, office, client)
    if changed:
        await note(session, office, staff.who, AuditKind.INVITATION_REVOKED, client.id)
    return invitation_shape(invitation, await office.clock.now(session))
