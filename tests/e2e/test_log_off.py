"""Automatic log-off in a browser: a warning with a way to stay, then the sign-in page, and back to where one was."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Provider, World


def idle_for(world: World, subject_id: str, minutes: float) -> None:
    world.execute(
        f"UPDATE web_session SET last_seen_at = now() - interval '{minutes} minutes' WHERE subject_id = '{subject_id}'"
    )


async def signed_in(page: Page, world: World, side: str, address: str, password: str) -> None:
    await page.clock.install()
    await page.goto(f"{world.base_url}/{side}/sign-in")
    await page.locator("input[name=email]").fill(address)
    await page.locator("input[name=password]").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_a_client_is_warned_stays_and_later_is_signed_out(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.anonymous_client(provider)
    account = world.rows("SELECT account_id FROM client WHERE id = %s", person.client_id)[0]["account_id"]
    context = await browser.new_context(**PHONE)
    page = await context.new_page()
    await signed_in(page, world, "portal", person.address, PASSWORD)
    async with page.expect_response("**/portal/session"):
        await page.goto(f"{world.base_url}/portal/intake")
    await page.locator("[name='reason.words']").fill("Half a sentence")
    warning = page.get_by_role("alertdialog")

    # Another tab is in use: the server knows, and nobody is warned.
    async with page.expect_response("**/portal/session"):
        await page.clock.fast_forward("28:50")
    await expect(warning).to_be_hidden()

    idle_for(world, account, 28.5)
    await page.clock.fast_forward("29:00")
    await expect(warning).to_contain_text("signed out in 1:")
    await fits(page)
    await page.get_by_role("button", name="Stay signed in").click()
    await expect(warning).to_be_hidden()
    row = world.rows(
        "SELECT now() - last_seen_at < interval '1 minute' AS fresh FROM web_session WHERE subject_id = %s", account
    )
    assert any(one["fresh"] for one in row), "staying was said to the server"

    idle_for(world, account, 31)
    await page.clock.fast_forward("31:00")
    await page.wait_for_url("**/portal/sign-in?**")
    await expect(page.get_by_text("nothing had happened for a while")).to_be_visible()
    await expect(page.get_by_text("Half a sentence")).to_have_count(0)
    await page.locator("input[name=email]").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/portal/intake")
    await expect(page.locator("[name='reason.words']")).to_have_value("Half a sentence")
    await context.close()


async def test_staff_who_write_for_long_are_kept_signed_in(world: World, provider: Provider, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await signed_in(page, world, "console", provider.seeded.email, provider.seeded.password)
    staff = world.rows("SELECT id FROM staff_member WHERE email = %s", provider.seeded.email)[0]["id"]
    async with page.expect_response("**/console/session"):
        await page.goto(f"{world.base_url}/console/clients/new")
    idle_for(world, staff, 25)
    await page.clock.fast_forward("03:00")
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_label("First name").press_sequentially("A")
    (row,) = world.rows(
        "SELECT now() - last_seen_at < interval '1 minute' AS fresh FROM web_session WHERE subject_id = %s", staff
    )
    assert row["fresh"]
    await context.close()
