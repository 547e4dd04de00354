"""Temporal comes back older than the records, or empty: nobody is forgotten, written to twice, or charged twice."""

from __future__ import annotations

from collections.abc import Sequence

from domain.reconciliation import Matter
from tests.driver import Person, Provider, new_address, ok, until
from tests.e2e.test_called_off_days import a_tuesday, at, call_off, grace_over, in_phase
from tests.recovery.conftest import RecoveringWorld, matters
from tests.waiting import (
    SUBJECT,
    booked_at,
    cancel,
    invited,
    offer_link,
    waitlist_of,
    waits_for,
    whole_times,
    without_fee,
)
from workflows.naming import waitlist_id

FEE = 4000


async def found(world: RecoveringWorld, expected: dict[str, Matter]) -> None:
    """Wait until what came back is at rest, and each of these has been missed; nothing is changed by looking."""

    async def look() -> bool:
        outcome = await world.reconcile()
        assert outcome.repaired == []
        return all(matters(outcome, subject)[matter] for subject, matter in expected.items())

    await until(look, f"{expected} to be found")


async def newcomer(world: RecoveringWorld, provider: Provider) -> str:
    """Signed up, invited and greeted."""
    address = new_address()
    ok(await world.sign_up(provider, email=address), 202)
    for subject in ("client portal", "welcome"):
        await world.mail(address, subject)
    return address


async def holds_a_slot(person: Person) -> tuple[str, str]:
    """The appointment, and the checkout that is open for it."""
    appointment = ok(await person.book(), 201, 202)["id"]
    return appointment, await person.checkout(appointment)


async def pays(world: RecoveringWorld, person: Person, appointment: str, session: str) -> None:
    await world.pay(session)
    assert (await person.in_state(appointment, "booked"))["payment"]["state"] == "captured"
    await world.mail(person.address, "confirmed")


def client_of(world: RecoveringWorld, address: str) -> str:
    return str(world.rows("SELECT id FROM client WHERE email = %s", address)[0]["id"])


def lost_event(world: RecoveringWorld, client_id: str, kind: str) -> str:
    query = "SELECT id FROM external_event WHERE subject = %s AND kind = %s"
    return str(world.rows(query, f"client:{client_id}", kind)[0]["id"])


async def nobody_written_to_twice(world: RecoveringWorld, addresses: Sequence[str]) -> None:
    assert set(await world.copies(*addresses)) == {1}


async def test_temporal_restored_to_an_older_backup(world: RecoveringWorld, provider: Provider) -> None:
    early = await newcomer(world, provider)
    ready, paying = await world.ready_client(provider), await world.ready_client(provider)
    cancelling, visit = await world.booked_client(provider)
    await world.mail(cancelling.address, "confirmed")
    awaited, awaited_session = await holds_a_slot(paying)
    backup = world.back_up_temporal()

    late = await newcomer(world, provider)
    opened = await world.open_account(provider, early)
    await opened.submit_intake()
    await pays(world, paying, awaited, awaited_session)
    held, session = await holds_a_slot(ready)
    ok(await cancelling.request("POST", f"/api/v1/portal/appointments/{visit['id']}/cancel"))
    await world.mail(cancelling.address, "cancelled")
    await provider.told(cancelling.client_id, "fee_refunded")
    await world.restore_temporal(backup)

    await found(
        world,
        {
            client_of(world, late): Matter.JOURNEY_MISSING,
            opened.client_id: Matter.JOURNEY_DISAGREES,
            held: Matter.BOOKING_MISSING,
            lost_event(world, cancelling.client_id, "appointment_cancelled"): Matter.FACT_LOST,
        },
    )
    assert (await world.reconcile(repair=True)).left == []
    await world.reconciled()

    joined = await world.open_account(provider, late)
    await provider.stage(joined.client_id, "intake")
    await pays(world, ready, held, session)
    await pays(world, opened, *await holds_a_slot(opened))
    await world.reconciled()
    await nobody_written_to_twice(world, [late, *(person.address for person in (opened, ready, paying, cancelling))])
    assert world.charges(provider) == [(FEE, 0), (FEE, 0), (FEE, 0), (FEE, FEE)]


async def test_temporal_lost_altogether(world: RecoveringWorld, provider: Provider) -> None:
    early = await newcomer(world, provider)
    ready, paying = await world.ready_client(provider), await world.ready_client(provider)
    visiting, visit = await world.booked_client(provider)
    await world.mail(visiting.address, "confirmed")
    held, session = await holds_a_slot(paying)
    await world.restore_temporal(None)

    await found(
        world,
        {
            client_of(world, early): Matter.JOURNEY_MISSING,
            ready.client_id: Matter.JOURNEY_MISSING,
            held: Matter.BOOKING_MISSING,
            visit["id"]: Matter.BOOKING_MISSING,
        },
    )
    assert (await world.reconcile(repair=True)).left == []
    await world.reconciled()

    opened = await world.open_account(provider, early)
    await opened.submit_intake()
    await pays(world, paying, held, session)
    await pays(world, ready, *await holds_a_slot(ready))
    await world.fast_forward(f"booking:{visit['id']}", seconds=22 * 24 * 3600)
    await visiting.in_state(visit["id"], "fulfilled")
    await nobody_written_to_twice(world, [person.address for person in (opened, ready, paying, visiting)])
    assert world.charges(provider) == [(FEE, 0)] * 3


async def test_days_called_off_and_a_kept_time_go_on_after_temporal_was_lost(
    world: RecoveringWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    day = await a_tuesday(world)
    slot = next(one for one in await whole_times(world, first) if one[:10] != day.isoformat())
    freed, called_off = await booked_at(first, slot), await booked_at(first, at(day, 10))
    await waits_for(second, slot)
    await cancel(first, freed)
    await offer_link(world, second)
    run = await call_off(provider, day)
    await world.restore_temporal(None)

    provider_id = str(world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)[0]["id"])
    await found(world, {run["id"]: Matter.CALLED_OFF_MISSING, provider_id: Matter.WAITLIST_MISSING})
    for _ in range(2):
        assert (await world.reconcile(repair=True)).left == []
    await world.reconciled()

    await grace_over(world, run)
    await in_phase(provider, run, "done")
    await world.mail(first.address, "is cancelled")
    await first.in_state(called_off["id"], "cancelled")
    offer = (await waitlist_of(second))["offer"]
    assert offer is not None
    assert len(await world.mails(second.address, SUBJECT)) == 1

    async def all_told() -> bool:
        query = "SELECT 1 FROM external_event WHERE subject = %s AND handled_at IS NULL"
        return not world.rows(query, f"waitlist:{provider_id}")

    # Else the cancellation's news would start it again.
    await until(all_told, "the waitlist to have been told of the cancellation")
    waitlist = (await world.engine()).get_workflow_handle(waitlist_id(provider_id))
    await waitlist.terminate("an operator wants it so")
    outcome = await world.reconcile(repair=True)
    assert matters(outcome, provider_id) == {Matter.WAITLIST_TERMINATED: 1}
    assert (outcome.repaired, outcome.left) == ([], [])
    # The next news starts it again.
    ok(await second.request("POST", f"/api/v1/portal/waitlist/offers/{offer['id']}/decline"))
    await world.reconciled()
