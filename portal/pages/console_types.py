"""A provider's appointment types: added, changed, put in order, archived; and what clients see of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.office import Office
from commands.settings import read_settings, save_settings
from db.appointment_types import ahead_by_type, load_types
from db.models import Provider
from db.policy_store import load_policy
from db.settings_store import load_availability, version_of, versions_of
from domain.appointment_types import FeeRule, read_types
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.states import SettingsKind
from portal import policy_words
from portal.forms import Form, StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.policy_levels import posted_version
from portal.type_editor import NEW, TypeSheet, about, by_input, changed, sheet_from, sheet_of
from portal.type_preview import previews
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_types_router = APIRouter(
    prefix="/console/providers/{provider}/appointment-types",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)

_KIND = SettingsKind.APPOINTMENT_TYPES
_DONE = {"add": "type-added", "archive": "type-archived", "offer": "type-offered"}
_LABELS = {"name": "Name", "minutes": "Minutes", "fee_rule": "Fee", "amount": "Amount", "types": "Appointment types"}
_CHANGED = "Somebody else has changed the appointment types meanwhile. Please make your change again."


@console_types_router.get("", summary="A provider's appointment types")
async def types_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider) -> Response:
    return await _page(session, office, frame, provider)


@console_types_router.post("", summary="Add, change, move or archive an appointment type")
async def change_types(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    try:
        async with session.begin_nested():
            return await _save(session, office, frame, provider, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, provider, form, refusal)


@console_types_router.post("/versions/{version}/restore", summary="Put earlier appointment types in force again")
async def restore_types(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: TheStaffFrame,
    provider: OwnProvider,
    version: str,
) -> Response:
    """As a new version. Types that it doesn't know are archived, so that their appointments keep a name."""
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise NotFound("There is no such version of the appointment types.")
    earlier = await version_of(session, provider.id, _KIND, int(version))
    try:
        async with session.begin_nested():
            await _keep(session, office, frame, provider, earlier.document, posted_version(form))
    except DomainError as refusal:
        return await _page(session, office, frame, provider, form, refusal)
    return go(_home(provider), "types-restored")


def _home(provider: Provider) -> str:
    return f"/console/providers/{provider.slug}/appointment-types"


async def _save(session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, form: Form) -> Response:
    expected = posted_version(form)
    current = await read_settings(session, provider, _KIND)
    if expected != current.version:
        raise Conflict(_CHANGED)
    document, place = changed(current.document, form)
    try:
        await _keep(session, office, frame, provider, document, expected)
    except ValidationFailed as refusal:
        raise by_input(refusal, place) from None
    return go(_home(provider), _DONE.get(form.first("action").partition(".")[0], "type-saved"))


async def _keep(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    document: dict[str, Any],
    expected: int,
) -> None:
    try:
        await save_settings(
            session, office, provider, _KIND, document, saved_by=frame.staff.name, expected_version=expected
        )
    except Conflict:
        raise Conflict(_CHANGED) from None
    await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, provider.id)


@dataclass(frozen=True, kw_only=True)
class SavedTypes:
    """One version, and what it offered, in a line."""

    version: int
    saved_at: datetime
    saved_by: str
    offered: str


async def _versions(session: AsyncSession, provider: Provider) -> list[SavedTypes]:
    return [
        SavedTypes(
            version=row.version,
            saved_at=row.saved_at,
            saved_by=row.saved_by,
            offered=", ".join(one.name for one in read_types(row.document).open),
        )
        for row in await versions_of(session, provider.id, _KIND)
    ]


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    """With a refusal: the card of the type that it is about shows what was typed, and what is wrong with it."""
    version = (await read_settings(session, provider, _KIND)).version
    types = await load_types(session, provider.id)
    in_force = await load_policy(session, provider.id)
    usual = in_force.policy.fee
    failed = (about(form) or "page") if form is not None and refusal is not None else None
    sheets: dict[str, TypeSheet] = {one.id: sheet_of(one, usual) for one in types.open}
    sheets[NEW] = TypeSheet(currency=usual.currency if usual else "usd")
    if failed in sheets and form is not None and form.has("name"):
        sheets[failed] = sheet_from(form)
    return frame.render(
        "console/appointment_types.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        version=version,
        types=types,
        archived=[one for one in types.types if one.archived],
        sheets=sheets,
        ahead=await ahead_by_type(session, provider.id, await office.clock.now(session)),
        policy=in_force.policy,
        previews=previews(types, in_force.policy, in_force.sources),
        versions=await _versions(session, provider),
        timezone=(await load_availability(session, provider.id)).timezone,
        rules=FeeRule,
        currencies=policy_words.CURRENCIES,
        failed=failed,
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        errors={f"{one.field}.{failed}": one.message for one in refusal.errors}
        if isinstance(refusal, ValidationFailed)
        else {},
        labels={f"{name}.{failed}": label for name, label in _LABELS.items()},
    )
