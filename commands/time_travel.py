"""Advancing the stack's one clock: pages, SQL, the simulator and every open workflow (never in production)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from commands.office import Office
from db.telling import is_any_untold
from dispatch.time_travel import check_engine, fast_forward_all
from domain.errors import EngineUnavailable, NotFound, ValidationFailed

_FARTHEST = timedelta(days=400)
_LOOK_EVERY_SECONDS, _LOOKS = 0.05, 200


async def advance(office: Office, engine: Client, seconds: object) -> datetime:
    """The new business time. Raises NotFound in production, ValidationFailed, EngineUnavailable.

    The stored offset moves first, so that what journeys do on their way is never ahead of pages and SQL.
    """
    if office.environment == "production" or office.shift_processor_clock is None:
        raise NotFound("There is nothing here.")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds <= _FARTHEST.total_seconds():
        raise ValidationFailed.of("seconds", f"must be a whole number between 1 and {int(_FARTHEST.total_seconds())}")
    by = timedelta(seconds=seconds)
    try:
        # Before anything moves: pages and journeys go together or not at all.
        await check_engine(engine)
    except (RPCError, RuntimeError, TimeoutError):
        raise EngineUnavailable("away") from None
    await _until_told(office)
    async with office.database.transaction() as session:
        offset = await office.clock.advance(session, by)
    await office.shift_processor_clock(int(offset.total_seconds()))
    try:
        await fast_forward_all(engine, by)
    except (RPCError, RuntimeError, TimeoutError):
        raise EngineUnavailable("away") from None
    async with office.database.transaction() as session:
        return await office.clock.now(session)


async def _until_told(office: Office) -> None:
    """What was done before the time moves happened before it, for journeys too. What can't be told holds nothing up."""
    async with office.database.statements() as session:
        for _ in range(_LOOKS):
            if not await is_any_untold(session):
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
