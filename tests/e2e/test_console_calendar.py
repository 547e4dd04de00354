"""A provider's calendar on the console: who comes when, and moving without dragging, also without scripts."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, expect

from tests.browsers import DESK, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World, ok
from tests.e2e.test_settings_pages import staff_page
from tests.staffing import colleague, owner_of


async def test_an_appointment_is_moved_on_the_calendar_without_scripts(
    world: World, provider: Provider, browser: Browser
) -> None:
    person, booked = await world.booked_client(provider)
    day = booked["starts_at"][:10]
    page = await staff_page(world, provider, browser, WITHOUT_SCRIPTS, f"/console/calendar?view=week&on={day}")
    await expect(page.locator("main")).to_contain_text("Times are in New York time")
    await fits(page)
    await page.get_by_role("link", name="Ana Anonymous").click()
    await page.locator("#chosen").get_by_role("link", name="Move").click()
    await expect(page.locator("#chosen")).to_contain_text("A new time for Ana Anonymous")
    await fits(page)
    free = page.locator("li.free a")
    wanted = parse_qs(urlsplit(await free.first.get_attribute("href") or "").query)["at"][0]
    assert datetime.fromisoformat(wanted) != datetime.fromisoformat(booked["starts_at"])
    await free.first.click()
    await expect(page.get_by_role("heading", level=2).first).to_have_text("Move it to this time?")
    assert (await person.appointment(booked["id"]))["revision"] == 0, "nothing has happened before it is confirmed"
    await page.get_by_role("button", name="Move it").click()
    await expect(page.get_by_role("status")).to_contain_text("new time")
    assert urlsplit(page.url).path == "/console/calendar"
    await expect(page.locator("li.visit.chosen")).to_contain_text("Ana Anonymous")
    moved = await person.appointment(booked["id"])
    assert datetime.fromisoformat(moved["starts_at"]) == datetime.fromisoformat(wanted)
    await page.context.close()


async def test_the_calendar_shows_states_closings_and_those_who_overlap(
    world: World, provider: Provider, browser: Browser
) -> None:
    await provider.change(require_fee=False, max_simultaneous_appointments=2)
    one, other = [await world.invited_client(provider) for _ in range(2)]
    at = (await one.slots())[-1]
    booked = [ok(await person.book(at), 201, 202) for person in (one, other)]
    for person, appointment in zip((one, other), booked, strict=True):
        await person.in_state(appointment["id"], "booked")
    world.execute(f"UPDATE appointment SET status = 'noshow' WHERE id = '{booked[1]['id']}'")
    path = f"/api/v1/providers/{provider.slug}/availability"
    next_day = (datetime.fromisoformat(at) + timedelta(days=1)).date().isoformat()
    off = {"first_day": next_day, "last_day": next_day, "note": "At a congress"}
    ok(await provider.request("PUT", path, json={**await provider.get(path), "time_off": [off]}))
    calendar = f"/console/calendar?view=day&on={at[:10]}"
    page = await staff_page(world, provider, browser, DESK, calendar)
    boxes = [await found.bounding_box() for found in await page.locator("li.visit").all()]
    assert len(boxes) == 2
    left, right = sorted((box for box in boxes if box), key=lambda box: box["x"])
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"] + 1
    await expect(page.locator("li.noshow")).to_contain_text("Missed")
    await page.get_by_role("link", name="Day after").click()
    await expect(page.locator("main")).to_contain_text("Time off: At a congress")
    await expect(page.locator("main")).to_contain_text("No appointments on this day")
    await page.context.close()
    stranger = await owner_of(await world.new_provider())
    foreign = await stranger.request("GET", f"/console/calendar?chosen={booked[0]['id']}")
    assert foreign.status_code == 404
    assert (await stranger.request("GET", f"/console/calendar?provider={provider.slug}")).status_code == 404
    desk = await colleague(await owner_of(provider), "front_desk")
    seen = await desk.page(f"/console/calendar?provider={provider.slug}&view=day&on={next_day}")
    assert "Time off" in seen
    assert "congress" not in seen, "the note is for those who may change the hours"
