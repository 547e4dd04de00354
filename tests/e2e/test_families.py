"""One account per address, several clients behind it: families, also with two practices."""

from __future__ import annotations

import asyncio
import re

import httpx
from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem
from tests.e2e.test_front_desk import post_form

WRONG = "not the pass phrase at all"


async def invited(provider: Provider, address: str, first_name: str) -> tuple[str, str]:
    """The client's id, and the token of their invitation."""
    client = await provider.invite(email=address, first_name=first_name)
    await provider.told(client["id"], "invitation_sent")
    for mail in await provider.world.mails(address, "client portal"):
        if f"Hello {first_name}" in mail.as_string():
            found = re.search(r"/invitations/([\w.-]+)", mail.as_string().replace("=\n", ""))
            assert found is not None
            return client["id"], found.group(1)
    raise AssertionError("no invitation for them")


async def accept(world: World, token: str, password: str = PASSWORD) -> httpx.Response:
    return await world.browser().post(
        f"{world.base_url}/api/v1/invitations/{token}/accept", json={"password": password}
    )


async def family(world: World, *practices: Provider) -> tuple[Person, list[str]]:
    """Ana and Ben, accepted in this order; with a second practice, Ben is theirs."""
    address = new_address()
    ids = []
    for provider, name in zip((practices[0], practices[-1]), ("Ana", "Ben"), strict=True):
        client_id, token = await invited(provider, address, name)
        ok(await accept(world, token))
        await provider.stage(client_id, "ready")
        ids.append(client_id)
    http = world.browser()
    ok(await http.post(f"{world.base_url}/api/v1/portal/session", json={"email": address, "password": PASSWORD}))
    return Person(world=world, provider=practices[0], address=address, client_id=ids[0], http=http), ids


async def test_a_second_invitation_asks_for_the_password_that_there_is(world: World, provider: Provider) -> None:
    address = new_address()
    (ana, first), (ben, second) = [await invited(provider, address, name) for name in ("Ana", "Ben")]
    assert ok(await accept(world, first)) == {"clients": [{"id": ana}], "client_id": ana}
    page = (await world.browser().get(f"{world.base_url}/invitations/{second}")).text
    assert "You have an account with this address already" in page
    assert "Choose a password" not in page
    refused = problem(await accept(world, second, "a quite different pass phrase"), "validation", 422)
    assert refused["errors"][0]["field"] == "password"
    assert (await provider.client(ben))["portal_status"] == "pending"
    answer = ok(await accept(world, second))
    assert answer == {"clients": [{"id": ana}, {"id": ben}], "client_id": ben}
    assert len(world.rows("SELECT id FROM portal_account WHERE email = %s", address)) == 1


async def test_wrong_passwords_are_limited_as_at_the_sign_in(world: World, provider: Provider) -> None:
    address = new_address()
    (_, first), (_, second) = [await invited(provider, address, name) for name in ("Ana", "Ben")]
    ok(await accept(world, first))
    for _ in range(10):
        problem(await accept(world, second, WRONG), "validation", 422)
    problem(await accept(world, second), "rate-limited", 429)
    page = await world.browser().post(f"{world.base_url}/invitations/{second}", data={"password": PASSWORD})
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "Please wait" in page.text


async def test_two_links_of_a_family_opened_at_once_make_one_account(world: World, provider: Provider) -> None:
    address = new_address()
    tokens = [(await invited(provider, address, name))[1] for name in ("Ana", "Ben", "Cleo")]
    answers = await asyncio.gather(*(accept(world, token) for token in tokens))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(world.rows("SELECT id FROM portal_account WHERE email = %s", address)) == 1
    accounts = {row["account_id"] for row in world.rows("SELECT account_id FROM client WHERE email = %s", address)}
    assert len(accounts) == 1


async def test_each_of_them_has_a_way_of_their_own(world: World, provider: Provider) -> None:
    person, (ana, ben) = await family(world, provider)
    assert (await person.get("/api/v1/portal/me"))["client_id"] == ana
    assert (await person.get("/api/v1/portal/me", params={"client": ben}))["client_id"] == ben
    slot = (await person.slots())[-1]
    ok(await person.request("POST", f"/api/v1/portal/appointments?client={ben}", json={"starts_at": slot}), 201, 202)
    assert (await person.get("/api/v1/portal/appointments"))["items"] == []
    assert len((await person.get("/api/v1/portal/appointments", params={"client": ben}))["items"]) == 1
    stranger = await world.invited_client(provider)
    problem(await person.request("GET", f"/api/v1/portal/me?client={stranger.client_id}"), "not-found", 404)
    assert (await person.request("GET", f"/portal?client={stranger.client_id}")).status_code == 404


async def test_every_page_says_for_whom_and_stays_with_them(world: World, provider: Provider) -> None:
    person, (_, ben) = await family(world, provider)
    for path in ("", "/book", "/bill-pay", "/profile", "/profile/contact", "/intake"):
        page = (await person.request("GET", f"/portal{path}?client={ben}")).text
        assert "<title>Ben Invited: " in page, path
        assert "For <strong>Ben Invited</strong>" in page, path
        links = re.findall(r'(?:href|action)="(/portal[^"]*)"', page)
        assert links
        own = [one for one in links if "/sign-out" not in one]
        assert [one for one in own if "client=" not in one] == [], path
    home = (await person.request("GET", f"/portal?client={ben}")).text
    others = home.split('id="others"')[1]
    assert "Ana Invited" in others
    assert "choose a time" in others


async def test_somebody_alone_is_not_asked_for_whom(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    page = (await person.request("GET", "/portal")).text
    assert "Whose portal" not in page
    assert "client=" not in page


async def test_two_practices_behind_one_account_know_nothing_of_each_other(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    person, (ana, ben) = await family(world, provider, other_provider)
    names = {one: (await one.get("/api/v1/clients"))["items"] for one in (provider, other_provider)}
    assert [[item["id"] for item in items] for items in names.values()] == [[ana], [ben]]
    problem(await provider.request("GET", f"/api/v1/clients/{ben}"), "not-found", 404)
    practices = [
        world.rows("SELECT name FROM practice WHERE id = %s", one.seeded.practice_id)[0]["name"]
        for one in (provider, other_provider)
    ]
    page = (await person.request("GET", f"/portal?client={ben}")).text
    header, rest = page.split("</header>")
    assert practices[1] in header
    assert practices[0] not in header
    assert practices[0] in rest, "whose portal the other one is"
    # Each one's rules are their own.
    await provider.change(allow_self_schedule=False)
    assert "/portal/book" not in (await person.request("GET", f"/portal?client={ana}")).text
    assert "/portal/book" in (await person.request("GET", f"/portal?client={ben}")).text


async def test_after_accepting_the_page_is_the_new_one_s(world: World, provider: Provider) -> None:
    address = new_address()
    (_, first), (ben, second) = [await invited(provider, address, name) for name in ("Ana", "Ben")]
    ok(await accept(world, first))
    http = world.browser()
    answer = await post_form(http, f"{world.base_url}/invitations/{second}", password=PASSWORD)
    assert answer.headers["Location"] == f"/portal?client={ben}&done=added"
    page = (await http.get(f"{world.base_url}{answer.headers['Location']}")).text
    assert "Hello, Ben" in page
    assert "Added to your account" in page


async def test_a_parent_switches_between_the_children_on_the_phone(
    world: World, provider: Provider, browser: Browser
) -> None:
    person, _ = await family(world, provider)
    context = await browser.new_context(**PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{world.base_url}/portal/sign-in")
    await page.locator("input[name=email]").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    whose = page.get_by_role("navigation", name="Whose portal")
    await expect(whose).to_contain_text("For Ana Invited")
    await page.get_by_role("navigation", name="Client portal").get_by_role("link", name="Bill Pay").click()
    await whose.get_by_role("link", name="Ben Invited").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Bill Pay")
    await expect(whose).to_contain_text("For Ben Invited")
    await fits(page)
    await page.get_by_role("navigation", name="Client portal").get_by_role("link", name="Book").click()
    await page.locator("input[name=starts_at]").last.check()
    await page.get_by_role("button", name="Bill Pay").click()
    await page.wait_for_url(f"{world.endpoints['simulator_url']}/**")
    booked = world.rows(
        "SELECT c.first_name FROM appointment a JOIN client c ON c.id = a.client_id WHERE c.email = %s", person.address
    )
    assert [row["first_name"] for row in booked] == ["Ben"]
    await context.close()
