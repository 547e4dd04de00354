"""The greeting's editor in a browser: on a phone without scripts, and by keyboard; the preview runs nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from domain.attachments import LARGEST_FILE
from tests.browsers import DESK, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World
from tests.e2e.test_settings_pages import staff_page

PDF: FilePayload = {"name": "House rules.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
BAD: FilePayload = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"MZ"}


async def editor(world: World, provider: Provider, chromium: Browser, kind: dict[str, object]) -> Page:
    page = await staff_page(world, provider, chromium, kind, f"/console/settings/{provider.slug}")
    await page.get_by_role("link", name="Edit the greeting").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Greeting")
    return page


async def test_a_greeting_is_written_on_a_phone_without_scripts(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await editor(world, provider, browser, WITHOUT_SCRIPTS)
    await page.get_by_label("Subject", exact=True).fill("Welcome, {{first_name}}")
    await page.get_by_role("textbox", name="Text", exact=True).fill("## Hello\n\nDear **{{preferred_name}}**")
    await page.get_by_label("Add files").set_input_files([PDF, BAD])
    await page.get_by_role("button", name="Upload", exact=True).last.click()
    await expect(page.get_by_role("alert")).to_contain_text("no PHI")
    await page.get_by_label("Add files").set_input_files([PDF, BAD])
    await page.get_by_label("The files that I upload").check()
    await page.get_by_role("button", name="Upload", exact=True).last.click()
    await expect(page.get_by_role("alert")).to_contain_text("“notes.pdf” isn't a PDF")
    await page.get_by_role("button", name="Up: House rules.pdf").click()
    await page.get_by_role("button", name="Preview").click()
    mail = page.frame_locator("iframe.mail")
    await expect(mail.get_by_role("heading")).to_have_text("Hello")
    await expect(mail.locator("strong")).to_have_text("Lex")
    await expect(page.locator("dl.facts", has_text="Answers go to")).to_contain_text("House rules.pdf")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("main")).to_contain_text("Saved as a new version")
    saved = await provider.get(f"/api/v1/providers/{provider.slug}/greeting")
    assert [one["name"] for one in saved["attachments"]] == ["House rules.pdf", "Welcome.pdf"]
    await page.get_by_role("link", name="Version 1").click()
    await expect(page.frame_locator("iframe.mail").locator("body")).to_contain_text("thank you for getting in touch")
    await page.get_by_role("button", name="Restore this version").click()
    await expect(page.get_by_label("Subject", exact=True)).to_have_value("Welcome to {{practice_name}}, {{first_name}}")
    await page.context.close()


@pytest.mark.parametrize("width", [1200, 360])
async def test_by_keyboard_and_nothing_of_the_preview_runs(
    world: World, provider: Provider, browser: Browser, width: int
) -> None:
    page = await editor(world, provider, browser, {**DESK, "viewport": {"width": width, "height": 740}})
    problems: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type in ("error", "warning") else None)
    await page.get_by_role("textbox", name="Text", exact=True).focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Hello\n\n<img src=x onerror='parent.document.title=1'> **there**")
    preview = page.get_by_role("button", name="Preview")
    for _ in range(25):
        if await preview.evaluate("one => one === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    mail = page.frame_locator("iframe.mail")
    await expect(mail.locator("strong")).to_have_text("there")
    assert await mail.locator("img").count() == 0
    await expect(page).to_have_title("Greeting – " + (await page.locator(".brand").inner_text()))
    await fits(page)
    large = FilePayload(name="big.pdf", mimeType="application/pdf", buffer=b"%PDF-" + bytes(LARGEST_FILE))
    await page.get_by_label("Add files").set_input_files([large])
    await expect(page.get_by_role("alert").filter(has_text="“big.pdf” is too large")).to_be_visible()
    await page.get_by_role("button", name="Send to myself").click()
    await expect(page.get_by_role("alert").first).to_contain_text("no PHI")
    await page.get_by_role("button", name="Send to myself").click()
    await expect(page.get_by_role("status")).to_contain_text(provider.seeded.email)
    assert [one for one in problems if "422" not in one] == []
    await page.context.close()
