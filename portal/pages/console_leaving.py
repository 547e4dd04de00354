"""A provider leaves the practice: what that ends is said before, and it can be taken back."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.leaving import come_back, leave, look_at_leaving
from commands.office import Office
from db.leaving import ahead_of
from db.models import Provider
from db.settings_store import load_availability
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.rendering import errors_by_field
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_leaving_router = APIRouter(
    prefix="/console/providers/{provider}/leaving",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PRACTICE)],
)
_SHOWN = 20  # of the appointments that are ahead


@console_leaving_router.get("", summary="Before a provider leaves, and after")
async def leaving_page(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await _page(session, office, frame, provider, words=provider.left_words or "")


@console_leaving_router.post("", summary="The provider leaves now; or other words for those who look for them")
async def let_leave(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    typed, had_left = form.text("words"), provider.left_at is not None
    try:
        async with session.begin_nested():
            await leave(session, office, provider, frame.staff.who, words=typed)
    except (Conflict, ValidationFailed) as refusal:
        return await _page(session, office, frame, provider, words=typed, refusal=refusal)
    return go(f"/console/providers/{provider.slug}/leaving", "saved" if had_left else "provider-left")


@console_leaving_router.post("/back", summary="Take it back")
async def take_back(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    await come_back(session, office, provider, frame.staff.who)
    return go(f"/console/settings/{provider.slug}", "provider-back")


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    *,
    words: str,
    refusal: DomainError | None = None,
) -> Response:
    now = await office.clock.now(session)
    return frame.render(
        "console/leaving.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        affairs=await look_at_leaving(session, office, provider),
        ahead=await ahead_of(session, provider.id, now, _SHOWN),
        timezone=(await load_availability(session, provider.id)).timezone,
        words_typed=words,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if isinstance(refusal, Conflict) else None,
    )
