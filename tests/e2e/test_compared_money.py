"""Webhook lost for good: the daily comparison finds it; silence of the processor is noticed and clears by itself."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from activities.comparisons import COMPARED, SILENT, Comparisons, WatchProcessor
from composition import clock_of, payments_of
from db.engine import Database
from db.loose_ends import money_and_appointments_apart
from gateways.stripe_payments import StripePayments
from tests.dashboard import asked, in_dashboard, ledger_says, lose_webhooks
from tests.driver import Provider, World, ok, until
from tests.merchants import open_session, ring
from tests.seeding import settings_of
from tests.staffing import Colleague, owner_of
from workflows.compare_money import CompareMoney, Comparing
from workflows.naming import COMPARE_MONEY, TASK_QUEUE, WATCH_PROCESSOR

_EVERYTHING = ("checkout.*", "payment_intent.*", "charge.*", "refund.*")


@pytest.fixture
async def payments(world: World) -> AsyncIterator[StripePayments]:
    gateway = payments_of(settings_of(world.stack))
    yield gateway
    await gateway.aclose()


@pytest.fixture
async def database(world: World) -> AsyncIterator[Database]:
    database = Database(settings_of(world.stack).database_url, pool_size=2)
    yield database
    await database.close()


async def compare(world: World) -> int:
    """As the schedule does, but what has only just happened is looked at, too."""
    engine = await world.engine()
    workflow_id = f"{COMPARE_MONEY}-{secrets.token_hex(4)}"
    return await engine.execute_workflow(
        CompareMoney.run, Comparing(grace=timedelta()), id=workflow_id, task_queue=TASK_QUEUE
    )


async def said(boss: Colleague) -> str:
    """The line of the payments page."""
    _, found, rest = unescape(await boss.page("/console/payments")).partition("Last compared with Stripe")
    assert found
    return rest.partition("</p>")[0].partition(": ")[2]


async def steps(provider: Provider) -> list[str]:
    return [one["step"] for one in (await provider.get("/api/v1/attention"))["items"]]


async def test_webhooks_lost_for_good_are_found_by_the_daily_comparison(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee, boss = appointment["payment"]["id"], await owner_of(provider)
    assert "Last compared" not in await boss.page("/console/payments"), "nothing is claimed before the first time"
    await lose_webhooks(world, *_EVERYTHING)
    await in_dashboard(world, fee, "refund", amount=1500)
    await compare(world)
    assert await said(boss) == "1 differed, and is being put right."
    await ledger_says(provider, fee, refunded_minor=1500, disputed=False)

    await in_dashboard(world, fee, "dispute")
    await compare(world)
    await ledger_says(provider, fee, refunded_minor=1500, disputed=True)
    await compare(world)
    assert await said(boss) == "nothing differed.", "the bank hasn't decided yet"
    await in_dashboard(world, fee, "answer")
    await in_dashboard(world, fee, "win")
    await compare(world)
    assert await said(boss) == "1 differed, and is being put right."
    await ledger_says(provider, fee, disputed=False, refunded_minor=1500)
    await world.simulator_faults()
    assert COMPARED not in await steps(provider)


async def test_a_refund_that_a_bank_sends_back_without_a_word_is_found_by_the_comparison(
    world: World, provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await in_dashboard(world, fee, "refunds_wait")
    await in_dashboard(world, fee, "refund", amount=1500)
    await ledger_says(provider, fee, refund_due_minor=1500, refunded_minor=0)
    await lose_webhooks(world, *_EVERYTHING)
    await in_dashboard(world, fee, "refund_fails")
    await compare(world)
    found = await ledger_says(provider, fee, refund_due_minor=0, refunded_minor=0)
    await world.simulator_faults()
    assert [one["status"] for one in found["refunds"]] == ["failed"]
    item = await asked(provider, "refund_failed:")
    assert item["reason"] == "the bank refused a refund that was made at the payment processor"


async def test_what_only_a_person_can_put_right_is_asked_and_settled_once_it_agrees(
    world: World, provider: Provider, other_provider: Provider, payments: StripePayments
) -> None:
    await world.booked_client(provider)
    account = provider.seeded.merchant_account
    unknown = await open_session(world, account, f"pay_{secrets.token_hex(6)}")
    boss = await owner_of(provider)
    for _ in range(2):
        assert await compare(world) >= 1
    assert "1 left for you to look at" in await said(boss)
    assert unknown in (await asked(provider, COMPARED))["reason"]
    assert (await steps(provider)).count(COMPARED) == 1, "asked once, however often it is seen"
    assert COMPARED not in await steps(other_provider)
    await payments.expire_checkout(account, unknown)
    await (await world.engine()).get_schedule_handle(COMPARE_MONEY).trigger()

    async def agreed() -> bool:
        return await said(boss) == "nothing differed."

    await until(agreed, "the schedule's comparison")
    assert COMPARED not in await steps(provider)


async def test_money_without_an_appointment_and_an_appointment_without_money_are_told_apart_from_what_is_well(
    world: World, provider: Provider, database: Database
) -> None:
    _, appointment = await world.booked_client(provider)
    fee, now = appointment["payment"]["id"], await world.now()

    async def apart() -> list[str]:
        async with database.transaction() as session:
            found = await money_and_appointments_apart(session, now + timedelta(minutes=1))
        return [status for payment, status in found if payment.id == fee]

    def change(table: str, to: str, id_: str) -> None:
        world.execute(f"UPDATE {table} SET {to} WHERE id = '{id_}'")

    assert await apart() == []
    change("payment", "state = 'voided'", fee)
    assert await apart() == ["booked"]
    change("payment", "state = 'captured'", fee)
    change("appointment", "status = 'cancelled', cancelled_by = 'system'", appointment["id"])
    assert await apart() == ["cancelled"]
    change("appointment", "choose_until = now() + interval '1 day'", appointment["id"])
    assert await apart() == [], "another time is on offer"
    change("appointment", "choose_until = NULL", appointment["id"])
    change("payment", "refund_due_minor = amount_minor", fee)
    assert await apart() == [], "it goes back"


@pytest.fixture
async def nobody_watches(world: World) -> AsyncIterator[None]:
    """The schedule is on time, and would see nothing to complain of."""
    schedule = (await world.engine()).get_schedule_handle(WATCH_PROCESSOR)
    await schedule.pause()
    yield
    await schedule.unpause()


def quiet_for_an_hour(world: World) -> None:
    world.execute(
        "UPDATE external_event SET received_at = received_at - interval '1 hour' WHERE source = 'stripe-fees'"
    )


async def test_silence_of_the_processor_raises_attention_and_clears_by_itself(
    world: World, provider: Provider, payments: StripePayments, database: Database, nobody_watches: None
) -> None:
    clock = clock_of(settings_of(world.stack))
    watch = Comparisons(database, clock, payments, silence=timedelta(hours=2))
    later = WatchProcessor(workflow_id="watch-test", now=datetime.now(UTC) + timedelta(hours=3))
    person = await world.ready_client(provider)
    await lose_webhooks(world, *_EVERYTHING)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    quiet_for_an_hour(world)
    await watch.watch_processor(later)
    assert SILENT not in await steps(provider), "nobody has paid: there is nothing to be heard"
    account, charge = provider.seeded.merchant_account, {"id": "ch_x", "object": "charge", "payment_intent": "pi_x"}
    await ring(world, "charge.captured", account, charge)
    await world.pay(session)
    ok(await person.http.get(f"{world.base_url}/portal/payments/{appointment['payment']['id']}/return"), 200, 303)
    await person.in_state(appointment["id"], "booked")
    await world.simulator_faults()
    await watch.watch_processor(later)
    assert SILENT not in await steps(provider), "what is written down after a word is because of it"
    quiet_for_an_hour(world)
    fee_event = secrets.token_hex(8)
    early = WatchProcessor(workflow_id="watch-test", now=datetime.now(UTC) + timedelta(hours=1))
    await watch.watch_processor(early)
    assert SILENT not in await steps(provider)
    # What had to be asked for is no word of the processor's.
    await ring(world, "charge.captured", account, charge, event_id=f"evt_{fee_event}")
    world.execute(f"UPDATE external_event SET undelivered = true WHERE external_id = 'evt_{fee_event}'")
    for _ in range(2):
        assert await watch.watch_processor(later) >= 1
    assert "no webhook since" in (await asked(provider, SILENT))["reason"]
    assert (await steps(provider)).count(SILENT) == 1
    await ring(world, "charge.captured", account, charge)
    await watch.watch_processor(later)
    assert SILENT not in await steps(provider)
