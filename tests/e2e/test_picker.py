"""Choosing a time as a client sees it: by day, on one's own clock, with the way on where a time is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import PASSWORD, Person, Provider, World, ok

TOKYO = {"timezone_id": "Asia/Tokyo"}
AT_HOME = {"timezone_id": "America/New_York"}


async def portal_page(chromium: Browser, person: Person, kind: dict[str, Any], path: str = "/portal/book") -> Page:
    context = await chromium.new_context(**kind)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    base = person.world.base_url
    await page.goto(f"{base}/portal/sign-in")
    await page.locator("input[name=email]").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    await page.goto(f"{base}{path}")
    await fits(page)
    return page


async def shown(page: Page) -> list[str]:
    return [str(await one.get_attribute("value")) for one in await page.locator("#times input[name=starts_at]").all()]


def instants(times: list[str]) -> set[datetime]:
    return {datetime.fromisoformat(one) for one in times}


@pytest.mark.parametrize("kind", [DESK | AT_HOME, PHONE | AT_HOME, WITHOUT_SCRIPTS], ids=["desk", "phone", "plain"])
async def test_day_by_day_the_picker_shows_what_is_free(
    world: World, provider: Provider, browser: Browser, kind: dict[str, Any]
) -> None:
    person = await world.invited_client(provider)
    slots = await person.slots()
    zone = ZoneInfo("America/New_York")
    by_day: dict[str, set[datetime]] = {}
    for one in instants(slots):
        by_day.setdefault(one.astimezone(zone).date().isoformat(), set()).add(one)
    days = sorted(by_day)
    page = await portal_page(browser, person, kind)
    await expect(page.locator("main")).to_contain_text("Times are in New York time (EST).")
    for day in days[:3]:
        assert instants(await shown(page)) == by_day[day]
        await fits(page)
        await page.get_by_role("link", name="Later:").click()
    await page.get_by_role("link", name="See a whole week").click()
    week = instants(await shown(page))
    assert week > by_day[days[3]]
    assert week == {one for day in days for one in by_day[day] if one in week}
    await fits(page)
    await page.get_by_role("link", name="Later month").click()
    await expect(page.get_by_role("link", name="Earlier month")).to_be_visible()
    await page.context.close()


async def test_a_day_without_times_leads_to_the_next_that_has_some(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.invited_client(provider)
    path = f"/api/v1/providers/{provider.slug}/availability"
    today = (await world.now()).astimezone(ZoneInfo("America/New_York")).date()
    back = today + timedelta(days=75)
    back += timedelta(days=(7 - back.weekday()) % 7)  # a Monday
    off = {"first_day": today.isoformat(), "last_day": (back - timedelta(days=1)).isoformat()}
    ok(await provider.request("PUT", path, json={**await provider.get(path), "time_off": [off]}))
    page = await portal_page(browser, person, PHONE | AT_HOME, f"/portal/book?on={today + timedelta(days=3)}")
    await expect(page.locator("#times")).to_contain_text("No free times on")
    await page.get_by_role("link", name="Next free day").click()
    await expect(page.locator("#times h2")).to_have_text(f"Monday, {back:%B} {back.day}")
    assert len(await shown(page)) == 7
    await page.goto(f"{world.base_url}/portal/book")
    await expect(page.locator("#times h2")).to_have_text(f"Monday, {back:%B} {back.day}")
    ok(await provider.request("PUT", path, json={**await provider.get(path), "weekly": []}))
    await page.reload()
    await expect(page.locator("main")).to_contain_text("There are no free times at the moment")
    await fits(page)
    await page.context.close()


async def test_times_are_on_the_clock_of_the_device_with_the_practice_s_beside(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.invited_client(provider)
    page = await portal_page(browser, person, PHONE | TOKYO)
    await expect(page.locator("main")).to_contain_text("Times are in Tokyo time (JST)")
    await expect(page.locator("main")).to_contain_text("New York (EST)")
    first = datetime.fromisoformat((await shown(page))[0])
    label = page.locator("#times label.time").first
    here, there = (first.astimezone(ZoneInfo(zone)) for zone in ("Asia/Tokyo", "America/New_York"))
    await expect(label).to_contain_text(f"{here.hour % 12 or 12}:{here:%M %p}")
    await expect(label.locator("small")).to_contain_text(f"{there.hour % 12 or 12}:{there:%M %p} EST")
    await expect(page.locator("#times h2")).to_have_text(f"{here:%A, %B} {here.day}")

    await page.get_by_text("Change the time zone").click()
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_role("button", name="Show times in this zone").click()
    await expect(page.locator("main")).to_contain_text("Times are in Berlin time (CET)")
    await page.goto(f"{world.base_url}/portal/book")
    # A choice stays, whatever the device says.
    await expect(page.locator("main")).to_contain_text("Berlin time")
    await page.locator("#times label.time").last.click()
    await page.get_by_role("button", name="Bill Pay").click()
    await page.wait_for_url(f"{world.endpoints['simulator_url']}/**")
    assert world.rows("SELECT timezone FROM client WHERE id = %s", person.client_id)[0]["timezone"] == "Europe/Berlin"
    await page.goto(f"{world.base_url}/portal")
    await expect(page.locator("main")).to_contain_text("CET on your clock")
    await page.context.close()


async def test_without_scripts_the_zone_is_chosen_by_hand(world: World, provider: Provider, browser: Browser) -> None:
    person = await world.invited_client(provider)
    page = await portal_page(browser, person, WITHOUT_SCRIPTS | TOKYO)
    await expect(page.locator("main")).to_contain_text("New York time (EST).")
    await page.goto(f"{world.base_url}/portal/book?zone=Asia/Kolkata")
    await expect(page.locator("main")).to_contain_text("Kolkata time (IST); beneath each")
    await page.goto(f"{world.base_url}/portal/book?zone=Mars/Olympus")
    await expect(page.locator("main")).to_contain_text("Kolkata time (IST)")
    await page.context.close()


@pytest.mark.parametrize("kind", [PHONE | AT_HOME, WITHOUT_SCRIPTS], ids=["phone", "plain"])
async def test_a_time_that_is_taken_meanwhile_leads_to_the_nearest_others(
    world: World, provider: Provider, browser: Browser, kind: dict[str, Any]
) -> None:
    await provider.change(require_fee=False)
    person, quicker = await world.invited_client(provider), await world.invited_client(provider)
    page = await portal_page(browser, person, kind)
    times = await shown(page)
    wanted = times[2]
    await page.locator(f"#times input[value='{wanted}']").check(force=True)
    ok(await quicker.book(wanted), 201, 202)
    await page.get_by_role("button", name="Book this time").click()
    await expect(page.get_by_role("alert")).to_contain_text("has just been taken")
    await fits(page)
    nearest = page.locator(".nearest")
    offered = [str(await one.get_attribute("value")) for one in await nearest.locator("input").all()]
    distances = [abs(datetime.fromisoformat(one) - datetime.fromisoformat(wanted)) for one in offered]
    assert len(offered) == 4
    assert wanted not in offered
    assert max(distances) <= timedelta(hours=4)
    await nearest.locator("label.time").first.click()
    await page.get_by_role("button", name="Book this time").click()
    await expect(page.locator("main")).to_contain_text("Your appointment")
    rows = (await person.get("/api/v1/portal/appointments"))["items"]
    assert instants([rows[0]["starts_at"]]) == instants([offered[0]])
    await page.context.close()


async def test_a_hold_counts_down_and_is_made_longer_once(world: World, provider: Provider, browser: Browser) -> None:
    await provider.change(hold_minutes=10)
    person = await world.invited_client(provider)
    appointment = ok(await person.book(), 201, 202)
    await person.checkout(appointment["id"])
    path = f"/portal/appointments/{appointment['id']}"
    page = await portal_page(browser, person, PHONE | AT_HOME, path)
    clock = page.locator("[data-clock]")
    await expect(clock).to_be_visible()
    assert (await clock.inner_text()).startswith("9:")
    assert await page.locator(".countdown [role=status]").count() == 1
    assert await page.locator("meta[http-equiv=refresh]").count() == 0, "nothing reloads under a reader's hands"
    button = page.get_by_role("button", name="I need more time")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("You have more time to pay")
    assert (await clock.inner_text()).startswith("19:")
    await expect(button).to_have_count(0)
    await expect(page.locator("main")).to_contain_text("this is the end of it")
    await fits(page)
    await page.context.close()

    plain = await portal_page(browser, person, WITHOUT_SCRIPTS, path)
    await expect(plain.locator("main")).to_contain_text("Held for you until")
    await plain.context.close()


async def test_where_the_practice_books_the_portal_says_how_to_reach_it(
    world: World, provider: Provider, browser: Browser
) -> None:
    await provider.change(require_fee=False)
    person = await world.invited_client(provider)
    booked = ok(await person.book(), 201, 202)
    await person.in_state(booked["id"], "booked")
    await provider.change(allow_self_schedule=False)
    page_path = f"/api/v1/providers/{provider.slug}/page"
    page_document = await provider.get(page_path)
    words = "Best by phone, mornings."
    ok(await provider.request("PUT", page_path, json={**page_document, "contact": words}))
    page = await portal_page(browser, person, PHONE | AT_HOME)
    main = page.locator("main")
    await expect(main).to_contain_text("The practice makes the appointments")
    await expect(main).to_contain_text(words)
    await expect(main.get_by_role("link", name="+1 555")).to_be_visible()
    await expect(main.get_by_role("link", name=provider.seeded.front_desk)).to_be_visible()
    await main.get_by_role("link", name="Your appointments").click()
    await expect(page.locator("section", has=page.locator("#upcoming"))).to_contain_text("Booked")
    await expect(page.get_by_role("link", name="Book", exact=True)).to_have_count(0)
    await page.context.close()
