"""Clients who wait for a time: wishes for exactly one slot, by a clock that shows day."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.driver import Person, Provider, World, ok, text_of, until

SUBJECT = "has become free"
LENGTH = timedelta(minutes=50)
_ZONES = (
    *("Pacific/Auckland", "Asia/Tokyo", "Asia/Kolkata", "Europe/Athens", "Atlantic/Azores", "America/New_York"),
    *("America/Los_Angeles", "Pacific/Honolulu"),
)


async def by_day(world: World) -> str:
    """A zone in which it is day, and will be for the next hours: nobody is offered anything at night."""
    now = await world.now()
    return next(one for one in _ZONES if 8 <= now.astimezone(ZoneInfo(one)).hour <= 13)


async def whole_times(world: World, person: Person, *, least: timedelta = timedelta(days=2)) -> list[str]:
    """Free slots, some days ahead, that lie within one day there."""
    zone = ZoneInfo(await by_day(world))
    ahead = [one for one in await person.slots() if datetime.fromisoformat(one) >= await world.now() + least]
    return [one for one in ahead if _local(one, zone).date() == (_local(one, zone) + LENGTH).date()]


async def one_after_the_other(world: World, person: Person) -> tuple[str, str]:
    """Two of them, an hour apart, on one day there."""
    zone = ZoneInfo(await by_day(world))
    slots = await whole_times(world, person)
    hour = timedelta(hours=1)
    return next(
        (one, two)
        for one, two in itertools.pairwise(slots)
        if _local(two, zone) - _local(one, zone) == hour and _local(one, zone).date() == _local(two, zone).date()
    )


def _local(slot: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(slot).astimezone(zone)


async def wish_for(world: World, slot: str) -> dict[str, Any]:
    """For this time and no other."""
    timezone = await by_day(world)
    start = _local(slot, ZoneInfo(timezone))
    day = start.date().isoformat()
    times = {"start": f"{start:%H:%M}", "end": f"{start + LENGTH:%H:%M}"}
    return {"from": day, "until": day, **times, "timezone": timezone}


async def invited(world: World, provider: Provider, count: int) -> list[Person]:
    """So many clients with an account; side by side, since each of them waits for a mail."""
    return list(await asyncio.gather(*(world.invited_client(provider) for _ in range(count))))


async def waits_for(person: Person, slot: str, **more: Any) -> Any:
    body = {**await wish_for(person.world, slot), **more}
    return ok(await person.request("PUT", "/api/v1/portal/waitlist", json=body))["wish"]


async def waitlist_of(person: Person) -> Any:
    return await person.get("/api/v1/portal/waitlist")


async def offered(person: Person) -> Any:
    """The offer that is held for them, once there is one."""

    async def look() -> Any:
        return (await waitlist_of(person))["offer"]

    return await until(look, "a time to be held")


async def offer_link(world: World, person: Person) -> str:
    """The page behind the link of the newest offer's mail."""
    found = re.search(r"/offers/[\w.-]+", text_of(await world.mail(person.address, SUBJECT)))
    assert found is not None
    return found.group()


async def booked_at(person: Person, slot: str) -> Any:
    """Where no fee is asked."""
    appointment = ok(await person.book(slot), 201, 202)
    return await person.in_state(appointment["id"], "booked")


async def cancel(person: Person, appointment: Any) -> None:
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))


async def without_fee(provider: Provider) -> None:
    await provider.change(require_fee=False, require_intake=False, cancel_notice_minutes=0)


async def closes(provider: Provider, slot: str) -> None:
    """The provider closes the day of the slot, as a single date without hours."""
    path = f"/api/v1/providers/{provider.slug}/availability"
    hours = await provider.get(path)
    day = datetime.fromisoformat(slot).astimezone(ZoneInfo(hours["timezone"])).date()
    closed = {"date": day.isoformat(), "intervals": []}
    ok(await provider.request("PUT", path, json=hours | {"overrides": [*hours["overrides"], closed]}))


def offers(world: World, provider: Provider) -> list[dict[str, Any]]:
    query = """SELECT o.* FROM waitlist_offer o JOIN provider p ON p.id = o.provider_id
        WHERE p.slug = %s ORDER BY o.offered_at, o.starts_at"""
    return world.rows(query, provider.slug)
