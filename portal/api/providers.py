"""A practice's providers, for its programs: listed, added."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.practices import add_provider
from db.models import Provider
from db.settings_store import load_availability
from portal.pages.queries import providers_of
from portal.shapes import Json, listed
from web.bodies import json_object
from web.fields import only, optional_text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

providers_router = APIRouter(prefix="/providers", tags=["providers"])

_FIELDS = ("name", "slug", "timezone")


@providers_router.get("", summary="The practice's providers, by name")
async def list_providers(session: Transaction, staff: ApiPractice) -> Json:
    found = await providers_of(session, staff.reach)
    return listed([await _shape(session, one) for one in found])


@providers_router.post("", status_code=201, summary="Add a provider")
async def add(request: Request, session: Transaction, office: TheOffice, staff: ApiPractice) -> Json:
    """Without hours: nobody can book before there are some. Without a `slug`, one is made of the name."""
    body = await json_object(request)
    only(body, _FIELDS)
    given = {name: optional_text(body, name) or "" for name in _FIELDS}
    return await _shape(session, await add_provider(session, office, given, staff.who))


async def _shape(session: AsyncSession, provider: Provider) -> Json:
    timezone = (await load_availability(session, provider.id)).timezone
    return {"provider": provider.slug, "name": provider.name, "timezone": timezone}
