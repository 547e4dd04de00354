"""The pages of a practice's money in Chromium: to the processor and back, on a desk, and on a phone without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browsers import DESK, WITHOUT_SCRIPTS
from tests.driver import Provider, World, until
from tests.subscribing import unsubscribed


async def signed_in(browser: Browser, world: World, provider: Provider, kind: dict[str, Any]) -> Page:
    page = await (await browser.new_context(**kind)).new_page()
    await page.goto(f"{world.base_url}/console/sign-in")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    return page


async def fits(page: Page) -> None:
    """Nothing sticks out sideways (asked of the layout, since the page may run no scripts)."""
    box = await page.locator("main").bounding_box()
    assert box is not None
    viewport = page.viewport_size
    assert viewport is not None
    assert box["x"] + box["width"] <= viewport["width"] + 1, page.url


@pytest.mark.parametrize("kind", [DESK, WITHOUT_SCRIPTS], ids=["desk", "phone without scripts"])
async def test_a_provider_goes_to_the_processor_and_comes_back(
    browser: Browser, world: World, provider: Provider, kind: dict[str, Any]
) -> None:
    world.execute(
        f"DELETE FROM merchant_account WHERE provider_id IN (SELECT id FROM provider WHERE slug = '{provider.slug}')"
    )
    page = await signed_in(browser, world, provider, kind)
    await page.goto(f"{world.base_url}/console/merchant-account")
    await page.get_by_role("button", name="Connect an account").click()
    await expect(page.get_by_role("note")).to_contain_text("SIMULATION")
    await page.get_by_role("button", name="Leave for later").click()
    await expect(page.get_by_text("Being set up")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Go on at the processor").click()
    await page.get_by_role("button", name="Finish", exact=True).click()
    await expect(page.get_by_role("heading", name="Clients can pay online")).to_be_visible()
    await fits(page)
    await page.context.close()


async def shown_in_the_end(page: Page, what: Locator) -> None:
    """Once the processor's word is in: somebody who waits looks again."""

    async def look() -> bool:
        await page.wait_for_load_state()
        if await what.count():
            return True
        await page.goto(f"{page.url.split('/console')[0]}/console/subscription")
        return False

    await until(look, "the processor's word")


@pytest.mark.parametrize("kind", [DESK, WITHOUT_SCRIPTS], ids=["desk", "phone without scripts"])
async def test_an_owner_subscribes_changes_the_card_cancels_and_undoes_it(
    browser: Browser, world: World, provider: Provider, kind: dict[str, Any]
) -> None:
    unsubscribed(world, provider)
    page = await signed_in(browser, world, provider, kind)
    await page.goto(f"{world.base_url}/console/account")
    await page.get_by_role("link", name="Open it").click()
    await expect(page.get_by_role("heading", name="The portal isn't open yet")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Subscribe").first.click()
    await page.get_by_role("button", name="Pay $29.00").click()
    await expect(page.get_by_role("heading", name="The portal is open")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Change the card").click()
    await page.get_by_role("button", name="Use a card that will be declined").click()
    await page.get_by_role("link", name="Back to the practice").click()
    await page.get_by_role("link", name="Cancel it").click()
    await fits(page)
    await page.get_by_role("button", name="Cancel at the end of the period").click()
    await shown_in_the_end(page, page.get_by_role("button", name="Renew it after all"))
    await page.get_by_role("button", name="Renew it after all").click()
    await shown_in_the_end(page, page.get_by_text("It is renewed on"))
    await page.get_by_role("link", name="Open invoice").click()
    await expect(page.get_by_text("$29.00")).to_be_visible()
    await page.context.close()
