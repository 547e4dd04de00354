"""Two clients who look alike, on the console: the same person, or two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.duplicates import both_of, look_again, look_at_pair, same_person, two_persons
from commands.office import Office
from db.models import Client
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from portal.shapes import client_shapes
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_duplicates_router = APIRouter(
    prefix="/console/clients/{client_id}",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


async def _both(
    session: AsyncSession, frame: StaffFrame, client_id: str, other: str, *, for_update: bool = False
) -> tuple[Client, Client]:
    return await both_of(session, frame.staff.reach, opaque_id(client_id), opaque_id(other), for_update=for_update)


@console_duplicates_router.get("/same-person", summary="Before closing a duplicate: who is kept, and what happens")
async def before_closing(
    client_id: str,
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    other: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    one, two = await _both(session, frame, client_id, other)
    return await _page(session, office, frame, one, two)


@console_duplicates_router.post("/same-person", summary="They are the same person: close one of the two")
async def close_duplicate(
    client_id: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    one, two = await _both(session, frame, client_id, form.first("other"), for_update=True)
    try:
        async with session.begin_nested():
            kept, closed = _chosen(form.first("keep"), one, two)
            await same_person(session, office, kept, closed, frame.staff.who)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, one, two, refusal, keep=form.first("keep"))
    return go(f"/console/clients/{kept.id}", "same-person")


def _chosen(keep: str, one: Client, two: Client) -> tuple[Client, Client]:
    if keep not in (one.id, two.id):
        raise ValidationFailed.of("keep", "Please choose who is kept.")
    return (one, two) if keep == one.id else (two, one)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    one: Client,
    two: Client,
    refusal: DomainError | None = None,
    keep: str | None = None,
) -> Response:
    pair = await look_at_pair(session, office, one, two)
    both = [pair.kept, pair.closed]
    return frame.render(
        "console/same_person.html",
        status=status_of(refusal) if refusal else 200,
        refusal=refusal.errors[0].message if isinstance(refusal, ValidationFailed) else refusal and refusal.detail,
        client=one,
        other=two,
        why=pair.why,
        rows=list(zip(both, await client_shapes(session, office, both), strict=True)),
        keep=keep or pair.kept.id,
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )


@console_duplicates_router.post("/two-persons", summary="They are two persons: nobody is asked again")
async def keep_both(
    client_id: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    one, two = await _both(session, frame, client_id, form.first("other"), for_update=True)
    await two_persons(session, office, one, two, frame.staff.who)
    return go(f"/console/clients/{one.id}", "two-persons")


@console_duplicates_router.post("/look-again", summary="Take back that they are two persons")
async def ask_about_them_again(
    client_id: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    one, two = await _both(session, frame, client_id, form.first("other"), for_update=True)
    await look_again(session, office, one, two, frame.staff.who)
    return go(f"/console/clients/{one.id}", "look-again")
