"""What the front desk does by API: books, cancels, records visits; and what people do who forgot their password."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx

from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem, text_of, until


async def reset_link(world: World, address: str) -> str:
    found = re.search(r"http\S+/password/\S+", text_of(await world.mail(address, "password")))
    assert found is not None
    return found.group()


def form_token(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    return {"csrf": found.group(1)} if found else {}


async def post_form(browser: httpx.AsyncClient, url: str, **fields: str) -> httpx.Response:
    """Open the page and send its form, as a browser does."""
    page = await browser.get(url)
    origin = re.match(r"https?://[^/]+", url)
    assert origin is not None
    return await browser.post(url, data=fields | form_token(page), headers={"Origin": origin.group()})


async def sign_in(person: Person, password: str) -> httpx.Response:
    body = {"email": person.address, "password": password}
    return await person.world.browser().post(f"{person.world.base_url}/api/v1/portal/session", json=body)


async def test_a_forgotten_password_is_replaced_once(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    browser = world.browser()
    asked = await post_form(browser, f"{world.base_url}/password", email=person.address, kind="client")
    assert asked.status_code == 303
    link = await reset_link(world, person.address)
    assert (await sign_in(person, PASSWORD)).status_code == 200, "asking changes nothing yet"

    weak = await post_form(browser, link, password="password")
    assert weak.status_code == 422
    changed = await post_form(browser, link, password="another long pass phrase")
    assert (changed.status_code, changed.headers["Location"].split("?")[0]) == (303, "/portal/sign-in")

    problem(await sign_in(person, PASSWORD), "unauthorized", 401)
    assert (await sign_in(person, "another long pass phrase")).status_code == 200
    problem_page = await browser.get(link)
    assert problem_page.status_code == 410
    old_session = await person.request("GET", "/api/v1/portal/me")
    problem(old_session, "unauthorized", 401)


async def test_asking_for_an_unknown_address_looks_the_same_and_sends_nothing(world: World, provider: Provider) -> None:
    stranger, person = new_address(), await world.anonymous_client(provider)
    answers = [
        await post_form(world.browser(), f"{world.base_url}/password", email=address, kind="client")
        for address in (stranger, person.address)
    ]
    assert len({(answer.status_code, answer.headers["Location"]) for answer in answers}) == 1
    await world.mail(person.address, "password")
    assert await world.mails(stranger) == []


async def test_the_front_desk_books_without_a_fee_and_the_client_sees_it(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    await provider.change(allow_self_schedule=False)
    slots = await provider.get(f"/api/v1/providers/{provider.slug}/slots", params=await fortnight(world))
    body = {"client_id": person.client_id, "starts_at": slots["slots"][-1]["starts_at"]}
    booked = ok(await provider.request("POST", "/api/v1/appointments", json=body), 201)
    assert (booked["status"], booked["payment"]) == ("booked", None)
    assert [one["id"] for one in (await person.get("/api/v1/portal/appointments"))["items"]] == [booked["id"]]
    await world.mail(person.address, "confirmed")
    await provider.stage(person.client_id, "booked")

    path = f"/api/v1/appointments/{booked['id']}/cancel"
    cancelled = ok(await provider.request("POST", path, json={"reason": "The provider is ill."}))
    assert cancelled["status"] == "cancelled"
    notice = await world.mail(person.address, "cancelled")
    assert "ill" not in text_of(notice).split()
    assert ok(await provider.request("POST", path)) == cancelled, "a repeat changes nothing"
    assert len(await world.mails(person.address, "cancelled")) == 1


async def fortnight(world: World) -> dict[str, str]:
    now = await world.now()
    return {"from": now.isoformat(), "to": (now + timedelta(days=14)).isoformat()}


async def test_outside_the_rules_staff_book_with_a_reason_only(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    start = (await world.now()).replace(hour=7, minute=5, second=0, microsecond=0) + timedelta(days=3)
    body = {"client_id": person.client_id, "starts_at": start.isoformat()}
    refused = await provider.request("POST", "/api/v1/appointments", json=body)
    problem(refused, "slot-unavailable", 409)
    reason = {"override_reason": "An early visit was agreed by phone."}
    ok(await provider.request("POST", "/api/v1/appointments", json=body | reason), 201)


async def test_a_no_show_is_recorded_and_keeps_the_fee(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    path = f"/api/v1/appointments/{appointment['id']}"
    too_early = await provider.request("POST", f"{path}/no-show")
    problem(too_early, "conflict", 409)
    start = datetime.fromisoformat(appointment["starts_at"])
    world.rows(
        "UPDATE appointment SET starts_at = %s, ends_at = %s WHERE id = %s RETURNING id",
        start - timedelta(days=60),
        start - timedelta(days=60) + timedelta(minutes=50),
        appointment["id"],
    )
    recorded = ok(await provider.request("POST", f"{path}/no-show"))
    assert (recorded["status"], recorded["payment"]["state"]) == ("noshow", "captured")
    await provider.told(person.client_id, "appointment_noshow")

    async def closed() -> bool:
        described = await (await world.engine()).get_workflow_handle(f"booking:{appointment['id']}").describe()
        return described.close_time is not None

    await until(closed, "the booking to close")
    assert (await person.appointment(appointment["id"]))["status"] == "noshow"
    problem(await provider.request("POST", f"{path}/cancel"), "conflict", 409)
