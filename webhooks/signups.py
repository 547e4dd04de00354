"""Website sign-ups: public, for the provider's own website, limited in rate, with a honeypot."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response

from commands.rate_limits import SIGNUPS_PER_ADDRESS, SIGNUPS_PER_PROVIDER, count_request
from commands.signups import decoy_id, require_mapping, sign_up, trapped
from db.settings_store import load_policy
from db.tenancy import provider_by_slug
from web.bodies import json_object
from web.fields import only, opaque_id
from web.transactions import RemoteAddress, TheOffice, Transaction

signups_router = APIRouter()

_LIMIT = 64 * 1024


async def _limited(provider: str, office: TheOffice, address: RemoteAddress) -> None:
    await count_request(office.quick, SIGNUPS_PER_ADDRESS, address)
    await count_request(office.quick, SIGNUPS_PER_PROVIDER, provider[:100])


async def _cors(request: Request, provider: str, session: Transaction) -> dict[str, str]:
    """For pages of the provider's own website, and no others."""
    origin = request.headers.get("origin")
    if origin is None:
        return {}
    found = await provider_by_slug(session, opaque_id(provider))
    if origin not in (await load_policy(session, found.id)).policy.website_origins:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, idempotency-key",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


Cors = Annotated[dict[str, str], Depends(_cors)]


@signups_router.options("/signups/{provider}", include_in_schema=False)
async def preflight(provider: str, cors: Cors) -> Response:
    return Response(status_code=204, headers=cors)


@signups_router.post(
    "/signups/{provider}",
    status_code=202,
    summary="A client signs up on the website",
    dependencies=[Depends(_limited)],
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["fields"]}}}}
    },
)
async def take_signup(
    request: Request,
    provider: str,
    session: Transaction,
    office: TheOffice,
    cors: Cors,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """`{"fields": {...}}` by the provider's form. The answer never tells whether somebody is known already."""
    body = await json_object(request, _LIMIT)
    only(body, ("fields", "website"))
    found = await provider_by_slug(session, opaque_id(provider))
    if trapped(body.get("website")):
        return JSONResponse({"signup_id": decoy_id()}, 202, cors)
    fields = require_mapping(body.get("fields"), "fields")
    signup_id = await sign_up(session, office, found, fields, idempotency_key=idempotency_key)
    return JSONResponse({"signup_id": signup_id}, 202, cors)
