"""Commands of a provider's own system, by Standard Webhooks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook, WebhookVerificationError

from commands.appointments import cancel, record_visit
from commands.idempotency import earlier_result, keep_result
from commands.invitations import check_new_client, invite
from commands.new_client_forms import send_new_client_forms
from commands.office import Office
from db.ids import new_id
from db.models import Appointment, Client, Provider, ProviderWebhookSecret
from db.tenancy import (
    appointment_of_practice,
    client_by_external_id,
    client_of_practice,
    practice_of,
    provider_by_slug,
)
from domain.errors import NotFound, SignatureInvalid, ValidationFailed
from domain.roles import Reach
from domain.stages import Actor
from domain.states import AppointmentStatus
from web.bodies import parse_object, raw_body
from web.fields import only, opaque_id, optional_text, text
from web.transactions import TheOffice, Transaction

providers_router = APIRouter(prefix="/webhooks", tags=["webhooks"])

# For /openapi.json: `_verify` does the checking.
_SIGNATURE = APIKeyHeader(
    name="webhook-signature",
    scheme_name="standardWebhooks",
    description="Standard Webhooks, with webhook-id and webhook-timestamp; one of the provider's active secrets.",
    auto_error=False,
)

_LONGEST_ID = 200
KINDS = ("client.invited", "client.new_client_forms_requested", "appointment.cancelled", "appointment.no_show")


@providers_router.post(
    "/providers/{provider}",
    status_code=202,
    summary="A provider's system commands (Standard Webhooks)",
    dependencies=[Security(_SIGNATURE)],
)
async def take_command(request: Request, provider: str, session: Transaction, office: TheOffice) -> JSONResponse:
    """`{"type", "timestamp", "data"}`; the same webhook id again has one effect and the same answer."""
    found = await provider_by_slug(session, opaque_id(provider))
    raw = await raw_body(request)
    await _verify(session, office, found, raw, dict(request.headers))
    webhook_id = request.headers["webhook-id"]
    if len(webhook_id) > _LONGEST_ID:
        raise ValidationFailed.of("webhook-id", f"must have at most {_LONGEST_ID} characters")
    scope, digest = f"provider-webhook:{found.id}", {"body": hashlib.sha256(raw).hexdigest()}
    earlier = await earlier_result(session, scope, webhook_id, digest)
    if earlier is not None:
        return JSONResponse(earlier, 202)
    body = parse_object(raw)
    only(body, ("type", "timestamp", "data"))
    kind = text(body, "type", 100)
    optional_text(body, "timestamp", 100)
    data = body.get("data")
    if not isinstance(data, dict):
        raise ValidationFailed.of("data", "must be an object")
    client_id = await _act(session, office, found, kind, data)
    answer = {"event_id": new_id("whk"), "client_id": client_id}
    await keep_result(session, scope, webhook_id, digest, answer)
    return JSONResponse(answer, 202)


async def _verify(
    session: AsyncSession, office: Office, provider: Provider, raw: bytes, headers: dict[str, str]
) -> None:
    """Against every active secret; five minutes either way. Raises SignatureInvalid."""
    query = select(ProviderWebhookSecret).where(ProviderWebhookSecret.provider_id == provider.id)
    for row in await session.scalars(query):
        secret = office.vault.open(row.wrapped_key, row.sealed_secret, row.id).decode()
        try:
            Webhook(secret).verify(raw, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            # The library takes the header apart before it compares: a ValueError is a header (or a body) that it
            # couldn't read, never a match. The body is parsed only after this.
            continue
        return
    raise SignatureInvalid("The signature doesn't match, or its timestamp is more than five minutes off.")


async def _act(session: AsyncSession, office: Office, provider: Provider, kind: str, data: dict[str, Any]) -> str:
    """Carry the command out; the id of the client it is about."""
    match kind:
        case "client.invited":
            new = check_new_client(office, (await practice_of(session, provider.practice_id)).country, data)
            return (await invite(session, office, provider, new, source="provider-webhook")).id
        case "client.new_client_forms_requested":
            only(data, ("client_id", "external_id"))
            client = await _client(session, provider, data)
            await send_new_client_forms(session, office, client, source="provider-webhook")
            return client.id
        case "appointment.cancelled":
            only(data, ("appointment_id", "reason"))
            appointment = await _appointment(session, provider, data)
            reason = optional_text(data, "reason")
            await cancel(session, office, appointment, actor=Actor.STAFF, reason=reason)
            return appointment.client_id
        case "appointment.no_show":
            only(data, ("appointment_id", "reason"))
            appointment = await _appointment(session, provider, data)
            await record_visit(session, office, appointment, AppointmentStatus.NOSHOW)
            return appointment.client_id
    raise ValidationFailed.of("type", f"must be one of {', '.join(KINDS)}")


async def _client(session: AsyncSession, provider: Provider, data: Mapping[str, Any]) -> Client:
    if data.get("client_id") is not None:
        wanted = opaque_id(text(data, "client_id"))
    else:
        known = await client_by_external_id(session, provider.id, text(data, "external_id"))
        if known is None:
            raise NotFound("There is no client with this external_id.")
        wanted = known.id
    return await client_of_practice(session, _reach(provider), wanted, for_update=True)


def _reach(provider: Provider) -> Reach:
    """A provider's system speaks of that provider's clients only."""
    return Reach(practice_id=provider.practice_id, provider_id=provider.id)


async def _appointment(session: AsyncSession, provider: Provider, data: Mapping[str, Any]) -> Appointment:
    wanted = opaque_id(text(data, "appointment_id"))
    return await appointment_of_practice(session, _reach(provider), wanted, for_update=True)
