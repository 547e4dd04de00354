"""What else goes on at the practice's merchant accounts: events that are about no fee of Portico's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from db.unmatched_events import unmatched_events
from domain.roles import Permission
from portal.pages.frames import TheStaffFrame
from portal.pages.queries import timezone_of_practice
from portal.paging import cursor_of, read_cursor
from portal.unmatched_words import says
from web.identity import permitted
from web.transactions import Transaction

console_unmatched_router = APIRouter(
    prefix="/console/payments/unmatched",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SEE_CLIENTS)],
)


@console_unmatched_router.get("", summary="Events of the merchant accounts that are about no fee, newest first")
async def unmatched_page(
    session: Transaction, frame: TheStaffFrame, before: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    reach = frame.staff.reach
    rows, further = await unmatched_events(session, reach, before=read_cursor(before) if before else None)
    return frame.render(
        "console/unmatched.html",
        rows=[(row, says(row.kind)) for row in rows],
        further=cursor_of(*further) if further else None,
        paged=before is not None,
        timezone=await timezone_of_practice(session, reach),
    )
