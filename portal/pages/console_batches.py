"""One action for many clients on the console: chosen in the list, confirmed, and watched while it is done."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.batches import Chosen, confirm_batch, look_at_batch
from commands.office import Office
from db.batches import batch_of, counted, items_of, newest_batches
from domain.batches import FOR_CLIENTS, MOST_CLIENTS, BatchAction
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from portal.client_listing import ListQuery
from portal.client_search import ids_of_clients
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from portal.rendering import refresh_after
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_batches_router = APIRouter(
    prefix="/console/batches", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)

_LOOK_AGAIN_SECONDS = 2


@console_batches_router.get("", summary="What was done for many clients lately")
async def batches_page(session: Transaction, frame: TheStaffFrame) -> Response:
    reach = frame.staff.reach
    return frame.render(
        "console/batches.html",
        batches=await newest_batches(session, reach),
        timezone=await timezone_of_practice(session, reach),
    )


@console_batches_router.post(
    "/new",
    summary="Before doing it for many: for whom, and who is left out",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def before_doing(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    listing = ListQuery(**{name: form.first(name)[:200] for name in vars(ListQuery())})
    try:
        ids = await _chosen(session, office, frame, form, listing)
        return await _confirmation(session, office, frame, form, listing, ids)
    except NotFound:
        raise
    except DomainError as refusal:
        return _refused(frame, listing, refusal)


@console_batches_router.post(
    "", summary="Do it: a batch that goes on whatever happens", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def confirm(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        async with session.begin_nested():
            batch = await confirm_batch(
                session,
                office,
                frame.staff.reach,
                frame.staff.who,
                _action(form),
                form.first("ids").split(),
                idempotency_key=form.first("form_token")[:100] or None,
            )
    except NotFound:
        raise
    except DomainError as refusal:
        return _refused(frame, ListQuery(), refusal)
    return go(f"/console/batches/{batch.id}")


@console_batches_router.get("/{batch_id}", summary="How far it has got, client by client")
async def batch_page(session: Transaction, frame: TheStaffFrame, batch_id: str) -> Response:
    reach = frame.staff.reach
    batch = await batch_of(session, reach, opaque_id(batch_id))
    rows = await items_of(session, batch)
    settled = sum(row.outcome.final for row in rows)
    return frame.render(
        "console/batch.html",
        batch=batch,
        rows=rows,
        counts=counted(rows),
        settled=settled,
        timezone=await timezone_of_practice(session, reach),
        refresh=refresh_after(_LOOK_AGAIN_SECONDS) if settled < len(rows) else None,
    )


def _action(form: Form) -> BatchAction:
    try:
        action = BatchAction(form.first("action"))
    except ValueError:
        action = BatchAction.INVITE
    if action not in FOR_CLIENTS:
        raise ValidationFailed.of("action", "Please choose what to do.")
    return action


async def _chosen(
    session: AsyncSession, office: Office, frame: StaffFrame, form: Form, listing: ListQuery
) -> list[str]:
    """Those who were ticked, or all that match."""
    if form.first("scope") != "all":
        return [opaque_id(one) for one in form.values.get("client", [])]
    reach = frame.staff.reach
    return await ids_of_clients(session, reach, await listing.read(session, office, reach), MOST_CLIENTS)


async def _confirmation(
    session: AsyncSession, office: Office, frame: StaffFrame, form: Form, listing: ListQuery, ids: list[str]
) -> Response:
    action = _action(form)
    chosen = await look_at_batch(session, office, frame.staff.reach, action, ids)
    included = [one for one in chosen if one.reason is None]
    return frame.render(
        "console/batch_confirm.html",
        action=action,
        included=included,
        left_out=[one for one in chosen if one.reason is not None],
        ids=_ids(chosen),
        back=listing.link(),
        form_token=new_form_token(),
    )


def _ids(chosen: list[Chosen]) -> str:
    """Exactly those whom the page shows, whoever comes to match meanwhile."""
    return " ".join(one.client.id for one in chosen)


def _refused(frame: StaffFrame, listing: ListQuery, refusal: DomainError) -> Response:
    detail = refusal.errors[0].message if isinstance(refusal, ValidationFailed) else refusal.detail
    return frame.render("console/batch_refused.html", status=status_of(refusal), refusal=detail, back=listing.link())
