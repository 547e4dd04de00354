"""The sign-up in a website on another origin, in Chromium: shown, tall enough, without cookies, or else a link."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, FrameLocator, Page, Request, async_playwright, expect

from portal.snippets import Snippets
from tests.browsers import DESK, FLAGS, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World, new_address, until
from tests.website import Website, website


@pytest.fixture
def site() -> Iterator[Website]:
    with website() as here:
        yield here


def snippets(world: World, provider: Provider) -> Snippets:
    return Snippets(base_url=world.base_url, slug=provider.slug, name="Provider")


async def listed(world: World, provider: Provider, site: Website) -> str:
    """A page of the provider's own website with the form pasted into it; its address."""
    await provider.change(website_origins=[site.origin])
    return site.page("/", snippets(world, provider).form)


@asynccontextmanager
async def without_third_party_cookies(profile: Path, kind: dict[str, Any]) -> AsyncIterator[BrowserContext]:
    """Chromium as somebody has it who keeps third-party cookies out."""
    (profile / "Default").mkdir(parents=True)
    settings = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}
    (profile / "Default" / "Preferences").write_text(json.dumps(settings))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=FLAGS, **kind
        )
        context.set_default_timeout(15_000)
        yield context
        await context.close()


def form_in(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title^='Sign-up form']")


async def as_tall_as_its_content(page: Page) -> int:
    """Wait until nothing of the form is cut off and nothing scrolls inside it; the frame's height."""
    frame = page.locator("iframe")

    async def look() -> int | None:
        handle = await frame.element_handle()
        inside = await handle.content_frame() if handle else None
        if inside is None:
            return None
        need: int = await inside.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        has: int = await frame.evaluate("one => one.offsetHeight")
        return has if need > 100 and has == need else None

    return await until(look, "the frame to follow its content", patience=15)


async def fill_in(form: FrameLocator, address: str) -> None:
    await form.get_by_label("First name").fill("Ana")
    await form.get_by_label("Last name").fill("Example")
    await form.get_by_label("Email", exact=True).fill(address)
    await form.get_by_role("button", name="Send").click()


class Cookies:
    """Whatever cookie goes to the embedded form, or comes back from it."""

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        page.on("request", lambda one: self.requests.append(one) if "/embed/" in one.url else None)

    async def found(self) -> list[str]:
        assert self.requests
        carried = []
        for one in self.requests:
            answer = await one.response()
            assert answer is not None
            carried += [(await one.all_headers()).get("cookie"), (await answer.all_headers()).get("set-cookie")]
        return [cookie for cookie in carried if cookie]


@pytest.mark.parametrize("kind", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_client_signs_up_inside_the_website_without_any_cookie(
    world: World, provider: Provider, site: Website, tmp_path: Path, kind: dict[str, Any]
) -> None:
    address, here = new_address(), await listed(world, provider, site)
    site.page("/counted", f'<iframe src="{site.counter}"></iframe>')
    async with without_third_party_cookies(tmp_path / "profile", kind) as context:
        page = await context.new_page()
        # The control: this browser does keep the cookies of framed pages away.
        for visited in (site.counter, site.counter, f"{site.origin}/counted"):
            await page.goto(visited)
            await page.wait_for_load_state("networkidle")
        assert site.cookies_sent == [None, "seen=before", None]

        cookies = Cookies(page)
        await page.goto(here)
        form = form_in(page)
        await expect(form.get_by_role("button", name="Send")).to_be_visible()
        await expect(page.get_by_role("link", name="I'm a New Client")).to_have_count(0)
        at_first = await as_tall_as_its_content(page)
        await fits(page)

        await form.get_by_role("button", name="Send").click()
        await expect(form.get_by_role("alert")).to_contain_text("First name: Please fill this in")
        await expect(form.get_by_role("alert")).to_be_in_viewport()
        assert await as_tall_as_its_content(page) > at_first

        await fill_in(form, address)
        await expect(form.get_by_role("heading", name="Thank you. Please check your mail")).to_be_in_viewport()
        assert await as_tall_as_its_content(page) < at_first
        await fits(page)
        assert await cookies.found() == []
    await world.invitation_token(address)


async def test_the_form_answers_in_the_website_that_it_is_closed(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    here = await listed(world, provider, site)
    page_path = f"/api/v1/providers/{provider.slug}/page"
    await provider.request("PUT", page_path, json={"name": "Ada", "contact": "Write to the desk."})
    await provider.change(allow_anonymous_signup=False)
    page = await (await browser.new_context(**PHONE)).new_page()
    await page.goto(here)
    form = form_in(page)
    await expect(form.get_by_role("heading", name=re.compile("Online sign.up is closed"))).to_be_visible()
    await expect(form.locator("main")).to_contain_text("Write to the desk.")
    await as_tall_as_its_content(page)
    # What can't be shown in a frame opens beside the website.
    await expect(form.get_by_role("link", name="I'm an Existing Client")).to_have_attribute("target", "_blank")
    await page.context.close()


async def test_a_website_that_is_not_listed_shows_the_link_and_the_browser_refuses_the_form(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    await listed(world, provider, site)
    page = await (await browser.new_context(**DESK)).new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    await page.goto(f"{site.other_origin}/")
    await expect(page.locator("iframe")).to_have_count(1)
    await expect(page.get_by_role("link", name="I'm a New Client")).to_be_visible()
    await expect(page.locator("iframe")).to_have_count(0, timeout=20_000)
    await expect(page.get_by_role("link", name="I'm a New Client")).to_be_visible()
    assert [one for one in said if "frame-ancestors" in one or "refused" in one.lower()], said
    assert [one for one in said if f"Is {site.other_origin} one of your websites" in one], said

    # Nor does it help to frame the form, or the page, by hand.
    for path in (f"/embed/{provider.slug}/signup", f"/p/{provider.slug}/signup"):
        site.page("/by-hand", f'<iframe src="{world.base_url}{path}"></iframe>')
        where = site.other_origin if path.startswith("/embed") else site.origin
        await page.goto(f"{where}/by-hand")
        framed = page.frames[-1]
        assert framed.parent_frame is not None
        assert not await framed.get_by_role("button", name="Send").count()
        assert framed.url.startswith("chrome-error:")
    await page.context.close()


async def test_without_scripts_the_link_leads_to_the_form(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    here = await listed(world, provider, site)
    page = await (await browser.new_context(**WITHOUT_SCRIPTS)).new_page()
    await page.goto(here)
    await expect(page.locator("iframe")).to_have_count(0)
    await fits(page)
    await page.get_by_role("link", name="I'm a New Client").click()
    await expect(page).to_have_url(f"{world.base_url}/p/{provider.slug}/signup")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await page.context.close()


async def test_the_button_and_the_script_by_itself_work_on_any_website(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    ours = snippets(world, provider)
    address = f"{world.base_url}/embed/{provider.slug}.js"
    await provider.change(website_origins=[site.origin])
    page = await (await browser.new_context(**PHONE)).new_page()
    bare = f'<script src="{address}"></script>'
    for path, content in (("/button", ours.button), ("/bare", bare), ("/async", bare.replace("src", "async src"))):
        site.page(path, content)
        await page.goto(f"{site.other_origin}{path}")
        button = page.get_by_role("link", name="New and existing clients")
        await expect(button).to_have_count(1)
        await expect(button).to_have_css("background-color", "rgb(29, 91, 84)")
        await fits(page)
    await button.click()
    await expect(page).to_have_url(f"{world.base_url}/p/{provider.slug}")
    # Both on one page, each with its script, and the form by the script alone.
    both = site.page("/both", ours.button + ours.form)
    alone = site.page("/alone", bare.replace("src", 'data-portico="form" src'))
    for where in (both, alone):
        await page.goto(where)
        await expect(form_in(page).get_by_role("button", name="Send")).to_be_visible()
        await expect(page.locator("iframe")).to_have_count(1)
    await page.context.close()


async def test_only_the_form_itself_can_say_how_tall_it_is(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    here = await listed(world, provider, site)
    page = await (await browser.new_context(**DESK)).new_page()
    await page.goto(here)
    height = await as_tall_as_its_content(page)
    await page.evaluate("window.postMessage({ portico: 'height', height: 9999 }, '*')")
    # Messages are handled in turn: once this one is back, that one has been looked at.
    await page.evaluate(
        "new Promise(done => { window.addEventListener('message', done); window.postMessage('x', '*') })"
    )
    assert await as_tall_as_its_content(page) == height
    await page.context.close()


async def test_what_was_sent_once_can_be_changed_and_sent_for_somebody_else(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    here, parent = await listed(world, provider, site), new_address()
    page = await (await browser.new_context(**DESK)).new_page()
    await page.goto(here)
    form = form_in(page)
    # The same form in a second tab, as "back" in some browsers: its token is used up by the first.
    token = await form.locator("[name=form_token]").input_value()
    await fill_in(form, parent)
    await expect(form.get_by_role("heading", name="Thank you")).to_be_visible()
    await page.reload()
    await form.locator("[name=form_token]").evaluate("(one, token) => { one.value = token }", token)
    await form.get_by_label("First name").fill("Child")
    await form.get_by_label("Last name").fill("Example")
    await form.get_by_label("Email", exact=True).fill(parent)
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("alert")).to_contain_text("To sign up another person, press Send once more.")
    await expect(form.get_by_label("First name")).to_have_value("Child")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("heading", name="Thank you")).to_be_visible()
    rows = world.rows("SELECT first_name FROM client WHERE email = %s ORDER BY created_at", parent)
    assert [row["first_name"] for row in rows] == ["Ana", "Child"]
    await page.context.close()


async def test_the_page_your_website_gives_what_to_paste_and_says_what_is_missing(
    world: World, provider: Provider, site: Website, browser: Browser
) -> None:
    context = await browser.new_context(**WITHOUT_SCRIPTS)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{world.base_url}/console/settings/{provider.slug}")
    await page.get_by_role("link", name="Put it into your website").click()
    await fits(page)
    await expect(page.locator("main")).to_contain_text("new clients can sign up")
    await expect(page.locator("main")).to_contain_text("None yet.")
    await expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    pasted = await page.get_by_label("Form to paste").input_value()
    await page.get_by_role("link", name="List your website").click()
    # As it is copied from the address bar.
    await page.locator("[name=website_origins]").fill(f"{site.origin}/contact/?from=menu")
    await page.locator("section#website").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("section#website").get_by_role("status")).to_contain_text("Saved")
    await page.goto(f"{world.base_url}/console/providers/{provider.slug}/website")
    await expect(page.get_by_role("listitem").filter(has_text=re.compile(f"^{site.origin}$"))).to_be_visible()
    letter = await page.get_by_role("link", name="Send them all of this by mail").get_attribute("href")
    assert letter is not None
    assert letter.startswith("mailto:?subject=")
    await context.close()

    visitor = await (await browser.new_context(**DESK)).new_page()
    await visitor.goto(site.page("/", pasted))
    await expect(form_in(visitor).get_by_role("button", name="Send")).to_be_visible()
    await visitor.context.close()


async def test_closed_and_unpublished_is_said_where_the_snippets_are(
    world: World, provider: Provider, browser: Browser
) -> None:
    context = await browser.new_context(**DESK, permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    where = f"{world.base_url}/console/providers/{provider.slug}/website"
    await provider.change(allow_anonymous_signup=False)
    await page.goto(where)
    await expect(page.locator(".note").first).to_contain_text("Sign-up is closed at present")
    await provider.change(page_published=False)
    await page.goto(where)
    await expect(page.locator(".note").first).to_contain_text("The page isn't published")
    await page.get_by_role("button", name="Copy the button to paste").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == snippets(world, provider).button
    await context.close()
