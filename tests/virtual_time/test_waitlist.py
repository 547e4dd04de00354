"""A freed time is kept for the first who fits, for as long as is set, and then for the next."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.driver import Person, Provider, ok, problem, text_of, until
from tests.e2e.test_calendar_mails import told
from tests.e2e.test_outages import away
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed
from tests.waiting import (
    SUBJECT,
    booked_at,
    cancel,
    closes,
    invited,
    offer_link,
    offered,
    offers,
    one_after_the_other,
    waitlist_of,
    waits_for,
    whole_times,
    without_fee,
)


async def takes(person: Person, offer_id: str) -> object:
    return ok(await person.request("POST", f"/api/v1/portal/waitlist/offers/{offer_id}/take"), 201, 202)


def workflow_of(provider: Provider) -> str:
    world = provider.world
    return f"waitlist:{world.rows('SELECT id FROM provider WHERE slug = %s', provider.slug)[0]['id']}"


async def test_a_freed_time_is_kept_for_the_first_then_for_the_next_and_a_late_click_is_answered_kindly(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second, third, other = await invited(world, provider, 4)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    assert (await waits_for(second, slot))["ended_at"] is None
    await waits_for(third, slot)

    await cancel(first, appointment)
    offer = await offered(second)
    assert datetime.fromisoformat(offer["starts_at"]) == datetime.fromisoformat(slot)
    assert (await second.get("/api/v1/portal/me"))["next_step"] == "offer"
    late = await offer_link(world, second)
    assert slot not in await other.slots()
    problem(await other.book(slot), "slot-taken", 409)
    for _ in range(2):  # a mail scanner looks, too
        page = await world.http.get(f"{world.base_url}{late}")
        assert "A time is kept for you" in page.text
    assert (await waitlist_of(second))["offer"]["state"] == "open"
    assert (await waitlist_of(third))["offer"] is None

    await world.advance(minutes=61)
    await world.mail(third.address, SUBJECT)
    page = await world.http.post(f"{world.base_url}{late}", data={"action": "take"})
    assert page.status_code == 410
    assert "this time has gone to somebody else" in page.text
    assert "You are still on the waitlist" in page.text

    taken = await world.http.post(f"{world.base_url}{await offer_link(world, third)}", data={"action": "take"})
    assert taken.status_code == 303
    method, event = told(await world.mail(third.address, "confirmed"))
    assert (method, event["DTSTART"].dt) == ("REQUEST", datetime.fromisoformat(slot))
    assert (await waitlist_of(third))["wish"]["ended_because"] == "taken"
    await closed(world, workflow_of(provider))
    assert [(one["client_id"], one["state"]) for one in offers(world, provider)] == [
        (second.client_id, "lapsed"),
        (third.client_id, "taken"),
    ]
    for person in (second, third):
        assert len(await world.mails(person.address, SUBJECT)) == 1
    assert "waitlist_offer_lapsed" in await provider.timeline(second.client_id)


async def test_taking_a_time_with_a_fee_leads_to_the_checkout_and_unpaid_it_goes_on(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second, third = await invited(world, provider, 3)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await provider.change(require_fee=True)
    await waits_for(second, slot)
    await waits_for(third, slot)
    await cancel(first, appointment)
    offer = await offered(second)
    answer = await second.request("POST", f"/api/v1/portal/waitlist/offers/{offer['id']}/take")
    pending = ok(answer, 202)
    await second.checkout(pending["id"])
    assert (pending["status"], pending["payment"]["amount_minor"]) == ("pending", 4000)
    assert (await waitlist_of(third))["offer"] is None

    await world.advance(minutes=32)
    await second.in_state(pending["id"], "cancelled")
    following = await offered(third)
    paid = ok(await third.request("POST", f"/api/v1/portal/waitlist/offers/{following['id']}/take"), 202)
    await world.pay(await third.checkout(paid["id"]))
    await third.in_state(paid["id"], "booked")
    again = ok(await third.request("POST", f"/api/v1/portal/waitlist/offers/{following['id']}/take"), 201)
    assert again["id"] == paid["id"]


async def test_an_earlier_time_moves_the_appointment_and_its_fee_counts(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slots = await whole_times(world, first)
    early, late = slots[0], slots[-1]
    appointment = await booked_at(first, early)
    await provider.change(require_fee=True)
    later = ok(await second.book(late), 202)
    await world.pay(await second.checkout(later["id"]))
    await second.in_state(later["id"], "booked")
    wish = await waits_for(second, early, appointment_id=later["id"])
    assert wish["appointment_id"] == later["id"]

    await cancel(first, appointment)
    offer = await offered(second)
    assert "an earlier time" in text_of(await world.mail(second.address, SUBJECT))
    moved = ok(await second.request("POST", f"/api/v1/portal/waitlist/offers/{offer['id']}/take"), 201)
    assert (moved["id"], moved["status"]) == (later["id"], "booked")
    assert datetime.fromisoformat(moved["starts_at"]) == datetime.fromisoformat(early)
    assert moved["payment"]["state"] == "captured"
    assert late in await first.slots()
    await world.advance(minutes=4)  # a move is told a little later, as its result
    await world.mail(second.address, "new time")


async def test_two_times_that_free_up_at_once_go_to_two_who_wait(world: TravellingWorld, provider: Provider) -> None:
    await without_fee(provider)
    first, second, third, fourth = await invited(world, provider, 4)
    one, two = await one_after_the_other(world, first)
    appointments = [await booked_at(first, one), await booked_at(second, two)]
    wish = await waits_for(third, one)
    # Both times suit both of them.
    end_of_both = datetime.fromisoformat(f"{wish['from']}T{wish['end']}") + timedelta(hours=1)
    for person in (third, fourth):
        await waits_for(person, one, end=f"{end_of_both:%H:%M}")
    await asyncio.gather(cancel(first, appointments[0]), cancel(second, appointments[1]))
    held = [(await offered(person))["starts_at"] for person in (third, fourth)]
    assert len(set(held)) == 2
    for person in (third, fourth):
        await takes(person, (await offered(person))["id"])
    assert {row["state"] for row in offers(world, provider)} == {"taken"}
    assert len(offers(world, provider)) == 2


async def test_a_worker_killed_between_holding_and_telling_leaves_one_hold_and_one_mail(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    async with away(world, "mailbox"):
        await cancel(first, appointment)
        offer = await offered(second)
        async with away(world, "worker", killed=True):
            assert slot not in await first.slots()
    await world.mail(second.address, SUBJECT)
    await provider.told(second.client_id, "waitlist_offer_sent")
    assert [row["id"] for row in offers(world, provider)] == [offer["id"]]
    assert len(await world.mails(second.address, SUBJECT)) == 1


async def test_a_mailbox_that_takes_no_mail_frees_the_time_for_the_next(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second, third = await invited(world, provider, 3)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    await waits_for(third, slot)
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": second.address, "reply": 550, "times": 9}]), 200, 204)
    await cancel(first, appointment)
    await world.mail(third.address, SUBJECT)
    ok(await world.http.put(mailbox, json=[]), 200, 204)
    assert (await waitlist_of(second))["wish"]["ended_because"] == "unreachable"

    async def asked() -> bool:
        items = (await provider.get("/api/v1/attention"))["items"]
        return [one["client_id"] for one in items if one["step"].startswith("waitlist_offer:")] == [second.client_id]

    await until(asked, "the front desk to be asked")
    ok(await provider.request("POST", f"/api/v1/clients/{second.client_id}/skip", json={}))
    assert (await provider.get("/api/v1/attention"))["items"] == []


async def test_an_offer_that_nobody_was_told_of_yet_is_taken_back_in_silence(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": second.address, "reply": 451, "times": 99}]), 200, 204)
    await cancel(first, appointment)
    await offered(second)
    await closes(provider, slot)
    ok(await world.http.put(mailbox, json=[]), 200, 204)
    await world.advance(minutes=2)
    await closed(world, workflow_of(provider))
    assert [row["state"] for row in offers(world, provider)] == ["taken_back"]
    assert [await world.mails(second.address, subject) for subject in (SUBJECT, "free after all")] == [[], []]
    assert (await waitlist_of(second))["wish"]["ended_at"] is None


async def test_at_night_nobody_is_asked_and_in_the_morning_the_first_is(
    world: TravellingWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first, least=timedelta(days=3)))[0]
    appointment = await booked_at(first, slot)
    wish = await waits_for(second, slot)
    # Where they are it is eleven at night, and around the clock suits them.
    world.execute(
        f"UPDATE waitlist_wish SET timezone = '{await eleven_at_night(world)}', start_minute = 0, end_minute = 1440,"
        f" first_day = first_day - 1, last_day = last_day + 1 WHERE id = '{wish['id']}'"
    )
    await cancel(first, appointment)

    async def waits_for_the_morning() -> bool:
        handle = (await world.engine()).get_workflow_handle(workflow_of(provider))
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return "the morning of somebody who sleeps" in metadata.current_details

    await until(waits_for_the_morning, "the list to wait for the morning")
    (listed,) = (await provider.get(f"/api/v1/providers/{provider.slug}/waitlist"))["items"]
    assert (listed["id"], listed["offer"], listed["passed_over"]) == (wish["id"], None, None)
    assert slot in await first.slots()  # kept for nobody meanwhile
    await world.advance(hours=10)
    await offered(second)
    await world.mail(second.address, SUBJECT)


async def eleven_at_night(world: TravellingWorld) -> str:
    """A zone where that is the hour (`Etc/GMT-5` is five hours ahead of UTC)."""
    ahead = (23 - (await world.now()).hour) % 24
    return f"Etc/GMT-{ahead}" if ahead <= 14 else f"Etc/GMT+{24 - ahead}"
