"""The console's forms: written without a script, imported, exported, taken into use; the client's form saves itself."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from devstack.demo import required_answers
from tests.browsers import DESK, PHONE, WITHOUT_SCRIPTS, fits
from tests.domain.questionnaires import answered, document, item
from tests.driver import PASSWORD, Provider, World, ok, until


async def staff_page(world: World, provider: Provider, chromium: Browser, kind: dict[str, Any]) -> Page:
    context = await chromium.new_context(**kind)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/console")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{world.base_url}/console/forms")
    return page


@pytest.mark.parametrize("kind", [DESK, WITHOUT_SCRIPTS], ids=["desk", "without-scripts"])
async def test_a_form_is_written_changed_and_taken_into_use(
    world: World, provider: Provider, browser: Browser, kind: dict[str, Any]
) -> None:
    page = await staff_page(world, provider, browser, kind)
    await fits(page)
    await page.get_by_role("link", name="Write a form").click()
    await page.get_by_label("Title").fill("About sleep")
    await page.locator("[name='text.q1']").fill("Do you sleep well?")
    await page.locator("[name='type.q1']").select_option("boolean")
    await page.locator("[name='required.q1']").check()
    await page.get_by_role("button", name="Add a question").click()
    await page.locator("[name='text.q2']").fill("What keeps you awake?")
    await page.locator("[name='type.q2']").select_option("choice")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("What keeps you awake?")
    await page.locator("fieldset", has=page.locator("[name='text.q2']")).locator("summary").last.click()
    await page.locator("[name='options.q2']").fill("Noise\nWorries")
    await page.locator("[name='question.q2']").select_option("q1")
    await page.locator("[name='answer.q2']").fill("no")
    await fits(page)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("About sleep")
    await page.get_by_role("button", name="Use for new clients").click()
    await expect(page.locator("main")).to_contain_text("In use for new clients")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_role("button", name="Up: What keeps you awake?").click()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("main")).to_contain_text("Version 2")

    forms = (await provider.get(f"/api/v1/providers/{provider.slug}/intake-forms"))["items"]
    first, second = [one for one in forms if one["title"] == "About sleep"]
    assert [one["linkId"] for one in second["questionnaire"]["item"]] == ["q2", "q1"]
    assert first["questionnaire"]["item"][1]["enableWhen"] == [
        {"question": "q1", "operator": "=", "answerBoolean": False}
    ]
    assert (second["questionnaire"]["version"], second["questionnaire"]["url"]) == ("2", first["questionnaire"]["url"])
    settings = await provider.get(f"/api/v1/providers/{provider.slug}/portal-settings")
    assert settings["intake_form_id"] == first["id"]
    await page.context.close()


async def test_a_form_is_imported_by_its_text_and_what_is_not_supported_is_named(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await staff_page(world, provider, browser, PHONE)
    await page.locator("[name=text]").fill(json.dumps(document(item("photo", "attachment"))))
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_role("alert")).to_contain_text("photo has type attachment")
    source = json.dumps(document(item("a"), item("b", "quantity")), indent=1)
    await page.locator("[name=text]").fill(source)
    await page.get_by_role("button", name="Import").click()
    await expect(page.locator("main")).to_contain_text("The form is imported")
    await fits(page)
    forms = (await provider.get(f"/api/v1/providers/{provider.slug}/intake-forms"))["items"]
    exported = await provider.request("GET", f"/api/v1/providers/{provider.slug}/intake-forms/{forms[-1]['id']}")
    assert exported.json() == json.loads(source)
    await page.context.close()


async def test_the_form_saves_itself_and_an_older_window_overwrites_nothing(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.anonymous_client(provider)
    context = await browser.new_context(**DESK)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/portal/sign-in")
    await page.get_by_label("Email").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/portal**")
    await page.goto(f"{world.base_url}/portal/intake")
    older = await context.new_page()
    await older.goto(f"{world.base_url}/portal/intake")
    await expect(page.locator("[name='medication.name']")).to_be_hidden()
    await page.locator("[name='reason.words']").fill("I would like to talk.")
    await page.locator("[name='medication'][value=true]").check()
    await expect(page.locator("[name='medication.name']")).to_be_visible()
    await expect(page.locator("[data-saved]")).to_have_text("Saved.")

    async def kept() -> bool:
        draft = (await person.get("/api/v1/portal/intake"))["draft"]
        return "I would like to talk." in json.dumps(draft)

    await until(kept, "the draft")
    await older.locator("[name='reason.words']").fill("Something older")
    await expect(older.locator("[data-saved]")).to_contain_text("another window")
    assert await kept()
    await context.close()


async def test_the_practice_reads_and_exports_what_was_signed(
    world: World, provider: Provider, browser: Browser
) -> None:
    person = await world.anonymous_client(provider)
    view = await person.get("/api/v1/portal/intake")
    assert (await provider.get(f"/api/v1/clients/{person.client_id}/intake"))["response"] is None
    items = required_answers(view["form"]["item"])
    care = next(one for one in items if one["linkId"] == "care")
    care["item"] = [
        answered("earlier-therapy", False, kind="Boolean"),
        answered("medication", True, kind="Boolean"),
    ]
    medications = [{"linkId": "medication.list", "item": [answered("medication.name", it)]} for it in ("Iron", "Zinc")]
    place = items.index(care) + 1
    items[place:place] = [*medications, {"linkId": "medication.list"}]
    await person.submit_intake(signature="Ana Anonymous", items=items)
    answers = await provider.get(f"/api/v1/clients/{person.client_id}/intake")
    assert answers["signature"]["name"] == "Ana Anonymous"
    assert answers["signature"]["consent_sha256"] == view["consent"]["sha256"]
    assert answers["response"]["status"] == "completed"
    kept = [one for one in answers["response"]["item"] if one["linkId"] == "medication.list"]
    assert kept == medications, "the one without an answer is left out"
    pdf = await provider.request("GET", f"/api/v1/clients/{person.client_id}/intake.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    page = await staff_page(world, provider, browser, DESK)
    await page.goto(f"{world.base_url}/console/clients/{person.client_id}?intake=true")
    await expect(page.locator("main")).to_contain_text("Signed: Ana Anonymous")
    await expect(page.locator(".answers")).to_contain_text(
        re.compile("Medication 1.*Iron.*Medication 2.*Zinc", re.DOTALL)
    )
    async with page.expect_download() as download:
        await page.get_by_role("link", name="FHIR QuestionnaireResponse").click()
    assert json.loads((await (await download.value).path()).read_text()) == answers["response"]
    await page.context.close()
    assert ok(await person.request("GET", "/api/v1/portal/intake"))["status"] == "submitted"
