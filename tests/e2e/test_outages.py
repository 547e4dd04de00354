"""Who drives, and what survives: worker, Temporal and whole processes stopped in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import TransportError

from devstack.demo import required_answers
from tests.driver import Provider, World, new_address, ok, text_of, until


@asynccontextmanager
async def away(world: World, part: str, *, killed: bool = False) -> AsyncIterator[None]:
    """The part is stopped (or `kill -9`ed) for the block, and back on its port afterwards."""
    supervisor = world.stack.supervisor
    await (supervisor.kill(part) if killed else supervisor.stop(part))
    try:
        yield
    finally:
        await supervisor.start_again(part)


async def stage_in_database(world: World, address: str) -> str | None:
    rows = world.rows("SELECT stage FROM client WHERE email = %s", address)
    return rows[0]["stage"] if rows else None


async def test_without_a_worker_a_sign_up_is_accepted_and_nothing_is_sent(world: World, provider: Provider) -> None:
    address = new_address()
    async with away(world, "worker"):
        ok(await world.sign_up(provider, email=address), 202)
        engine = await world.engine()
        client = world.rows("SELECT id FROM client WHERE email = %s", address)[0]["id"]

        async def started() -> bool:
            query = f"WorkflowId = 'client-journey:{client}'"
            return bool([one async for one in engine.list_workflows(query)])

        await until(started, "the journey to be started by the server")
        assert await world.mails(address) == []
        assert await stage_in_database(world, address) == "recorded"
    await world.mail(address, "client portal")
    await world.mail(address, "welcome")
    await provider.told(client, "front_desk_told")
    assert len(await world.mails(address)) == 2


async def test_without_temporal_a_sign_up_is_accepted_and_its_journey_runs_later(
    world: World, provider: Provider
) -> None:
    address = new_address()
    async with away(world, "temporal"):
        ok(await world.sign_up(provider, email=address), 202)
        ready = await world.http.get(f"{world.base_url}/readyz")
        assert (ready.status_code, ready.json()["parts"]["temporal"]) == (503, "unreachable")
        assert await world.mails(address) == []
    await world.mail(address, "client portal")
    person = await world.open_account(provider, address)
    await provider.stage(person.client_id, "intake")
    assert len(await world.mails(address, "client portal")) == 1


async def test_temporal_stopped_during_the_payment_loses_nothing(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    async with away(world, "temporal", killed=True):
        await world.pay(session)
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    await world.mail(person.address, "confirmed")
    timeline = await provider.timeline(person.client_id)
    assert (timeline.count("fee_captured"), timeline.count("appointment_booked")) == (1, 1)


async def test_a_worker_killed_half_way_loses_nothing_and_doubles_nothing(world: World, provider: Provider) -> None:
    address = new_address()
    ok(await world.sign_up(provider, email=address), 202)
    async with away(world, "worker", killed=True):
        pass
    person = await world.open_account(provider, address)
    async with away(world, "worker", killed=True):
        await world.http.get(f"{world.base_url}/healthz")
    await person.submit_intake()
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    async with away(world, "worker", killed=True):
        await world.pay(session)
    await person.in_state(appointment["id"], "booked")
    await world.mail(address, "confirmed")
    await provider.told(person.client_id, "front_desk_told", times=2)
    timeline = await provider.timeline(person.client_id)
    assert {kind for kind in timeline if timeline.count(kind) > 1} <= {"front_desk_told"}
    identities = [mail["Message-ID"] for mail in await world.mails(address)]
    # A mail whose acknowledgement died with the worker may come twice, as the same message.
    assert len(set(identities)) == 3


async def test_a_killed_server_is_started_again_on_its_port(world: World, provider: Provider) -> None:
    await world.stack.supervisor.kill("server", watched=True)

    async def answering() -> bool:
        try:
            return (await world.http.get(f"{world.base_url}/healthz")).is_success
        except TransportError:
            return False

    await until(answering, "the server")
    ok(await world.sign_up(provider), 202)


async def test_a_terminated_journey_stops_and_asks_for_help(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    engine = await world.engine()
    await engine.get_workflow_handle(f"client-journey:{person.client_id}").terminate("a test")
    form = (await person.get("/api/v1/portal/intake"))["form"]
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": required_answers(form["item"]),
    }
    ok(await person.request("POST", "/api/v1/portal/intake", json={"response": response, "submit": True}))

    async def attention() -> bool:
        return (await provider.client(person.client_id))["attention"] is not None

    await until(attention, "a call for attention")
    assert (await provider.client(person.client_id))["stage"] == "intake"


async def test_a_refused_address_waits_for_a_correction_and_goes_on(world: World, provider: Provider) -> None:
    wrong, right = new_address(), new_address()
    mailbox = world.endpoints["mailbox_url"]
    ok(await world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]), 200, 204)
    client = await provider.invite(email=wrong)
    path = f"/api/v1/clients/{client['id']}"

    async def attention() -> bool:
        found = (await provider.client(client["id"]))["attention"]
        return found is not None and "correct_email" in found["actions"]

    await until(attention, "a call for attention")
    ok(await provider.request("POST", f"{path}/correct-email", json={"email": right}), 200, 202)
    assert "invitations" in text_of(await world.mail(right, "client portal"))
    await provider.stage(client["id"], "invited")
    assert (await provider.client(client["id"]))["attention"] is None
