"""The whole way as a person sees it: in Chromium, on a desk, on a phone, and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import PASSWORD, Provider, World, new_address, ok, until
from tests.e2e.test_settings_pages import staff_page


class Way:
    """One person's way through the pages."""

    def __init__(self, world: World, provider: Provider, context: BrowserContext, page: Page) -> None:
        self.world = world
        self.provider = provider
        self.context = context
        self.page = page
        self.address = new_address()
        self.problems: list[str] = []
        page.on("console", lambda one: self.problems.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: self.problems.append(str(one)))

    async def sign_up(self) -> None:
        await self.page.goto(f"{self.world.base_url}/p/{self.provider.slug}")
        await fits(self.page)
        await self.page.get_by_role("link", name="I'm a New Client").click()
        await expect(self.page.get_by_text("911")).to_be_visible()
        await self.page.get_by_role("button", name="Send").click()
        await expect(self.page.get_by_role("alert").first).to_be_visible()
        await fits(self.page)
        await self.page.get_by_label("First name").fill("Ana")
        await self.page.get_by_label("Last name").fill("Example")
        await self.page.get_by_label("Email", exact=True).fill(self.address)
        await self.page.get_by_role("button", name="Send").click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("mail")
        await fits(self.page)

    async def open_account(self) -> None:
        token = await self.world.invitation_token(self.address)
        await self.page.goto(f"{self.world.base_url}/invitations/{token}")
        await fits(self.page)
        await self.page.locator("input[name=password]").fill(PASSWORD)
        await self.page.get_by_role("button", name="Open my account").click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("Ana")

    async def fill_in_intake(self) -> None:
        await self.page.goto(f"{self.world.base_url}/portal/intake")
        await fits(self.page)
        for name in ("emergency-contact.name", "emergency-contact.phone", "agreement.signature"):
            await self.page.locator(f"[name='{name}']").fill("Maria 415 555 2671")
        await self.page.locator("[name='reason.words']").fill("I would like to talk.")
        for name in ("last-two-weeks.interest", "last-two-weeks.mood", "agreement.truthful"):
            await self.page.locator(f"[name='{name}']").first.check()
        await self.page.locator("[name='earlier-therapy'][value=false]").check()
        await self.list_medications()
        await self.page.get_by_role("button", name="Save for later").click()
        await self.page.goto(f"{self.world.base_url}/portal/intake")
        await expect(self.page.locator("[name='reason.words']")).to_have_value("I would like to talk.")
        await self.page.get_by_role("button", name="Review and submit").click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("once more")
        await expect(self.page.locator("main")).to_contain_text("I would like to talk.")
        await expect(self.page.get_by_role("heading", name="Medication 2")).to_be_visible()
        await fits(self.page)
        await self.page.get_by_role("button", name="Sign and submit").click()
        await expect(self.page.get_by_role("alert")).to_contain_text("full name")
        await self.page.get_by_label("Your full name").fill("Ana Example")
        await self.page.get_by_role("button", name="Sign and submit").click()
        await expect(self.page.locator("main")).to_contain_text("sent to the practice")
        await fits(self.page)

    async def list_medications(self) -> None:
        """Two of them, after one was removed again, and one in which something was missing."""
        await self.page.locator("[name='medication'][value=true]").check()
        await self.page.locator("[name='medication.name']").fill("Iron")
        await self.page.get_by_role("button", name="Add another Medication").click()
        await self.page.locator("[name='medication.name--2']").fill("Zinc")
        await self.page.get_by_role("button", name="Remove Medication 1").click()
        await expect(self.page.get_by_role("alert")).to_contain_text("Remove Medication 1, with what is written in it?")
        await fits(self.page)
        await self.page.get_by_role("button", name="Yes, remove it").click()
        await expect(self.page.locator("[name='medication.name--2']")).to_have_count(0)
        await expect(self.page.locator("[name='medication.name']")).to_have_value("Zinc")
        await self.page.get_by_role("button", name="Add another Medication").click()
        await self.page.locator("[name='medication.dose--2']").fill("Daily")
        await self.page.get_by_role("button", name="Review and submit").click()
        await expect(self.page.get_by_role("alert")).to_contain_text("Medication 2: Its name")
        await fits(self.page)
        await self.page.locator("[name='medication.name--2']").fill("Magnesium")

    async def book_and_pay(self) -> None:
        await self.page.goto(f"{self.world.base_url}/portal/book")
        await fits(self.page)
        for _ in range(3):  # beyond the notice of cancelling
            await self.page.get_by_role("link", name="Later:").click()
        await self.page.locator("label.time").last.click()
        await self.page.get_by_role("button", name="Bill Pay").click()
        await self.page.wait_for_url(f"{self.world.endpoints['simulator_url']}/**")
        await expect(self.page.get_by_text("SIMULATION").first).to_be_visible()
        await self.page.get_by_role("button", name="Pay", exact=False).first.click()
        await self.page.wait_for_url("**/portal/appointments/**")

        async def confirmed() -> bool:
            await self.page.reload()
            return "Booked" in await self.page.inner_text("main")

        await until(confirmed, "the confirmed appointment")
        await fits(self.page)

    async def cancel(self) -> None:
        await self.page.get_by_role("link", name="Cancel").first.click()
        await expect(self.page.get_by_text("$40.00").first).to_be_visible()
        await fits(self.page)
        await self.page.locator("main form button").last.click()
        await expect(self.page.locator("main")).to_contain_text("Cancelled")


@pytest.mark.parametrize("kind", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_client_comes_all_the_way(
    world: World, provider: Provider, browser: Browser, kind: dict[str, Any]
) -> None:
    context = await browser.new_context(**kind)
    context.set_default_timeout(15_000)
    way = Way(world, provider, context, await context.new_page())
    await way.sign_up()
    await way.open_account()
    await way.fill_in_intake()
    await way.book_and_pay()
    await way.cancel()
    # A form that was refused is a 422, which browsers call an error.
    assert [one for one in way.problems if "422" not in one] == []
    await context.close()


async def test_client_and_practice_do_everything_without_scripts(
    world: World, provider: Provider, browser: Browser
) -> None:
    # Wherever the day stands: the first time that is offered leaves the client time to cancel.
    await provider.change(min_notice_minutes=24 * 60)
    context = await browser.new_context(**WITHOUT_SCRIPTS)
    context.set_default_timeout(15_000)
    way = Way(world, provider, context, await context.new_page())
    await way.sign_up()
    await way.open_account()
    await way.fill_in_intake()
    await way.book_and_pay()
    desk = await staff_page(world, provider, browser, WITHOUT_SCRIPTS, f"/console/settings/{provider.slug}")
    await save_a_setting(desk, provider)
    await save_the_greeting(desk, provider)
    await move_the_appointment(desk, provider)
    await desk.context.close()
    await way.page.reload()
    await way.cancel()
    await context.close()


async def save_a_setting(page: Page, provider: Provider) -> None:
    """Once it can be, and once it was read whom it touches."""
    section = page.locator("section#cancelling")
    for hours in ("-1", "3"):
        await section.locator("[name=cancel_notice_minutes]").fill(hours)
        await section.get_by_role("button", name="Save", exact=True).last.click()
        if hours == "-1":
            await expect(page.get_by_role("alert").first).to_be_visible()
    await expect(page.locator("main")).to_contain_text("1 appointment that is booked already")
    await page.get_by_role("button", name="Save it").click()
    await expect(section.get_by_role("status")).to_contain_text("Saved")
    settings = await provider.get(f"/api/v1/providers/{provider.slug}/portal-settings")
    assert settings["cancel_notice_minutes"] == 180


async def save_the_greeting(page: Page, provider: Provider) -> None:
    await page.get_by_role("link", name="Edit the greeting").click()
    await page.get_by_label("Subject", exact=True).fill("Good to have you, {{first_name}}")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("main")).to_contain_text("Saved as a new version")
    greeting = await provider.get(f"/api/v1/providers/{provider.slug}/greeting")
    assert greeting["subject"] == "Good to have you, {{first_name}}"


async def move_the_appointment(page: Page, provider: Provider) -> None:
    await page.get_by_role("link", name="Appointments", exact=True).click()
    [booked] = (await provider.get("/api/v1/appointments"))["items"]
    await page.locator("main").get_by_role("link", name="Ana Example").first.click()
    await page.get_by_role("link", name="Move", exact=True).click()
    await page.locator("label.time").first.click()
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("new time")
    [moved] = (await provider.get("/api/v1/appointments"))["items"]
    assert (moved["status"], moved["starts_at"] != booked["starts_at"]) == ("booked", True)


async def test_the_front_desk_invites_sends_forms_and_books(world: World, provider: Provider, browser: Browser) -> None:
    context = await browser.new_context(**DESK)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.get_by_label("Password", exact=True).fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("No clients yet")).to_be_visible()

    address = new_address()
    await page.get_by_role("link", name="Invite a client").click()
    await page.get_by_label("First name").fill("Ines")
    await page.get_by_label("Last name").fill("Invited")
    await page.get_by_label("Email", exact=True).fill(address)
    await page.locator("main form button").last.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Ines")
    await world.mail(address, "client portal")

    await page.get_by_role("button", name="Send New Client Forms").click()
    await world.mail(address, "welcome")
    await page.reload()
    await page.get_by_role("button", name="Send New Client Forms").click()
    await expect(page.locator("main")).to_contain_text("again")
    assert len(await world.mails(address, "welcome")) == 1
    link = await page.get_by_role("link", name="Temporal").get_attribute("href")
    assert link is not None
    assert "/workflows/client-journey:cli_" in link

    client = (await provider.get("/api/v1/clients"))["items"][0]["id"]
    person = await world.open_account(provider, address)
    slot = (await person.slots())[-1]
    ok(await provider.request("POST", "/api/v1/appointments", json={"client_id": client, "starts_at": slot}), 201)
    await page.reload()
    await expect(page.locator("main")).to_contain_text("Booked")
    await page.goto(f"{world.base_url}/console/settings")
    await page.locator(f"main a[href$='/{provider.slug}']").click()
    await expect(page.locator("main")).to_contain_text("Allow anonymous signup")
    for heading in ("Max simultaneous appointments", "Require fee prior to scheduling", "Client sign-up form"):
        await expect(page.locator("main")).to_contain_text(heading)
    await context.close()
