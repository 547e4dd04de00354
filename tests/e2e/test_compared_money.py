"""Webhook lost for good: the daily comparison finds it, and silence is noticed and clears by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from activities.comparisons import SILENT, Comparisons, WatchProcessor
from composition import clock_of, payments_of
from db.engine import Database
from tests.dashboard import asked, in_dashboard, intent_of, ledger, ledger_says, lose_webhooks
from tests.driver import Provider, World, until
from tests.merchants import ring
from tests.seeding import settings_of
from tests.staffing import owner_of
from workflows.naming import COMPARE_MONEY


async def test_a_webhook_lost_for_good_is_found_by_the_daily_comparison(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await lose_webhooks(world, "refund.*", "charge.refunded")
    await in_dashboard(world, fee, "refund", amount=1500)
    await world.simulator_faults()
    assert (await ledger(provider, fee))["refunded_minor"] == 0
    # Nobody waits for what is younger than the grace; the schedule runs once a day.
    world.execute(f"UPDATE payment SET created_at = created_at - interval '1 hour' WHERE id = '{fee}'")
    engine = await world.engine()
    boss = await owner_of(provider)

    async def compared() -> bool:
        await engine.get_schedule_handle(COMPARE_MONEY).trigger()
        try:
            await ledger_says(provider, fee, refunded_minor=1500)
        except AssertionError:
            return False
        return "Last compared with Stripe" in await boss.page("/console/payments")

    await until(compared, "the comparison", 60)


async def test_silence_of_the_processor_raises_attention_and_clears_by_itself(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    await lose_webhooks(world, "checkout.*", "payment_intent.*", "charge.*")
    appointment: Any = (await person.book()).json()
    await world.pay(await person.checkout(appointment["id"]))
    booked = await person.in_state(appointment["id"], "booked")
    await world.simulator_faults()
    settings = settings_of(world.stack)
    database, payments = Database(settings.database_url, pool_size=2), payments_of(settings)
    watch = Comparisons(database, clock_of(settings), payments, silence=timedelta(hours=2))
    later = WatchProcessor(workflow_id="watch-test", now=(await world.now()) + timedelta(hours=3))
    assert await watch.watch_processor(later) >= 1
    item = await asked(provider, SILENT)
    assert "no webhook since" in item["reason"]
    metrics = await world.http.get(f"{world.base_url}/metrics", headers={"Authorization": "Bearer metrics-token"})
    assert "portico_processor_silent" in metrics.text
    charge = {"id": "ch_x", "object": "charge", "payment_intent": intent_of(world, booked["payment"]["id"])}
    await ring(world, "charge.captured", provider.seeded.merchant_account, charge)
    await watch.watch_processor(later)
    items = (await provider.get("/api/v1/attention"))["items"]
    assert [one["step"] for one in items if one["step"] == SILENT] == []
    await payments.aclose()
    await database.close()
