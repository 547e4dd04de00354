"""The provider's page: words and picture by API and in the editor, what everybody sees, versions and a way back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.driver import Provider, World, ok, problem, text_of
from tests.e2e.test_settings_pages import staff_page
from tests.pictures import opened, photo
from tests.staffing import owner_of

WORDS = "Welcome.\n\nI see adults & couples, <in person> or by video."


def home(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/page"


async def upload(provider: Provider, content: bytes, name: str = "me.jpg") -> httpx.Response:
    return await provider.request("POST", f"{home(provider)}/picture", files={"file": (name, content)})


async def look(world: World, path: str) -> httpx.Response:
    """As somebody who isn't signed in."""
    return await world.http.get(f"{world.base_url}{path}")


async def test_a_picture_is_uploaded_and_shown_once_the_page_is_saved_with_it(world: World, provider: Provider) -> None:
    kept = ok(await upload(provider, photo(exif=True)), 201)
    assert (kept["width"], kept["height"]) == (300, 400)
    assert (await look(world, kept["url"])).status_code == 404
    words = {"name": "Dr. Ada Reyes", "title": "Psychologist", "intro": WORDS, "contact": ""}
    saved = await provider.request("PUT", home(provider), json=words | {"picture": {"id": kept["id"], "alt": "Ada"}})
    picture = {"id": kept["id"], "alt": "Ada", "url": kept["url"]}
    assert ok(saved) == await provider.get(home(provider)) == words | {"picture": picture}

    page = await look(world, f"/p/{provider.slug}")
    assert "I see adults &amp; couples, &lt;in person&gt; or by video." in page.text
    assert f'src="{kept["url"]}" alt="Ada" width="300" height="400"' in page.text
    assert f'<meta property="og:image" content="{world.base_url}{kept["url"]}">' in page.text
    shown = await look(world, kept["url"])
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    assert opened(shown.content).size == (300, 400)
    assert not opened(shown.content).getexif()


async def test_the_name_on_the_page_is_the_name_in_portal_and_mails(world: World, provider: Provider) -> None:
    ok(await provider.request("PUT", home(provider), json={"name": "Dr. Zoë Müller"}))
    (listed,) = (await provider.get("/api/v1/providers"))["items"]
    assert (listed["provider"], listed["name"]) == (provider.slug, "Dr. Zoë Müller")
    invited = await provider.invite()
    assert "Dr. Zoë Müller" in text_of(await world.mail(invited["email"], "client portal"))


async def test_a_program_that_knows_nothing_of_pictures_goes_on_saving_words(world: World, provider: Provider) -> None:
    kept = ok(await upload(provider, photo()), 201)
    page = {"name": "Ada", "picture": {"id": kept["id"], "alt": "Ada"}}
    ok(await provider.request("PUT", home(provider), json=page))
    after = ok(await provider.request("PUT", home(provider), json={"name": "Ada R."}))
    assert (after["name"], after["picture"]["id"]) == ("Ada R.", kept["id"])
    # What was read can be sent back, with one thing changed.
    assert (
        ok(await provider.request("PUT", home(provider), json=after | {"title": "PhD"}))["picture"] == after["picture"]
    )
    assert ok(await provider.request("PUT", home(provider), json=after | {"picture": None}))["picture"] is None
    assert (await look(world, kept["url"])).status_code == 404


@pytest.mark.parametrize(
    ("picture", "field"),
    [
        ("pic_x", "picture"),
        ({"alt": "Ada"}, "picture"),
        ({"id": "pic_x", "alt": "Ada"}, "picture"),
        ({"id": "pic_x"}, "picture.alt"),
        ({"id": "pic_x", "alt": " "}, "picture.alt"),
        ({"id": "pic_x", "alt": "a" * 201}, "picture.alt"),
    ],
)
async def test_what_is_wrong_with_a_picture_is_named(provider: Provider, picture: Any, field: str) -> None:
    answer = await provider.request("PUT", home(provider), json={"name": "Ada", "picture": picture})
    assert [one["field"] for one in problem(answer, "validation", 422)["errors"]] == [field]


async def test_pictures_are_judged_by_what_is_in_them_and_belong_to_one_provider(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    problem(await upload(provider, b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "validation", 422)
    problem(await upload(provider, bytes(9 * 1024 * 1024)), "payload-too-large", 413)
    theirs = ok(await upload(other_provider, photo()), 201)
    borrowed = {"name": "Ada", "picture": {"id": theirs["id"], "alt": "Somebody else"}}
    problem(await provider.request("PUT", home(provider), json=borrowed), "validation", 422)
    owner = await owner_of(provider)
    pictures = f"/console/providers/{provider.slug}/page/pictures"
    assert (await owner.request("GET", f"{pictures}/{theirs['id']}")).status_code == 404
    own = ok(await upload(provider, photo("PNG"), "me.png.exe"), 201)
    assert (await owner.request("GET", f"{pictures}/{own['id']}")).headers["content-type"] == "image/jpeg"


async def test_pictures_that_were_never_saved_are_forgotten_and_others_kept(world: World, provider: Provider) -> None:
    kept, unsaved = ok(await upload(provider, photo()), 201), ok(await upload(provider, photo()), 201)
    ok(await provider.request("PUT", home(provider), json={"name": "A", "picture": {"id": kept["id"], "alt": "A"}}))
    ok(await provider.request("PUT", home(provider), json={"name": "A", "picture": None}))
    long_ago = (await world.now()) - timedelta(days=3)
    world.execute(
        f"UPDATE page_picture SET created_at = '{long_ago.isoformat()}' WHERE id IN ('{kept['id']}', '{unsaved['id']}')"
    )
    ok(await upload(provider, photo()), 201)
    rows = world.rows("SELECT id FROM page_picture WHERE id IN (%s, %s)", kept["id"], unsaved["id"])
    # An earlier version shows it: it can be put in force again.
    assert [row["id"] for row in rows] == [kept["id"]]


async def test_a_page_that_is_not_published_shows_no_picture_either(world: World, provider: Provider) -> None:
    kept = ok(await upload(provider, photo()), 201)
    ok(await provider.request("PUT", home(provider), json={"name": "A", "picture": {"id": kept["id"], "alt": "A"}}))
    assert (await look(world, kept["url"])).status_code == 200
    await provider.change(page_published=False)
    assert (await look(world, kept["url"])).status_code == 404


async def editor(world: World, provider: Provider, chromium: Browser, kind: dict[str, Any]) -> Page:
    return await staff_page(world, provider, chromium, kind, f"/console/providers/{provider.slug}/page")


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).last.click()


@pytest.mark.parametrize("kind", [PHONE, WITHOUT_SCRIPTS], ids=["phone", "without-scripts"])
async def test_the_page_is_written_previewed_saved_and_put_back(
    world: World, provider: Provider, browser: Browser, tmp_path: Path, kind: dict[str, Any]
) -> None:
    (tmp_path / "me.jpg").write_bytes(photo(size=(900, 1200)))
    (tmp_path / "me.txt").write_text("no picture")
    page = await editor(world, provider, browser, kind)
    await fits(page)
    await page.locator("[name=name]").fill("")
    await page.locator("[name=intro]").fill(WORDS)
    await page.locator("[name=file]").set_input_files(tmp_path / "me.txt")
    await press(page, "Save")
    await expect(page.get_by_role("alert")).to_contain_text("Picture: Must be a JPEG, PNG or WebP picture")
    await page.locator("[name=file]").set_input_files(tmp_path / "me.jpg")
    await press(page, "Save")
    # The file is kept: nobody has to choose it twice.
    for said in ("Name: Is needed", "What the picture shows: Is needed"):
        await expect(page.get_by_role("alert")).to_contain_text(said)
    await fits(page)
    await page.locator("[name=name]").fill("Dr. Ada Reyes")
    await page.locator("[name=alt]").fill("Ada Reyes, smiling")
    await press(page, "Preview")
    shown = page.locator("details", has_text="Preview")
    await expect(shown.get_by_role("heading", name="Dr. Ada Reyes")).to_be_visible()
    picture = shown.get_by_role("img", name="Ada Reyes, smiling")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("one => one.complete && one.naturalWidth") == 720
    assert await shown.get_by_role("link", name="I'm a New Client").count() == 0
    assert (await provider.get(home(provider)))["picture"] is None
    await fits(page)
    await press(page, "Save")
    await expect(page.get_by_role("status")).to_contain_text("Saved as a new version")

    visitor = await (await browser.new_context(**kind)).new_page()
    await visitor.goto(f"{world.base_url}/p/{provider.slug}")
    await expect(visitor.get_by_role("heading", level=1)).to_have_text("Dr. Ada Reyes")
    await expect(visitor.get_by_role("img", name="Ada Reyes, smiling")).to_be_visible()
    await expect(visitor.locator(".intro")).to_have_text(WORDS)
    await fits(visitor)

    await press(page, "Remove the picture")
    await press(page, "Save")
    await visitor.reload()
    await expect(visitor.get_by_role("img")).to_have_count(0)
    await page.get_by_role("link", name="Version 2").click()
    await expect(page.get_by_role("img", name="Ada Reyes, smiling")).to_be_visible()
    await fits(page)
    await press(page, "Restore this version")
    await expect(page.get_by_role("status")).to_contain_text("in force again")
    await visitor.reload()
    await expect(visitor.get_by_role("img", name="Ada Reyes, smiling")).to_be_visible()
    audit = (await provider.get("/api/v1/audit"))["items"]
    assert [one["kind"] for one in audit].count("settings_saved") == 3
    await visitor.context.close()
    await page.context.close()


async def test_two_who_write_at_once_lose_nothing(world: World, provider: Provider, browser: Browser) -> None:
    page = await editor(world, provider, browser, DESK)
    ok(await provider.request("PUT", home(provider), json={"name": "By program"}))
    await page.locator("[name=name]").fill("By hand")
    await press(page, "Save")
    await expect(page.get_by_role("alert")).to_contain_text("in the meantime")
    await expect(page.locator("[name=name]")).to_have_value("By hand")
    assert (await provider.get(home(provider)))["name"] == "By program"
    await press(page, "Save")
    await expect(page.get_by_role("status")).to_contain_text("Saved")
    assert (await provider.get(home(provider)))["name"] == "By hand"
    await page.context.close()


async def test_the_closed_page_says_how_to_get_in_touch(world: World, provider: Provider) -> None:
    ok(await provider.request("PUT", home(provider), json={"name": "Ada", "contact": "Call after nine."}))
    await provider.change(allow_anonymous_signup=False)
    page = (await look(world, f"/p/{provider.slug}")).text
    assert "Call after nine." in page
    assert f"/p/{provider.slug}/signup" not in page
