"""The main flows by keyboard alone, with scripts or without: nothing needs a mouse, and the focus always shows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.browsers import DESK
from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, until
from tests.staffing import Colleague, owner_of
from tests.walk.keyboard import Keyboard
from tests.walk.scene import Scene

WITHOUT_SCRIPTS = DESK | {"java_script_enabled": False}


# What scripts change the way of goes both ways; the rest one way, so that both are walked at little cost.
both_ways = pytest.mark.parametrize("page", [DESK, WITHOUT_SCRIPTS], ids=["scripts", "no scripts"], indirect=True)
with_scripts = pytest.mark.parametrize("page", [DESK], ids=["scripts"], indirect=True)
without_scripts = pytest.mark.parametrize("page", [WITHOUT_SCRIPTS], ids=["no scripts"], indirect=True)


@pytest.fixture
async def page(scene: Scene, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    context = await scene.chromium.new_context(**request.param)
    context.set_default_timeout(20_000)
    yield await context.new_page()
    await context.close()


async def open_as(page: Page, world: World, http: Any, path: str) -> Keyboard:
    cookies: list[Any] = [
        {"name": one.name, "value": one.value, "url": world.base_url} for one in http.cookies.jar if one.value
    ]
    await page.context.add_cookies(cookies)
    await page.goto(f"{world.base_url}{path}")
    return Keyboard(page)


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


@with_scripts
async def test_the_first_stop_leads_past_the_menu(world: World, provider: Provider, page: Page) -> None:
    person = await world.invited_client(provider)
    keys = await open_as(page, world, person.http, "/portal")
    stop = await keys.to("")
    assert stop["name"] == "Skip to content"
    await page.keyboard.press("Enter")
    assert (await keys.to(""))["name"] == "Choose a time"


@both_ways
async def test_signing_up_and_accepting_the_invitation(world: World, provider: Provider, page: Page) -> None:
    address = new_address()
    await page.goto(f"{world.base_url}/p/{provider.slug}")
    keys = Keyboard(page)
    await keys.press("I'm a New Client")
    await keys.press("Send")
    # The summary of what is wrong comes first, and each line leads to its field.
    await keys.to("First name:")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Ana")
    await keys.type("last_name", "Example")
    await keys.type("email", address)
    await keys.enter()
    await heading(page).to_contain_text("check your mail")
    await page.goto(f"{world.base_url}/invitations/{await world.invitation_token(address)}")
    await keys.type("password", PASSWORD)
    await keys.press("Open my account")
    await heading(page).to_contain_text("Ana")


@without_scripts
async def test_the_intake_form_as_draft_reviewed_and_signed(world: World, provider: Provider, page: Page) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    keys = await open_as(page, world, person.http, "/portal")
    await keys.press("Start the form")
    await keys.type("emergency-contact.name", "Maria Example")
    await keys.press("Save for later")
    await page.goto(f"{world.base_url}/portal")
    await keys.press("Continue the form")
    await keys.type("emergency-contact.phone", "+1 415 555 2671")
    await keys.type("reason.words", "I would like to talk.")
    for choice in ("last-two-weeks.interest", "last-two-weeks.mood"):
        await keys.check(choice)
    for question in ("earlier-therapy", "medication"):
        await keys.check(question, arrows=1)
    await keys.check("agreement.truthful")
    await keys.type("agreement.signature", "Ana Example")
    await keys.press("Review and submit")
    await heading(page).to_contain_text("once more")
    await expect(page.locator("main")).to_contain_text("Maria Example")
    await keys.press("Sign and submit")
    await expect(page.get_by_role("alert")).to_contain_text("full name")
    await keys.type("signature", "Ana Example")
    await keys.enter()
    await expect(page.locator("main")).to_contain_text("sent to the practice")
    await provider.stage(person.client_id, "ready")


@both_ways
async def test_booking_paying_moving_and_cancelling(world: World, provider: Provider, page: Page) -> None:
    person = await world.ready_client(provider)
    keys = await open_as(page, world, person.http, "/portal")
    await keys.press("Choose a time")
    # Far enough ahead to be moved and cancelled online, whatever day it is.
    for _ in range(2):
        await keys.press("Later month")
    await keys.check("starts_at", arrows=1)
    await keys.press("Continue to Bill Pay")
    await page.wait_for_url(f"{world.endpoints['simulator_url']}/**")
    await page.get_by_role("button", name="Pay").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/portal/appointments/**")
    appointment = page.url.partition("?")[0].rpartition("/")[2]
    booked = await person.in_state(appointment, "booked")
    await page.goto(f"{world.base_url}/portal/appointments/{appointment}")
    await keys.press("Move to another time")
    for _ in range(2):
        await keys.press("Later month")
    await keys.check("starts_at", arrows=3)
    await keys.press("Move to this time")
    assert (await person.appointment(appointment))["starts_at"] != booked["starts_at"]
    await keys.press("Cancel this appointment")
    await keys.press("Yes, cancel it")
    await expect(page.locator("main")).to_contain_text("Cancelled")
    await person.in_state(appointment, "cancelled")


async def second_factor_of(owner: Colleague) -> str:
    """Turned on; the secret that the app keeps."""
    page = await owner.page("/console/account/two-factor")
    found = re.search(r'class="code[^>]*>([A-Z2-7 ]+)<', page)
    assert found is not None
    secret = found.group(1).replace(" ", "")
    path = "/console/account/two-factor"
    assert (await owner.submit(path, path, code=pyotp.TOTP(secret).now())).status_code == 200
    return secret


@without_scripts
async def test_staff_sign_in_with_two_factors_and_invite(world: World, provider: Provider, page: Page) -> None:
    secret = await second_factor_of(await owner_of(provider))
    await page.goto(f"{world.base_url}/console")
    keys = Keyboard(page)
    await keys.type("email", provider.seeded.email)
    await keys.type("password", provider.seeded.password)
    await keys.enter()
    await heading(page).to_have_text("One more step")
    # The code that turned it on is used up: the app's next one, which is good already.
    await keys.type("code", pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    await keys.enter()
    await heading(page).to_have_text("Clients")
    address = new_address()
    await keys.press("Invite a client")
    await keys.type("first_name", "Ines")
    await keys.type("last_name", "Invited")
    await keys.type("email", address)
    await keys.press("Invite")
    await heading(page).to_contain_text("Ines Invited")
    await world.mail(address, "client portal")


@with_scripts
async def test_answering_what_needs_attention(world: World, provider: Provider, page: Page) -> None:
    wrong, right = new_address(), new_address()
    faults = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(faults, json=[{"to": wrong, "reply": 550, "times": 50}]))
    client = await provider.invite(email=wrong)

    async def stuck() -> bool:
        return (await provider.client(client["id"]))["attention"] is not None

    await until(stuck, "the refusal on the list")
    keys = await open_as(page, world, (await owner_of(provider)).http, "/console")
    await keys.press("Attention")
    await keys.type("email", right)
    await keys.press("Correct and try again")
    await world.mail(right, "client portal")


@without_scripts
async def test_booking_for_a_client(world: World, provider: Provider, page: Page) -> None:
    person = await world.invited_client(provider)
    keys = await open_as(page, world, (await owner_of(provider)).http, f"/console/clients/{person.client_id}")
    await keys.press("Book for the client")
    await keys.check("starts_at", arrows=2)
    await keys.press("Book")
    await booked(person)


async def booked(person: Person) -> Any:
    async def look() -> Any:
        items = (await person.get("/api/v1/portal/appointments"))["items"]
        return items if items and items[0]["status"] == "booked" else None

    return await until(look, "the booked appointment")


@with_scripts
async def test_saving_a_setting_that_touches_somebody(world: World, provider: Provider, page: Page) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    keys = await open_as(page, world, (await owner_of(provider)).http, f"/console/settings/{provider.slug}#intake")
    await keys.check("require_intake")
    await keys.press("Save")
    await heading(page).to_have_text("Before this is saved")
    await expect(page.locator("main")).to_contain_text("1 client is waiting for intake")
    await keys.press("Save it")
    settings = await provider.get(f"/api/v1/providers/{provider.slug}/portal-settings")
    assert settings["require_intake"] is False


@with_scripts
async def test_writing_a_form_and_taking_it_into_use(world: World, provider: Provider, page: Page) -> None:
    keys = await open_as(page, world, (await owner_of(provider)).http, "/console")
    await keys.press("Forms")
    await keys.press("Write a form")
    await keys.type("title", "About sleep")
    await keys.type("text.q1", "Do you sleep well?")
    await keys.choose("type.q1", "Yes or no")
    await keys.check("required.q1")
    await keys.press("Save")
    await heading(page).to_contain_text("About sleep")
    await keys.press("Use for new clients")
    await expect(page.locator("main")).to_contain_text("In use for new clients")
