"""A client's account: another address that has to confirm, another password, and where they are signed in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx

from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem, text_of, until

NEW = "another long pass phrase"


async def ask(person: Person, email: str, password: str = PASSWORD) -> httpx.Response:
    return await person.request("POST", "/api/v1/portal/email-change", json={"email": email, "current": password})


async def link(world: World, address: str, subject: str, where: str) -> str:
    found = re.search(rf"/email/{where}/[\w.-]+", text_of(await world.mail(address, subject)))
    assert found is not None
    return f"{world.base_url}{found.group()}"


async def follow(world: World, url: str) -> httpx.Response:
    """Look, as a mail scanner does; then press the button."""
    shown = await world.browser().get(url)
    assert shown.status_code in (200, 410), shown.text[:300]
    return await world.browser().post(url)


async def signs_in(world: World, address: str, password: str = PASSWORD) -> int:
    body = {"email": address, "password": password}
    return (await world.browser().post(f"{world.base_url}/api/v1/portal/session", json=body)).status_code


async def sees_itself(person: Person) -> int:
    return (await person.request("GET", "/api/v1/portal/me")).status_code


async def test_nothing_changes_before_the_new_address_has_confirmed(world: World, provider: Provider) -> None:
    person, _ = await world.booked_client(provider)
    old, new = person.address, new_address()
    asked = ok(await ask(person, new), 202)
    assert (asked["email"], asked["asked"]["email"]) == (old, new)
    url = await link(world, new, "confirm this address", "confirm")
    notice = text_of(await world.mail(old, "another address"))
    assert new not in notice, "the old mailbox may be somebody else's by now"
    assert (await signs_in(world, old), await signs_in(world, new)) == (200, 401)
    assert (await provider.client(person.client_id))["email"] == old
    assert (await world.browser().get(url)).status_code == 200
    assert (await signs_in(world, old), await signs_in(world, new)) == (200, 401)

    assert (await world.browser().post(url)).status_code == 200
    assert (await signs_in(world, old), await signs_in(world, new)) == (401, 200)
    assert (await provider.client(person.client_id))["email"] == new
    await provider.told(person.client_id, "email_changed")
    assert (await follow(world, url)).status_code == 410
    assert (await follow(world, await link(world, old, "another address", "stop"))).status_code == 410

    # What is under way follows: the reminder of the appointment that was booked before.
    appointment = (await person.get("/api/v1/portal/appointments"))["items"][0]
    early = (await world.now()).replace(hour=7, minute=5, second=0, microsecond=0) + timedelta(days=3)
    move = {"starts_at": early.isoformat(), "override_reason": "agreed on the phone"}
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/move", json=move))
    await world.mail(new, "new time")
    assert await world.mails(old, "new time") == []


async def test_the_old_address_can_stop_it(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    new = new_address()
    ok(await ask(person, new), 202)
    confirm = await link(world, new, "confirm this address", "confirm")
    stop = await link(world, person.address, "another address", "stop")
    assert (await follow(world, stop)).status_code == 200
    assert (await follow(world, confirm)).status_code == 410
    assert (await signs_in(world, person.address), await signs_in(world, new)) == (200, 401)
    assert (await person.get("/api/v1/portal/email-change"))["asked"] is None


async def test_an_earlier_request_and_one_that_was_taken_back_change_nothing(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    first, second = new_address(), new_address()
    ok(await ask(person, first), 202)
    url = await link(world, first, "confirm this address", "confirm")
    ok(await ask(person, second), 202)
    assert (await follow(world, url)).status_code == 410
    url = await link(world, second, "confirm this address", "confirm")
    assert (await person.request("DELETE", "/api/v1/portal/email-change")).status_code == 204
    assert (await follow(world, url)).status_code == 410
    assert await signs_in(world, person.address) == 200


async def test_a_link_has_run_out_after_a_day(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    new = new_address()
    ok(await ask(person, new), 202)
    url = await link(world, new, "confirm this address", "confirm")
    world.execute(f"UPDATE email_change SET expires_at = now() - interval '1 second' WHERE email = '{new}'")
    assert (await follow(world, url)).status_code == 410
    assert await signs_in(world, person.address) == 200


async def test_one_account_per_address_and_nobody_learns_who_has_one(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    neighbour = await world.invited_client(provider)
    fresh = new_address()
    assert ok(await ask(person, new_address()), 202).keys() == ok(await ask(person, neighbour.address), 202).keys()
    mail = text_of(await world.mail(neighbour.address, "already has an account"))
    assert "/email/confirm/" not in mail

    # Confirmed too late: the address got an account while the link lay in the mailbox.
    ok(await ask(person, fresh), 202)
    url = await link(world, fresh, "confirm this address", "confirm")
    await provider.invite(email=fresh)
    await world.open_account(provider, fresh)
    assert (await follow(world, url)).status_code == 409
    assert await signs_in(world, person.address) == 200


async def test_a_family_follows_together_but_for_whoever_gets_mail_elsewhere(world: World, provider: Provider) -> None:
    mother = await world.invited_client(provider)
    child = (await provider.invite(first_name="Ben", email=mother.address))["id"]
    other = (await provider.invite(first_name="Cleo", email=mother.address))["id"]
    for token in await tokens(world, mother.address, 3):
        await mother.http.post(f"{world.base_url}/api/v1/invitations/{token}/accept", json={"password": PASSWORD})
    grandmother = new_address()
    ok(await provider.request("POST", f"/api/v1/clients/{other}/correct-email", json={"email": grandmother}))
    new = new_address()
    ok(await ask(mother, new), 202)
    assert (await follow(world, await link(world, new, "confirm this address", "confirm"))).status_code == 200
    emails = [(await provider.client(one))["email"] for one in (mother.client_id, child, other)]
    assert emails == [new, new, grandmother]
    home = (await mother.request("GET", "/portal")).text
    assert "Also behind your account" in home
    assert "Cleo" in home


async def tokens(world: World, address: str, count: int) -> list[str]:
    async def look() -> list[str] | None:
        mails = await world.mails(address, "client portal")
        found = {re.search(r"/invitations/([\w.-]+)", text_of(one)).group(1) for one in mails}  # type: ignore[union-attr]
        return sorted(found) if len(found) >= count else None

    return await until(look, f"{count} invitations")


async def test_asking_takes_the_password_and_is_throttled(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    refusal = problem(await ask(person, new_address(), "not the password"), "validation", 422)
    assert [one["field"] for one in refusal["errors"]] == ["current"]
    for email in ("nobody", person.address):
        refusal = problem(await ask(person, email), "validation", 422)
        assert [one["field"] for one in refusal["errors"]] == ["email"]
    answers = [(await ask(person, new_address())).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]


async def test_an_address_that_refuses_mail_is_said_on_the_profile(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    wrong = new_address()
    ok(
        await world.http.put(
            f"{world.endpoints['mailbox_url']}/api/faults", json=[{"to": wrong, "reply": 550, "times": 9}]
        )
    )
    ok(await ask(person, wrong), 202)

    async def said() -> bool:
        return "refused our mail" in (await person.request("GET", "/portal/profile")).text

    await until(said, "the refusal on the profile")
    ok(await world.http.put(f"{world.endpoints['mailbox_url']}/api/faults", json=[]))


async def test_a_new_password_signs_everybody_else_out_and_ends_links(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    elsewhere = replace(person, http=world.browser())
    body = {"email": person.address, "password": PASSWORD}
    ok(await elsewhere.request("POST", "/api/v1/portal/session", json=body))
    await world.browser().post(f"{world.base_url}/password", data={"kind": "client", "email": person.address})
    found = re.search(r"/password/[\w.-]+", text_of(await world.mail(person.address, "new password")))
    assert found is not None

    wrong = {"current": "not the password", "password": NEW}
    problem(await person.request("POST", "/api/v1/portal/password", json=wrong), "validation", 422)
    weak = {"current": PASSWORD, "password": "password"}
    problem(await person.request("POST", "/api/v1/portal/password", json=weak), "validation", 422)
    assert await sees_itself(elsewhere) == 200
    change = {"current": PASSWORD, "password": NEW}
    assert (await person.request("POST", "/api/v1/portal/password", json=change)).status_code == 204
    assert (await sees_itself(person), await sees_itself(elsewhere)) == (200, 401)
    assert (await signs_in(world, person.address), await signs_in(world, person.address, NEW)) == (401, 200)
    assert (await world.browser().get(f"{world.base_url}{found.group()}")).status_code == 410


async def test_sessions_are_listed_and_ended_one_by_one_or_together(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    agent = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/133.0"}
    others = []
    for _ in range(3):
        others.append(replace(person, http=world.browser()))
        body = {"email": person.address, "password": PASSWORD}
        ok(await others[-1].request("POST", "/api/v1/portal/session", json=body, headers=agent))
    stranger = await world.invited_client(provider)
    listed = (await person.get("/api/v1/portal/sessions"))["items"]
    assert [one["this_one"] for one in listed].count(True) == 1
    assert [one["device"] for one in listed].count("Firefox on Windows") == 3
    named = next(one["id"] for one in (await others[0].get("/api/v1/portal/sessions"))["items"] if one["this_one"])

    assert (await stranger.request("DELETE", f"/api/v1/portal/sessions/{named}")).status_code == 204
    assert await sees_itself(others[0]) == 200, "somebody else's"
    assert (await person.request("DELETE", f"/api/v1/portal/sessions/{named}")).status_code == 204
    assert [await sees_itself(one) for one in others] == [401, 200, 200]

    page = (await person.request("GET", "/portal/profile")).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    answer = await person.request("POST", "/portal/profile/sign-out-everywhere", data={"csrf": token.group(1)})
    assert answer.status_code == 303
    assert [await sees_itself(one) for one in (person, *others)] == [200, 401, 401, 401]


async def test_asking_how_long_a_session_lasts_doesnt_prolong_it(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    idle = "UPDATE web_session SET last_seen_at = now() - interval '20 minutes' WHERE subject_id IN "
    idle += f"(SELECT account_id FROM client WHERE id = '{person.client_id}')"
    world.execute(idle)
    left = [(await person.get("/portal/session"))["seconds_left"] for _ in range(2)]
    assert all(590 < one <= 600 for one in left)
    assert (await person.request("POST", "/portal/session")).status_code == 204
    assert (await person.get("/portal/session"))["seconds_left"] > 1790
    assert ok(await world.browser().get(f"{world.base_url}/portal/session")) == {"seconds_left": 0}
