"""Appointment types: length and fee are decided by the claim, and stay with the appointment; the pages around them."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from tests.driver import Person, Provider, World, ok, problem, text_of
from tests.staffing import owner_of

CALL = {"name": "First call", "minutes": 15, "fee_rule": "none"}


def path_of(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/appointment-types"


async def save_types(provider: Provider, *types: dict[str, Any]) -> dict[str, str]:
    """The ids by name."""
    saved = ok(await provider.request("PUT", path_of(provider), json={"types": list(types)}))
    return {one["name"]: one["id"] for one in saved["types"]}


async def slots(person: Person, type_id: str | None = None) -> list[dict[str, Any]]:
    now = await person.world.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=21)).isoformat()}
    params = window | ({"type": type_id} if type_id else {})
    found: list[dict[str, Any]] = (await person.get("/api/v1/portal/slots", params=params))["slots"]
    return found


async def book(person: Person, starts_at: str, type_id: str, **more: Any) -> Any:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"starts_at": starts_at, "type": type_id} | more
    return await person.request("POST", "/api/v1/portal/appointments", json=body, headers=headers)


def minutes(one: dict[str, Any]) -> float:
    return (datetime.fromisoformat(one["ends_at"]) - datetime.fromisoformat(one["starts_at"])).total_seconds() / 60


async def test_length_and_fee_are_the_types_and_outlive_a_move_and_its_archiving(
    world: World, provider: Provider
) -> None:
    word = f"Canary{secrets.token_hex(4)}"
    standard = {"id": "standard", "name": "Appointment"}
    name = f"{word} visit"
    long = {
        "name": name,
        "minutes": 90,
        "fee_rule": "own",
        "fee": {"amount_minor": 1500, "currency": "usd"},
    }
    ids = await save_types(provider, standard, long)
    of_long = ids[name]
    person = await world.invited_client(provider)
    offered = (await person.get("/api/v1/portal/appointment-types"))["items"]
    assert [(one["name"], one["minutes"], one["quote"]["amount_minor"]) for one in offered] == [
        ("Appointment", 50, 4000),
        (name, 90, 1500),
    ]
    assert {minutes(one) for one in await slots(person)} == {50}
    times = await slots(person, of_long)
    assert {minutes(one) for one in times} == {90}
    # The quote of one type isn't the quote of another.
    theirs = (await person.get("/api/v1/portal/fee-quote", params={"type": of_long}))["quote"]["reference"]
    problem(await book(person, times[-1]["starts_at"], "standard", quote=theirs), "conflict", 409)
    held = ok(await book(person, times[-1]["starts_at"], of_long, quote=theirs), 202)
    # The same time is theirs already, and not as something else.
    problem(await book(person, times[-1]["starts_at"], "standard"), "conflict", 409)
    await world.pay(await person.checkout(held["id"]))
    booked = await person.in_state(held["id"], "booked")
    assert (booked["type"], minutes(booked), booked["payment"]["amount_minor"]) == (of_long, 90, 1500)
    assert booked["payment"]["quote"]["settings_version"].count(".") == 3

    await save_types(provider, standard)
    problem(await book(person, times[0]["starts_at"], of_long), "conflict", 409)
    problem(await book(person, times[0]["starts_at"], "typ_elsewhere"), "validation", 422)
    path = f"/api/v1/portal/appointments/{held['id']}"
    # Its length is its own: where only a shorter one fits, it doesn't.
    fits = {one["starts_at"] for one in times}
    too_late = next(one["starts_at"] for one in await slots(person) if one["starts_at"] not in fits)
    late = await person.request("POST", f"{path}/move", json={"starts_at": too_late})
    problem(late, "slot-unavailable", 409)
    page = await person.http.get(f"{world.base_url}{path.removeprefix('/api/v1')}/move", params={"on": too_late[:10]})
    shown = {datetime.fromisoformat(one) for one in re.findall(r'name="starts_at" value="([^"]+)"', page.text)}
    assert shown
    assert datetime.fromisoformat(too_late) not in shown
    moved = ok(await person.request("POST", f"{path}/move", json={"starts_at": times[0]["starts_at"]}))
    assert (moved["type"], minutes(moved), moved["starts_at"]) == (of_long, 90, times[0]["starts_at"])
    # Its name stays in the portal.
    await world.mail(person.address, "new time")
    for mail in await world.mails(person.address):
        assert word not in mail.as_string() + text_of(mail)
    assert word not in str(await world.simulator_requests())


async def test_a_call_without_a_fee_is_no_first_visit(world: World, provider: Provider) -> None:
    await provider.change(fee_first_visit_only=True)
    ids = await save_types(provider, {"id": "standard", "name": "Appointment"}, CALL)
    person = await world.invited_client(provider)
    called = ok(
        await book(person, (await slots(person, ids["First call"]))[0]["starts_at"], ids["First call"]), 201, 202
    )
    assert (await person.in_state(called["id"], "booked"))["payment"] is None
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"]["amount_minor"] == 4000
    assert (await person.get("/api/v1/portal/fee-quote", params={"type": ids["First call"]}))["quote"] is None


async def test_staff_save_versions_and_book_a_type(world: World, provider: Provider) -> None:
    path = path_of(provider)
    first = await provider.request("GET", path)
    assert [one["id"] for one in ok(first)["types"]] == ["standard"]
    stale = {"If-Match": first.headers["etag"]}
    ids = await save_types(provider, {"id": "standard", "name": "Visit"}, CALL)
    late = await provider.request("PUT", path, json={"types": [{"name": "Late"}]}, headers=stale)
    assert late.status_code == 412
    wrong = {"types": [{"id": "standard", "name": "Visit", "minutes": 3}]}
    refused = problem(await provider.request("PUT", path, json=wrong), "validation", 422)
    assert [error["field"] for error in refused["errors"]] == ["types[0].minutes"]
    client = await provider.invite()
    now = await world.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=9)).isoformat(), "type": ids["First call"]}
    times = (await provider.get(f"/api/v1/providers/{provider.slug}/slots", params=window))["slots"]
    body = {"client_id": client["id"], "starts_at": times[-1]["starts_at"], "type": ids["First call"]}
    made = ok(await provider.request("POST", "/api/v1/appointments", json=body), 201)
    assert (made["type"], minutes(made)) == (ids["First call"], 15)


async def test_staff_add_and_archive_types_on_their_page_and_clients_choose_one_without_scripts(
    world: World, provider: Provider
) -> None:
    owner = await owner_of(provider)
    person = await world.invited_client(provider)
    book = f"{world.base_url}/portal/book"
    plain = (await person.http.get(book)).text
    assert "50 minutes with" in plain
    assert "Another kind" not in plain
    home = f"/console/providers/{provider.slug}/appointment-types"
    assert "Archive" not in await owner.page(home)
    typed = {"version": "0", "action": "add", "name": "Long visit", "minutes": "90", "fee_rule": "own", "amount": "x"}
    wrong = await owner.submit(home, home, **typed)
    assert wrong.status_code == 422
    assert 'value="Long visit"' in wrong.text
    assert "must be an amount, such as 40.00" in wrong.text
    forgotten = await owner.submit(home, home, **(typed | {"fee_rule": "settings", "amount": "65.50"}))
    assert (forgotten.status_code, "choose that, or leave it empty" in forgotten.text) == (422, True)
    added = await owner.submit(home, home, **(typed | {"amount": "65.50"}))
    assert added.status_code == 303, added.text[:500]
    stale = await owner.submit(home, home, **(typed | {"amount": "65.50", "name": "Another"}))
    assert stale.status_code == 409
    seen = " ".join((await owner.page(home)).split())
    long = re.findall(r'id="(typ_\w+)"', seen)[0]
    assert "<h2>Long visit</h2>" in seen.split('id="seen"')[1]

    choose = " ".join((await person.http.get(book)).text.split())
    assert choose.index("Appointment</h2>") < choose.index("Long visit</h2>")
    assert "90 minutes" in choose
    assert "$65.50" in choose
    page = (await person.http.get(book, params={"type": long})).text
    assert "Long visit: choose a time" in page
    chosen = re.findall(r'name="starts_at" value="([^"]+)"', page)[-1]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert hidden["type"] == long
    taken = await person.http.post(book, data=hidden | {"starts_at": chosen})
    assert taken.status_code == 303, taken.text[:500]
    rows = world.rows(
        "SELECT id, type_id, ends_at - starts_at AS length FROM appointment WHERE client_id = %s", person.client_id
    )
    assert [(row["type_id"], row["length"]) for row in rows] == [(long, timedelta(minutes=90))]
    assert "Long visit with" in (await person.http.get(f"{world.base_url}/portal/appointments/{rows[0]['id']}")).text

    assert "1 appointment ahead is of this type" in await owner.page(home)
    # The amount of the fee that it had still stands in its input.
    freed = await owner.submit(
        home, home, **(typed | {"version": "1", "action": f"save.{long}", "amount": "65.50", "fee_rule": "none"})
    )
    assert freed.status_code == 303, freed.text[:500]
    archived = await owner.submit(home, home, version="2", action=f"archive.{long}")
    assert archived.status_code == 303, archived.text[:500]
    # Who holds a time is shown that one, and no others.
    assert "First, the time that you hold" in (await person.http.get(book, params={"type": long})).text
    ok(await person.request("POST", f"/api/v1/portal/appointments/{rows[0]['id']}/cancel"))
    await person.in_state(rows[0]["id"], "cancelled")
    gone = await person.http.get(book, params={"type": long})
    assert "50 minutes with" in gone.text
    last = await owner.submit(home, home, version="3", action="archive.standard")
    assert last.status_code == 409
    assert "must keep one" in last.text
    assert "Long visit with" in (await person.http.get(f"{world.base_url}/portal/appointments/{rows[0]['id']}")).text
    restored = await owner.submit(home, f"{home}/versions/1/restore", version="3")
    assert restored.status_code == 303
    assert "See times" in (await person.http.get(book)).text
    audited = world.rows(
        "SELECT 1 FROM audit_entry a JOIN provider p ON p.id = a.object_id WHERE a.kind = 'settings_saved'"
        " AND p.slug = %s",
        provider.slug,
    )
    assert len(audited) == 4
