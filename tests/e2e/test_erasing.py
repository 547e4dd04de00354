"""A client is erased: nothing says any more who they were, whatever crashes, and nobody else is touched."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import httpx
from temporalio.client import WorkflowExecutionStatus

from db.held import Fate
from db.holdings import HELD
from db.ids import new_id
from tests.canary.searching import found_in_database, found_in_logs, found_in_temporal
from tests.driver import PASSWORD, Provider, World, new_address, ok, problem, text_of, until
from tests.e2e.test_contact_data import audit
from tests.e2e.test_outages import away
from tests.e2e.test_record_of_client import NOT_THEIRS, a_full_record, files_of
from tests.staffing import colleague, owner_of


async def erase(provider: Provider, client_id: str, name: str = "Ines Invited") -> httpx.Response:
    return await provider.request("POST", f"/api/v1/clients/{client_id}/erase", json={"confirm": name})


async def finished(provider: Provider, client_id: str) -> None:
    async def look() -> bool:
        return bool((await provider.get(f"/api/v1/clients/{client_id}/erasure"))["finished"])

    await until(look, "the erasure to be finished")


async def running(world: World, *workflow_ids: str) -> list[str]:
    engine = await world.engine()
    described = [await engine.get_workflow_handle(one).describe() for one in workflow_ids]
    return [one.id for one in described if one.status is WorkflowExecutionStatus.RUNNING]


async def record_of(provider: Provider, client_id: str) -> dict[str, Any]:
    """What an export says, but for who has looked at it."""
    files = files_of((await provider.request("GET", f"/api/v1/clients/{client_id}/export")).content)
    data = {name: json.loads(content) for name, content in files.items() if name.startswith("data/")}
    del data["data/audit.json"]
    return data


async def test_nothing_of_an_erased_client_is_found_anywhere(world: World) -> None:
    canaries, person = await a_full_record(world)
    provider, client = canaries.provider, person.client_id
    neighbour, booked = await world.booked_client(provider)
    await provider.told(neighbour.client_id, "front_desk_told", times=2)
    before = await record_of(provider, neighbour.client_id)
    # Others were born on that day, too.
    others = {*NOT_THEIRS, "date of birth"}
    words = {word for name, word in canaries.planted.items() if name not in others and "token" not in name}
    words |= {canaries.word(one) for one in ("Preferred", "Pronouns")} | {canaries.address("signup")}
    addresses = {canaries.address("signup"), canaries.address("changed")}
    words |= {hashlib.sha256(one.encode()).hexdigest() for one in addresses}
    words |= {hashlib.sha256(f"client:{one}".encode()).hexdigest()[:32] for one in addresses}
    seen = {word for _, word in found_in_database(world, words)}
    assert {canaries.word("Last"), canaries.address("changed"), canaries.word("Cancelreason")} <= seen
    ledger = await payments(provider, client)
    assert ledger

    answer = ok(await erase(provider, client, f"{canaries.word('First')} {canaries.word('Last')}"), 202)
    assert answer["client_id"] == client
    await finished(provider, client)
    assert found_in_database(world, words) == set()
    assert found_in_temporal(world, words) == set()
    assert found_in_logs(world, words) == set()
    for held in HELD:
        if held.fate is Fate.REMOVED and "client_id" in held.table.__table__.columns:
            assert world.rows(f"SELECT * FROM {held.table.__tablename__} WHERE client_id = %s", client) == []

    (row,) = world.rows("SELECT first_name, email, date_of_birth, phone FROM client WHERE id = %s", client)
    assert set(row.values()) == {"", None}
    # The ledger adds up, and the log says who did it.
    assert await payments(provider, client) == ledger
    assert [one["kind"] for one in await audit(provider, client)].count("client_erased") == 1
    # Nobody finds them, and they find nothing.
    problem(await provider.request("GET", f"/api/v1/clients/{client}"), "not-found", 404)
    problem(await provider.request("GET", f"/api/v1/clients/{client}/export"), "not-found", 404)
    listed = [one["id"] for one in (await provider.get("/api/v1/clients"))["items"]]
    assert client not in listed
    assert neighbour.client_id in listed
    assert (await person.request("GET", "/api/v1/portal/me")).status_code == 401
    # Nobody else was touched.
    assert await record_of(provider, neighbour.client_id) == before
    assert (await neighbour.appointment(booked["id"]))["status"] == "booked"


async def payments(provider: Provider, client_id: str) -> list[Any]:
    return [one for one in (await provider.get("/api/v1/payments"))["items"] if one["client_id"] == client_id]


async def test_the_same_address_signs_up_again_as_somebody_new(world: World, provider: Provider) -> None:
    address = new_address()
    person = await world.anonymous_client(provider, email=address)
    token = await world.invitation_token(address)
    ok(await erase(provider, person.client_id, "ana  ANONYMOUS"), 202)
    assert (await world.browser().get(f"{world.base_url}/invitations/{token}")).status_code == 404
    body = {"email": address, "password": PASSWORD}
    problem(await world.browser().post(f"{world.base_url}/api/v1/portal/session", json=body), "unauthorized", 401)

    ok(await world.sign_up(provider, email=address), 202)

    async def another() -> str | None:
        found = await world.invitation_token(address)
        return found if found != token else None

    fresh = await until(another, "the new invitation")
    http = world.browser()
    url = f"{world.base_url}/api/v1/invitations/{fresh}/accept"
    again = ok(await http.post(url, json={"password": "quite another pass phrase"}))
    assert [one["id"] for one in again["clients"]] == [again["client_id"]]
    assert again["client_id"] != person.client_id
    view = ok(await http.get(f"{world.base_url}/api/v1/portal/intake"))
    assert view["draft"] is None


async def test_it_is_refused_while_an_appointment_is_ahead_or_money_under_way(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    name = "Ana Anonymous"
    held = ok(await person.book(), 201, 202)["id"]
    session = await person.checkout(held)
    refusal = problem(await erase(provider, person.client_id, name), "conflict", 409)
    rules = {one["rule"] for one in refusal["obstacles"]}
    assert rules == {"appointment_ahead", "fee_under_way"}
    await world.pay(session)
    await person.in_state(held, "booked")
    refusal = problem(await erase(provider, person.client_id, name), "conflict", 409)
    assert refusal["obstacles"] == [{"rule": "appointment_ahead", "appointment_id": held}]
    page = await (await owner_of(provider)).page(f"/console/clients/{person.client_id}/erase")
    assert f"/console/appointments/{held}/cancel" in page
    assert 'name="confirm"' not in page

    await world.simulator_faults({"match": "/v1/refunds", "action": "500", "times": 50})
    ok(await provider.request("POST", f"/api/v1/appointments/{held}/cancel", json={}))
    refusal = problem(await erase(provider, person.client_id, name), "conflict", 409)
    assert refusal["obstacles"] == [{"rule": "refund_under_way", "appointment_id": held}]
    await world.simulator_faults()
    assert (await provider.client(person.client_id))["first_name"] == "Ana"

    # What stands in the way can end: money that came back, here by a person who answers what waits.
    async def refunded() -> bool:
        (payment,) = await payments(provider, person.client_id)
        if payment["state"] != "refunded":
            await provider.request("POST", f"/api/v1/clients/{person.client_id}/retry", json={})
        return bool(payment["state"] == "refunded")

    await until(refunded, "the refund")
    await provider.told(person.client_id, "fee_refunded")
    ok(await erase(provider, person.client_id, name), 202)
    await finished(provider, person.client_id)


async def test_only_an_owner_erases_and_only_with_the_name(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    owner = await owner_of(provider)
    page = f"/console/clients/{person.client_id}/erase"
    for one in (await colleague(owner, "front_desk"), await colleague(owner, "provider", provider=provider.slug)):
        assert (await one.request("GET", page)).status_code == 403
        assert (await one.submit("/console", page, confirm="Ines Invited")).status_code == 403
    other = await world.new_provider()
    problem(await erase(other, person.client_id), "not-found", 404)
    problem(await other.request("GET", f"/api/v1/clients/{person.client_id}/erasure"), "not-found", 404)
    problem(await erase(provider, person.client_id, "Ines"), "validation", 422)
    wrong = await owner.submit(page, page, confirm="Somebody Else")
    assert wrong.status_code == 422
    assert 'value="Somebody Else"' in wrong.text
    assert (await provider.client(person.client_id))["last_name"] == "Invited"
    assert (await owner.submit(page, page, confirm="ines invited")).status_code == 303
    assert (await owner.request("GET", f"/console/clients/{person.client_id}")).status_code == 404
    assert (await owner.request("GET", page)).headers["location"].endswith("done=erased")


async def test_without_temporal_the_records_go_at_once_and_the_journey_ends_later(
    world: World, provider: Provider
) -> None:
    address = new_address()
    client = (await provider.invite(email=address, last_name="Zwischenfall"))["id"]
    await world.mail(address, "client portal")
    assert await running(world, f"client-journey:{client}")
    async with away(world, "temporal", killed=True):
        first = ok(await erase(provider, client, "Ines Zwischenfall"), 202)
        assert first["finished"] is False
        assert found_in_database(world, ["Zwischenfall", address]) == set()
        # Asked again, it is the same one; whoever holds the server doesn't matter.
        await world.stack.supervisor.kill("server")
        await world.stack.supervisor.start_again("server")
        again = ok(await erase(provider, client, "whatever"), 202)
        assert again == first
    await finished(provider, client)
    assert await running(world, f"client-journey:{client}") == []
    assert [one["kind"] for one in await audit(provider, client)].count("client_erased") == 1


async def test_mail_that_waits_for_better_weather_is_never_sent(world: World, provider: Provider) -> None:
    address = new_address()
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": address, "reply": 451, "times": 500}]))
    client = (await provider.invite(email=address))["id"]

    async def tried() -> bool:
        return bool(world.rows("SELECT 1 FROM effect WHERE client_id = %s AND attempts > 1", client))

    await until(tried, "two tries")
    ok(await erase(provider, client), 202)
    ok(await world.http.put(mailbox, json=[]))
    await finished(provider, client)
    assert await running(world, f"client-journey:{client}") == []
    # Another client's mail passes by: the mail server is well.
    person = await world.invited_client(provider)
    assert await world.mails(person.address)
    assert await world.mails(address) == []
    assert world.rows("SELECT 1 FROM effect WHERE client_id = %s", client) == []


async def test_a_family_keeps_its_account_until_the_last_of_them_goes(world: World, provider: Provider) -> None:
    mother = await world.invited_client(provider)
    child = await provider.invite(first_name="Ben", email=mother.address)

    async def joined() -> bool:
        for mail in await world.mails(mother.address, "client portal"):
            token = text_of(mail).split("/invitations/")[1].split()[0]
            url = f"{world.base_url}/api/v1/invitations/{token}/accept"
            await mother.http.post(url, json={"password": PASSWORD})
        return bool((await provider.client(child["id"]))["portal_status"] == "active")

    await until(joined, "the child behind the account")
    preview = await provider.get(f"/api/v1/clients/{mother.client_id}/erasure")
    assert preview["kept"]["account"] == 1
    ok(await erase(provider, mother.client_id), 202)
    assert (await mother.get("/api/v1/portal/me"))["client_id"] == child["id"]
    body = {"email": mother.address, "password": PASSWORD}
    ok(await world.browser().post(f"{world.base_url}/api/v1/portal/session", json=body))
    ok(await erase(provider, child["id"], "Ben Invited"), 202)
    assert (await mother.request("GET", "/api/v1/portal/me")).status_code == 401
    assert found_in_database(world, [mother.address]) == set()


async def test_who_books_at_that_very_moment_is_booked_or_erased_and_never_both(
    world: World, provider: Provider
) -> None:
    await provider.change(require_fee=False, require_intake=False)
    for _ in range(3):
        person = await world.invited_client(provider)
        chosen = (await person.slots())[-1]
        booking, erasing = await asyncio.gather(person.book(chosen), erase(provider, person.client_id))
        taken = world.rows("SELECT status FROM appointment WHERE client_id = %s", person.client_id)
        if erasing.status_code == 202:
            assert booking.status_code >= 400, booking.text
            assert taken == []
        else:
            assert (booking.status_code, erasing.status_code) == (201, 409)


async def test_news_of_money_for_an_erased_client_is_for_a_person_and_starts_nothing(
    world: World, provider: Provider
) -> None:
    person = await world.invited_client(provider)
    await provider.stage(person.client_id, "ready")
    ok(await erase(provider, person.client_id), 202)
    await finished(provider, person.client_id)
    appointment = new_id("apt")
    payload = {"appointment_id": appointment, "payment_id": new_id("pay"), "of_money": True}
    quiet = payload | {"of_money": False}
    for number, one in enumerate((payload, quiet)):
        world.execute(
            "INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash,"
            f" received_at, attempts) VALUES ('{new_id('evt')}', 'test', 't', '{appointment}:{number}',"
            f" 'payment_noticed', 'client:{person.client_id}', '{json.dumps(one)}', 'x', now(), 0)"
        )

    async def looked_at() -> list[dict[str, Any]] | None:
        query = "SELECT handled_at, parked_reason FROM external_event WHERE external_id LIKE %s ORDER BY seq"
        rows = world.rows(query, f"{appointment}:%")
        return rows if all(one["handled_at"] or one["parked_reason"] for one in rows) else None

    parked, told = await until(looked_at, "both events")
    assert (parked["handled_at"], parked["parked_reason"]) == (None, "the client was erased")
    assert told["handled_at"] is not None
    assert world.rows("SELECT 1 FROM attention_item WHERE client_id = %s", person.client_id) == []
    engine = await world.engine()
    assert [one async for one in engine.list_workflows(f"WorkflowId = 'booking:{appointment}'")] == []
    world.execute(f"UPDATE external_event SET handled_at = now() WHERE external_id LIKE '{appointment}:%'")


async def test_an_answer_that_is_filed_at_that_moment_leaves_no_key_behind(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    ok(await erase(provider, person.client_id, "Ana Anonymous"), 202)
    save = {"response": {"resourceType": "QuestionnaireResponse", "status": "in-progress"}, "submit": False}
    assert (await person.request("POST", "/api/v1/portal/intake", json=save)).status_code == 401
    assert world.rows("SELECT 1 FROM data_key WHERE client_id = %s", person.client_id) == []
