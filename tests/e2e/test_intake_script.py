"""The script of the intake form hides what the server wouldn't ask, and nothing else, before anything is saved."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page

from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.questionnaire_forms import response_from_form
from domain.questionnaire_validation import asked_items, read_response
from portal.paths import identifier
from tests.browsers import DESK
from tests.domain.questionnaires import codes, document, extension, item, when
from tests.driver import PASSWORD, Provider, World, ok

UNITS = [extension("questionnaire-unitOption", "Coding", {"code": code, "display": code}) for code in ("kg", "g")]
ONE_OF = {"answerOption": codes("a", "b")}
ASKED = {
    "yes": item("yes", "boolean"),
    "number": item("number", "decimal"),
    "day": item("day", "date"),
    "hour": item("hour", "time"),
    "one": item("one", "choice", **ONE_OF),
    "some": item("some", "choice", repeats=True, **ONE_OF),
    "own": item("own", "open-choice", **ONE_OF),
    "weight": item("weight", "quantity", extension=UNITS),
}
KILOS = {"value": 5, "unit": "kg", "code": "kg"}
CODED = codes("a")[0]["valueCoding"]
CONDITIONS: list[dict[str, Any]] = [
    *(when(name, "exists", answerBoolean=there) for name in ASKED for there in (True, False)),
    *(when("yes", sign, answerBoolean=True) for sign in ("=", "!=")),
    *(when("number", sign, answerDecimal=2.5) for sign in ("=", "!=", "<", ">", "<=", ">=")),
    *(when("day", sign, answerDate="2026-05-31") for sign in ("=", "!=", "<", ">")),
    *(when("hour", sign, answerTime="14:30:00") for sign in ("=", "!=", "<", ">")),
    *(when(name, sign, answerCoding=CODED) for name in ("one", "some", "own") for sign in ("=", "!=")),
    *(when("own", sign, answerString="mine") for sign in ("=", "!=")),
    *(when("weight", sign, answerQuantity=KILOS) for sign in ("=", "!=", "<", ">")),
]
DEPENDENT = [item(f"if{n}", enableWhen=[condition]) for n, condition in enumerate(CONDITIONS)]
CHAINED = item("chained", enableWhen=[when("if0", "exists", answerBoolean=True)])
INSIDE = item("inside", enableWhen=[when("there", "=", answerBoolean=True)])
GROUP = item("group", "group", repeats=True, item=[item("there", "boolean"), INSIDE])
FORM = document(*ASKED.values(), *DEPENDENT, CHAINED, GROUP)
ROUNDS: list[dict[str, str]] = [
    {},
    {
        "yes": "true",
        "number": "2.5",
        "day": "2026-05-31",
        "hour": "14:30",
        "one": "a",
        "some": "a",
        "own": "a",
        "weight--unit": "kg",
        "weight": "5",
    },
    {"number": "2,50", "if0": "x", "there": "true", "there--2": "false"},
    {
        "yes": "false",
        "number": "10",
        "day": "2026-06-01",
        "one": "b",
        "some": "b",
        "own--other": "mine",
        "weight": "40",
    },
    {"weight--unit": "g", "number": "-1", "day": "2025-12-31", "there": "false", "there--2": "true"},
]


async def test_what_the_script_hides_is_what_the_server_would_not_ask(
    world: World, provider: Provider, browser: Browser
) -> None:
    form = ok(await provider.request("POST", f"/api/v1/providers/{provider.slug}/intake-forms", json=FORM), 201)
    await provider.change(intake_form_id=form["id"])
    person = await world.anonymous_client(provider)
    context = await browser.new_context(**DESK)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/portal/sign-in?next=/portal/intake")
    await page.get_by_label("Email").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Add another").last.click()
    await page.locator("[name='there--2']").first.wait_for()
    # Nothing but the script decides here: what the server says while saving would put its errors right.
    await page.route(
        "**/portal/intake", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    questionnaire = parse_questionnaire(FORM)
    for answers in ROUNDS:
        await fill(page, answers)
        typed, hidden = await seen(page)
        assert hidden == not_asked(questionnaire, typed), answers
    await page.evaluate("document.body.dataset.leaving = ''")
    await context.close()


async def fill(page: Page, answers: dict[str, str]) -> None:
    for name, value in answers.items():
        field = page.locator(f"[name='{name}']").first
        if await field.get_attribute("type") in ("radio", "checkbox"):
            await page.locator(f"[name='{name}'][value='{value}']").check()
        elif name.endswith("--unit"):
            await field.select_option(value)
        else:
            await field.fill(value)


async def seen(page: Page) -> tuple[dict[str, list[str]], set[str]]:
    """The fields as they would be sent, and the places that are hidden."""
    typed: dict[str, list[str]] = {}
    entries = "[...new FormData(document.querySelector('form[data-questionnaire]'))]"
    for name, value in await page.evaluate(entries):
        typed.setdefault(name, []).append(value)
    hidden = "[...document.querySelectorAll('[data-item]')].filter((one) => one.hidden).map((one) => one.dataset.item)"
    return typed, set(await page.evaluate(hidden))


def not_asked(questionnaire: Questionnaire, typed: dict[str, list[str]]) -> set[str]:
    response, errors = response_from_form(questionnaire, typed)
    assert errors == []
    reading = read_response(questionnaire, response)
    asked = asked_items(reading.questionnaire, reading.values)
    return {identifier(link_id) for link_id, whether in asked.items() if not whether}
