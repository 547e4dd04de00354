"""Inviting a list on the console: pasted or uploaded, looked at row by row, confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.client_list import CheckedRow, check_list, invite_list
from commands.office import Office
from db.models import Provider
from domain.client_list import LARGEST_LIST, MOST_ROWS, RowState, read_list, text_of
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from portal.forms import Form, ListForm, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of
from portal.rendering import errors_by_field
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_invite_many_router = APIRouter(
    prefix="/console/clients/invite-many",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
_CHANGED = (
    "Nobody has been invited yet: not every row that you ticked can be invited now. Please look at them once more."
)
_SENT_ALREADY = "This list has been sent already. Below you see who is a client by now."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The list as text, and the provider by the last part of their page's address."""

    text: str = ""
    provider: str = ""


@console_invite_many_router.get("", summary="Before inviting a list")
async def list_page(session: Transaction, frame: TheStaffFrame) -> Response:
    return await _page(session, frame, Asked())


@console_invite_many_router.post("", summary="The list, row by row: who would be invited, and what is wrong")
async def look_at_list(session: Transaction, office: TheOffice, given: ListForm, frame: TheStaffFrame) -> Response:
    form, content = given
    asked = Asked(provider=form.first("provider"))
    try:
        asked = Asked(provider=asked.provider, text=text_of(content) if content is not None else form.first("list"))
        return await _preview(session, office, frame, asked)
    except ValidationFailed as refusal:
        return await _page(session, frame, asked, refusal)


@console_invite_many_router.post("/confirm", summary="Invite those who are ticked, all together")
async def confirm(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    asked = Asked(provider=form.first("provider"), text=form.first("list"))
    ticked, anyway = _numbers(form, "row"), _numbers(form, "anyway")
    try:
        provider, rows = await _provider(session, frame, asked.provider), read_list(asked.text).rows
    except ValidationFailed as refusal:
        return await _page(session, frame, asked, refusal)
    try:
        async with session.begin_nested():
            batch = await invite_list(
                session,
                office,
                frame.staff.reach,
                frame.staff.who,
                provider,
                rows,
                chosen=ticked | anyway,
                anyway=anyway,
                idempotency_key=form.first("form_token")[:100] or None,
            )
    except NotFound:
        raise
    except DomainError as refusal:
        return await _preview(session, office, frame, asked, refusal)
    return go(f"/console/batches/{batch.id}", "list-invited")


def _numbers(form: Form, name: str) -> set[int]:
    return {int(one) for one in form.values.get(name, []) if one.isascii() and one.isdigit() and len(one) < 6}


async def _provider(session: AsyncSession, frame: StaffFrame, slug: str) -> Provider:
    providers = await providers_of(session, frame.staff.reach, there=True)
    for provider in providers:
        if provider.slug == slug or (len(providers) == 1 and not slug):
            return provider
    raise ValidationFailed.of("provider", "Please choose the provider.")


async def _preview(
    session: AsyncSession, office: Office, frame: StaffFrame, asked: Asked, refusal: DomainError | None = None
) -> Response:
    """Raises ValidationFailed on `provider` or `list`."""
    provider, listed = await _provider(session, frame, asked.provider), read_list(asked.text)
    checked = await check_list(session, office, provider, listed.rows)
    ready, wrong = _count(checked, RowState.READY), _count(checked, RowState.WRONG)
    return frame.render(
        "console/invite_many_preview.html",
        status=status_of(refusal) if refusal else 200,
        refusal=_words(refusal),
        provider=provider,
        rows=checked,
        unused=listed.unused,
        ready=ready,
        wrong=wrong,
        others=len(checked) - ready - wrong,
        late=_late(checked, refusal),
        choices=any(one.state in (RowState.READY, RowState.KNOWN) for one in checked),
        text=asked.text,
        form_token=new_form_token(),
    )


def _count(rows: list[CheckedRow], state: RowState) -> int:
    return sum(row.state is state for row in rows)


def _late(rows: list[CheckedRow], refusal: DomainError | None) -> dict[int, str]:
    """By row, what was refused on confirming where the row itself looks ready."""
    wrong = {error.field: error.message for error in refusal.errors} if isinstance(refusal, ValidationFailed) else {}
    return {
        one.row.number: wrong[f"clients.{place}.email"]
        for place, one in enumerate(rows)
        if one.state is RowState.READY and f"clients.{place}.email" in wrong
    }


def _words(refusal: DomainError | None) -> str | None:
    if isinstance(refusal, ValidationFailed):
        return _CHANGED if refusal.errors[0].field.startswith("clients.") else refusal.errors[0].message
    if isinstance(refusal, Conflict):
        return _SENT_ALREADY
    return refusal.detail if refusal else None


async def _page(
    session: AsyncSession, frame: StaffFrame, asked: Asked, refusal: ValidationFailed | None = None
) -> Response:
    return frame.render(
        "console/invite_many.html",
        status=status_of(refusal) if refusal else 200,
        errors=errors_by_field(refusal.errors if refusal else ()),
        providers=await providers_of(session, frame.staff.reach, there=True),
        text=asked.text,
        chosen=asked.provider,
        most=MOST_ROWS,
        largest=LARGEST_LIST,
    )
