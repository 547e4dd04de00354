"""Calling off a day as the front desk does it: on the phone, without scripts, and back again."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import Provider, World
from tests.e2e.test_called_off_days import a_tuesday, all_booked, at, books, standing
from tests.e2e.test_settings_pages import staff_page


async def test_on_the_phone_without_scripts_a_day_is_called_off_and_undone(
    world: World, provider: Provider, browser: Browser
) -> None:
    day = await a_tuesday(world)
    client = await provider.invite(first_name="Uma")
    await all_booked(world, [await books(provider, client["id"], at(day, 9))])
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console/calendar")
    await page.get_by_role("link", name="Call off a day").click()
    await page.get_by_label("First day").fill(day.isoformat())
    await fits(page)
    await page.get_by_role("button", name="See what becomes of each").click()
    await expect(page.get_by_role("alert")).to_contain_text("Reason: Please say why")
    await page.get_by_label("Reason").fill("ill")
    await page.get_by_role("button", name="See what becomes of each").click()
    await expect(page.locator("table")).to_contain_text("Uma")
    await expect(page.locator("table")).to_contain_text("Is moved")
    await fits(page)
    await page.get_by_role("button", name="Change something").click()
    await expect(page.get_by_label("Reason")).to_have_value("ill")
    await page.get_by_label("Cancel them all").check()
    await page.get_by_role("button", name="See what becomes of each").click()
    await page.get_by_role("button", name="Call it off (1 appointment)").click()
    await expect(page.locator("main")).to_contain_text("Nobody is told yet")
    await fits(page)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("main")).to_contain_text("nobody was told anything")
    assert standing(world, provider, day) == 1
    await page.context.close()
