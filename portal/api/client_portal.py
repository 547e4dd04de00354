"""The client's own side: where they stand, the intake form, times, appointments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointment_types import on_offer
from commands.appointments import cancel, may_cancel
from commands.booking import claim, free_slots
from commands.holds import extend_hold
from commands.intake import GivenSignature, look_at_intake, save_intake
from commands.moving import move
from commands.next_step import next_step
from commands.standpoint import standpoint
from db.models import Appointment, Client
from db.tenancy import appointment_by_id, appointment_of_client, client_by_id, payment_of_appointment, provider_of
from domain.errors import NotFound, ValidationFailed
from domain.stages import Actor, portal_status
from domain.states import AppointmentStatus
from portal.shapes import (
    Json,
    appointment_shape,
    appointment_shapes,
    cancel_shape,
    intake_shape,
    listed,
    quote_shape,
    slots_shape,
    type_on_offer_shape,
)
from portal.waiting import wait_for_booking, wait_while_pending
from web.bodies import json_object
from web.fields import moment, only, opaque_id, optional_text
from web.identity import ChosenClient, SignedInClients
from web.transactions import TheOffice, TheRelay, Transaction

client_portal_router = APIRouter(prefix="/portal", tags=["client portal"])


@client_portal_router.get("/me", summary="Where the client stands, and what comes next")
async def me(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    return {
        "client_id": client.id,
        "stage": client.stage,
        "portal_status": str(portal_status(invited=True, account=True)),
        "next_step": str(await next_step(session, office, client)),
    }


@client_portal_router.get("/intake", summary="The intake form and its draft")
async def read_intake(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    return intake_shape(await look_at_intake(session, office, client))


@client_portal_router.post("/intake", summary="Keep a draft, or submit")
async def write_intake(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    """`signature` is `{"name", "consent_sha256"}`, of the words in `consent`; `revision` the one that was seen.

    Errors name the linkId; in the n-th instance of a group that repeats (n from 2), `<linkId>--<n>`.
    """
    body = await json_object(request, 1024 * 1024)
    only(body, ("response", "submit", "signature", "revision"))
    response, submit, revision = body.get("response"), body.get("submit", False), body.get("revision")
    if not isinstance(response, dict):
        raise ValidationFailed.of("response", "must be a QuestionnaireResponse")
    if not isinstance(submit, bool):
        raise ValidationFailed.of("submit", "must be true or false")
    if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int)):
        raise ValidationFailed.of("revision", "must be a whole number")
    locked = await client_by_id(session, client.id, for_update=True)
    signature = _signature(body.get("signature"))
    view = await save_intake(
        session, office, locked, response, submit=submit, signature=signature, seen_revision=revision
    )
    return intake_shape(view)


def _signature(value: object) -> GivenSignature | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValidationFailed.of("signature", "must be an object with name and consent_sha256")
    only(value, ("name", "consent_sha256"))
    return GivenSignature(name=value.get("name"), consent_sha256=value.get("consent_sha256"))


@client_portal_router.get("/slots", summary="The times on offer")
async def slots(
    session: Transaction,
    office: TheOffice,
    client: ChosenClient,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Json:
    """As long as the appointment type; without one it is the provider's default."""
    provider = await provider_of(session, client.provider_id)
    window = moment("from", start), moment("to", end)
    return slots_shape(await free_slots(session, office, provider, *window, client, type_id=type_id))


@client_portal_router.get("/appointment-types", summary="What can be booked, and the fee of each")
async def appointment_types(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    return listed([type_on_offer_shape(one) for one in await on_offer(session, office, client)])


@client_portal_router.get("/appointments", summary="The client's appointments by start")
async def list_appointments(session: Transaction, client: ChosenClient) -> Json:
    query = select(Appointment).where(Appointment.client_id == client.id)
    rows = list(await session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))
    return listed(await appointment_shapes(session, rows))


@client_portal_router.get("/fee-quote", summary="The fee of whoever books now, and what goes back of it")
async def read_quote(
    session: Transaction,
    office: TheOffice,
    client: ChosenClient,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Json:
    quote = (await standpoint(session, office, client, Actor.CLIENT, type_id=type_id)).quote
    return {"quote": quote_shape(quote) if quote else None}


@client_portal_router.post("/appointments", summary="Choose a time: booked (201), or held until the fee is paid (202)")
async def book(
    request: Request,
    office: TheOffice,
    relay: TheRelay,
    client: ChosenClient,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """`quote` is the reference of the one that was shown: another fee or refund rule is a conflict, and not asked.

    Without a `type` the provider's default one is booked.
    """
    body = await json_object(request)
    only(body, ("starts_at", "quote", "type"))
    starts_at = moment("starts_at", body.get("starts_at"))
    seen = optional_text(body, "quote")
    # Committed before the journey is waited for: it couldn't see the appointment otherwise.
    async with office.database.transaction() as session:
        mine = await client_by_id(session, client.id)
        claimed = await claim(
            *(session, office, mine, starts_at),
            actor=Actor.CLIENT,
            type_id=optional_text(body, "type"),
            idempotency_key=idempotency_key,
            seen_quote=seen,
        )
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_for_booking(office, claimed.id)
    async with office.database.transaction() as session:
        appointment = await appointment_by_id(session, claimed.id)
        status = 202 if appointment.status == AppointmentStatus.PENDING else 201
        return JSONResponse(await appointment_shape(session, appointment), status)


@client_portal_router.get("/appointments/{appointment_id}", summary="One appointment")
async def read_appointment(session: Transaction, clients: SignedInClients, appointment_id: str) -> Json:
    return await appointment_shape(session, await own_appointment(session, clients, appointment_id))


@client_portal_router.get("/appointments/{appointment_id}/can-cancel", summary="What cancelling would do")
async def can_cancel(session: Transaction, office: TheOffice, clients: SignedInClients, appointment_id: str) -> Json:
    appointment = await own_appointment(session, clients, appointment_id)
    decision = await may_cancel(session, office, appointment, Actor.CLIENT)
    return cancel_shape(decision, await payment_of_appointment(session, appointment.id))


@client_portal_router.post(
    "/appointments/{appointment_id}/cancel", summary="Cancel, while the practice's rule allows it"
)
async def cancel_appointment(office: TheOffice, relay: TheRelay, clients: SignedInClients, appointment_id: str) -> Json:
    async with office.database.transaction() as session:
        appointment = await own_appointment(session, clients, appointment_id, for_update=True)
        await cancel(session, office, appointment, actor=Actor.CLIENT)
    relay.nudge(session.info.pop("event_subjects", []))
    await wait_while_pending(office, appointment.id)
    async with office.database.transaction() as session:
        return await appointment_shape(session, await appointment_by_id(session, appointment.id))


@client_portal_router.post("/appointments/{appointment_id}/extend-hold", summary="More time to pay, once")
async def extend_appointment_hold(
    session: Transaction, office: TheOffice, clients: SignedInClients, appointment_id: str
) -> Json:
    appointment = await own_appointment(session, clients, appointment_id, for_update=True)
    await extend_hold(session, office, appointment, actor=Actor.CLIENT)
    return await appointment_shape(session, appointment)


@client_portal_router.post("/appointments/{appointment_id}/move", summary="Choose another time; the fee counts for it")
async def move_appointment(
    request: Request, session: Transaction, office: TheOffice, clients: SignedInClients, appointment_id: str
) -> Json:
    appointment = await own_appointment(session, clients, appointment_id)
    body = await json_object(request)
    only(body, ("starts_at",))
    starts_at = moment("starts_at", body.get("starts_at"))
    return await appointment_shape(session, await move(session, office, appointment, starts_at, actor=Actor.CLIENT))


async def own_appointment(
    session: AsyncSession, clients: list[Client], appointment_id: str, *, for_update: bool = False
) -> Appointment:
    """Of anybody behind the account. Raises NotFound."""
    for client in clients:
        try:
            return await appointment_of_client(session, client.id, opaque_id(appointment_id), for_update=for_update)
        except NotFound:
            continue
    raise NotFound("There is no such appointment.")
