"""Keys for other programs: the practice's API keys, and the secrets that a provider's webhooks are signed with."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.keys import keys_of, make_api_key, make_webhook_secret, revoke_api_key, revoke_webhook_secret
from commands.office import Office
from db.tenancy import provider_by_slug
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.practices import LONGEST_LABEL
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_keys_router = APIRouter(
    prefix="/console/keys", tags=["pages: console"], dependencies=[permitted(Permission.MANAGE_KEYS)]
)

_HOME = "/console/keys"


@console_keys_router.get("", summary="API keys and webhook secrets")
async def keys_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    return await _page(session, office, frame)


@console_keys_router.post("", summary="Make an API key")
async def make_key(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    """The key is told in the answer itself: nowhere is it kept."""
    try:
        async with session.begin_nested():
            key = await make_api_key(session, office, form.text("label"), frame.staff.who)
    except (ValidationFailed, Conflict) as refusal:
        return await _page(session, office, frame, typed=form.text("label"), refusal=refusal)
    return await _page(session, office, frame, key=key)


@console_keys_router.post("/{key_id}/revoke", summary="Revoke an API key")
async def revoke_key(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, key_id: str
) -> Response:
    await revoke_api_key(session, office, opaque_id(key_id), frame.staff.who)
    return go(_HOME, "key-revoked")


@console_keys_router.post("/webhooks/{provider}", summary="Make a secret for a provider's webhooks")
async def make_secret(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: str
) -> Response:
    """The secret is told in the answer itself: what is kept can't be shown again."""
    whose = await provider_by_slug(session, opaque_id(provider), frame.staff.reach)
    try:
        async with session.begin_nested():
            secret = await make_webhook_secret(session, office, whose, frame.staff.who)
    except Conflict as refusal:
        return await _page(session, office, frame, refusal=refusal)
    return await _page(session, office, frame, secret=secret, secret_of=whose.slug)


@console_keys_router.post("/webhooks/{secret_id}/revoke", summary="Revoke a secret of a provider's webhooks")
async def revoke_secret(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, secret_id: str
) -> Response:
    await revoke_webhook_secret(session, office, opaque_id(secret_id), frame.staff.who)
    return go(_HOME, "secret-revoked")


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    *,
    key: str = "",
    secret: str = "",
    secret_of: str = "",
    typed: str = "",
    refusal: DomainError | None = None,
) -> Response:
    return frame.render(
        "console/keys.html",
        status=status_of(refusal) if refusal else 200,
        keys=await keys_of(session, frame.staff.practice_id),
        timezone=await timezone_of_practice(session, frame.staff.reach),
        base_url=office.base_url,
        key=key,
        secret=secret,
        secret_of=secret_of,
        typed=typed,
        longest=LONGEST_LABEL,
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
    )
