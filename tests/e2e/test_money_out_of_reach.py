"""Merchant disconnected: what was paid there can't be compared any more, which is said once and not every day."""

from __future__ import annotations

from activities.comparisons import COMPARED
from tests.dashboard import asked
from tests.driver import Provider, World, ok
from tests.e2e.test_compared_money import compare, said, steps
from tests.merchants import at_simulator, in_status
from tests.staffing import owner_of


async def test_a_disconnected_account_with_fees_is_told_of_once_and_the_rest_is_compared(
    world: World, provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    await world.booked_client(provider)
    account, boss = provider.seeded.merchant_account, await owner_of(provider)
    await at_simulator(world, account, "deauthorize")
    await in_status(world, provider, "disconnected")
    await compare(world)
    item = await asked(provider, "money_out_of_reach:")
    assert (item["step"], item["actions"]) == (f"money_out_of_reach:{account}", ["skip"])
    assert "can’t be compared with Stripe" in await boss.page("/console/attention")
    assert await said(boss) == "nothing differed."
    # Put away, it isn't asked again while it lasts; what can be compared without Stripe still is.
    settle = "UPDATE attention_item SET settled_at = now(), resolution = 'skip' WHERE id = %s RETURNING id"
    assert world.rows(settle, item["id"])
    cancelled = "UPDATE appointment SET status = 'cancelled', cancelled_by = 'system' WHERE id = %s RETURNING id"
    world.rows(cancelled, appointment["id"])
    await compare(world)
    assert not [one for one in await steps(provider) if one.startswith("money_out_of_reach:")]
    assert await said(boss) == "1 differed, and is being put right.", "taken, and neither appointment nor refund"
    assert COMPARED not in await steps(provider)


async def test_the_word_of_a_disconnected_account_ends_when_it_is_back(world: World, provider: Provider) -> None:
    await world.booked_client(provider)
    account = provider.seeded.merchant_account
    await at_simulator(world, account, "deauthorize")
    await in_status(world, provider, "disconnected")
    await compare(world)
    item = await asked(provider, "money_out_of_reach:")
    connected = {"id": account, "charges_enabled": True}
    ok(await world.http.post(f"{world.endpoints['simulator_url']}/_sim/accounts", json=connected))
    await compare(world)
    (row,) = world.rows("SELECT resolution FROM attention_item WHERE id = %s", item["id"])
    assert row["resolution"] == "recovered"
