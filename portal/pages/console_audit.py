"""The audit log as a page and as a file: who did what, to which record, and when; owners only."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse

from commands.audit import AuditFilter, note, read_log
from commands.staff import staff_of
from db.models import AuditEntry
from domain.audit import AuditKind
from domain.roles import Permission
from portal.pages.frames import TheStaffFrame
from portal.pages.queries import timezone_of_practice
from portal.paths import with_query
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_audit_router = APIRouter(
    prefix="/console/audit", tags=["pages: console"], dependencies=[permitted(Permission.READ_AUDIT)]
)

_BATCH = 500
COLUMNS = ("at", "kind", "who", "staff_id", "role", "object_id", "address", "request_id")


@dataclass(frozen=True, kw_only=True)
class AuditQuery:
    """The page's address; whatever isn't a choice or a date is passed over."""

    who: str = ""
    kind: str = ""
    start: str = ""
    end: str = ""

    def read(self, timezone: str) -> AuditFilter:
        """Days are the practice's; `end` is included."""
        end = _day(self.end)
        return AuditFilter(
            staff_id=self.who.replace("\0", "") or None,
            kind=AuditKind(self.kind) if self.kind in list(AuditKind) else None,
            start=_midnight(_day(self.start), timezone),
            end=_midnight(end + timedelta(days=1) if end else None, timezone),
        )

    def link(self, path: str, **more: str | None) -> str:
        query = {"who": self.who, "kind": self.kind, "from": self.start, "to": self.end} | more
        return with_query(path, **{name: value or None for name, value in query.items()})


def audit_query(
    who: Annotated[str, Query(max_length=60)] = "",
    kind: Annotated[str, Query(max_length=60)] = "",
    start: Annotated[str, Query(alias="from", max_length=10)] = "",
    end: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> AuditQuery:
    return AuditQuery(who=who, kind=kind, start=start, end=end)


TheQuery = Annotated[AuditQuery, Depends(audit_query)]


@console_audit_router.get("", summary="Who did what, newest first")
async def audit_page(
    session: Transaction,
    frame: TheStaffFrame,
    asked: TheQuery,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    timezone = await timezone_of_practice(session, frame.staff.reach)
    wanted = asked.read(timezone)
    entries, further = await read_log(session, frame.staff.practice_id, wanted, before=before)
    return frame.render(
        "console/audit.html",
        entries=entries,
        further=further,
        asked=asked,
        filtered=wanted != AuditFilter(),
        paged=before is not None,
        timezone=timezone,
        staff=[row.member for row in await staff_of(session, frame.staff.practice_id)],
    )


@console_audit_router.get("/export.csv", summary="The audit log as a file, all that the filter finds")
async def audit_file(session: Transaction, office: TheOffice, frame: TheStaffFrame, asked: TheQuery) -> Response:
    wanted = asked.read(await timezone_of_practice(session, frame.staff.reach))
    practice_id = frame.staff.practice_id
    await note(session, office, frame.staff.who, AuditKind.AUDIT_EXPORTED)

    async def lines() -> AsyncIterator[str]:
        """Batch by batch: a log of years isn't held at once."""
        yield _line(COLUMNS)
        before: int | None = None
        while True:
            async with office.database.statements() as reading:
                entries, before = await read_log(reading, practice_id, wanted, before=before, limit=_BATCH)
            for one in entries:
                yield _line(_cells(one))
            if before is None:
                return

    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _cells(one: AuditEntry) -> tuple[str, ...]:
    cells = (one.kind, one.name, one.staff_id, one.role, one.object_id, one.address, one.request_id)
    return (one.at.astimezone(UTC).isoformat(), *(_harmless(cell or "") for cell in cells))


def _harmless(cell: str) -> str:
    """A name that a spreadsheet would take for a formula stays text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date | None, timezone: str) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(timezone)) if day else None
