"""The sign-up form from the editor to the client's page in a browser: without scripts, on a phone, by keyboard."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World, new_address, ok

TERMS = "I agree to sessions by video."


async def staff_page(world: World, provider: Provider, chromium: Browser, kind: dict[str, Any]) -> Page:
    context = await chromium.new_context(**kind)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{world.base_url}/console/providers/{provider.slug}/signup-form")
    return page


async def save(page: Page) -> None:
    await page.get_by_role("button", name="Save", exact=True).click()


async def add(page: Page, question: str, kind: str) -> None:
    await page.get_by_role("textbox", name="Question").fill(question)
    await page.get_by_label("Kind of answer").select_option(label=kind)
    await page.get_by_role("button", name="Add", exact=True).click()


async def by_key(page: Page, name: str, typed: str = "", press: str = "") -> None:
    """Tab on until the input has the focus, then type or press."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(f":focus[name='{name}']").count():
            break
    else:
        raise AssertionError(f"Tab doesn't lead to {name}")
    await page.keyboard.type(typed)
    if press:
        await page.keyboard.press(press)


async def test_the_form_is_written_filled_in_and_read_without_scripts(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await staff_page(world, provider, browser, WITHOUT_SCRIPTS)
    await page.locator("[name='state.address']").select_option("required")
    await page.locator("[name='state.pronouns']").select_option("shown")
    await page.locator("[name='state.reason_for_contact']").select_option("shown")
    await add(page, "Which days suit you?", "Some of many")
    await save(page)
    await expect(page.get_by_role("alert")).to_contain_text("Which days suit you?")
    await page.locator("[name='options.which_days_suit_you']").fill("Monday\nFriday")
    await page.locator("summary", has_text="Help text").last.click()
    await page.locator("[name='section.which_days_suit_you']").fill("Your week")
    await page.locator("[name='help.which_days_suit_you']").fill("As many as you like.")
    await add(page, "Telehealth", "Consent")
    await page.locator("[name='label.telehealth']").fill(TERMS)
    await page.locator("[name='state.telehealth']").select_option("required")
    await page.get_by_role("button", name="Up: Pronouns").click()
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator("details", has_text="Which days suit you?").last).to_contain_text(TERMS)
    await save(page)
    await expect(page.locator("main")).to_contain_text("Saved as a new version")
    form = await provider.get(f"/api/v1/providers/{provider.slug}/signup-form")
    keys = [field["key"] for field in form["fields"]]
    assert keys[-2:] == ["which_days_suit_you", "telehealth"]
    assert form["fields"][-2]["section"] == "Your week"
    await page.context.close()

    address = new_address()
    context = await browser.new_context(**WITHOUT_SCRIPTS)
    client = await context.new_page()
    await client.goto(f"{world.base_url}/p/{provider.slug}/signup")
    await by_key(client, "first_name", "Zoë")
    await by_key(client, "email", "x")
    await by_key(client, "address.city", "Ulm")
    await by_key(client, "custom.which_days_suit_you", press="Space")
    await client.keyboard.press("Enter")
    problems = client.get_by_role("alert")
    for named in ("Last name", "Email", "Address, Street address", "Address, Postal code", "Please agree to this."):
        await expect(problems).to_contain_text(named)
    await expect(client.locator("[name='address.city']")).to_have_value("Ulm")
    await expect(client.locator("[name='first_name']")).to_have_value("Zoë")
    assert await client.locator("[value=Monday]").is_checked()
    street = client.locator("[name='address.line1']")
    assert await street.get_attribute("autocomplete") == "address-line1"
    described = await street.get_attribute("aria-describedby")
    await expect(client.locator(f"#{str(described).strip()}")).to_have_text("Please fill this in.")
    await expect(client.get_by_role("group", name="Address")).to_be_visible()
    await client.locator("[name=last_name]").fill("Test")
    await client.locator("[name=email]").fill(address)
    await street.fill("12 Elm St")
    await client.locator("[name='address.postal_code']").fill("12345")
    await by_key(client, "custom.telehealth", press="Space")
    await client.keyboard.press("Enter")
    await expect(client).to_have_url(f"{world.base_url}/p/{provider.slug}/signup/done")
    await context.close()

    [row] = world.rows("SELECT id FROM client WHERE email = %s", address)
    console = await staff_page(world, provider, browser, PHONE)
    await console.goto(f"{world.base_url}/console/clients/{row['id']}")
    answers = console.get_by_role("region", name="Sign-up answers")
    for shown in ("Street address: 12 Elm St", "Monday", "Agreed", "Which days suit you?"):
        await expect(answers).to_contain_text(shown)
    await fits(console)
    await console.context.close()


async def test_two_who_edit_at_once_are_told_and_an_earlier_version_comes_back(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await staff_page(world, provider, browser, PHONE)
    await fits(page)
    path = f"/api/v1/providers/{provider.slug}/signup-form"
    before = await provider.get(path)
    fields = [field | ({"label": "Cell"} if field["key"] == "phone" else {}) for field in before["fields"]]
    theirs = ok(await provider.request("PUT", path, json={"fields": fields}))
    await page.locator("[name='label.phone']").fill("Telephone")
    await save(page)
    await expect(page.get_by_role("alert")).to_contain_text("Your changes aren't lost")
    await expect(page.locator("[name='label.phone']")).to_have_value("Telephone")
    assert (await provider.get(path))["version"] == theirs["version"]
    await save(page)
    await expect(page.locator("main")).to_contain_text("Saved as a new version")
    await page.get_by_role("link", name=f"Version {theirs['version']}", exact=True).click()
    await fits(page)
    await expect(page.get_by_label("Cell")).to_be_visible()
    await page.get_by_role("button", name="Restore this version").click()
    await expect(page.locator("main")).to_contain_text("Restored as a new version")
    after = await provider.get(path)
    assert (after["fields"], after["version"]) == (theirs["fields"], theirs["version"] + 2)
    await page.context.close()


async def test_pages_of_the_form_fit_a_phone_and_a_desk(world: World, provider: Provider, browser: Browser) -> None:
    path = f"/api/v1/providers/{provider.slug}/signup-form"
    fields = [field | {"enabled": True} for field in (await provider.get(path))["fields"]]
    ok(await provider.request("PUT", path, json={"fields": fields}))
    for kind in (PHONE, DESK):
        page = await staff_page(world, provider, browser, kind)
        await fits(page)
        await page.get_by_text("Preview", exact=True).last.click()
        await fits(page)
        await page.goto(f"{world.base_url}/p/{provider.slug}/signup")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await fits(page)
        await page.context.close()
