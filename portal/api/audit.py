"""The audit log for the practice's own systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from commands.audit import AuditFilter, read_log
from domain.audit import AuditKind
from domain.errors import ValidationFailed
from portal.paging import Limit
from portal.shapes import Json, instant, listed
from web.fields import moment
from web.identity import ApiPractice
from web.transactions import Transaction

audit_router = APIRouter(tags=["audit"])


@audit_router.get("/audit", summary="Who did what, newest first")
async def audit_log(
    session: Transaction,
    staff: ApiPractice,
    kind: AuditKind | None = None,
    who: Annotated[str | None, Query(max_length=60)] = None,
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
    limit: Limit = 100,
) -> Json:
    """`who` is a staff member's id; `from` and `to` (exclusive) are RFC 3339."""
    wanted = AuditFilter(
        staff_id=_clean(who),
        kind=kind,
        start=moment("from", start) if start else None,
        end=moment("to", end) if end else None,
    )
    entries, further = await read_log(session, staff.practice_id, wanted, before=_place(cursor), limit=limit)
    items = [
        {
            "id": one.id,
            "at": instant(one.at),
            "kind": one.kind,
            "staff_id": one.staff_id,
            "name": one.name,
            "role": one.role,
            "object_id": one.object_id,
            "address": one.address,
            "request_id": one.request_id,
        }
        for one in entries
    ]
    return listed(items, str(further) if further else None)


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
        raise ValidationFailed.of("cursor", "isn't one that was given out")
    return int(cursor)


def _clean(who: str | None) -> str | None:
    if who is not None and "\0" in who:
        raise ValidationFailed.of("who", "isn't an id")
    return who
