"""The availability page in a browser: hours, dates, time off and holidays, by keyboard, on a phone, without scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World, ok
from tests.e2e.test_availability import day_of, path_of
from tests.e2e.test_settings_pages import card, staff_page


async def open_page(world: World, provider: Provider, chromium: Browser, kind: dict[str, Any]) -> Page:
    path = f"/console/providers/{provider.slug}/availability"
    page = await staff_page(world, provider, chromium, kind, path)
    await fits(page)
    return page


@pytest.mark.parametrize("kind", [DESK, PHONE, WITHOUT_SCRIPTS], ids=["desk", "phone", "without-scripts"])
async def test_the_hours_are_changed_and_undone(
    world: World, provider: Provider, browser: Browser, kind: dict[str, Any]
) -> None:
    page = await open_page(world, provider, browser, kind)
    before = await provider.get(path_of(provider))
    hours = card(page, "hours")
    await expect(page.locator("main")).to_contain_text("New York time")
    await hours.get_by_label("Monday, 2: to").fill("20:00")
    await hours.get_by_role("button", name="More hours on Monday").click()
    await hours.get_by_label("Monday, 3: from").fill("21:00")
    await hours.get_by_label("Monday, 3: to").fill("19:00")
    await hours.get_by_role("button", name="Save the weekly hours").click()
    await expect(page.get_by_role("alert")).to_contain_text("Monday, to: Must be after the start")
    await expect(hours.get_by_label("Monday, 2: to")).to_have_value("20:00")
    await fits(page)
    await hours.get_by_label("Monday, 3: to").fill("00:00")
    await hours.get_by_label("Monday, 3: to").press("Enter")
    await expect(hours.get_by_role("status")).to_contain_text("Saved")
    monday = [one for one in (await provider.get(path_of(provider)))["weekly"] if one["weekday"] == "monday"]
    assert [(one["start"], one["end"]) for one in monday] == [
        ("09:00", "12:00"),
        ("13:00", "20:00"),
        ("21:00", "24:00"),
    ]
    await hours.get_by_role("button", name="Undo").click()
    await expect(page.locator("main")).to_contain_text("Undone")
    assert await provider.get(path_of(provider)) == before
    await page.context.close()


async def test_time_off_over_a_booked_day_says_so_and_leaves_it_standing(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.invited_client(provider)
    await provider.change(require_fee=False)
    booked = ok(await person.book(), 201, 202)
    await person.in_state(booked["id"], "booked")
    day = day_of(booked["starts_at"])
    page = await open_page(world, provider, browser, PHONE)
    off = card(page, "time-off")
    await off.get_by_text("Add time off").click()
    await off.get_by_label("First day").fill(day)
    await off.get_by_label("Note").fill("At a congress")
    await off.get_by_role("button", name="Save the time off").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Before this is saved")
    await expect(page.locator("main")).to_contain_text("closes the time of 1 booked appointment. It stands")
    await fits(page)
    assert "time_off" not in await provider.get(path_of(provider))
    await page.get_by_role("button", name="Save it").click()
    await expect(off).to_contain_text("At a congress")
    outside = card(page, "outside")
    await expect(outside).to_contain_text("Ines Invited")
    assert (await person.appointment(booked["id"]))["status"] == "booked"
    await fits(page)
    await outside.get_by_role("link", name="Move").click()
    await page.locator("input[name=starts_at]").first.check(force=True)
    await page.get_by_role("button", name="Move", exact=True).first.click()
    await expect(page.locator("main")).to_contain_text("new time")
    await page.goto(f"{world.base_url}/console/providers/{provider.slug}/availability")
    await expect(outside).to_have_count(0)
    await off.get_by_role("button", name="Remove the time off").click()
    await expect(off).to_contain_text("No time off ahead")
    await page.context.close()


async def test_single_dates_and_holidays(world: World, provider: Provider, browser: Browser) -> None:
    today = (await world.now()).date()
    day, holiday = ((today + timedelta(days=ahead)).isoformat() for ahead in (40, 50))
    page = await open_page(world, provider, browser, DESK)
    dates = card(page, "dates")
    await dates.get_by_text("Add a date").click()
    await dates.get_by_role("button", name="Save the date").click()
    await expect(dates.get_by_role("alert")).to_contain_text("Must be a date")
    await dates.get_by_label("Date", exact=True).fill(day)
    await dates.get_by_label("Hours 1: from").fill("10:00")
    await dates.get_by_label("Hours 1: to").fill("12:30")
    await dates.get_by_role("button", name="Save the date").click()
    await expect(dates).to_contain_text("10:00 AM to 12:30 PM")
    await card(page, "holidays").get_by_role("link", name="Holidays of the practice").click()
    await expect(page.locator("#ahead")).to_contain_text("No holidays yet")
    await fits(page)
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_contain_text("Must be a date")
    await page.get_by_label("Name").fill("Staff outing")
    await page.get_by_label("Date", exact=True).fill(holiday)
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("#ahead")).to_contain_text("Staff outing")
    await page.goto(f"{world.base_url}/console/providers/{provider.slug}/availability")
    holidays = card(page, "holidays")
    await expect(holidays).to_contain_text("Staff outing: closed")
    await holidays.get_by_role("button", name="Stay open").click()
    await expect(holidays).to_contain_text("open all the same")
    document = await provider.get(path_of(provider))
    assert document["open_on_holidays"] == [holiday]
    assert document["overrides"] == [{"date": day, "intervals": [{"start": "10:00", "end": "12:30"}]}]
    await page.goto(f"{world.base_url}/console/holidays")
    await expect(page.locator("#ahead")).to_contain_text("open all the same: Provider")
    await page.get_by_role("button", name="Remove Staff outing").click()
    await expect(page.locator("#ahead")).to_contain_text("No holidays yet")
    await page.context.close()


async def test_two_who_change_the_hours_at_once_are_told(world: World, provider: Provider, browser: Browser) -> None:
    page = await open_page(world, provider, browser, DESK)
    document = await provider.get(path_of(provider))
    ok(await provider.request("PUT", path_of(provider), json={**document, "overrides": []}))
    await card(page, "hours").get_by_role("button", name="Save the weekly hours").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile")
    await page.context.close()
