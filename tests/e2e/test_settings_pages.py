"""Settings of practice, provider and one client in a browser: where values come from, what a change means."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World


async def staff_page(world: World, provider: Provider, chromium: Browser, kind: dict[str, Any], path: str) -> Page:
    context = await chromium.new_context(**kind)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{world.base_url}{path}")
    return page


def card(page: Page, section: str) -> Any:
    return page.locator(f"section#{section}")


async def save(page: Page, section: str) -> None:
    await card(page, section).get_by_role("button", name="Save", exact=True).last.click()


async def in_force(provider: Provider, name: str) -> tuple[Any, str]:
    items = (await provider.get(f"/api/v1/providers/{provider.slug}/portal-settings/sources"))["items"]
    return next((one["value"], one["source"]) for one in items if one["name"] == name)


async def test_a_practice_sets_it_a_provider_differs_and_inherits_again(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await staff_page(world, provider, browser, WITHOUT_SCRIPTS, "/console/settings")
    await fits(page)
    await page.get_by_role("link", name="Portal settings of").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Settings of the practice")
    await fits(page)
    await expect(page.locator("#website")).to_have_count(0)
    await card(page, "cancelling").locator("[name=cancel_notice_minutes]").fill("2")
    await card(page, "cancelling").locator("[name=cancel_notice_minutes_unit]").select_option("days")
    await save(page, "cancelling")
    await expect(card(page, "cancelling").get_by_role("status")).to_contain_text("Saved")
    assert await in_force(provider, "cancel_notice_minutes") == (2880, "practice")
    assert await in_force(provider, "clients_can_cancel") == (True, "default")

    settings = f"{world.base_url}/console/settings/{provider.slug}"
    await page.goto(settings)
    await fits(page)
    await expect(card(page, "cancelling")).to_contain_text("From the practice's settings")
    await card(page, "cancelling").locator("[name=cancel_notice_minutes]").fill("4")
    await save(page, "cancelling")
    await expect(card(page, "cancelling")).to_contain_text("Otherwise it is 2 days, from the practice's settings")
    assert await in_force(provider, "cancel_notice_minutes") == (240, "provider")
    await card(page, "cancelling").get_by_role("button", name="Use that again").click()
    await expect(card(page, "cancelling")).to_contain_text("From the practice's settings")
    assert await in_force(provider, "cancel_notice_minutes") == (2880, "practice")

    await page.goto(f"{settings}/versions")
    await fits(page)
    await expect(page.locator("section.card").first).to_contain_text("the practice's")
    await page.get_by_role("button", name="Restore version 3").click()
    await expect(page.locator("main")).to_contain_text("in force again")
    assert await in_force(provider, "cancel_notice_minutes") == (240, "provider")
    await page.context.close()


async def test_whom_a_change_touches_is_read_before_it_is_saved(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    page = await staff_page(world, provider, browser, PHONE, f"/console/settings/{provider.slug}")
    box = card(page, "intake").locator("[name=require_intake]")
    await box.uncheck()
    await save(page, "intake")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Before this is saved")
    await expect(page.locator("main")).to_contain_text("1 client is waiting for intake; they will be let through.")
    await fits(page)
    await page.get_by_role("link", name="Leave everything as it is").click()
    await expect(box).to_be_checked()
    await box.uncheck()
    await save(page, "intake")
    await page.get_by_role("button", name="Save it").click()
    await expect(card(page, "intake").get_by_role("status")).to_contain_text("Saved")
    assert await in_force(provider, "require_intake") == (False, "provider")
    await page.context.close()


async def test_an_exception_for_one_client_asks_why_shows_it_and_goes_away_again(
    world: World, provider: Provider, browser: Browser
) -> None:
    await provider.change(require_fee=False, require_intake=False, allow_self_schedule=False)
    person = await world.invited_client(provider)
    home = f"/console/clients/{person.client_id}"
    page = await staff_page(world, provider, browser, PHONE, home)
    why = page.locator("section", has=page.locator("#why"))
    await expect(why).to_contain_text("is off, from the provider's settings")
    await why.get_by_role("link", name="Make an exception").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Settings for this client only")
    await fits(page)
    section = card(page, "self-schedule")
    await section.locator("[name=allow_self_schedule]").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Please say why")
    await expect(section.locator("[name=allow_self_schedule]")).to_be_checked()
    await section.get_by_label("Why?").focus()
    await page.keyboard.type("Comes with an interpreter")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Save it").click()
    await expect(page.locator("section", has=page.locator("#own"))).to_contain_text("Comes with an interpreter")
    assert await provider.get(f"/api/v1/clients/{person.client_id}/policy") == {
        "allow_self_schedule": True,
        "reason": "Comes with an interpreter",
    }
    await page.goto(f"{world.base_url}{home}")
    await expect(page.locator("section", has=page.locator("#own-settings"))).to_contain_text("self-schedule: on")
    await page.get_by_role("link", name="What this client will see").click()
    await expect(page.locator("main")).to_contain_text("Portal: choosing a time")
    await fits(page)
    await page.goto(f"{world.base_url}{home}/settings")
    await page.get_by_role("button", name="As for everybody again").click()
    await page.get_by_role("button", name="Save it").click()
    await expect(page.locator("section", has=page.locator("#own"))).to_contain_text("everything is as for everybody")
    assert await provider.get(f"/api/v1/clients/{person.client_id}/policy") == {}
    await page.context.close()


async def test_two_who_save_at_once_are_told(world: World, provider: Provider, browser: Browser) -> None:
    page = await staff_page(world, provider, browser, DESK, "/console/practice-settings")
    await provider.request("PUT", "/api/v1/practice/portal-settings", json={"hold_minutes": 44})
    await card(page, "limits").locator("[name=max_upcoming_appointments]").fill("3")
    await save(page, "limits")
    await expect(card(page, "limits")).to_contain_text("Somebody else has saved")
    await expect(page.locator("[name=hold_minutes]")).to_have_value("44")
    await card(page, "limits").locator("[name=max_upcoming_appointments]").fill("0")
    await save(page, "limits")
    await expect(page.get_by_role("alert")).to_contain_text("Must be between 1 and 1000")
    await expect(card(page, "limits").locator("[name=max_upcoming_appointments]")).to_have_value("0")
    await page.context.close()
