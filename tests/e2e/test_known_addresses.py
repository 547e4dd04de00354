"""Somebody who is known signs up again: nothing is revealed, the mail helps, and the practice decides who is who."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem, text_of, until
from tests.e2e.test_settings_pages import staff_page
from tests.staffing import owner_of

ANA = {"first_name": "Ana", "last_name": "Muñoz"}


async def signed_up(provider: Provider, address: str, **fields: Any) -> str:
    """The new client's id, once the invitation is out."""
    world = provider.world
    before = {row["id"] for row in world.rows("SELECT id FROM client WHERE email = %s", address)}
    ok(await world.sign_up(provider, email=address, **(ANA | fields)), 202)
    after = {row["id"] for row in world.rows("SELECT id FROM client WHERE email = %s", address)}
    (client,) = map(str, after - before)
    await provider.told(client, "invitation_sent")
    return client


async def opened(provider: Provider, address: str, **fields: Any) -> Person:
    """Signed up for the first time, with the account open."""
    await signed_up(provider, address, **fields)
    person = await provider.world.open_account(provider, address)
    await provider.stage(person.client_id, "intake")
    return person


def link_in(text: str) -> str:
    found = re.search(r"/invitations/([\w.-]+)", text)
    assert found is not None
    return found.group(1)


async def accept(world: World, token: str, password: str = PASSWORD) -> httpx.Response:
    url = f"{world.base_url}/api/v1/invitations/{token}/accept"
    return await world.browser().post(url, json={"password": password})


async def decide(provider: Provider, about: str, what: str, **body: Any) -> httpx.Response:
    return await provider.request("POST", f"/api/v1/clients/{about}/{what}", json=body)


async def audited(provider: Provider, kind: str) -> set[str]:
    return {one["object_id"] for one in (await provider.get("/api/v1/audit"))["items"] if one["kind"] == kind}


# What the person is told


async def test_the_answer_is_the_same_for_a_stranger_and_for_somebody_known(world: World, provider: Provider) -> None:
    known, stranger = new_address(), new_address()
    await opened(provider, known)
    answers = [await world.sign_up(provider, email=address, **ANA) for address in (known, stranger)]
    assert {(one.status_code, tuple(one.json()), len(one.content)) for one in answers} == {
        (202, ("signup_id",), len(answers[0].content))
    }
    headers = [{name for name in one.headers if name != "date"} for one in answers]
    assert headers[0] == headers[1]
    pages = []
    for address in (known, stranger):
        http = world.browser()
        data = ANA | {"email": address}
        posted = await http.post(f"{world.base_url}/p/{provider.slug}/signup", data=data)
        pages.append((posted.status_code, posted.headers["Location"]))
    assert pages[0] == pages[1]


async def test_who_has_an_account_is_told_to_sign_in(world: World, provider: Provider) -> None:
    address = new_address()
    person = await opened(provider, address)
    again = await signed_up(provider, address)
    mail = await world.mail(address, "already")
    text = text_of(mail)
    assert f"{world.base_url}/portal/sign-in" in text
    assert f"{world.base_url}/password" in text
    assert "nothing to fill in again" in text
    # It was somebody else of the same name after all: they come in, too.
    answer = ok(await accept(world, link_in(text)))
    assert answer == {"clients": [{"id": person.client_id}, {"id": again}], "client_id": again}


async def test_who_has_no_account_yet_gets_a_new_link(world: World, provider: Provider) -> None:
    address = new_address()
    first, second = await signed_up(provider, address), await signed_up(provider, address)
    mails = await world.mails(address, "client portal")
    assert ["already" in mail["Subject"] for mail in mails] == [False, False]
    assert ok(await accept(world, link_in(text_of(mails[0]))))["client_id"] == second
    assert (await provider.client(first))["portal_status"] == "pending"


async def test_another_member_of_the_family_is_invited_in_the_ordinary_way(world: World, provider: Provider) -> None:
    address = new_address()
    parent = await opened(provider, address)
    child = await signed_up(provider, address, first_name="Ben")
    text = text_of((await world.mails(address, "client portal"))[0])
    assert "Ben is added to it" in text
    assert f"{world.base_url}/password" in text
    assert ok(await accept(world, link_in(text)))["client_id"] == child
    seen = await provider.client(child)
    assert (seen["possible_duplicates"], seen["shares_address_with"]) == ([], [parent.client_id])


async def test_whom_the_practice_invites_is_invited_though_they_have_an_account(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    address = new_address()
    await opened(provider, address)
    elsewhere = await other_provider.invite(email=address, **ANA)
    await other_provider.told(elsewhere["id"], "invitation_sent")
    text = text_of((await world.mails(address, "client portal"))[0])
    assert "Ana is added to it" in text
    assert ok(await accept(world, link_in(text)))["client_id"] == elsewhere["id"]
    # Nobody learns of a client of another practice.
    seen = await other_provider.client(elsewhere["id"])
    assert (seen["possible_duplicates"], seen["shares_address_with"]) == ([], [])


# What the practice sees


async def test_both_say_that_they_may_be_the_same_person(world: World, provider: Provider) -> None:
    address = new_address()
    person = await opened(provider, address)
    newer = await signed_up(provider, address, first_name="ana", last_name="Munoz")
    stranger = (await provider.invite())["id"]
    for one, other in ((person.client_id, newer), (newer, person.client_id)):
        seen = (await provider.client(one))["possible_duplicates"]
        assert seen == [{"client_id": other, "why": "name_and_address"}]
    items = (await provider.get("/api/v1/clients", params={"duplicates": "true"}))["items"]
    assert {one["id"] for one in items} == {person.client_id, newer}
    everybody = (await provider.get("/api/v1/clients"))["items"]
    assert [one["possible_duplicates"] for one in everybody if one["id"] == stranger] == [[]]


async def test_name_and_date_of_birth_tell_too(world: World, provider: Provider) -> None:
    born = {"date_of_birth": "1990-05-31"}
    one = await signed_up(provider, new_address(), **born)
    other = await signed_up(provider, new_address(), **born)
    await signed_up(provider, new_address(), first_name="Eva", **born)
    seen = (await provider.client(one))["possible_duplicates"]
    assert seen == [{"client_id": other, "why": "name_and_birth"}]


async def test_two_persons_are_remembered_and_can_be_looked_at_again(world: World, provider: Provider) -> None:
    address = new_address()
    one, other = await signed_up(provider, address), await signed_up(provider, address)
    for _ in range(2):
        ok(await decide(provider, one, "two-persons", client_id=other))
    for client in (one, other):
        assert (await provider.client(client))["possible_duplicates"] == []
        assert (await provider.timeline(client)).count("two_persons") == 1
    assert await audited(provider, "two_persons") == {one, other}
    ok(await provider.request("DELETE", f"/api/v1/clients/{other}/two-persons/{one}"))
    assert [dup["client_id"] for dup in (await provider.client(one))["possible_duplicates"]] == [other]
    assert await audited(provider, "two_persons_forgotten") == {one, other}


async def test_the_same_person_s_newer_way_is_closed_and_nothing_is_lost(world: World, provider: Provider) -> None:
    address = new_address()
    person = await opened(provider, address)
    newer = await signed_up(provider, address)
    token = link_in(text_of(await world.mail(address, "already")))
    kept = ok(await decide(provider, newer, "same-person", client_id=person.client_id))
    assert (kept["id"], kept["stage"], kept["possible_duplicates"]) == (person.client_id, "intake", [])
    problem(await accept(world, token), "invitation-expired", 410)
    closed = await provider.stage(newer, "closed")
    assert (closed["outcome"], closed["duplicate_of"]) == ("withdrawn", person.client_id)
    assert closed["possible_duplicates"] == []
    assert "closed_as_duplicate" in await provider.timeline(newer)
    assert "signed_up" in await provider.timeline(newer), "what was said stays on its page"
    items = (await provider.get(f"/api/v1/clients/{newer}/timeline"))["items"]
    (decided_at,) = [one["at"] for one in items if one["kind"] == "closed_as_duplicate"]
    assert closed["invitation"]["revoked_at"] == decided_at, "at once, whenever the journey hears of it"
    assert "duplicate_closed" in await provider.timeline(person.client_id)
    assert await audited(provider, "same_person") == {person.client_id, newer}
    await person.submit_intake()
    # Once more changes nothing.
    ok(await decide(provider, person.client_id, "same-person", client_id=newer))
    assert (await provider.timeline(newer)).count("closed_as_duplicate") == 1


async def test_the_one_who_has_got_farther_is_kept(world: World, provider: Provider) -> None:
    address = new_address()
    older = await signed_up(provider, address)
    newer = await signed_up(provider, address)
    token = link_in(text_of((await world.mails(address, "client portal"))[0]))
    assert ok(await accept(world, token))["client_id"] == newer
    await provider.stage(newer, "intake")
    kept = ok(await decide(provider, newer, "same-person", client_id=older))
    assert kept["id"] == newer
    assert (await provider.stage(older, "closed"))["duplicate_of"] == newer


async def test_the_account_goes_along_with_the_one_who_is_kept(world: World, provider: Provider) -> None:
    address = new_address()
    older = await signed_up(provider, address)
    newer = await signed_up(provider, address)
    token = link_in(text_of((await world.mails(address, "client portal"))[0]))
    ok(await accept(world, token))
    await provider.stage(newer, "intake")
    ok(await decide(provider, newer, "same-person", client_id=older, keep=older))
    moved = await provider.stage(older, "intake")
    assert moved["portal_status"] == "active"
    http = world.browser()
    body = {"email": address, "password": PASSWORD}
    assert ok(await http.post(f"{world.base_url}/api/v1/portal/session", json=body)) == {"clients": [{"id": older}]}
    person = Person(world=world, provider=provider, address=address, client_id=older, http=http)
    await person.submit_intake()
    problem(await person.request("GET", f"/api/v1/portal/me?client={newer}"), "not-found", 404)


async def test_an_appointment_ahead_is_not_lost(world: World, provider: Provider) -> None:
    booked, appointment = await world.booked_client(provider)
    name = {key: (await provider.client(booked.client_id))[key] for key in ("first_name", "last_name")}
    newer = await signed_up(provider, booked.address, **name)
    refused = await decide(provider, newer, "same-person", client_id=booked.client_id, keep=newer)
    assert "appointment ahead" in problem(refused, "conflict", 409)["detail"]
    assert (await booked.appointment(appointment["id"]))["status"] == "booked"
    assert (await provider.client(booked.client_id))["duplicate_of"] is None
    assert ok(await decide(provider, newer, "same-person", client_id=booked.client_id))["id"] == booked.client_id


async def test_a_mistake_is_taken_back(world: World, provider: Provider) -> None:
    address = new_address()
    person = await opened(provider, address)
    newer = await signed_up(provider, address)
    ok(await decide(provider, newer, "same-person", client_id=person.client_id))
    await provider.stage(newer, "closed")
    ok(await decide(provider, newer, "two-persons", client_id=person.client_id))
    assert (await provider.client(newer))["duplicate_of"] is None
    ok(await provider.request("POST", f"/api/v1/clients/{newer}/invitation"), 202)
    await provider.stage(newer, "invited")

    async def invited() -> str | None:
        mail = (await world.mails(address, "client portal"))[0]
        return text_of(mail) if "already" not in mail["Subject"] else None

    text = await until(invited, "the new invitation")
    assert ok(await accept(world, link_in(text)))["client_id"] == newer


async def test_nobody_decides_about_strangers_or_another_practice(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    one, other = (await provider.invite())["id"], (await provider.invite())["id"]
    problem(await decide(provider, one, "same-person", client_id=other), "conflict", 409)
    problem(await decide(provider, one, "same-person", client_id=one), "validation", 422)
    theirs = (await other_provider.invite())["id"]
    for what in ("same-person", "two-persons"):
        problem(await decide(provider, one, what, client_id=theirs), "not-found", 404)
        problem(await decide(other_provider, one, what, client_id=theirs), "not-found", 404)
    problem(await provider.request("DELETE", f"/api/v1/clients/{one}/two-persons/{theirs}"), "not-found", 404)


async def test_the_front_desk_is_warned_before_inviting_somebody_known(world: World, provider: Provider) -> None:
    known = await provider.invite(**ANA)
    desk = await owner_of(provider)
    fields = ANA | {"email": known["email"]}
    warned = await desk.submit("/console/clients/new", "/console/clients/new", **fields)
    assert warned.status_code == 409
    assert f"/console/clients/{known['id']}" in warned.text
    count = "SELECT count(*) AS n FROM client WHERE email = %s"
    assert world.rows(count, known["email"])[0]["n"] == 1
    sibling = await desk.submit("/console/clients/new", "/console/clients/new", **fields | {"first_name": "Ben"})
    assert sibling.status_code == 303
    anyway = await desk.submit("/console/clients/new", "/console/clients/new", anyway="yes", **fields)
    assert anyway.status_code == 303
    assert world.rows(count, known["email"])[0]["n"] == 3


async def test_the_front_desk_finds_duplicates_and_decides_on_the_phone(
    world: World, provider: Provider, browser: Browser
) -> None:
    address = new_address()
    person = await opened(provider, address)
    newer = await signed_up(provider, address)
    await signed_up(provider, address, first_name="Ben")
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console")
    await page.get_by_label("Possible duplicates").check()
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("status")).to_contain_text("2 clients found")
    await fits(page)
    await page.goto(f"{world.base_url}/console/clients/{newer}")
    card = page.get_by_role("region", name="Possible duplicate")
    await expect(card).to_contain_text("Name and email address are the same")
    await expect(page.locator("section", has=page.locator("#contact"))).to_contain_text("Ben Muñoz")
    await fits(page)
    await card.get_by_role("button", name="These are two persons").click()
    await expect(page.get_by_role("status")).to_contain_text("two persons")
    await expect(card).to_have_count(0)
    await page.get_by_role("button", name="Look again").click()
    await card.get_by_role("link", name="Same person").click()
    await expect(page.locator(f"input[name=keep][value={person.client_id}]")).to_be_checked()
    await fits(page)
    await page.get_by_role("button", name="Same person: close the other one").click()
    await expect(page.get_by_role("status")).to_contain_text("The duplicate is closed")
    await expect(page.locator("main")).to_contain_text("Closed duplicates")
    await page.goto(f"{world.base_url}/console/clients/{newer}")
    await expect(page.locator("main")).to_contain_text("Closed as a duplicate of")
    await fits(page)
    await page.context.close()
