"""Reconciliation of what goes on in providers' calendars: days that are called off, and waitlists with offers."""

from __future__ import annotations

from activities.comparing_money import each
from commands.reconciling import Compared
from db import loose_ends
from domain.reconciliation import Finding, Matter, Remedy
from workflows.naming import called_off_days_id, waitlist_id

_Facts = dict[str, str]


async def compare_calendars(given: Compared) -> list[Finding]:
    """What the records say is under way, and nobody works at in Temporal."""
    days, lists = await _under_way(given)
    findings = await each(days.items(), lambda one: _called_off(given, *one))
    return findings + await each(lists.items(), lambda one: _waitlist(given, *one))


async def _under_way(given: Compared) -> tuple[dict[str, _Facts], dict[str, _Facts]]:
    """Days called off, by their id, and waitlists, by the provider's."""
    async with given.database.transaction() as session:
        called_off = await loose_ends.called_off_unfinished(session, given.moments.settled)
        waitlists = await loose_ends.waitlists_under_way(session, given.moments.settled, given.moments.now)
    days = {row.id: {"provider": row.provider_id, "newest": str(row.newest)} for row in called_off}
    lists = {row.provider_id: {"practice": row.practice_id, "newest": str(row.newest)} for row in waitlists}
    return days, lists


async def _called_off(given: Compared, called_off_id: str, facts: _Facts) -> Finding | None:
    run = await given.engine.look(called_off_days_id(called_off_id))
    if run is not None and run.running:
        return None
    if (await _under_way(given))[0].get(called_off_id) != facts:
        return None  # it has come to its end between the two looks
    matter, remedy = Matter.CALLED_OFF_MISSING, Remedy.START_CALLED_OFF
    if run is not None and run.terminated:
        matter, remedy = Matter.CALLED_OFF_TERMINATED, Remedy.NOTE
    elif run is not None:
        # It came to an end of which the records know nothing: clients have been told something else.
        remedy = Remedy.PERSON
    return Finding(matter=matter, remedy=remedy, subject=called_off_id, facts=facts)


async def _waitlist(given: Compared, provider_id: str, facts: _Facts) -> Finding | None:
    """However it ended in the state that came back: the next look goes by the records."""
    run = await given.engine.look(waitlist_id(provider_id))
    if run is not None and run.running:
        return None
    if (await _under_way(given))[1].get(provider_id) != facts:
        return None
    matter, remedy = Matter.WAITLIST_MISSING, Remedy.RING_WAITLIST
    if run is not None and run.terminated:
        matter, remedy = Matter.WAITLIST_TERMINATED, Remedy.NOTE
    return Finding(matter=matter, remedy=remedy, subject=provider_id, facts=facts)
