"""A provider's calendar by secret address: made, read, changed, renewed and revoked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import httpx
from icalendar import Calendar

from tests.driver import Provider, World, ok
from tests.staffing import Colleague, colleague, owner_of


async def make(owner: Colleague, home: str, names: str) -> str:
    answer = await owner.submit(home, f"{home}/feed", action="make", names=names)
    found = re.search(r'value="(\S+/calendar/[\w-]+\.ics)"', answer.text)
    assert found is not None, answer.text[:500]
    return found.group(1)


def events(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


async def test_a_calendar_is_subscribed_to_until_it_is_revoked(world: World, provider: Provider) -> None:
    person, booked = await world.booked_client(provider)
    owner, home = await owner_of(provider), f"/console/providers/{provider.slug}/calendars"
    address = await make(owner, home, "initials")
    assert address.rpartition("/")[2] not in await owner.page(home), "it is told once"
    assert "Not yet" in await owner.page(home)
    first = await world.http.get(address)
    (event,) = events(first)
    assert (event["SUMMARY"], event["SEQUENCE"], event["STATUS"]) == ("A. A.", 0, "CONFIRMED")
    assert "no-store" not in first.headers["cache-control"]
    assert person.address not in first.text
    assert "Not yet" not in await owner.page(home)
    again = await world.http.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    free = (await person.slots())[-2]
    path = f"/api/v1/portal/appointments/{booked['id']}"
    ok(await person.request("POST", f"{path}/move", json={"starts_at": free}))
    ok(await person.request("POST", f"{path}/cancel"))
    changed = await world.http.get(address, headers={"If-None-Match": first.headers["etag"]})
    (last,) = events(changed)
    assert (last["UID"], last["STATUS"]) == (event["UID"], "CANCELLED")
    assert last["SEQUENCE"] == 2
    assert last["DTSTART"].dt == datetime.fromisoformat(free)

    assert (await owner.submit(home, f"{home}/feed", action="names", names="nothing")).status_code == 303
    assert events(await world.http.get(address))[0]["SUMMARY"] == "Appointment"
    other = await make(owner, home, "nothing")
    gone = await world.http.get(address)
    invented = await world.http.get(f"{world.base_url}/calendar/{'x' * 43}.ics")
    assert (gone.status_code, invented.status_code) == (404, 404)
    assert gone.text == invented.text, "nothing tells that there has been one"
    assert len(events(await world.http.get(other))) == 1
    await owner.submit(home, f"{home}/feed/revoke")
    assert (await world.http.get(other)).text == invented.text
    rows = world.rows(
        "SELECT kind FROM audit_entry WHERE object_id = (SELECT id FROM provider WHERE slug = %s) ORDER BY at",
        provider.slug,
    )
    noted = [one["kind"] for one in rows if one["kind"].startswith("calendar_feed")]
    assert noted == ["calendar_feed_made", "calendar_feed_made", "calendar_feed_revoked"]
    desk = await colleague(owner, "front_desk")
    assert (await desk.request("GET", home)).status_code == 403


def logged(world: World) -> bytes:
    return b"".join(one.read_bytes() for one in world.stack.plan.state_dir.rglob("*.log"))


async def test_the_address_is_in_no_log_and_is_not_read_without_end(world: World, provider: Provider) -> None:
    owner, home = await owner_of(provider), f"/console/providers/{provider.slug}/calendars"
    address = await make(owner, home, "nothing")
    token = address.rpartition("/")[2].removesuffix(".ics")
    for _ in range(60):
        assert (await world.http.get(address)).status_code == 200
    refused = await world.http.get(address)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert token.encode() not in logged(world)
    assert world.rows("SELECT 1 FROM calendar_feed WHERE token_hash = %s", token) == []
