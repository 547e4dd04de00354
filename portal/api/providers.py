"""A practice's providers, for its programs: listed, added, and let go."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.leaving import come_back, leave, look_at_leaving
from commands.practices import add_provider
from db.models import Provider
from db.settings_store import load_availability
from db.tenancy import provider_by_slug
from domain.leaving import Affairs
from portal.pages.queries import providers_of
from portal.shapes import Json, listed
from web.bodies import json_object
from web.fields import only, opaque_id, optional_text
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


@providers_router.get("/{provider}/leaving", summary="What it would end if the provider left; or since when they have")
async def read_leaving(session: Transaction, office: TheOffice, staff: ApiPractice, provider: str) -> Json:
    whose = await provider_by_slug(session, opaque_id(provider), staff.reach)
    return _leaving(whose, await look_at_leaving(session, office, whose))


@providers_router.post("/{provider}/leave", summary="The provider leaves the practice, at once")
async def let_leave(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: str
) -> Json:
    """Answers what has ended with it. Again it is the same, with other words."""
    body = await json_object(request)
    only(body, ("words",))
    whose = await provider_by_slug(session, opaque_id(provider), staff.reach)
    affairs = await leave(session, office, whose, staff.who, words=optional_text(body, "words"))
    return _leaving(whose, affairs)


@providers_router.post("/{provider}/come-back", summary="Take a provider's leaving back")
async def take_back(session: Transaction, office: TheOffice, staff: ApiPractice, provider: str) -> Json:
    whose = await provider_by_slug(session, opaque_id(provider), staff.reach)
    await come_back(session, office, whose, staff.who)
    return await _shape(session, whose)


def _leaving(provider: Provider, affairs: Affairs) -> Json:
    return {
        "left_at": provider.left_at.isoformat() if provider.left_at else None,
        "words": provider.left_words,
        "appointments_ahead": affairs.ahead,
        "clients_under_way": affairs.under_way,
        "waiting": affairs.waiting,
        "payments_open": affairs.payments,
        "sign_ins": affairs.sign_ins,
        "calendar_feed": affairs.feed,
        "busy_calendar": affairs.busy_calendar,
    }


async def _shape(session: AsyncSession, provider: Provider) -> Json:
    timezone = (await load_availability(session, provider.id)).timezone
    left_at = provider.left_at.isoformat() if provider.left_at else None
    return {"provider": provider.slug, "name": provider.name, "timezone": timezone, "left_at": left_at}
