"""Pages that one meets when something went wrong, on a phone: nothing sticks out, and the way on is there."""

from __future__ import annotations

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, until
from tests.e2e.test_late_payments import given_away


async def signed_in(world: World, context: BrowserContext, person: Person) -> Page:
    page = await context.new_page()
    await page.goto(f"{world.base_url}/portal/sign-in")
    await page.locator("input[name=email]").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    return page


async def test_one_whose_time_was_given_away_chooses_another_on_the_phone(
    world: World, provider: Provider, browser: Browser
) -> None:
    person, appointment = await given_away(world, provider)
    context = await browser.new_context(**PHONE)
    page = await signed_in(world, context, person)
    await fits(page)
    await expect(page.get_by_role("heading", name="Next: choose another time")).to_be_visible()
    await page.get_by_role("link", name="Have my money back").click()
    await fits(page)
    await page.get_by_role("link", name="No, I'd rather choose another time").click()
    await fits(page)
    await page.get_by_role("link", name="Choose another time").click()
    await fits(page)
    await page.locator("input[name=starts_at]").first.check()
    await page.get_by_role("button", name="Take this time").click()
    await person.in_state(appointment["id"], "booked")
    await page.goto(f"{world.base_url}/portal/appointments/{appointment['id']}")
    await expect(page.get_by_text("It's booked.")).to_be_visible()
    await context.close()


async def test_the_front_desk_sees_what_is_stuck_and_mends_it_on_the_phone(
    world: World, provider: Provider, browser: Browser
) -> None:
    wrong, right = new_address(), new_address()
    mailbox = world.endpoints["mailbox_url"]
    ok(await world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]))
    invited = await provider.invite(email=wrong)

    async def stuck() -> bool:
        return (await provider.client(invited["id"]))["attention"] is not None

    await until(stuck, "the refusal on the list")
    context = await browser.new_context(**PHONE)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console/sign-in")
    await page.locator("input[name=email]").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.goto(f"{world.base_url}/console/attention")
    await fits(page)
    await page.get_by_label("Correct email address").fill(right)
    await page.get_by_role("button", name="Correct and try again").click()
    await world.mail(right, "client portal")

    async def mended() -> bool:
        return (await provider.client(invited["id"]))["attention"] is None

    await until(mended, "the list to be empty")
    await page.goto(f"{world.base_url}/console/attention")
    await expect(page.get_by_text("Nothing needs you right now.")).to_be_visible()
    await page.goto(f"{world.base_url}/console/clients/{invited['id']}")
    await fits(page)
    await context.close()
