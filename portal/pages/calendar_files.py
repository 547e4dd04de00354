"""A provider's calendar as other programs read it: by its secret address alone, as often as is decent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from commands.calendar_feeds import digest_of, find_feed, read_feed
from commands.rate_limits import READS_PER_FEED, WRONG_TOKENS_PER_ADDRESS, count_failures, count_request
from web.transactions import RemoteAddress, TheOffice, Transaction

calendar_files_router = APIRouter(tags=["pages: public"])

_LONGEST_TOKEN = 100
# Programs may keep it for a moment; caches between us and them may not.
_KEEP = "private, max-age=60"


@calendar_files_router.get("/calendar/{token}.ics", summary="A provider's calendar, for a program that subscribes")
async def calendar_file(
    token: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A revoked address answers like one that never was."""
    token = token[:_LONGEST_TOKEN]
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        feed = await find_feed(session, token)
    await count_request(office.database, (READS_PER_FEED, digest_of(token)))
    file = await read_feed(session, office, feed)
    headers = {"ETag": file.etag, "Cache-Control": _KEEP, "X-Robots-Tag": "noindex"}
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    if file.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    return Response(file.content, media_type="text/calendar; charset=utf-8", headers=headers)
