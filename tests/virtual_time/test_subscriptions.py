"""A practice's subscription over months: renewed, refused, cancelled; told before anything closes, and honoured."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.wording import spoken_date
from tests.driver import Provider, new_address, ok, problem, until
from tests.staffing import Colleague, owner_of
from tests.subscribing import PAGE, press, row_of, seen, simulator, subscribed, unsubscribed
from tests.virtual_time.conftest import TravellingWorld

DAY = timedelta(days=1)


@pytest.fixture
async def owner(world: TravellingWorld, provider: Provider) -> Colleague:
    unsubscribed(world, provider)
    return await owner_of(provider)


async def to(world: TravellingWorld, moment: Any, *, after: timedelta = timedelta(minutes=5)) -> None:
    """Let time pass until a little after that moment."""
    left = moment + after - await world.now()
    await world.advance(minutes=left.total_seconds() / 60)


async def is_so(world: TravellingWorld, provider: Provider, look: Callable[[dict[str, Any]], bool], what: str) -> Any:
    async def found() -> dict[str, Any] | None:
        row = row_of(world, provider)
        return row if look(row) else None

    return await until(found, what)


async def card(world: TravellingWorld, provider: Provider, *, good: bool) -> None:
    customer = row_of(world, provider)["customer"]
    ok(await world.http.post(f"{simulator(world)}/_sim/customers/{customer}/card", json={"good": good}))


async def mails(world: TravellingWorld, provider: Provider) -> list[str]:
    """Subjects of what the owner was told, the oldest first."""
    found = [str(one["Subject"]).strip() for one in await world.mails(provider.seeded.email)]
    return [subject for subject in reversed(found) if "portal" in subject]


async def refused_renewal(world: TravellingWorld, provider: Provider, owner: Colleague) -> dict[str, Any]:
    """The card was declined when the first month was over."""
    row = await subscribed(world, provider, owner)
    await card(world, provider, good=False)
    await to(world, row["period_end"])
    found: dict[str, Any] = await is_so(world, provider, lambda one: one["status"] == "grace", "the time of grace")
    return found


async def test_it_is_renewed_month_by_month_and_nobody_is_bothered(
    world: TravellingWorld, provider: Provider, owner: Colleague
) -> None:
    row = await subscribed(world, provider, owner)
    await world.mail(provider.seeded.email, "is active")
    await world.advance(days=95)
    renewed = await is_so(
        world, provider, lambda one: one["period_end"] > row["period_end"] + 80 * DAY, "the renewals to be seen"
    )
    assert renewed["status"] == "active"
    assert await mails(world, provider) == ["Your portal subscription is active"]


async def test_a_refused_payment_closes_the_gates_after_grace_and_honours_what_is_booked(
    world: TravellingWorld, provider: Provider, owner: Colleague
) -> None:
    grace = await refused_renewal(world, provider, owner)
    await world.mail(provider.seeded.email, "was refused")
    await is_so(world, provider, lambda one: one["told_at"] is not None, "the word to be written down")
    assert "Pay the open invoice" in await seen(owner)
    booked, appointment = await world.booked_client(provider)
    newcomer_address = new_address()
    ok(await world.sign_up(provider, email=newcomer_address), 202)
    await world.invitation_token(newcomer_address)

    await to(world, grace["closes_at"])
    await is_so(world, provider, lambda one: one["status"] == "past_due", "the gates to close")
    assert (await mails(world, provider))[1:] == [
        f"Your payment was refused: the portal stays open until {said(grace)}",
        f"Reminder: the portal closes on {said(grace)}",
        "The portal is closed to new clients and bookings",
    ]
    problem(await world.sign_up(provider), "subscription-inactive", 409)
    problem(await booked.book(), "subscription-inactive", 409)
    newcomer = await world.open_account(provider, newcomer_address)
    await newcomer.submit_intake()
    problem(await newcomer.book(), "subscription-inactive", 409)
    assert (await booked.appointment(appointment["id"]))["status"] in ("booked", "fulfilled")
    assert "The portal is closed" in await seen(owner)
    # What could still be paid isn't sold a second time.
    assert (await press(owner, "subscribe", price="price_simportalmonthly")).status_code == 409

    invoice = row_of(world, provider)["customer"]
    headers = {"authorization": f"Bearer {world.stack.secrets.stripe_key}"}
    listed = ok(await world.http.get(f"{simulator(world)}/v1/invoices?customer={invoice}&status=open", headers=headers))
    ok(await world.http.post(f"{simulator(world)}/_sim/invoices/{listed['data'][0]['id']}/pay"))
    await is_so(world, provider, lambda one: one["status"] == "active", "the gates to open again")
    ok(await world.sign_up(provider), 202)
    ok(await newcomer.book(), 201, 202)


def said(row: dict[str, Any]) -> str:
    """The day as mails tell it, in the provider's zone."""
    return spoken_date(row["closes_at"], "America/New_York")


async def test_a_card_that_is_changed_in_time_closes_nothing(
    world: TravellingWorld, provider: Provider, owner: Colleague
) -> None:
    grace = await refused_renewal(world, provider, owner)
    await card(world, provider, good=True)
    await to(world, grace["period_end"] - 27 * DAY)
    await is_so(world, provider, lambda one: one["status"] == "active", "the next try to succeed")
    await to(world, grace["closes_at"], after=DAY)
    assert row_of(world, provider)["status"] == "active"
    assert "The portal is closed to new clients and bookings" not in await mails(world, provider)


async def test_what_is_cancelled_stays_open_to_its_last_day(
    world: TravellingWorld, provider: Provider, owner: Colleague
) -> None:
    row = await subscribed(world, provider, owner)
    assert (await owner.submit(f"{PAGE}/cancel", f"{PAGE}/cancel")).status_code == 303
    await is_so(world, provider, lambda one: one["told_at"] is not None, "the word")
    await to(world, row["period_end"], after=-timedelta(hours=1))
    ok(await world.sign_up(provider), 202)
    await to(world, row["period_end"])
    await is_so(world, provider, lambda one: one["status"] == "cancelled", "the gates to close")
    problem(await world.sign_up(provider), "subscription-inactive", 409)
    assert "Choose a plan to open it again" in await seen(owner)
    await subscribed(world, provider, owner)
    ok(await world.sign_up(provider), 202)


async def test_nothing_closes_while_no_word_can_be_delivered(
    world: TravellingWorld, provider: Provider, owner: Colleague
) -> None:
    """An owner's mailbox refuses: a person is asked, and the gates wait for the word and the time to read it."""
    row = await subscribed(world, provider, owner)
    await world.mail(provider.seeded.email, "is active")
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": provider.seeded.email, "reply": 550, "times": 1_000}]))
    await card(world, provider, good=False)
    await to(world, row["period_end"])
    grace = await is_so(world, provider, lambda one: one["status"] == "grace", "the time of grace")
    await to(world, grace["closes_at"], after=DAY)
    found = row_of(world, provider)
    assert (found["status"], found["told_at"]) == ("grace", None)
    ok(await world.sign_up(provider), 202)

    ok(await world.http.put(mailbox, json=[]))
    asked = await owner.page("/console/attention")
    assert "Telling an owner about the portal subscription" in asked
    for item in set(re.findall(r"/console/attention/att_\w+", asked)):
        assert (await owner.submit("/console/attention", item, action="retry")).status_code == 303
    told = await is_so(world, provider, lambda one: one["told_at"] is not None, "the word to go out")
    assert told["status"] == "grace"
    await to(world, told["told_at"] + 2 * DAY)
    await is_so(world, provider, lambda one: one["status"] in ("past_due", "cancelled"), "the gates to close")
