"""The ways of money with canaries: a refund with a reason, a dispute, a subscription, a merchant account."""

from __future__ import annotations

from tests.canary.planting import Canaries
from tests.dashboard import in_dashboard, ledger_says
from tests.driver import Provider, ok
from tests.e2e.test_late_payments import lost
from tests.e2e.test_refunds import give_back
from tests.merchants import at_onboarding, back, to_processor
from tests.staffing import owner_of
from tests.subscribing import ask_for_plan, press, row_of, subscribed, unsubscribed


async def money_with_canaries(canaries: Canaries) -> None:
    world, provider = canaries.world, canaries.provider
    canaries.names += names_of(provider)
    person = canaries.people[-1]
    booked = ok(await person.book(), 202)
    await world.pay(await person.checkout(booked["id"]))
    fee = (await person.in_state(booked["id"], "booked"))["payment"]["id"]
    canaries.appointments.append(booked["id"])
    ok(await give_back(provider, fee, amount_minor=500, reason=canaries.word("Refundreason")), 202)
    await ledger_says(provider, fee, refunded_minor=500)
    await in_dashboard(world, fee, "dispute")
    await ledger_says(provider, fee, disputed=True)
    _, called_off, session = await lost(world, provider, person)
    off = "UPDATE appointment SET cancelled_by = 'client' WHERE id = %s RETURNING id"
    assert world.rows(off, called_off["id"])
    await world.pay(session)
    await world.mail(person.address, "goes back")
    await sells_and_connects(canaries)


async def sells_and_connects(canaries: Canaries) -> None:
    """Another practice: it subscribes, has another plan and card, cancels; its provider connects an account."""
    world = canaries.world
    other = await world.new_provider()
    canaries.names += names_of(other)
    owner = await owner_of(other)
    unsubscribed(world, other)
    await subscribed(world, other, owner)
    assert (await ask_for_plan(owner)).status_code == 303
    await world.mail(other.seeded.email, "has another plan")
    assert (await press(owner, "card")).status_code == 303
    assert (await owner.submit("/console/subscription/cancel", "/console/subscription/cancel")).status_code == 303
    await world.mail(other.seeded.email, "subscription ends on")
    assert row_of(world, other)["ending"] == "cancelled"
    slug = other.slug
    world.execute(f"DELETE FROM merchant_account WHERE provider_id = (SELECT id FROM provider WHERE slug = '{slug}')")
    await back(owner, await at_onboarding(world, await to_processor(owner, other), "finish"))


def names_of(provider: Provider) -> list[str]:
    """Of the practice and its people, as the processor may not be told them."""
    row = provider.world.rows(
        "SELECT p.name AS provider, r.name AS practice FROM provider p JOIN practice r ON r.id = p.practice_id"
        " WHERE p.slug = %s",
        provider.slug,
    )[0]
    seeded = provider.seeded
    return [row["provider"], row["practice"], provider.slug, seeded.email, seeded.front_desk]
