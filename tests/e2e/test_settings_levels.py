"""Settings of practice, provider and client through the API: who wins, where it comes from, versions, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from domain.policy_levels import CLIENT_SETTINGS, PRACTICE_SETTINGS, PROVIDER_SETTINGS
from tests.driver import Person, Provider, World, new_address, ok, problem

PRACTICE = "/api/v1/practice/portal-settings"


def of_provider(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/portal-settings"


def of_client(client_id: str) -> str:
    return f"/api/v1/clients/{client_id}/policy"


async def sources(provider: Provider, path: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in (await provider.get(f"{path}/sources"))["items"]}


async def booking(provider: Provider, client_id: str) -> dict[str, dict[str, Any]]:
    """What keeps the client from booking, by rule."""
    blocks = (await provider.get(f"/api/v1/clients/{client_id}/can-book"))["blocks"]
    return {block["rule"]: block for block in blocks}


async def scheduling_only(provider: Provider) -> Provider:
    await provider.change(require_fee=False, require_intake=False)
    return provider


async def put(provider: Provider, path: str, document: dict[str, Any]) -> Any:
    return ok(await provider.request("PUT", path, json=document))


async def test_each_level_shows_the_settings_that_it_may_set(world: World, provider: Provider) -> None:
    invited = await provider.invite()
    for path, names in (
        (PRACTICE, PRACTICE_SETTINGS),
        (of_provider(provider), PROVIDER_SETTINGS),
        (of_client(invited["id"]), CLIENT_SETTINGS),
    ):
        assert set(await sources(provider, path)) == set(names)
    assert set(await provider.get(PRACTICE)) == set(PRACTICE_SETTINGS)
    assert set(await provider.get(of_provider(provider))) == set(PROVIDER_SETTINGS)
    assert await provider.get(of_client(invited["id"])) == {}


async def test_the_provider_passes_over_the_practice_and_the_client_over_both(world: World, provider: Provider) -> None:
    await scheduling_only(provider)
    ok(await provider.request("DELETE", f"{of_provider(provider)}/allow_self_schedule"))
    invited = await world.invited_client(provider)
    own = of_client(invited.client_id)

    await put(provider, PRACTICE, {"allow_self_schedule": False})
    assert (await booking(provider, invited.client_id))["self-schedule-off"]["source"] == "practice"
    problem(await invited.book((await invited.slots())[0]), "self-schedule-off", 409)

    await put(provider, of_provider(provider), {"allow_self_schedule": True})
    assert await booking(provider, invited.client_id) == {}

    await put(provider, own, {"allow_self_schedule": False, "reason": "Comes with an interpreter"})
    assert (await booking(provider, invited.client_id))["self-schedule-off"]["source"] == "client"
    assert await provider.get(own) == {"allow_self_schedule": False, "reason": "Comes with an interpreter"}
    other = await world.invited_client(provider)
    assert await booking(provider, other.client_id) == {}

    ok(await provider.request("DELETE", f"{own}/allow_self_schedule"))
    ok(await invited.book((await invited.slots())[0]), 201, 202)


async def test_a_document_that_is_sent_back_whole_pins_what_was_changed_only(world: World, provider: Provider) -> None:
    await put(provider, PRACTICE, {"hold_minutes": 45})
    path = of_provider(provider)
    ok(await provider.request("DELETE", f"{path}/hold_minutes"))
    document = await provider.get(path)
    assert document["hold_minutes"] == 45
    await put(provider, path, document | {"buffer_minutes": 10})
    found = await sources(provider, path)
    assert (found["hold_minutes"]["source"], found["buffer_minutes"]["source"]) == ("practice", "provider")
    await put(provider, PRACTICE, {"hold_minutes": 20})
    assert (await provider.get(path))["hold_minutes"] == 20
    assert found["buffer_minutes"]["inherited"] == 0
    assert found["buffer_minutes"]["inherited_source"] == "default"


async def test_a_clients_own_settings_are_replaced_as_a_whole(world: World, provider: Provider) -> None:
    invited = await provider.invite()
    path = of_client(invited["id"])
    await put(provider, path, {"max_upcoming_appointments": 2, "hold_minutes": 60})
    await put(provider, path, {"hold_minutes": 60})
    assert await provider.get(path) == {"hold_minutes": 60}
    await put(provider, path, {})
    assert await provider.get(path) == {}
    versions = (await provider.get(f"{path}/versions"))["items"]
    assert [one["settings"] for one in versions] == [
        {},
        {"hold_minutes": 60},
        {"max_upcoming_appointments": 2, "hold_minutes": 60},
    ]


@pytest.mark.parametrize(
    ("level", "document", "field", "message"),
    [
        ("client", {"appointment_minutes": 30}, "appointment_minutes", "can't be set at this level"),
        ("client", {"colour": 1}, "colour", "is not a portal setting"),
        ("client", {"hold_minutes": 0}, "hold_minutes", "must be between 1 and 1320"),
        ("client", {"reason": 7}, "reason", "must be a text"),
        ("client", {"hold_minutes": 9, "reason": "x" * 501}, "reason", "Please use at most 500 characters."),
        ("practice", {"website_origins": []}, "website_origins", "can't be set at this level"),
        ("practice", {"require_fee": True, "fee": None}, "fee", "is needed when a fee is required"),
    ],
)
async def test_a_wrong_setting_is_named_at_every_level(
    world: World, provider: Provider, level: str, document: dict[str, Any], field: str, message: str
) -> None:
    path = PRACTICE if level == "practice" else of_client((await provider.invite())["id"])
    refusal = problem(await provider.request("PUT", path, json=document), "validation", 422)
    assert [(one["field"], one["message"]) for one in refusal["errors"]] == [(field, message)]


async def test_a_stale_save_is_refused_at_every_level(world: World, provider: Provider) -> None:
    invited = await provider.invite()
    for minutes, path in enumerate((PRACTICE, of_provider(provider), of_client(invited["id"])), start=41):
        tag = (await provider.request("GET", path)).headers["etag"]
        first = await provider.request("PUT", path, json={"hold_minutes": minutes}, headers={"If-Match": tag})
        ok(first)
        assert first.headers["etag"] != tag
        late = await provider.request("PUT", path, json={"hold_minutes": 32}, headers={"If-Match": tag})
        problem(late, "conflict", 412)
        gone = await provider.request("DELETE", f"{path}/hold_minutes", headers={"If-Match": tag})
        problem(gone, "conflict", 412)
        again = await provider.request("POST", f"{path}/versions/0/restore", headers={"If-Match": tag})
        problem(again, "conflict", 412)


async def test_who_changed_a_level_is_in_the_audit_log(world: World, provider: Provider) -> None:
    invited, seeded = await provider.invite(), provider.seeded
    (row,) = world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)
    owners = {PRACTICE: seeded.practice_id, of_provider(provider): row["id"], of_client(invited["id"]): invited["id"]}
    for path in owners:
        await put(provider, path, {"hold_minutes": 44})
        ok(await provider.request("DELETE", f"{path}/hold_minutes"))
        ok(await provider.request("POST", f"{path}/versions/0/restore"))
    told = [(one["kind"], one["object_id"]) for one in (await provider.get("/api/v1/audit"))["items"]]
    kinds = ("settings_restored", "settings_saved", "settings_saved")
    assert told[: 3 * len(owners)] == [(kind, owner) for owner in reversed(owners.values()) for kind in kinds]


async def test_an_earlier_version_is_put_in_force_again_as_a_new_one(world: World, provider: Provider) -> None:
    path = of_provider(provider)
    before = (await provider.get(f"{path}/versions"))["items"]
    await put(provider, path, {"hold_minutes": 33})
    restored = await provider.request("POST", f"{path}/versions/{before[0]['version']}/restore")
    assert ok(restored)["hold_minutes"] != 33
    after = (await provider.get(f"{path}/versions"))["items"]
    assert [one["version"] for one in after] == list(range(len(after), 0, -1))
    assert after[0]["settings"] == before[0]["settings"]
    assert len(after) == len(before) + 2
    assert all(one["saved_by"] and one["saved_at"] for one in after)
    problem(await provider.request("POST", f"{path}/versions/999/restore"), "not-found", 404)
    problem(await provider.request("POST", f"{path}/versions/x/restore"), "not-found", 404)


async def test_whom_a_change_touches_is_told_before_it_is_saved(world: World, provider: Provider) -> None:
    waiting = [await world.anonymous_client(provider) for _ in range(2)]
    for one in waiting:
        await provider.stage(one.client_id, "intake")
    told = await provider.request("POST", f"{of_provider(provider)}/preview", json={"require_intake": False})
    assert ok(told)["items"] == [
        {
            "kind": "intake_let_through",
            "setting": "require_intake",
            "count": 2,
            "text": "2 clients are waiting for intake; they will be let through.",
        }
    ]
    assert (await provider.get(of_provider(provider)))["require_intake"] is True
    own = f"{of_client(waiting[0].client_id)}/preview"
    assert ok(await provider.request("POST", own, json={"require_intake": False}))["items"][0]["count"] == 1


async def test_what_is_planned_already_is_said_to_stay(world: World, provider: Provider) -> None:
    await scheduling_only(provider)
    person = await world.invited_client(provider)
    booked = ok(await person.book(), 201, 202)
    await person.in_state(booked["id"], "booked")
    invited = await provider.invite()
    changes: dict[str, tuple[Any, set[tuple[str, int]]]] = {
        "slot_step_minutes": (30, {("times_kept", 1)}),
        "buffer_minutes": (15, {("times_kept", 1)}),
        "appointment_minutes": (30, {("length_kept", 1)}),
        "booking_horizon_days": (7, {("later_stay", 1)}),
        "min_notice_minutes": (60 * 24 * 60, {("sooner_stay", 1)}),
        "reminder_hours": ([48], {("reminders_kept", 1)}),
        "invitation_reminder_days": ([2], {("nudges_kept", 1)}),
        "hold_minutes": (45, set()),
        "send_greeting": (False, set()),
    }
    await provider.told(invited["id"], "invitation_sent")
    for name, (value, expected) in changes.items():
        told = ok(await provider.request("POST", f"{of_provider(provider)}/preview", json={name: value}))
        assert {(one["kind"], one["count"]) for one in told["items"]} == expected, name


async def test_who_waits_for_a_greeting_is_counted_before_it_is_switched_off(world: World, provider: Provider) -> None:
    address = new_address()
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": address, "reply": 451, "times": 50, "subject": "welcome"}]))
    ok(await world.sign_up(provider, email=address), 202)
    told = ok(await provider.request("POST", f"{of_provider(provider)}/preview", json={"send_greeting": False}))
    assert [(one["kind"], one["count"]) for one in told["items"]] == [("greetings_not_sent", 1)]
    await provider.change(send_greeting=False)
    (row,) = world.rows("SELECT id FROM client WHERE email = %s", address)
    # An attempt that had looked at the settings before still meets the mail server's "later".
    await provider.told(row["id"], "greeting_skipped")
    ok(await world.http.put(mailbox, json=[]))
    assert await world.mails(address, "welcome") == []


async def test_letting_one_client_through_moves_that_one_only(world: World, provider: Provider) -> None:
    one, other = [await world.anonymous_client(provider) for _ in range(2)]
    for person in (one, other):
        await provider.stage(person.client_id, "intake")
    await put(provider, of_client(one.client_id), {"require_intake": False, "reason": "Filled it in on paper"})
    ok(await one.book((await one.slots())[0]), 201, 202)
    problem(await other.book((await other.slots())[1]), "intake-required", 409)


async def test_a_client_may_owe_a_fee_of_their_own_or_none(world: World, provider: Provider) -> None:
    await provider.change(require_intake=False)
    exempt, charged = [await world.invited_client(provider) for _ in range(2)]
    await put(provider, of_client(exempt.client_id), {"require_fee": False, "reason": "Pays by the month"})
    free = ok(await exempt.book(), 201, 202)
    assert (await exempt.in_state(free["id"], "booked"))["payment"] is None
    fee = {"amount_minor": 1500, "currency": "usd"}
    await put(provider, of_client(charged.client_id), {"fee": fee, "reason": "Reduced"})
    pending = ok(await charged.book(), 202)
    await charged.checkout(pending["id"])
    assert (await charged.appointment(pending["id"]))["payment"]["amount_minor"] == 1500


async def test_settings_of_another_practice_are_out_of_reach(world: World, provider: Provider) -> None:
    stranger = await world.new_provider()
    invited = await provider.invite()
    for path in (of_provider(provider), of_client(invited["id"])):
        for method, rest, body in (
            ("GET", "", None),
            ("PUT", "", {}),
            ("GET", "/sources", None),
            ("GET", "/versions", None),
            ("POST", "/preview", {}),
            ("POST", "/versions/0/restore", None),
            ("DELETE", "/hold_minutes", None),
        ):
            problem(await stranger.request(method, f"{path}{rest}", json=body), "not-found", 404)
    before = await provider.get(PRACTICE)
    await put(stranger, PRACTICE, {"hold_minutes": 77})
    assert await provider.get(PRACTICE) == before


async def test_a_change_while_a_client_is_paying_keeps_the_fee_that_was_shown(world: World, provider: Provider) -> None:
    person: Person = await world.ready_client(provider)
    pending = ok(await person.book(), 202)
    session = await person.checkout(pending["id"])
    told = ok(await provider.request("POST", f"{of_provider(provider)}/preview", json={"require_fee": False}))
    assert [(one["kind"], one["count"]) for one in told["items"]] == [("paying_keep_fee", 1)]
    await provider.change(require_fee=False)
    await world.pay(session)
    booked = await person.in_state(pending["id"], "booked")
    assert (booked["payment"]["amount_minor"], booked["payment"]["state"]) == (4000, "captured")
