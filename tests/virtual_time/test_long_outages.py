"""Hours without mail server or Temporal, on virtual time: nothing lost, what is stale dropped, and all visible."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.driver import Provider, new_address, ok, problem, until
from tests.e2e.test_outages import away
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import pay_and_book, slot_in


async def weather(world: TravellingWorld, client_id: str, words: str) -> str:
    async def look() -> str | None:
        handle = (await world.engine()).get_workflow_handle(f"client-journey:{client_id}")
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        details = metadata.current_details
        return details if words in details else None

    return await until(look, f"details with “{words}”")


async def test_six_hours_without_a_mail_server_lose_nothing(world: TravellingWorld, provider: Provider) -> None:
    address = new_address()
    async with away(world, "mailbox"):
        ok(await world.sign_up(provider, email=address), 202)
        client = (await provider.get("/api/v1/clients"))["items"][0]["id"]
        shown = await weather(world, client, "mail server unavailable")
        assert "next try" in shown
        for _ in range(6):
            await world.advance(hours=1)

        async def raised() -> bool:
            items = (await provider.get("/api/v1/attention"))["items"]
            return bool(items) and all(item["owner"] == "operator" for item in items)

        await until(raised, "operators being told")
    await world.advance(minutes=20)
    await world.mail(address, "client portal")
    await world.mail(address, "welcome")
    await provider.told(client, "front_desk_told")

    async def settled() -> bool:
        return not (await provider.get("/api/v1/attention"))["items"]

    await until(settled, "the attention list to empty by itself")
    person = await world.open_account(provider, address)
    await person.submit_intake()
    for subject in ("client portal", "welcome"):
        assert len(await world.mails(address, subject)) == 1


async def test_a_reminder_that_would_come_too_late_is_dropped_and_said_so(
    world: TravellingWorld, provider: Provider
) -> None:
    await provider.change(reminder_hours=[48])
    person = await world.ready_client(provider)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=3))
    await world.mail(person.address, "confirmed")
    starts_at = datetime.fromisoformat((await person.appointment(appointment))["starts_at"])
    async with away(world, "mailbox"):
        left = starts_at - timedelta(hours=48) - await world.now()
        await world.advance(minutes=left.total_seconds() / 60 + 1)
        # Halfway to the appointment a reminder is of no use any more. A whole day of tries, in one leap.
        await world.advance(hours=24, minutes=5)
        await provider.told(person.client_id, "mail_dropped")
    await world.advance(hours=26)
    await person.in_state(appointment, "fulfilled")
    assert await world.mails(person.address, "Reminder") == []


async def test_six_hours_without_temporal_lose_nothing(world: TravellingWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    address = new_address()
    async with away(world, "temporal"):
        ok(await world.sign_up(provider, email=address), 202)
        claimed = ok(await person.book(), 201, 202)
        assert claimed["status"] == "pending"
        refused = await world.http.post(f"{world.base_url}/api/v1/demo/advance", json={"seconds": 3600})
        problem(refused, "engine-unavailable", 503)
        await world.advance_without_engine(hours=6)
    await world.mail(address, "client portal")
    # The hold ended while nobody could open the checkout: the time is free again, and nobody was charged.
    released = await person.in_state(claimed["id"], "cancelled")
    assert released["payment"]["state"] in ("requested", "expired")
    again = ok(await person.book(claimed["starts_at"]), 201, 202)
    await world.pay(await person.checkout(again["id"]))
    assert (await person.in_state(again["id"], "booked"))["payment"]["state"] == "captured"
