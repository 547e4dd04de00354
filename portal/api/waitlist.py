"""The waitlist: a provider's list for the practice, and a client's own wish and offers."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.waitlist import add_to_waitlist, ask, remove_from_waitlist, waiting_with, withdraw_wish
from commands.waitlist_offers import decline_offer, take_offer
from db.models import Appointment, Client, Provider
from db.policy_store import load_policy
from db.tenancy import appointment_by_id, appointment_of_client, client_by_id, client_of_practice
from db.waitlist import newest_wish_of, offer_by_id, open_offer_of, wish_by_id
from domain.errors import NotFound
from domain.stages import Actor
from domain.states import AppointmentStatus
from portal.api.provider_settings import OwnProvider
from portal.shapes import Json, appointment_shape, listed
from portal.waiting import wait_for_booking
from portal.waitlist_shapes import ABOUT_FIELDS, WISH_FIELDS, offer_shape, waiting_shape, wish_shape
from web.bodies import json_object, parse_object, raw_body
from web.fields import only, opaque_id, optional_text, text
from web.identity import ApiPractice, ChosenClient, SignedInClients
from web.transactions import TheOffice, TheRelay, Transaction

waitlist_router = APIRouter(prefix="/providers/{provider}/waitlist", tags=["waitlist"])
client_waitlist_router = APIRouter(prefix="/portal/waitlist", tags=["client portal"])


# The practice's side


@waitlist_router.get("", summary="Who waits for a time, in the order in which they are served")
async def read_waitlist(session: Transaction, office: TheOffice, provider: OwnProvider) -> Json:
    """`passed_over` is the rule that keeps somebody from being offered anything right now."""
    return listed([waiting_shape(one) for one in await waiting_with(session, office, provider.id)])


@waitlist_router.post("", status_code=201, summary="Put a client on the waitlist, or change what they wait for")
async def add(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider
) -> Json:
    body = await json_object(request)
    only(body, ("client_id", *ABOUT_FIELDS, *WISH_FIELDS))
    client = await client_of_practice(session, staff.reach, opaque_id(text(body, "client_id")), for_update=True)
    _check_whose(client, provider)
    row = await add_to_waitlist(
        session,
        office,
        client,
        _wish(body),
        who=staff.who,
        type_id=optional_text(body, "type"),
        replaces=await _replaced(session, client, body),
    )
    return wish_shape(row)


@waitlist_router.post("/{wish_id}/remove", summary="Take a client off the waitlist, with a reason")
async def remove(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider, wish_id: str
) -> Json:
    """What was held for them goes to the next."""
    row = await wish_by_id(session, opaque_id(wish_id))
    if row.provider_id != provider.id:
        raise NotFound("There is no such wish on the waitlist.")
    raw = await raw_body(request)
    body = parse_object(raw) if raw.strip() else {}
    only(body, ("reason",))
    await remove_from_waitlist(session, office, row.id, optional_text(body, "reason", 2000), staff.who)
    return wish_shape(await wish_by_id(session, row.id))


def _check_whose(client: Client, provider: Provider) -> None:
    if client.provider_id != provider.id:
        raise NotFound("There is no such client of this provider.")


def _wish(body: Mapping[str, object]) -> dict[str, object]:
    return {name: body[name] for name in WISH_FIELDS if name in body}


async def _replaced(session: AsyncSession, client: Client, body: Mapping[str, object]) -> Appointment | None:
    """Raises NotFound."""
    appointment_id = optional_text(body, "appointment_id")
    return await appointment_of_client(session, client.id, opaque_id(appointment_id)) if appointment_id else None


# The client's side


@client_waitlist_router.get("", summary="What the client waits for, and what is held for them")
async def read_own(session: Transaction, client: ChosenClient) -> Json:
    """`wish` is the newest one, ended or not; `offered` whether there is a waitlist here."""
    return await _own(session, client)


@client_waitlist_router.put("", summary="Ask to be told when a time frees up, or change the wish")
async def write_own(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    """Days and times are those of `timezone`, the client's where none is named."""
    body = await json_object(request)
    only(body, (*ABOUT_FIELDS, *WISH_FIELDS))
    locked = await client_by_id(session, client.id, for_update=True)
    await ask(
        session,
        office,
        locked,
        _wish(body),
        actor=Actor.CLIENT,
        type_id=optional_text(body, "type"),
        replaces=await _replaced(session, locked, body),
    )
    return await _own(session, client)


@client_waitlist_router.delete("", summary="Wait no more; what was held goes to the next")
async def withdraw_own(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    await withdraw_wish(session, office, await client_by_id(session, client.id, for_update=True))
    return await _own(session, client)


@client_waitlist_router.post("/offers/{offer_id}/take", summary="Take the time that is held")
async def take(
    request: Request, office: TheOffice, relay: TheRelay, clients: SignedInClients, offer_id: str
) -> Response:
    """201 when the appointment stands (or was moved), 202 while its fee is to be paid, as for any booking."""
    raw = await raw_body(request)
    body = parse_object(raw) if raw.strip() else {}
    only(body, ("quote",))
    quote = body.get("quote")
    # Committed before the journey is waited for: it couldn't see the appointment otherwise.
    async with office.database.transaction() as session:
        await check_own_offer(session, clients, offer_id)
        taken = await take_offer(session, office, offer_id, seen_quote=quote if isinstance(quote, str) else None)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_for_booking(office, taken.id)
    async with office.database.transaction() as session:
        appointment = await appointment_by_id(session, taken.id)
        shape = await appointment_shape(session, appointment)
    return JSONResponse(shape, 202 if appointment.status == AppointmentStatus.PENDING else 201)


@client_waitlist_router.post("/offers/{offer_id}/decline", summary="Let the time that is held go to the next")
async def decline(session: Transaction, office: TheOffice, clients: SignedInClients, offer_id: str) -> Json:
    await check_own_offer(session, clients, offer_id)
    return offer_shape(await decline_offer(session, office, offer_id))


async def check_own_offer(session: AsyncSession, clients: list[Client], offer_id: str) -> None:
    """Of anybody behind the account. Raises NotFound."""
    offer = await offer_by_id(session, opaque_id(offer_id))
    if offer.client_id not in {one.id for one in clients}:
        raise NotFound("There is no such offer.")


async def _own(session: AsyncSession, client: Client) -> Json:
    row, offer = await newest_wish_of(session, client.id), await open_offer_of(session, client.id)
    policy = (await load_policy(session, client.provider_id, client.id)).policy
    return {
        "offered": policy.waitlist_offer_minutes > 0,
        "wish": wish_shape(row) if row is not None else None,
        "offer": offer_shape(offer) if offer is not None else None,
    }
