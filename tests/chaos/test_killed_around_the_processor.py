"""The worker dies before or after each of its calls that change something at the processor: the result is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.chaos.faults import kill, start_again
from tests.dashboard import struck
from tests.driver import Person, Provider, World, ok, until
from tests.e2e.test_late_payments import at_processor, lost
from tests.staffing import owner_of
from tests.subscribing import press, subscribed, subscriptions_of, unsubscribed
from tests.subscribing import row_of as subscription_of

# Asked, and not begun; and done, with the answer on its way.
_MOMENTS = {"before": "stall", "after": "hold"}


@dataclass(frozen=True, kw_only=True)
class Act:
    """What makes the worker ask the processor for something, and what has to be the case in the end."""

    match: str  # of the request
    begin: Callable[[], Awaitable[object]]
    result: Callable[[], Awaitable[object]]
    expected: object


async def opening(world: World, provider: Provider) -> Act:
    person = await world.invited_client(provider)
    starts_at = (await person.slots())[-1]

    async def result() -> object:
        (appointment,) = world.rows("SELECT id FROM appointment WHERE client_id = %s", person.client_id)
        session = await person.checkout(appointment["id"])
        listed = (await at_processor(world, provider, "GET", "checkout/sessions"))["data"]
        return [(one["id"] == session, one["status"]) for one in listed]

    match = f"POST /v1/checkout/sessions {provider.seeded.merchant_account}"
    return Act(match=match, begin=lambda: person.book(starts_at), result=result, expected=[(True, "open")])


async def held(world: World, provider: Provider) -> tuple[Person, Any, str]:
    person = await world.invited_client(provider)
    appointment = ok(await person.book(), 201, 202)
    return person, appointment, await person.checkout(appointment["id"])


async def closing(world: World, provider: Provider) -> Act:
    person, appointment, session = await held(world, provider)
    return Act(
        match=f"POST /v1/checkout/sessions/{session}/expire",
        begin=lambda: person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"),
        result=lambda: how_it_ends(person, appointment, session, "cancelled", "expired"),
        expected=("cancelled", "expired", None),
    )


async def capturing(world: World, provider: Provider) -> Act:
    person, appointment, session = await held(world, provider)
    return Act(
        match=f"POST /v1/payment_intents/*/capture {provider.seeded.merchant_account}",
        begin=lambda: world.pay(session),
        result=lambda: how_it_ends(person, appointment, session, "booked", "captured"),
        expected=("booked", "captured", ("succeeded", 4000, 0)),
    )


async def letting_go(world: World, provider: Provider) -> Act:
    person, appointment, session = await lost(world, provider, await world.invited_client(provider))
    off = "UPDATE appointment SET cancelled_by = 'client' WHERE id = %s RETURNING id"
    assert world.rows(off, appointment["id"])
    return Act(
        match=f"POST /v1/payment_intents/*/cancel {provider.seeded.merchant_account}",
        begin=lambda: world.pay(session),
        result=lambda: how_it_ends(person, appointment, session, "cancelled", "voided"),
        expected=("cancelled", "voided", ("canceled", 0, 0)),
    )


async def refunding(world: World, provider: Provider) -> Act:
    person, appointment, session = await held(world, provider)
    await world.pay(session)
    await person.in_state(appointment["id"], "booked")
    return Act(
        match=f"POST /v1/refunds {provider.seeded.merchant_account}",
        begin=lambda: person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"),
        result=lambda: how_it_ends(person, appointment, session, "cancelled", "refunded"),
        expected=("cancelled", "refunded", ("succeeded", 4000, 4000)),
    )


async def changing_a_renewal(world: World, provider: Provider) -> Act:
    owner = await owner_of(provider)
    unsubscribed(world, provider)
    await subscribed(world, provider, owner)
    (at_stripe,) = await subscriptions_of(world, provider)
    path = f"POST /v1/subscriptions/{at_stripe['id']}"

    async def result() -> object:
        async def recorded() -> bool:
            row = subscription_of(world, provider)
            return row["renewal_wish"] is None and row["ending"] == "cancelled"

        await until(recorded, "the record")
        asked = [one for one in await world.simulator_requests() if f"{one['method']} {one['path']}" == path]
        ends = (await subscriptions_of(world, provider))[0]["cancel_at_period_end"]
        return ends, len({one["idempotency_key"] for one in asked})

    return Act(match=path, begin=lambda: press(owner, "cancel"), result=result, expected=(True, 1))


async def how_it_ends(person: Person, appointment: Any, session: str, status: str, state: str) -> object:
    """In the records; and at the processor: the intent, what was taken, and what went back."""

    async def ended() -> bool:
        found = await person.appointment(appointment["id"])
        return (found["status"], found["payment"]["state"]) == (status, state)

    await until(ended, f"{status} and {state}")
    path = f"checkout/sessions/{session}?expand[]=payment_intent.latest_charge"
    intent = (await at_processor(person.world, person.provider, "GET", path))["payment_intent"]
    if intent is None:
        return status, state, None
    back = intent["latest_charge"]["amount_refunded"] if intent["status"] == "succeeded" else 0
    return status, state, (intent["status"], intent["amount_received"], back)


async def test_the_worker_killed_before_or_after_each_call_makes_no_difference(own_world: World) -> None:
    world = own_world
    makers = (opening, closing, capturing, letting_go, refunding, changing_a_renewal)
    cases = [(make, moment) for make in makers for moment in _MOMENTS]
    providers = [await world.new_provider() for _ in cases]
    acts = await asyncio.gather(*(make(world, one) for (make, _), one in zip(cases, providers, strict=True)))
    await world.simulator_faults(
        *(
            {"match": act.match, "action": _MOMENTS[moment], "times": 1}
            for act, (_, moment) in zip(acts, cases, strict=True)
        )
    )
    begun = asyncio.gather(*(act.begin() for act in acts))
    await struck(world)
    await kill(world.stack.supervisor, "worker")
    await world.simulator_faults()
    await begun
    await start_again(world.stack.supervisor, "worker")
    results = await asyncio.gather(*(act.result() for act in acts))
    found = {f"{make.__name__} {moment}": result for (make, moment), result in zip(cases, results, strict=True)}
    assert found == {f"{make.__name__} {moment}": act.expected for (make, moment), act in zip(cases, acts, strict=True)}
