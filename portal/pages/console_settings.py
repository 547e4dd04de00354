"""All settings of a provider on one plain page: sections with forms of their own, and the way to pages of their own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.policies import look_at_level, owner_of_provider
from commands.settings import SettingsView, read_settings
from db.appointment_types import load_types
from db.models import Provider
from db.settings_store import load_availability, practice_standing
from db.tenancy import provider_by_slug
from domain.decisions import fee_refusal
from domain.errors import DomainError, NotFound, RecordsUnavailable
from domain.money import Money
from domain.policy import PortalPolicy
from domain.ports import RecordForm
from domain.roles import Permission
from domain.states import SettingsKind
from portal import hours_words
from portal.forms import Form, StaffForm
from portal.merchant_words import fee_remedy
from portal.pages.frames import StaffFrame, TheStaffFrame
from portal.pages.policy_levels import (
    restore_version,
    save_section,
    shown_sections,
    status,
    versions_page,
)
from portal.pages.policy_seen import what_is_seen
from portal.pages.queries import providers_of
from web.fields import opaque_id
from web.identity import SignedInStaff, permitted
from web.transactions import TheOffice, Transaction

console_settings_router = APIRouter(
    prefix="/console/settings", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PROVIDER)]
)


async def own_provider(provider: str, session: Transaction, staff: SignedInStaff) -> Provider:
    return await provider_by_slug(session, opaque_id(provider), staff.reach)


OwnProvider = Annotated[Provider, Depends(own_provider)]


@console_settings_router.get("", summary="Settings of the practice, and of its providers")
async def choose_settings(session: Transaction, frame: TheStaffFrame) -> Response:
    return frame.render("console/settings_home.html", providers=await providers_of(session, frame.staff.reach))


@console_settings_router.get("/{provider}", summary="All settings of a provider")
async def settings_page(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await _page(session, office, frame, provider)


@console_settings_router.get("/{provider}/seen", summary="What clients will see under these settings")
async def provider_seen(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await what_is_seen(session, office, frame, await owner_of_provider(session, provider))


@console_settings_router.get("/{provider}/versions", summary="What was changed in a provider's settings, and when")
async def provider_versions(session: Transaction, frame: TheStaffFrame, provider: OwnProvider) -> Response:
    return await versions_page(session, frame, await owner_of_provider(session, provider))


@console_settings_router.post("/{provider}/versions/{version}/restore", summary="Put earlier settings in force again")
async def restore_provider(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider, version: str
) -> Response:
    try:
        async with session.begin_nested():
            owner = await owner_of_provider(session, provider)
            return await restore_version(session, office, frame, owner, version, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, provider, "versions", form, refusal)


@console_settings_router.post("/{provider}/{section}", summary="Save one section of the settings")
async def save_one_section(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider, section: str
) -> Response:
    try:
        async with session.begin_nested():
            owner = await owner_of_provider(session, provider)
            return await save_section(session, office, frame, owner, section, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, provider, section, form, refusal)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    section: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    """With a refusal: its section shows what was typed, and what is wrong with it."""
    view = await look_at_level(session, await owner_of_provider(session, provider))
    policy = shown_sections(view, section, form, refusal)
    views = {kind: await read_settings(session, provider, kind) for kind in SettingsKind}
    context = policy | {
        "policy_sections": {one.id: one for one in policy["policy_sections"]},
        "saved": frame.request.query_params.get("saved"),
        "forms": await _forms(office, provider, view.in_force.policy.intake_form_id),
        **await _around(session, provider, views),
    }
    return frame.render(
        "console/settings.html",
        status=status(refusal),
        provider=provider,
        link=f"{office.base_url}/p/{provider.slug}",
        **context,
    )


async def _around(session: AsyncSession, provider: Provider, views: dict[SettingsKind, SettingsView]) -> dict[str, Any]:
    """What the settings depend on: the practice's standing, the greeting as it is."""
    standing = await practice_standing(session, provider)
    hours = await load_availability(session, provider.id)
    wish = PortalPolicy(require_fee=True, fee=Money(amount_minor=1, currency="usd"))
    fee_off = fee_refusal(wish, standing)
    return {
        "standing": standing,
        "fee_reason": fee_off.detail if fee_off else None,
        "fee_remedy": fee_remedy(provider, fee_off),
        "signup_fields": views[SettingsKind.SIGNUP_FORM].document["fields"],
        "types": await load_types(session, provider.id),
        "week": hours_words.week(hours),
        "timezone": hours.timezone,
        "greeting": views[SettingsKind.GREETING].document,
    }


async def _forms(office: Office, provider: Provider, chosen: str | None) -> list[RecordForm] | None:
    """What can be chosen: selectable ones, and the one that is chosen. None where the record system is away."""
    try:
        forms = await office.records.forms(provider.id)
    except RecordsUnavailable:
        return None
    return [form for form in forms if form.selectable or form.id == chosen]
