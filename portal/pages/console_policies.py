"""The portal settings of the practice, and of one client only; a provider's are on `console_settings`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.policies import Owner, look_at_level, owner_of_client, owner_of_practice
from db.policy_store import versions_of_level
from db.settings_store import practice_standing
from domain.decisions import fee_refusal
from domain.errors import DomainError, NotFound
from domain.money import Money
from domain.policy import PortalPolicy
from domain.roles import Permission
from portal.forms import Form, StaffForm
from portal.pages.console_client import OwnClient
from portal.pages.frames import StaffFrame, TheStaffFrame
from portal.pages.policy_levels import (
    own_settings,
    restore_version,
    save_section,
    shown_sections,
    status,
    versions_page,
    zone_of,
)
from portal.pages.policy_seen import what_is_seen
from web.identity import SignedInStaff, permitted
from web.transactions import TheOffice, Transaction

practice_settings_router = APIRouter(
    prefix="/console/practice-settings", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PRACTICE)]
)
client_settings_router = APIRouter(
    prefix="/console/clients/{client_id}/settings",
    tags=["pages: console"],
    dependencies=[permitted(Permission.MAKE_EXCEPTIONS)],
)


async def practice_level(session: Transaction, staff: SignedInStaff) -> Owner:
    return await owner_of_practice(session, staff.practice_id)


async def client_level(session: Transaction, client: OwnClient) -> Owner:
    return await owner_of_client(session, client)


ThePractice = Annotated[Owner, Depends(practice_level)]
TheClient = Annotated[Owner, Depends(client_level)]


@practice_settings_router.get("", summary="Portal settings of the practice")
async def practice_settings_page(session: Transaction, frame: TheStaffFrame, owner: ThePractice) -> Response:
    return await _practice_page(session, frame, owner)


@practice_settings_router.get("/versions", summary="What was changed in the practice's settings, and when")
async def practice_versions(session: Transaction, frame: TheStaffFrame, owner: ThePractice) -> Response:
    return await versions_page(session, frame, owner)


@practice_settings_router.post("/versions/{version}/restore", summary="Put earlier practice settings in force again")
async def restore_practice(
    version: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, owner: ThePractice
) -> Response:
    try:
        async with session.begin_nested():
            return await restore_version(session, office, frame, owner, version, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _practice_page(session, frame, owner, "versions", form, refusal)


@practice_settings_router.post("/{section}", summary="Save one section of the practice's settings")
async def save_practice(
    section: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, owner: ThePractice
) -> Response:
    try:
        async with session.begin_nested():
            return await save_section(session, office, frame, owner, section, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _practice_page(session, frame, owner, section, form, refusal)


async def _practice_page(
    session: AsyncSession,
    frame: StaffFrame,
    owner: Owner,
    section: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    view = await look_at_level(session, owner)
    context = shown_sections(view, section, form, refusal) | {"saved": frame.request.query_params.get("saved")}
    return frame.render("console/policy_practice.html", status=status(refusal), **context)


@client_settings_router.get("", summary="Portal settings of one client only")
async def client_settings_page(session: Transaction, frame: TheStaffFrame, owner: TheClient) -> Response:
    return await _client_page(session, frame, owner)


@client_settings_router.get("/seen", summary="What this client will see")
async def client_seen(session: Transaction, office: TheOffice, frame: TheStaffFrame, owner: TheClient) -> Response:
    return await what_is_seen(session, office, frame, owner)


@client_settings_router.get("/versions", summary="What was changed in a client's own settings, and when")
async def client_versions(session: Transaction, frame: TheStaffFrame, owner: TheClient) -> Response:
    return await versions_page(session, frame, owner)


@client_settings_router.post("/versions/{version}/restore", summary="Put a client's earlier settings in force again")
async def restore_client(
    version: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, owner: TheClient
) -> Response:
    try:
        async with session.begin_nested():
            return await restore_version(session, office, frame, owner, version, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _client_page(session, frame, owner, "versions", form, refusal)


@client_settings_router.post("/{section}", summary="Save one section of a client's own settings")
async def save_client(
    section: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, owner: TheClient
) -> Response:
    try:
        async with session.begin_nested():
            return await save_section(session, office, frame, owner, section, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _client_page(session, frame, owner, section, form, refusal)


async def _client_page(
    session: AsyncSession,
    frame: StaffFrame,
    owner: Owner,
    section: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    assert owner.client is not None
    assert owner.provider is not None
    view = await look_at_level(session, owner)
    wish = PortalPolicy(require_fee=True, fee=Money(amount_minor=1, currency="usd"))
    fee_off = fee_refusal(wish, await practice_standing(session, owner.provider))
    context = shown_sections(view, section, form, refusal) | {
        "saved": frame.request.query_params.get("saved"),
        "fee_reason": fee_off.detail if fee_off else None,
        "client": owner.client,
        "provider": owner.provider,
        "own_settings": own_settings(await versions_of_level(session, owner.level, owner.key)),
        "timezone": await zone_of(session, owner),
    }
    return frame.render("console/policy_client.html", status=status(refusal), **context)
