"""Website sign-ups: public, for the provider's own website, limited in rate, with a honeypot."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from commands.rate_limits import SIGNUPS_PER_ADDRESS, SIGNUPS_PER_PROVIDER, count_request
from commands.signups import decoy_id, require_mapping, sign_up, trapped
from db.settings_store import load_policy
from db.tenancy import provider_by_slug
from web.bodies import json_object
from web.fields import only, opaque_id
from web.transactions import RemoteAddress, TheOffice, Transaction

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


signups_router = APIRouter(route_class=_ForTheWebsite)


async def _limited(provider: str, office: TheOffice, address: RemoteAddress) -> None:
    await count_request(office.quick, SIGNUPS_PER_ADDRESS, address)
    await count_request(office.quick, SIGNUPS_PER_PROVIDER, provider[:100])


async def _cors(request: Request, provider: str, session: Transaction) -> None:
    """For pages of the provider's own website, and no others."""
    request.state.cors = await _cors_headers(request.headers.get("origin"), provider, session)


async def _cors_headers(origin: str | None, provider: str, session: AsyncSession) -> dict[str, str]:
    if origin is None:
        return {}
    found = await provider_by_slug(session, opaque_id(provider))
    if origin not in (await load_policy(session, found.id)).policy.website_origins:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, idempotency-key",
        "Access-Control-Expose-Headers": "retry-after",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


@signups_router.options("/signups/{provider}", include_in_schema=False, dependencies=[Depends(_cors)])
async def preflight(provider: str) -> Response:
    return Response(status_code=204)


@signups_router.post(
    "/signups/{provider}",
    status_code=202,
    summary="A client signs up on the website",
    # In this order: whoever is over the limit is told so in words that their browser lets them read.
    dependencies=[Depends(_cors), Depends(_limited)],
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["fields"]}}}}
    },
)
async def take_signup(
    request: Request,
    provider: str,
    session: Transaction,
    office: TheOffice,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """`{"fields": {...}}` by the provider's form. The answer never tells whether somebody is known already."""
    body = await json_object(request, _LIMIT)
    only(body, ("fields", "website"))
    found = await provider_by_slug(session, opaque_id(provider))
    if trapped(body.get("website")):
        return JSONResponse({"signup_id": decoy_id()}, 202)
    fields = require_mapping(body.get("fields"), "fields")
    signup_id = await sign_up(session, office, found, fields, idempotency_key=idempotency_key)
    return JSONResponse({"signup_id": signup_id}, 202)
