"""The practice's holidays: one versioned document, the highest version in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Practice, PracticeHolidaysVersion
from domain.errors import Conflict
from domain.holidays import Holidays, parse_holidays


async def load_holidays(session: AsyncSession, practice_id: str) -> tuple[int, Holidays]:
    """The version and what it says; version 0 and none while nothing has been saved."""
    query = select(PracticeHolidaysVersion).where(PracticeHolidaysVersion.practice_id == practice_id)
    row = await session.scalar(query.order_by(PracticeHolidaysVersion.version.desc()).limit(1))
    return (row.version, parse_holidays(row.document)) if row else (0, Holidays())


async def save_holidays(
    session: AsyncSession,
    practice_id: str,
    holidays: Holidays,
    *,
    saved_by: str,
    now: datetime,
    expected_version: int | None = None,
) -> int:
    """The new version's number. Raises Conflict when somebody else saved since `expected_version`."""
    # The practice's row serialises savers, so that two can't make the same version.
    await session.execute(select(Practice.id).where(Practice.id == practice_id).with_for_update())
    version, _ = await load_holidays(session, practice_id)
    if expected_version is not None and expected_version != version:
        raise Conflict("Somebody else has saved the holidays meanwhile. Please look at theirs first.", version=version)
    session.add(
        PracticeHolidaysVersion(
            practice_id=practice_id,
            version=version + 1,
            document=holidays.as_document(),
            saved_by=saved_by,
            saved_at=now,
        )
    )
    await session.flush()
    return version + 1
