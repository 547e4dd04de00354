"""Time off, holidays and single dates: they close what clients can book, and touch nothing that is booked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.driver import Provider, World, ok, problem

NEW_YORK = ZoneInfo("America/New_York")


def path_of(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/availability"


def day_of(starts_at: str) -> str:
    """The date at the seeded provider's."""
    return datetime.fromisoformat(starts_at).astimezone(NEW_YORK).date().isoformat()


async def days_on_offer(world: World, provider: Provider) -> set[str]:
    now = await world.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=30)).isoformat()}
    slots = (await provider.get(f"/api/v1/providers/{provider.slug}/slots", params=window))["slots"]
    return {day_of(slot["starts_at"]) for slot in slots}


async def save(provider: Provider, **changes: Any) -> Any:
    document = {**await provider.get(path_of(provider)), **changes}
    return ok(await provider.request("PUT", path_of(provider), json=document))


async def test_time_off_closes_its_days_and_the_claim_refuses_them(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    slots = await person.slots()
    first, last = day_of(slots[0]), day_of(slots[-1])
    assert await days_on_offer(world, provider) >= {first, last}
    await save(provider, time_off=[{"first_day": first, "last_day": last, "note": "Skiing"}])
    assert {day for day in await days_on_offer(world, provider) if first <= day <= last} == set()
    problem(await person.book(slots[-1]), "slot-unavailable", 409)
    refused = await provider.request(
        "POST", "/api/v1/appointments", json={"client_id": person.client_id, "starts_at": slots[-1]}
    )
    problem(refused, "slot-unavailable", 409)


async def test_the_old_shape_keeps_what_it_does_not_name(world: World, provider: Provider) -> None:
    before = await provider.get(path_of(provider))
    assert set(before) == {"timezone", "weekly", "overrides"}
    time_off = [{"first_day": "2031-05-01", "last_day": "2031-05-03"}]
    await save(provider, time_off=time_off, open_on_holidays=["2031-12-25"])
    after = ok(await provider.request("PUT", path_of(provider), json=before))
    assert after == {**before, "time_off": time_off, "open_on_holidays": ["2031-12-25"]}
    assert await save(provider, time_off=[], open_on_holidays=[]) == before


async def test_a_holiday_closes_all_providers_but_those_who_stay_open(world: World, provider: Provider) -> None:
    await provider.change(require_fee=False)
    person = await world.invited_client(provider)
    slots = await person.slots()
    booked = ok(await person.book(slots[-1]), 201, 202)
    await person.in_state(booked["id"], "booked")
    days = sorted(await days_on_offer(world, provider))
    holiday, other = days[5], days[6]
    on_other = next(slot for slot in slots if day_of(slot) == other)
    path = "/api/v1/practice/holidays"
    assert await provider.get(path) == {"holidays": []}
    document = {"holidays": [{"date": holiday, "name": "Founders' Day"}, {"date": other, "name": "Move"}]}
    answer = await provider.request("PUT", path, json=document)
    assert (ok(answer), answer.headers["etag"]) == (document, '"1"')
    stale = await provider.request("PUT", path, json=document, headers={"If-Match": '"0"'})
    problem(stale, "conflict", 412)
    problem(await provider.request("PUT", path, json={"holidays": [{"date": "soon", "name": ""}]}), "validation", 422)
    assert set(days) - await days_on_offer(world, provider) == {holiday, other}
    await save(provider, open_on_holidays=[holiday])
    assert set(days) - await days_on_offer(world, provider) == {other}
    problem(await person.book(on_other), "slot-unavailable", 409)
    move = f"/api/v1/portal/appointments/{booked['id']}/move"
    problem(await person.request("POST", move, json={"starts_at": on_other}), "slot-unavailable", 409)
    stranger = await world.new_provider()
    assert other in await days_on_offer(world, stranger)


async def test_what_a_change_closes_is_shown_before_and_stands_after(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    await provider.change(require_fee=False)
    slots = await person.slots()
    booked = ok(await person.book(slots[-1]), 201, 202)
    await person.in_state(booked["id"], "booked")
    day = day_of(slots[-1])
    hours = await provider.get(path_of(provider))

    async def closed_by(path: str, document: Any) -> list[str]:
        return [one["id"] for one in ok(await provider.request("POST", f"{path}/preview", json=document))["items"]]

    off = {**hours, "time_off": [{"first_day": day, "last_day": day}]}
    assert await closed_by(path_of(provider), off) == [booked["id"]]
    assert await closed_by(path_of(provider), hours) == []
    assert await closed_by(path_of(provider), {**hours, "weekly": []}) == [booked["id"]]
    holiday = {"holidays": [{"date": day, "name": "Closed"}]}
    assert await closed_by("/api/v1/practice/holidays", holiday) == [booked["id"]]
    refused = await provider.request("POST", f"{path_of(provider)}/preview", json={**hours, "weekly": [{}]})
    problem(refused, "validation", 422)
    assert await provider.get(path_of(provider)) == hours, "looking saves nothing"

    ok(await provider.request("PUT", path_of(provider), json=off))
    assert (await person.appointment(booked["id"]))["status"] == "booked"
    assert await closed_by(path_of(provider), {**off, "weekly": []}) == [], "closed already: not by this change"
    moved = {"starts_at": slots[0]}
    ok(await person.request("POST", f"/api/v1/portal/appointments/{booked['id']}/move", json=moved))
    assert day not in await days_on_offer(world, provider)


async def test_who_changed_the_hours_is_written_down(world: World, provider: Provider) -> None:
    await save(provider, time_off=[{"first_day": "2031-05-01", "last_day": "2031-05-03"}])
    ok(await provider.request("PUT", "/api/v1/practice/holidays", json={"holidays": []}))
    rows = world.rows(
        "SELECT object_id FROM audit_entry WHERE practice_id = %s AND kind = 'settings_saved'"
        " ORDER BY seq DESC LIMIT 2",
        provider.seeded.practice_id,
    )
    assert [row["object_id"][:4] for row in rows] == ["prc_", "prv_"]
