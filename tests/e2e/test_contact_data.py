"""Contact data after the sign-up: what clients change, what staff change, and an e-mail address that was wrong."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem, until
from tests.staffing import colleague, owner_of

ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "postal_code": "12345"}


async def ask_for_addresses(provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/signup-form"
    fields = (await provider.get(path))["fields"]
    wanted = [one | {"enabled": one["enabled"] or one["key"] in ("address", "pronouns")} for one in fields]
    ok(await provider.request("PUT", path, json={"fields": wanted}))


async def save(person: Person, **fields: str) -> httpx.Response:
    page = (await person.request("GET", "/portal/profile/contact")).text
    hidden = dict(re.findall(r'name="(csrf|seen)" value="([^"]+)"', page))
    return await person.request("POST", "/portal/profile/contact", data=hidden | fields)


async def invitation_state(world: World, token: str) -> int:
    return (await world.http.get(f"{world.base_url}/invitations/{token}")).status_code


async def test_clients_keep_their_contact_data_up_to_date(world: World, provider: Provider) -> None:
    await ask_for_addresses(provider)
    person = await world.anonymous_client(provider, address=ADDRESS)
    moved = ADDRESS | {"line1": "9 Canary Lane"}
    change: dict[str, Any] = {"preferred_name": "Annie", "phone": "415 555 2671", "address": moved}
    shown = ok(await person.request("PUT", "/api/v1/portal/profile", json=change))
    assert shown["values"]["phone"] == "+14155552671"
    seen = await provider.client(person.client_id)
    assert (seen["preferred_name"], seen["details"]["address"]) == ("Annie", moved)
    assert (await provider.timeline(person.client_id)).count("contact_changed") == 1
    # What was said at the sign-up stays as it was said, and the new address is in no table.
    page = await (await owner_of(provider)).page(f"/console/clients/{person.client_id}")
    assert "1 Main Street" in page
    assert "9 Canary Lane" in page
    assert world.rows("SELECT id FROM client WHERE client::text LIKE '%%Canary Lane%%'") == []

    ok(await person.request("PUT", "/api/v1/portal/profile", json={"address": None}))
    assert "address" not in (await provider.client(person.client_id))["details"]
    assert "9 Canary Lane" not in await (await owner_of(provider)).page(f"/console/clients/{person.client_id}")
    ok(await person.request("PUT", "/api/v1/portal/profile", json={"preferred_name": "Annie"}))
    assert (await provider.timeline(person.client_id)).count("contact_changed") == 2


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_changed(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    wrong = {"phone": "12", "pronouns": "x" * 600, "first_name": "Eva", "email": "a@example.com"}
    refusal = problem(await person.request("PUT", "/api/v1/portal/profile", json=wrong), "validation", 422)
    assert {one["field"] for one in refusal["errors"]} == set(wrong)
    answer = await save(person, phone="12", preferred_name="Annie")
    assert answer.status_code == 422
    assert 'id="f-phone-error"' in answer.text
    assert 'value="Annie"' in answer.text
    assert (await provider.client(person.client_id))["preferred_name"] is None


async def test_what_somebody_changed_meanwhile_isnt_overwritten_unseen(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    page = (await person.request("GET", "/portal/profile/contact")).text
    hidden = dict(re.findall(r'name="(csrf|seen)" value="([^"]+)"', page))
    path = f"/api/v1/clients/{person.client_id}/contact"
    ok(await provider.request("PUT", path, json={"phone": "+14155550123"}))
    typed = {"preferred_name": "Annie", "phone": ""}
    answer = await person.request("POST", "/portal/profile/contact", data=hidden | typed)
    assert answer.status_code == 409
    assert "+14155550123" in answer.text
    assert (await provider.client(person.client_id))["phone"] == "+14155550123"
    # Having seen it, the client insists.
    hidden = dict(re.findall(r'name="(csrf|seen)" value="([^"]+)"', answer.text))
    assert (await person.request("POST", "/portal/profile/contact", data=hidden | typed)).status_code == 303
    seen = await provider.client(person.client_id)
    assert (seen["preferred_name"], seen["phone"]) == ("Annie", None)


async def test_the_front_desk_changes_contact_data_and_leaves_a_line(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    owner = await owner_of(provider)
    desk = await colleague(owner, "front_desk")
    page = f"/console/clients/{person.client_id}/contact"
    seen = re.search(r'name="seen" value="(\w+)"', await desk.page(page))
    assert seen is not None
    fields = {"seen": seen.group(1), "first_name": "Inés", "last_name": "Invited", "date_of_birth": "1990-05-31"}
    assert (await desk.submit(page, page, **fields)).status_code == 303
    client = await provider.client(person.client_id)
    assert (client["first_name"], client["date_of_birth"]) == ("Inés", "1990-05-31")
    refused = await desk.submit(page, page, **fields | {"seen": "", "first_name": ""})
    assert refused.status_code == 422
    assert [one["kind"] for one in await audit(provider, person.client_id)].count("contact_changed") == 1


async def audit(provider: Provider, client_id: str) -> list[dict[str, Any]]:
    items = (await provider.get("/api/v1/audit"))["items"]
    return [one for one in items if one["object_id"] == client_id]


async def test_a_link_that_went_to_the_wrong_address_stops_working(world: World, provider: Provider) -> None:
    wrong, right = new_address(), new_address()
    client = await provider.invite(email=wrong)
    token = await world.invitation_token(wrong)
    path = f"/api/v1/clients/{client['id']}/correct-email"
    problem(await provider.request("POST", path, json={"email": wrong}), "validation", 422)
    assert await invitation_state(world, token) == 200

    ok(await provider.request("POST", path, json={"email": right}))
    assert await invitation_state(world, token) == 410
    assert (await provider.client(client["id"]))["email"] == right
    assert (await provider.timeline(client["id"])).count("invitation_sent") == 1  # a new one only on request

    desk = await owner_of(provider)
    page = f"/console/clients/{client['id']}/email"
    third = new_address()
    assert (await desk.submit(page, page, email=third, invite="on")).status_code == 303
    fresh = await world.invitation_token(third)
    assert await world.mails(right, "client portal") == []
    http = world.browser()
    ok(await http.post(f"{world.base_url}/api/v1/invitations/{fresh}/accept", json={"password": PASSWORD}))
    assert (await provider.stage(client["id"], "ready"))["email"] == third
    assert [one["kind"] for one in await audit(provider, client["id"])].count("email_corrected") == 2


async def test_an_invitation_that_waits_for_better_weather_goes_to_the_right_address(
    world: World, provider: Provider
) -> None:
    wrong, right = new_address(), new_address()
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": wrong, "reply": 451, "times": 50}]))
    client = await provider.invite(email=wrong)

    async def tried() -> bool:
        rows = world.rows("SELECT attempts FROM effect WHERE client_id = %s AND state = 'reserved'", client["id"])
        return bool(rows)

    await until(tried, "the first try")
    ok(await provider.request("POST", f"/api/v1/clients/{client['id']}/correct-email", json={"email": right}))
    token = await world.invitation_token(right)
    assert await invitation_state(world, token) == 200
    assert await world.mails(wrong) == []
    ok(await world.http.put(mailbox, json=[]))


async def test_with_an_open_account_mail_follows_and_the_sign_in_stays(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    await provider.stage(person.client_id, "ready")
    right = new_address()
    path = f"/api/v1/clients/{person.client_id}/correct-email"
    refused = {"email": right, "send_invitation": True}
    problem(await provider.request("POST", path, json=refused), "conflict", 409)
    ok(await provider.request("POST", path, json={"email": right}))
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await world.mail(right, "confirmed")
    assert await world.mails(person.address, "confirmed") == []
    body = {"email": person.address, "password": PASSWORD}
    ok(await world.browser().post(f"{world.base_url}/api/v1/portal/session", json=body))


async def test_a_provider_changes_nothing_of_somebody_elses_client(world: World, provider: Provider) -> None:
    other = await world.new_provider()
    client = await other.invite()
    for method, path, body in (
        ("PUT", "contact", {"first_name": "Eva"}),
        ("POST", "correct-email", {"email": new_address()}),
    ):
        answer = await provider.request(method, f"/api/v1/clients/{client['id']}/{path}", json=body)
        problem(answer, "not-found", 404)
