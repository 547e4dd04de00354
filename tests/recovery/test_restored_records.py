"""The records come back older than Temporal and the processor: who was lost is named, and nobody pays twice."""

from __future__ import annotations

from composition import payments_of
from domain.money import Money
from domain.reconciliation import Matter, Remedy
from reconcile import as_json
from tests.driver import Provider
from tests.recovery.conftest import RecoveringWorld, matters
from tests.recovery.test_restored_temporal import FEE, client_of, found, holds_a_slot, newcomer, pays
from tests.seeding import settings_of


async def give_back(world: RecoveringWorld, provider: Provider, session: str) -> None:
    """As a person does in the processor's dashboard."""
    payments = payments_of(settings_of(world.stack))
    account = provider.seeded.merchant_account
    intent = (await payments.read_checkout(account, session)).payment_intent_id
    assert intent is not None
    await payments.refund(account, intent, Money(amount_minor=FEE, currency="usd"), "by hand")
    await payments.aclose()


async def test_the_records_restored_to_an_older_backup(world: RecoveringWorld, provider: Provider) -> None:
    ready, paying = await world.ready_client(provider), await world.ready_client(provider)
    awaited, awaited_session = await holds_a_slot(paying)
    backup = await world.back_up_records()

    late = await newcomer(world, provider)
    lost_client = client_of(world, late)
    await pays(world, paying, awaited, awaited_session)
    lost, session = await holds_a_slot(ready)
    await pays(world, ready, lost, session)
    await world.restore_records(backup)

    await found(
        world,
        {
            lost_client: Matter.JOURNEY_UNKNOWN,
            lost: Matter.BOOKING_UNKNOWN,
            session: Matter.CHECKOUT_UNKNOWN,
            ready.client_id: Matter.JOURNEY_MISSING,
            awaited: Matter.BOOKING_DISAGREES,
        },
    )
    outcome = await world.reconcile(repair=True)
    assert {one.remedy for one in outcome.left} == {Remedy.END_WORKFLOW, Remedy.PERSON}
    assert matters(outcome, session) == {Matter.CHECKOUT_UNKNOWN: 1}
    told = as_json(outcome)
    assert f'"client": "{ready.client_id}"' in told, "who has the appointment that nobody knows of"
    assert late not in told

    await paying.in_state(awaited, "booked")
    outcome = await world.reconcile(repair=True, end_unknown=True)
    assert {one.subject for one in outcome.left} == {session}
    await pays(world, ready, *await holds_a_slot(ready))
    await give_back(world, provider, session)
    await world.reconciled()
    assert world.charges(provider) == [(FEE, 0), (FEE, 0), (FEE, FEE)]
