"""Records the histories that the replay test keeps: `python -m tests.journeys.record`, on a stack of its own.

With names (`... record merchant_account`) only those are written.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import sys
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from devstack.stack import Stack
from tests.conftest import plan_for
from tests.dashboard import asked, in_dashboard, ledger_says
from tests.driver import Person, Provider, World, ok, until
from tests.staffing import owner_of
from tests.subscribing import PAGE, YEARLY, ask_for_plan, in_status, simulator, subscribed, unsubscribed
from tests.waiting import SUBJECT, booked_at, cancel, offered, waits_for, whole_times, without_fee

HISTORIES = Path(__file__).parent / "histories"
# Guards nothing: the histories hold ids of a stack that was thrown away.
KEYS = {"histories": bytes(32)}


async def record() -> None:
    with tempfile.TemporaryDirectory() as directory:
        plan = plan_for(Path(directory))
        keys = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in KEYS.items())
        given = {**plan.given, "PORTICO_ENCRYPTION_KEYS": keys}
        stack = Stack(dataclasses.replace(plan, given=given), print)
        try:
            await stack.start()
            async with httpx.AsyncClient(timeout=20) as http:
                await _record_all(World(stack, http))
        finally:
            await stack.stop()


async def _record_all(world: World) -> None:
    provider = await world.new_provider()
    person, appointment = await world.booked_client(provider)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    await _keep(world, "anonymous_journey", f"client-journey:{person.client_id}")
    await _keep(world, "booking_paid_and_cancelled", f"booking:{appointment['id']}")
    await _keep(world, "taken_payment_refunded", f"taken-payment:{appointment['payment']['id']}")

    await _record_disputed(world, provider)
    invited = await world.invited_client(provider)
    ok(await provider.request("POST", f"/api/v1/clients/{invited.client_id}/send-new-client-forms"), 202)
    await provider.told(invited.client_id, "new_client_forms_sent")
    visited = await _book(world, invited)
    await world.fast_forward(f"booking:{visited}", seconds=22 * 24 * 3600)
    await _keep(world, "invited_journey", f"client-journey:{invited.client_id}")
    await _keep(world, "booking_visited", f"booking:{visited}")

    await _record_night(world, provider)

    abandoned = ok(await invited.book(), 201, 202)["id"]
    await invited.checkout(abandoned)
    await world.fast_forward(f"booking:{abandoned}", seconds=3600)
    await _keep(world, "booking_abandoned", f"booking:{abandoned}")
    await _keep(world, "returning_journey", f"client-journey:{invited.client_id}")
    await _record_held_longer(world, invited)
    await _record_revoked(world, provider)
    await _record_withdrawn(world, await world.new_provider())
    await _record_called_off(world, await world.new_provider())
    await _record_waitlist(world, await world.new_provider())


async def _record_withdrawn(world: World, provider: Provider) -> None:
    """Closed by the practice with a visit booked, in a run that is started for it."""
    person, _ = await world.booked_client(provider)
    await _until_closed(world, f"client-journey:{person.client_id}")
    body = {"reason": "moved away"}
    ok(await provider.request("POST", f"/api/v1/clients/{person.client_id}/withdraw", json=body), 202)
    await provider.told(person.client_id, "journey_withdrawn")
    await _keep(world, "withdrawn_journey", f"client-journey:{person.client_id}")


async def _record_waitlist(world: World, provider: Provider) -> None:
    """A freed time is kept for somebody who doesn't answer, and then for the next, who takes it."""
    await without_fee(provider)
    first, second, third = [await world.invited_client(provider) for _ in range(3)]
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    for person in (second, third):
        await waits_for(person, slot)
    await cancel(first, appointment)
    await world.mail(second.address, SUBJECT)
    provider_id = world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)[0]["id"]
    await world.fast_forward(f"waitlist:{provider_id}", seconds=61 * 60)
    offer = await offered(third)
    await world.mail(third.address, SUBJECT)
    ok(await third.request("POST", f"/api/v1/portal/waitlist/offers/{offer['id']}/take"), 201)
    await _keep(world, "waitlist", f"waitlist:{provider_id}")


async def _record_called_off(world: World, provider: Provider) -> None:
    """A day with one visit: undone would be no more than the wait, so this one is done."""
    client = (await provider.invite())["id"]
    day = (await world.now() + timedelta(days=7)).date()
    while day.weekday() > 4:
        day += timedelta(days=1)
    starts_at = datetime.combine(day, time(15), tzinfo=UTC).isoformat()
    ok(await provider.request("POST", "/api/v1/appointments", json={"client_id": client, "starts_at": starts_at}), 201)
    await provider.told(client, "appointment_booked")
    path = f"/api/v1/providers/{provider.slug}/called-off-days"
    body = {"first_day": day.isoformat(), "instead": "cancel", "reason": "ill"}
    run = ok(await provider.request("POST", path, json=body), 202)["id"]
    engine = await world.engine()

    async def started() -> bool:
        return bool([one async for one in engine.list_workflows(f"WorkflowId = 'called-off-days:{run}'")])

    await until(started, "the run to be started")
    await world.fast_forward(f"called-off-days:{run}", seconds=180)
    await _keep(world, "called_off_days", f"called-off-days:{run}")


async def _record_disputed(world: World, provider: Provider) -> None:
    """Disputed, answered and won."""
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await in_dashboard(world, fee, "dispute")
    await asked(provider, "dispute:")
    await in_dashboard(world, fee, "answer")
    await in_dashboard(world, fee, "win")
    await ledger_says(provider, fee, disputed=False)
    await _keep(world, "taken_payment_disputed", f"taken-payment:{fee}")


async def _record_night(world: World, provider: Provider) -> None:
    """Reminded in the morning, since it is night where the client is."""
    person = await world.invited_client(provider)
    world.execute(f"UPDATE client SET timezone = 'Asia/Tokyo' WHERE id = '{person.client_id}'")
    visited = await _book(world, person)
    await world.fast_forward(f"booking:{visited}", seconds=22 * 24 * 3600)
    await _keep(world, "booking_reminded_in_the_morning", f"booking:{visited}")


async def _record_held_longer(world: World, person: Person) -> None:
    """More time was taken, and not used."""
    appointment = ok(await person.book(), 201, 202)["id"]
    await person.checkout(appointment)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment}/extend-hold"))
    await world.fast_forward(f"booking:{appointment}", seconds=2 * 3600)
    await _keep(world, "booking_held_longer", f"booking:{appointment}")


async def _record_revoked(world: World, provider: Provider) -> None:
    """Taken back, invited again, taken back for good: the way lapses."""
    client = (await provider.invite())["id"]
    path = f"/api/v1/clients/{client}/invitation"
    await provider.told(client, "invitation_sent")
    ok(await provider.request("POST", f"{path}/revoke"))
    ok(await provider.request("POST", path), 202)
    await provider.told(client, "invitation_sent", times=2)
    ok(await provider.request("POST", f"{path}/revoke"))
    await world.fast_forward(f"client-journey:{client}", seconds=31 * 24 * 3600)
    await _keep(world, "revoked_journey", f"client-journey:{client}")

    await _record_affairs(world, provider)


async def _record_affairs(world: World, provider: Provider) -> None:
    """What is the practice's own: a merchant account that is restricted, a subscription from first to last."""
    account = provider.seeded.merchant_account
    ok(await world.http.post(f"{world.endpoints['simulator_url']}/_sim/accounts/{account}/restrict"))
    await world.mail(provider.seeded.email, "is restricted")
    provider_id = world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)[0]["id"]
    await _keep(world, "merchant_account", f"merchant-account:{provider_id}")

    owner = await owner_of(provider)
    unsubscribed(world, provider)
    await subscribed(world, provider, owner)
    workflow_id = f"portal-subscription:{provider.seeded.practice_id}"
    ok(await world.http.post(f"{world.base_url}/api/v1/demo/advance", json={"seconds": 10 * 86400}, timeout=60))
    assert (await owner.submit(f"{PAGE}/cancel", f"{PAGE}/cancel")).status_code == 303
    await world.mail(provider.seeded.email, "subscription ends on")
    ok(await world.http.post(f"{world.base_url}/api/v1/demo/advance", json={"seconds": 25 * 86400}, timeout=60))
    await in_status(world, provider, "cancelled")
    await _keep(world, "portal_subscription", workflow_id)
    await _record_another_plan(world, await world.new_provider())


async def _record_another_plan(world: World, provider: Provider) -> None:
    """A subscription whose plan is changed, and which is ended in the processor's dashboard."""
    owner = await owner_of(provider)
    unsubscribed(world, provider)
    row = await subscribed(world, provider, owner)
    assert (await ask_for_plan(owner, YEARLY)).status_code == 303
    await world.mail(provider.seeded.email, "has another plan")
    ok(await world.http.post(f"{simulator(world)}/_sim/subscriptions/{row['subscription']}/cancel"))
    await world.mail(provider.seeded.email, "subscription ends on")
    ok(await world.http.post(f"{world.base_url}/api/v1/demo/advance", json={"seconds": 3 * 86400}, timeout=60))
    await in_status(world, provider, "cancelled")
    await _keep(world, "portal_subscription_another_plan", f"portal-subscription:{provider.seeded.practice_id}")


async def _book(world: World, person: Person) -> str:
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")
    return str(appointment["id"])


async def _until_closed(world: World, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = (await world.engine()).get_workflow_handle(workflow_id)

    async def closed() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(closed, f"{workflow_id} to close")
    return handle


async def _keep(world: World, name: str, workflow_id: str) -> None:
    handle = await _until_closed(world, workflow_id)
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    (HISTORIES / f"{name}.json").write_text((await handle.fetch_history()).to_json())


if __name__ == "__main__":
    asyncio.run(record())
