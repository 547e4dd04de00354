"""Every switch of the portal settings, flipped through PUT: its effect on page, API and can-book."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.driver import Person, Provider, World, new_address, ok, problem
from tests.staffing import owner_of


async def page(world: World, path: str) -> httpx.Response:
    return await world.http.get(f"{world.base_url}{path}")


async def blocks(provider: Provider, client_id: str, starts_at: str | None = None) -> list[dict[str, Any]]:
    params = {"starts_at": starts_at} if starts_at else {}
    answer = await provider.get(f"/api/v1/clients/{client_id}/can-book", params=params)
    assert answer["allowed"] is (answer["blocks"] == [])
    found: list[dict[str, Any]] = answer["blocks"]
    return found


async def cancel(person: Person, appointment: dict[str, Any]) -> httpx.Response:
    return await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel")


async def free_provider(provider: Provider) -> Provider:
    """Without fee and intake: what is left is scheduling."""
    await provider.change(require_fee=False, require_intake=False)
    return provider


async def test_anonymous_signup_off_closes_form_page_and_endpoint(world: World, provider: Provider) -> None:
    assert "New Client" in (await page(world, f"/p/{provider.slug}")).text
    await provider.change(allow_anonymous_signup=False)
    address = new_address()
    problem(await world.sign_up(provider, email=address), "signup-closed", 409)
    shown = await page(world, f"/p/{provider.slug}")
    assert f"/p/{provider.slug}/signup" not in shown.text
    assert "555-010-0100" in shown.text
    assert world.rows("SELECT id FROM client WHERE email = %s", address) == []


async def test_an_unpublished_page_takes_no_sign_ups(world: World, provider: Provider) -> None:
    await provider.change(page_published=False)
    problem(await world.sign_up(provider), "signup-closed", 409)
    assert f"/p/{provider.slug}/signup" not in (await page(world, f"/p/{provider.slug}")).text


async def test_self_scheduling_off_shows_appointments_and_refuses_booking(world: World, provider: Provider) -> None:
    await free_provider(provider)
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    slot = (await person.slots())[0]
    await provider.change(allow_self_schedule=False)
    problem(await person.book(slot), "self-schedule-off", 409)
    assert [block["rule"] for block in await blocks(provider, person.client_id)] == ["self-schedule-off"]
    staff = await provider.request(
        "POST", "/api/v1/appointments", json={"client_id": person.client_id, "starts_at": slot}
    )
    booked = await person.in_state(ok(staff, 201)["id"], "booked")
    assert booked["payment"] is None
    assert [one["id"] for one in (await person.get("/api/v1/portal/appointments"))["items"]] == [booked["id"]]
    shown = await person.request("GET", "/portal")
    assert shown.status_code == 200
    assert "/portal/book" not in shown.text


@pytest.mark.parametrize("capacity", [1, 2])
async def test_max_simultaneous_appointments(world: World, provider: Provider, capacity: int) -> None:
    await free_provider(provider)
    await provider.change(max_simultaneous_appointments=capacity)
    people = [await world.invited_client(provider) for _ in range(capacity + 1)]
    slot = (await people[0].slots())[0]
    for person in people[:capacity]:
        ok(await person.book(slot), 201, 202)
    problem(await people[-1].book(slot), "slot-taken", 409)
    assert [block["rule"] for block in await blocks(provider, people[-1].client_id, slot)] == ["slot-taken"]


async def test_max_upcoming_appointments(world: World, provider: Provider) -> None:
    await free_provider(provider)
    await provider.change(max_upcoming_appointments=1)
    person = await world.invited_client(provider)
    *_, first, second = await person.slots()
    appointment = ok(await person.book(first), 201, 202)
    refusal = problem(await person.book(second), "limit-reached", 409)
    assert refusal["value"] == 1
    block = (await blocks(provider, person.client_id))[0]
    assert (block["rule"], block["value"], block["source"]) == ("limit-reached", 1, "provider")
    assert set(block["lifted_by"]) == {"client", "staff"}
    await person.in_state(appointment["id"], "booked")
    ok(await cancel(person, appointment))
    ok(await person.book(second), 201, 202)


async def test_clients_cancel_only_where_it_is_allowed(world: World, provider: Provider) -> None:
    await free_provider(provider)
    person = await world.invited_client(provider)
    appointment = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    await provider.change(clients_can_cancel=False)
    problem(await cancel(person, appointment), "cancel-not-allowed", 409)
    shown = await person.request("GET", f"/portal/appointments/{appointment['id']}")
    assert "555-010-0100" in shown.text
    await provider.change(clients_can_cancel=True)
    ok(await cancel(person, appointment))


async def test_clients_cancel_only_before_the_notice_they_were_shown(world: World, provider: Provider) -> None:
    await free_provider(provider)
    sixty_days = 60 * 24 * 60
    await provider.change(cancel_notice_minutes=sixty_days)
    person = await world.invited_client(provider)
    late = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    refusal = problem(await cancel(person, late), "cancel-window-closed", 409)
    assert datetime.fromisoformat(refusal["until"]) + timedelta(minutes=sixty_days) == datetime.fromisoformat(
        late["starts_at"]
    )
    ok(await provider.request("POST", f"/api/v1/appointments/{late['id']}/cancel"))
    await person.in_state(late["id"], "cancelled")

    await provider.change(cancel_notice_minutes=60)
    early = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    await provider.change(cancel_notice_minutes=sixty_days)
    ok(await cancel(person, early))


async def test_require_fee_needs_subscription_and_merchant_account(world: World, provider: Provider) -> None:
    await provider.change(require_fee=False)
    demo = f"{world.base_url}/api/v1/demo/providers/{provider.slug}"
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    wanted = await provider.get(path) | {"require_fee": True}
    ok(await world.http.put(f"{demo}/merchant-account", json={"status": "none"}))
    problem(await provider.request("PUT", path, json=wanted), "merchant-account-missing", 409)
    shown = await (await owner_of(provider)).page(f"/console/settings/{provider.slug}")
    assert "This can't be switched on now." in html.unescape(shown)
    (box,) = re.findall(r'<input [^>]*name="require_fee"[^>]*>', shown)
    assert " disabled" in box
    ok(await world.http.put(f"{demo}/merchant-account", json={"status": "active"}))
    ok(await world.http.put(f"{demo}/subscription", json={"status": "cancelled"}))
    problem(await provider.request("PUT", path, json=wanted), "subscription-inactive", 409)
    ok(await world.http.put(f"{demo}/subscription", json={"status": "active"}))
    assert (await provider.change(require_fee=True))["require_fee"] is True


async def test_without_a_subscription_new_business_is_closed_and_old_honoured(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    newcomer = await world.anonymous_client(provider)
    demo = f"{world.base_url}/api/v1/demo/providers/{provider.slug}/subscription"
    ok(await world.http.put(demo, json={"status": "cancelled"}))
    problem(await world.sign_up(provider), "subscription-inactive", 409)
    problem(await person.book(), "subscription-inactive", 409)
    await newcomer.submit_intake()
    assert (await person.appointment(appointment["id"]))["status"] == "booked"
    ok(await cancel(person, appointment))


async def test_intake_gate_off_lets_clients_book_first(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    slot = (await person.slots())[0]
    problem(await person.book(slot), "intake-required", 409)
    assert [block["rule"] for block in await blocks(provider, person.client_id)] == ["intake-required"]
    await provider.change(require_intake=False)
    ok(await person.book(slot), 201, 202)


async def test_no_intake_form_chosen_means_no_intake_step(world: World, provider: Provider) -> None:
    await provider.change(require_intake=False, intake_form_id=None)
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "ready")
    assert (await person.get("/api/v1/portal/intake"))["form"] is None


async def test_greeting_off_sends_the_invitation_only(world: World, provider: Provider) -> None:
    await provider.change(send_greeting=False)
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    await provider.told(person.client_id, "greeting_skipped")
    assert await world.mails(person.address, "welcome") == []
    ok(await provider.request("POST", f"/api/v1/clients/{person.client_id}/send-new-client-forms"), 202)
    await world.mail(person.address, "welcome")


async def test_at_most_one_greeting_per_address_and_day(world: World, provider: Provider) -> None:
    address = new_address()
    ok(await world.sign_up(provider, email=address), 202)
    await world.mail(address, "welcome")
    ok(await world.sign_up(provider, email=address, first_name="Child"), 202)
    person = await world.open_account(provider, address)
    rows = world.rows("SELECT id FROM client WHERE email = %s ORDER BY created_at", address)
    await provider.told(rows[1]["id"], "greeting_skipped")
    assert person.client_id in {row["id"] for row in rows}
    assert len(await world.mails(address, "welcome")) == 1


async def test_sign_up_fields_enabled_required_and_custom(world: World, provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/signup-form"
    form = await provider.get(path)
    fields = {field["key"]: field for field in form["fields"]}
    fields["phone"]["required"] = True
    fields["date_of_birth"] |= {"enabled": False, "required": False}
    pets = {
        "key": "pets",
        "type": "choice",
        "label": "Pets?",
        "enabled": True,
        "required": True,
        "options": ["Cat", "Dog"],
    }
    saved = ok(await provider.request("PUT", path, json={"fields": [*fields.values(), pets]}))
    assert saved["version"] == form["version"] + 1
    refused = await world.sign_up(provider)
    names = {error["field"] for error in problem(refused, "validation", 422)["errors"]}
    assert names == {"phone", "custom.pets"}
    wrong = await world.sign_up(
        provider, phone="+1 202 555 0123", date_of_birth="1990-01-01", custom={"pets": "Fish", "other": "x"}
    )
    names = {error["field"] for error in problem(wrong, "validation", 422)["errors"]}
    assert names >= {"date_of_birth", "custom.pets", "custom.other"}
    address = new_address()
    ok(await world.sign_up(provider, email=address, phone="+1 202 555 0123", custom={"pets": "Dog"}), 202)
    [row] = world.rows("SELECT id FROM client WHERE email = %s", address)
    client = await provider.client(row["id"])
    assert (client["signup_form_version"], client["custom"]) == (saved["version"], {"pets": "Dog"})
    assert "Pets?" in (await page(world, f"/p/{provider.slug}/signup")).text


async def test_two_providers_with_opposite_settings_do_not_mix(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    await free_provider(other_provider)
    await other_provider.change(allow_anonymous_signup=False, send_greeting=False)
    problem(await world.sign_up(other_provider), "signup-closed", 409)
    paying = await world.ready_client(provider)
    free = await world.invited_client(other_provider)
    assert ok(await free.book(), 201, 202)["payment"] is None
    assert ok(await paying.book(), 201, 202)["payment"]["amount_minor"] == 4000


async def test_a_stale_save_is_refused(world: World, provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    before = await provider.request("GET", path)
    mine = {"headers": {"If-Match": before.headers["etag"]}}
    ok(await provider.request("PUT", path, json=before.json() | {"hold_minutes": 44}, **mine))
    problem(await provider.request("PUT", path, json=before.json() | {"hold_minutes": 45}, **mine), "conflict", 412)
    assert (await provider.get(path))["hold_minutes"] == 44


async def test_saving_what_is_so_already_makes_no_version(world: World, provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    before = await provider.request("GET", path)
    ok(await provider.request("PUT", path, json=before.json(), headers={"If-Match": before.headers["etag"]}))
    assert (await provider.request("GET", path)).headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_simultaneous_appointments": 0}, "max_simultaneous_appointments"),
        ({"max_simultaneous_appointments": "2"}, "max_simultaneous_appointments"),
        ({"fee": {"amount_minor": -1, "currency": "usd"}}, "fee"),
        ({"require_fee": True, "fee": None}, "fee"),
        ({"require_intake": True, "intake_form_id": None}, "intake_form_id"),
        ({"intake_form_id": "frm_nobody"}, "intake_form_id"),
        ({"website_origins": ["https://example.com/path"]}, "website_origins"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_setting_is_refused_by_name(
    world: World, provider: Provider, change: dict[str, Any], field: str
) -> None:
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    before = await provider.get(path)
    answer = await provider.request("PUT", path, json=before | change)
    assert field in {error["field"] for error in problem(answer, "validation", 422)["errors"]}
    assert await provider.get(path) == before


async def test_availability_shapes_the_slots(world: World, provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/availability"
    person = await world.invited_client(provider)
    slots = await person.slots()
    day = datetime.fromisoformat(slots[len(slots) // 2]).date()
    one = {"timezone": "America/New_York", "weekly": [], "overrides": [{"date": day.isoformat(), "intervals": []}]}
    one["overrides"][0]["intervals"] = [{"start": "09:00", "end": "11:00"}]  # type: ignore[index]
    ok(await provider.request("PUT", path, json=one))
    assert len(await person.slots()) == 2
    wrong = await provider.request("PUT", path, json=one | {"timezone": "Mars/Olympus"})
    problem(wrong, "validation", 422)
