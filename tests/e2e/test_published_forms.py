"""Published instruments: imported unchanged, shown in a browser, answered, signed, and read by the practice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Provider, World, ok

FORMS = sorted((Path(__file__).parents[1] / "questionnaires").glob("*.json"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
async def test_a_published_form_is_imported_and_answered(
    world: World, provider: Provider, browser: Browser, path: Path
) -> None:
    forms, source = f"/api/v1/providers/{provider.slug}/intake-forms", path.read_text()
    form = ok(await provider.request("POST", forms, content=source.encode()), 201)
    assert [one["field"] for one in form["warnings"]] == ["total"]
    assert (await provider.request("GET", f"{forms}/{form['id']}")).text == source
    again = ok(await provider.request("POST", forms, content=source.encode()), 201)
    assert (again["version"], again["questionnaire"]) == (2, json.loads(source))
    await provider.change(intake_form_id=form["id"])

    person = await world.anonymous_client(provider)
    context = await browser.new_context(**PHONE)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/portal/sign-in")
    await page.get_by_label("Email").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/portal**")
    await page.goto(f"{world.base_url}/portal/intake")
    await fits(page)
    await expect(page.get_by_text("Total score")).to_have_count(0)
    await page.get_by_role("button", name="Review and submit").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check these answers")
    questions = page.locator("fieldset:visible", has_text="Several days")
    asked = await questions.count()
    for number in range(asked):
        await questions.nth(number).get_by_label("Several days").check()
    await page.get_by_role("button", name="Review and submit").click()
    await page.get_by_label("Your full name").fill("Ana Example")
    await page.get_by_role("button", name="Sign and submit").click()
    await expect(page.locator("main")).to_contain_text("sent to the practice")
    await context.close()

    answers = await provider.get(f"/api/v1/clients/{person.client_id}/intake")
    assert answers["response"]["questionnaire"] == f"{form['questionnaire']['url']}|1.0"
    assert json.dumps(answers["response"]).count('"Several days"') == asked
