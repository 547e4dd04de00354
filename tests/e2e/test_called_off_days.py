"""A provider's days called off: looked at, confirmed, undone; moved or cancelled whatever happens, and nobody twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from tests.driver import Person, Provider, World, ok, problem, until
from tests.e2e.test_outages import away
from tests.locking import somebody_waits_for
from tests.merchants import charges
from workflows.naming import called_off_days_id

ZONE = ZoneInfo("America/New_York")
HOURS = (9, 10, 11, 13, 14, 15, 16)
FEE = 4000
GRACE_SECONDS = 180
TOLD = {"moved": "has a new time", "cancelled": "is cancelled"}


async def a_tuesday(world: World) -> date:
    today = (await world.now()).astimezone(ZONE).date()
    return today + timedelta(days=7 + (1 - today.weekday()) % 7)


def at(day: date, hour: int) -> str:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC).isoformat()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def books(provider: Provider, client_id: str, starts_at: str) -> str:
    body = {"client_id": client_id, "starts_at": starts_at}
    return str(ok(await provider.request("POST", "/api/v1/appointments", json=body), 201)["id"])


async def pays(world: World, person: Person, starts_at: str) -> str:
    appointment = str(ok(await person.book(starts_at), 201, 202)["id"])
    await world.pay(await person.checkout(appointment))
    await person.in_state(appointment, "booked")
    return appointment


async def all_booked(world: World, appointments: list[str]) -> None:
    async def look() -> bool:
        query = "SELECT count(*) AS n FROM appointment WHERE id = ANY(%s) AND status = 'booked'"
        return bool(world.rows(query, appointments)[0]["n"] == len(appointments))

    await until(look, "all to be booked")


def path_of(provider: Provider, *rest: str) -> str:
    return "/".join((f"/api/v1/providers/{provider.slug}/called-off-days", *rest))


async def call_off(provider: Provider, day: date, key: str | None = None, **more: Any) -> Any:
    body = {"first_day": day.isoformat(), "instead": "cancel", "reason": "ill"} | more
    headers = {"Idempotency-Key": key} if key else {}
    return ok(await provider.request("POST", path_of(provider), json=body, headers=headers), 202)


async def grace_over(world: World, run: dict[str, Any]) -> None:
    workflow_id = called_off_days_id(run["id"])
    engine = await world.engine()

    async def started() -> bool:
        return bool([one async for one in engine.list_workflows(f"WorkflowId = '{workflow_id}'")])

    await until(started, "the run to be started")
    await world.fast_forward(workflow_id, seconds=GRACE_SECONDS)


async def in_phase(provider: Provider, run: dict[str, Any], phase: str) -> Any:
    async def look() -> Any:
        seen = await provider.get(path_of(provider, run["id"]))
        return seen if seen["phase"] == phase else None

    return await until(look, f"the run to be {phase}")


def standing(world: World, provider: Provider, day: date) -> int:
    query = (
        "SELECT count(*) AS n FROM appointment a JOIN provider p ON p.id = a.provider_id WHERE p.slug = %s"
        " AND a.status IN ('pending', 'booked') AND a.starts_at >= %s AND a.starts_at < %s"
    )
    return int(world.rows(query, provider.slug, at(day, 0), at(day + timedelta(days=1), 0))[0]["n"])


async def availability(provider: Provider) -> Any:
    return await provider.get(f"/api/v1/providers/{provider.slug}/availability")


async def day_of_forty(world: World, provider: Provider, day: date) -> tuple[dict[str, str], dict[str, str]]:
    """Appointment -> the client's address: those booked by the front desk, and those that clients have paid for.

    Six at a time; on the day after there is room for twelve.
    """
    await provider.change(max_simultaneous_appointments=6)
    hours = await availability(provider)
    after = {"date": (day + timedelta(days=1)).isoformat(), "intervals": [{"start": "09:00", "end": "11:00"}]}
    path = f"/api/v1/providers/{provider.slug}/availability"
    ok(await provider.request("PUT", path, json=hours | {"overrides": [after]}))
    persons = await asyncio.gather(*(world.invited_client(provider) for _ in range(4)))
    times = [at(day, 9 + number // 6 + (number // 6 >= 3)) for number in range(40)]
    # Paid: one of the first, who are moved, and three of the last.
    paid_at = [times[0], *times[-3:]]
    booked = await asyncio.gather(*(pays(world, one, time) for one, time in zip(persons, paid_at, strict=True)))
    paid = dict(zip(booked, [one.address for one in persons], strict=True))
    invited = await asyncio.gather(*(provider.invite(first_name=f"Fay{number}") for number in range(12)))
    free: dict[str, str] = {}
    for number, time in enumerate(times[1:-3]):
        # Three of each, at different hours.
        one = invited[number % 12]
        free[await books(provider, one["id"], time)] = one["email"]
    await all_booked(world, [*free, *paid])
    return free, paid


async def told(world: World, addresses: Collection[str]) -> Counter[tuple[str, str]]:
    """How many messages each has had of either kind.

    A worker that is killed between the mail server's word and our record sends the same message again: one message.
    """
    items = ok(await world.http.get(f"{world.endpoints['mailbox_url']}/api/messages", params={"limit": 1000}))["items"]
    messages = {(one["to"], one["subject"], one["message_id"]) for one in items if one["to"] in addresses}
    return Counter((to, subject) for to, said, _ in messages for subject in TOLD.values() if subject in said)


async def test_a_sick_day_of_forty_with_the_worker_killed_twice(world: World, provider: Provider) -> None:
    day = await a_tuesday(world)
    free, paid = await day_of_forty(world, provider, day)
    everybody = free | paid
    run = await call_off(provider, day, instead="move", within_days=1, words="We are sorry for the short notice.")
    assert Counter(one["planned"] for one in run["items"]) == {"moved": 12, "cancelled": 28}

    def done() -> int:
        query = "SELECT count(*) AS n FROM called_off_appointment WHERE called_off_id = %s AND state = 'done'"
        return int(world.rows(query, run["id"])[0]["n"])

    url = world.endpoints["database_url"]
    with psycopg.connect(url) as one, psycopg.connect(url) as another:
        # At these the run has to wait, with its transaction open.
        places = {8: one, 23: another}
        for place, somebody in places.items():
            visit = run["items"][place]["appointment_id"]
            somebody.execute("SELECT 1 FROM appointment WHERE id = %s FOR NO KEY UPDATE", (visit,))
        await grace_over(world, run)
        for place, somebody in places.items():

            async def in_the_middle(place: int = place) -> bool:
                return done() == place

            await until(in_the_middle, f"{place} of forty")
            async with away(world, "worker", killed=True):
                somebody.rollback()
    ended = await in_phase(provider, run, "done")
    assert ended["counts"] == {"moved": 12, "cancelled": 28}
    assert standing(world, provider, day) == 0
    assert standing(world, provider, day + timedelta(days=1)) == 12
    assert len({(one["moved_to"], one["appointment_id"]) for one in ended["items"] if one["moved_to"]}) == 12

    became = {one["appointment_id"]: one["became"] for one in ended["items"]}
    expected = Counter((address, TOLD[became[appointment]]) for appointment, address in everybody.items())

    async def everybody_told() -> bool:
        return await told(world, everybody.values()) >= expected

    await until(everybody_told, "all to be told")
    assert await told(world, everybody.values()) == expected
    for address, subject in list(expected)[::9]:
        assert "sorry for the short notice" in (await world.mail(address, subject)).as_string()

    async def refunded() -> bool:
        return charges(world, provider) == [(FEE, 0), (FEE, FEE), (FEE, FEE), (FEE, FEE)]

    await until(refunded, "the fees to go back")
    query = "SELECT count(*) AS n FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.appointment_id = ANY(%s)"
    assert world.rows(query, list(paid))[0]["n"] == 3
    for client, visits in Counter(one["client_id"] for one in ended["items"]).items():
        assert (await provider.timeline(client)).count("day_called_off") == visits


async def test_undone_within_the_grace_nothing_has_changed_and_nobody_is_told(world: World, provider: Provider) -> None:
    day = await a_tuesday(world)
    person = await world.invited_client(provider)
    visit = await pays(world, person, at(day, 9))
    await world.mail(person.address, "confirmed")
    before, mails = await availability(provider), len(await world.mails(person.address))
    runs = await asyncio.gather(*(call_off(provider, day, key="tap") for _ in range(2)))
    assert runs[0]["id"] == runs[1]["id"]
    again = {"first_day": day.isoformat(), "instead": "cancel", "reason": "ill"}
    refused = problem(await provider.request("POST", path_of(provider), json=again), "conflict", 409)
    assert refused["called_off_id"] == runs[0]["id"]
    assert [one["starts_at"] for one in runs[0]["items"]] == [at(day, 9).replace("+00:00", "Z")]
    assert not [one for one in await person.slots() if instant(one).astimezone(ZONE).date() == day]
    problem(await person.book(at(day, 10)), "slot-unavailable", 409)

    undo = path_of(provider, runs[0]["id"], "undo")
    for _ in range(2):
        undone = ok(await provider.request("POST", undo))
        assert (undone["phase"], undone["counts"]) == ("undone", {"left": 1})
    assert await availability(provider) == before
    await grace_over(world, runs[0])
    handle = (await world.engine()).get_workflow_handle(called_off_days_id(runs[0]["id"]))
    assert await handle.result() == 0
    seen = await person.appointment(visit)
    assert (seen["status"], seen["starts_at"], seen["payment"]["state"]) == (
        "booked",
        at(day, 9).replace("+00:00", "Z"),
        "captured",
    )
    assert len(await world.mails(person.address)) == mails
    assert "day_called_off" not in await provider.timeline(person.client_id)
    kinds = Counter(one["kind"] for one in (await provider.get("/api/v1/audit"))["items"])
    assert (kinds["days_called_off"], kinds["called_off_undone"], kinds["appointment_cancelled"]) == (1, 1, 0)


async def test_what_changes_before_its_turn_is_decided_anew_while_mail_and_processor_are_down(
    world: World, provider: Provider
) -> None:
    day = await a_tuesday(world)
    holding, leaving, paying = await asyncio.gather(*(world.invited_client(provider) for _ in range(3)))
    held = str(ok(await holding.book(at(day, 9)), 201, 202)["id"])
    await holding.checkout(held)
    left = await pays(world, leaving, at(day, 10))
    later = str(ok(await paying.book(at(day, 11)), 201, 202)["id"])
    checkout = await paying.checkout(later)
    preview = await provider.get(
        path_of(provider, "preview"), params={"first_day": day.isoformat(), "instead": "move", "within_days": "1"}
    )
    assert [one["becomes"] for one in preview["appointments"]] == ["released", "moved", "released"]
    assert preview["refunds"] == []
    # By noon only, and in place of the day: the afternoon stays.
    run = await call_off(provider, day, to_time="12:00")
    assert {one["planned"] for one in run["items"]} == {"released", "cancelled"}
    assert [one["refund"] for one in run["items"]] == [None, {"amount_minor": FEE, "currency": "usd"}, None]
    ok(await leaving.request("POST", f"/api/v1/portal/appointments/{left}/move", json={"starts_at": at(day, 14)}))
    await world.pay(checkout)
    await paying.in_state(later, "booked")
    await world.simulator_faults({"match": "/v1/refunds", "action": "500", "times": 2})
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": paying.address, "reply": 451, "times": 2}]))
    await grace_over(world, run)
    done = await in_phase(provider, run, "done")
    assert [one["state"] for one in done["items"]] == ["done", "changed", "done"]
    assert done["counts"] == {"released": 1, "changed": 1, "cancelled": 1}
    await holding.in_state(held, "cancelled")
    assert (await leaving.appointment(left))["status"] == "booked"
    await world.mail(paying.address, "is cancelled")

    async def refunded() -> bool:
        return charges(world, provider) == [(FEE, 0), (FEE, FEE)]

    await until(refunded, "the fee to go back")
    problem(await provider.request("POST", path_of(provider, run["id"], "undo")), "conflict", 409)
    problem(await provider.request("POST", path_of(provider, run["id"], "stop")), "conflict", 409)
    overrides = (await availability(provider))["overrides"]
    assert overrides == [{"date": day.isoformat(), "intervals": [{"start": "13:00", "end": "17:00"}]}]


async def test_stopped_in_the_middle_what_is_done_stays_and_the_rest_stands(world: World, provider: Provider) -> None:
    day = await a_tuesday(world)
    clients = [(await provider.invite())["id"] for _ in range(3)]
    visits = [await books(provider, one, at(day, hour)) for one, hour in zip(clients, HOURS, strict=False)]
    await all_booked(world, visits)
    with psycopg.connect(world.endpoints["database_url"]) as somebody:
        somebody.execute("SELECT 1 FROM client WHERE id = %s FOR NO KEY UPDATE", (clients[1],))
        run = await call_off(provider, day)
        await grace_over(world, run)
        seen = await in_phase(provider, run, "running")
        await until(lambda: _waiting(world, run, 2), "the first to be done")
        # The second one's turn has come, and nothing of it is written down: it is left like the third.
        await somebody_waits_for(world, somebody)
        stopped = ok(await provider.request("POST", path_of(provider, run["id"], "stop")))
        somebody.rollback()
    assert seen["total"] == 3
    assert stopped["phase"] == "stopped"
    states = [one["state"] for one in (await in_phase(provider, run, "stopped"))["items"]]
    assert states == ["done", "left", "left"]
    assert standing(world, provider, day) == 2


async def _waiting(world: World, run: dict[str, Any], count: int) -> bool:
    query = "SELECT count(*) AS n FROM called_off_appointment WHERE called_off_id = %s AND state <> 'done'"
    return bool(world.rows(query, run["id"])[0]["n"] <= count)


async def test_wrong_requests_are_refused_by_name_and_other_practices_find_nothing(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    day = (await a_tuesday(world)).isoformat()

    async def wrong(**body: Any) -> list[str]:
        answer = await provider.request("POST", path_of(provider), json=body)
        return sorted(one["field"] for one in problem(answer, "validation", 422)["errors"])

    assert await wrong(first_day="soon", instead="move", within_days=0) == ["first_day", "reason", "within_days"]
    assert await wrong(first_day=day, instead="cancel", reason="ill", loud=True) == ["loud"]
    run = await call_off(provider, date.fromisoformat(day))
    assert (run["total"], run["counts"]) == (0, {})
    for path in (path_of(other_provider, run["id"]), path_of(provider, run["id"])):
        problem(await other_provider.request("GET", path), "not-found", 404)
    problem(await other_provider.request("POST", path_of(other_provider, run["id"], "undo")), "not-found", 404)
    assert [one["id"] for one in (await provider.get(path_of(provider)))["items"]] == [run["id"]]
    await grace_over(world, run)
    await in_phase(provider, run, "done")
