"""Website sign-ups: public, for the provider's own website, limited in rate, with a honeypot."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from commands.rate_limits import buckets
from commands.signup_limits import counted_signup, signup_refusal_by_rate
from commands.signups import decoy_id, require_mapping, sign_up, trapped
from db.in_force import InForce, counted_in_force, in_force_at
from domain.errors import DomainError, NotFound, PayloadTooLarge, ValidationFailed
from web.bodies import parse_object, raw_body
from web.fields import only, opaque_id
from web.transactions import office_of, relay_of, remote_address

_LIMIT = 64 * 1024


class _ForTheWebsite(APIRoute):
    """Every answer carries the CORS headers, refusals too: the website's own script has to read what to correct.

    They are added where the answer is sent. A refusal caught any further in would let the transaction commit.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(state.get("cors", {}))
            await send(message)

        await super().handle(scope, receive, send_readable)


signups_router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=_ForTheWebsite)


async def _admit(session: AsyncSession, request: Request, provider: str, email: object) -> InForce:
    """Count the request, and read what is in force; refused or not, the website may read the answer."""
    counted = counted_signup(remote_address(request), provider, email)
    places = buckets(*counted)
    counts, here = await counted_in_force(session, opaque_id(provider), places)
    refusal = signup_refusal_by_rate(counted, places, counts)
    if here is not None:
        request.state.cors = _cors_headers(request.headers.get("origin"), here)
    if refusal is not None:
        raise refusal
    if here is None:
        raise NotFound("There is no provider of that name.")
    return here


def _cors_headers(origin: str | None, here: InForce) -> dict[str, str]:
    """For pages of the provider's own website, and no others."""
    if origin is None:
        return {}
    if origin not in here.policy.policy.website_origins:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, idempotency-key",
        "Access-Control-Expose-Headers": "retry-after",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


@signups_router.options("/signups/{provider}", include_in_schema=False)
async def preflight(request: Request, provider: str) -> Response:
    async with office_of(request).database.statements() as session:
        here = await in_force_at(session, opaque_id(provider))
    request.state.cors = _cors_headers(request.headers.get("origin"), here)
    return Response(status_code=204)


@signups_router.post(
    "/signups/{provider}",
    status_code=202,
    summary="A client signs up on the website",
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["fields"]}}}}
    },
)
async def take_signup(
    request: Request, provider: str, idempotency_key: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """`{"fields": {...}}` by the provider's form. The answer never tells whether somebody is known already."""
    relay = relay_of(request)
    with relay.answering_a_machine():
        signup_id, subjects = await _take(request, provider, idempotency_key)
    relay.nudge(subjects)
    return JSONResponse({"signup_id": signup_id}, 202)


async def _take(request: Request, provider: str, idempotency_key: str | None) -> tuple[str, list[str]]:
    """The id, and the subjects of which something has been recorded."""
    office = office_of(request)
    # Read first, so that nobody who sends slowly holds a connection; judged where the website can read the answer.
    body = await _body(request)
    async with office.database.statements() as session:
        here = await _admit(session, request, provider, _email_in(body))
        if isinstance(body, DomainError):
            raise body
        only(body, ("fields", "website"))
        if trapped(body.get("website")):
            return decoy_id(), []
        fields = require_mapping(body.get("fields"), "fields")
        if idempotency_key is None:
            return await sign_up(session, office, here, fields), session.info.pop("event_subjects", [])
    # A key is held until its answer is kept: that takes a transaction.
    async with office.database.transaction() as session:
        signup_id = await sign_up(session, office, here, fields, idempotency_key=idempotency_key)
    return signup_id, session.info.pop("event_subjects", [])


async def _body(request: Request) -> dict[str, Any] | DomainError:
    try:
        return parse_object(await raw_body(request, _LIMIT))
    except (PayloadTooLarge, ValidationFailed) as error:
        return error


def _email_in(body: dict[str, Any] | DomainError) -> object:
    """As it was sent, and whatever it is."""
    fields = body.get("fields") if isinstance(body, dict) else None
    return fields.get("email") if isinstance(fields, dict) else None
