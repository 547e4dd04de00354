"""Busy times from a provider's calendar elsewhere: they block what clients can book, and its failures are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.driver import Provider, World, ok, problem, until
from tests.outside import calendar_of, elsewhere
from tests.staffing import owner_of
from workflows.naming import READ_CALENDARS


def busy_at(starts_at: str, *more: str) -> str:
    start = datetime.fromisoformat(starts_at).astimezone(UTC)
    end = start + timedelta(minutes=30)
    return "\r\n".join((f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}", "SUMMARY:Dentist", *more))


def row(world: World, provider: Provider) -> dict[str, Any]:
    query = "SELECT * FROM busy_calendar WHERE provider_id = (SELECT id FROM provider WHERE slug = %s)"
    return world.rows(query, provider.slug)[0]


async def read_by_the_schedule(world: World, provider: Provider) -> None:
    """As if the minutes until the next reading had passed."""
    provider_id = row(world, provider)["provider_id"]
    past = "asked_at - interval '1 day'"
    world.execute(f"UPDATE busy_calendar SET asked_at = {past} WHERE provider_id = '{provider_id}'")
    before = row(world, provider)["asked_at"]
    await (await world.engine()).get_schedule_handle(READ_CALENDARS).trigger()

    async def read() -> bool:
        return bool(row(world, provider)["asked_at"] > before)

    await until(read, "the calendar to be read")


async def test_busy_times_block_until_they_are_gone_and_a_calendar_that_fails_is_told_of(
    world: World, provider: Provider
) -> None:
    await provider.change(require_fee=False, max_simultaneous_appointments=3)
    person = await world.invited_client(provider)
    owner, home = await owner_of(provider), f"/console/providers/{provider.slug}/calendars"
    first, second, third = (await person.slots())[-3:]
    async with elsewhere() as there:
        refusal = await owner.submit(home, f"{home}/busy", address="http://192.168.1.1/my.ics")
        assert refusal.status_code == 422
        assert "may not be read from here" in refusal.text
        refusal = await owner.submit(home, f"{home}/busy", address=there.address)
        assert "there is no calendar at that address" in refusal.text
        there.publish(calendar_of(busy_at(first), busy_at(third, "TRANSP:TRANSPARENT")), 'ETag: "1"')
        assert (await owner.submit(home, f"{home}/busy", address=there.address)).status_code == 303
        assert (await person.slots())[-2:] == [second, third]
        problem(await person.book(first), "slot-unavailable", 409)
        booked = ok(await person.book(second), 201, 202)
        await person.in_state(booked["id"], "booked")
        move = f"/api/v1/portal/appointments/{booked['id']}/move"
        problem(await person.request("POST", move, json={"starts_at": first}), "slot-unavailable", 409)
        seen = await owner.page(f"/console/calendar?view=day&on={first[:10]}")
        assert "Busy elsewhere" in seen
        staff = f"/api/v1/appointments/{booked['id']}/move"
        body = {"starts_at": first, "override_reason": "The dentist has called off."}
        ok(await provider.request("POST", staff, json=body))

        await read_by_the_schedule(world, provider)
        assert 'If-None-Match: "1"' in there.asked[-1]
        assert second in await person.slots()
        there.publish(calendar_of(busy_at(second)), 'ETag: "2"')
        await read_by_the_schedule(world, provider)
        slots = await person.slots()
        assert second not in slots
        assert third in slots

        there.publish(b"", status=404)
        await read_by_the_schedule(world, provider)
        assert row(world, provider)["failure"] == "not_found"
        assert second not in await person.slots(), "the last good copy stays"
        attention = await owner.page("/console/attention")
        assert "calendar elsewhere" in attention
        assert "The copy of" in await owner.page(home)
        await read_by_the_schedule(world, provider)
        told = "SELECT settled_at FROM attention_item WHERE step = 'busy_calendar' AND provider_id = %s"
        provider_id = row(world, provider)["provider_id"]
        assert [one["settled_at"] for one in world.rows(told, provider_id)] == [None], "once"
        there.publish(calendar_of(), 'ETag: "3"')
        assert (await owner.submit(home, f"{home}/busy/look")).headers["location"].endswith("done=busy-read")
        assert world.rows(told, provider_id)[0]["settled_at"] is not None
        assert second in await person.slots()
        stored = world.rows("SELECT sealed_address FROM busy_calendar WHERE provider_id = %s", provider_id)[0]
        assert there.address.encode() not in bytes(stored["sealed_address"])

        there.publish(calendar_of(busy_at(third)))
        await owner.submit(home, f"{home}/busy/look")
        assert third not in await person.slots()
        assert (await owner.submit(home, f"{home}/busy/remove")).status_code == 303
        assert third in await person.slots()
    stranger = await owner_of(await world.new_provider())
    assert (await stranger.request("GET", home)).status_code == 404
