"""Offers of the waitlist whose time is closed after all: taken back at once and said kindly, and safe to accept."""

from __future__ import annotations

from datetime import datetime

from tests.driver import Person, Provider, World, ok, problem, text_of, until
from tests.e2e.test_called_off_days import ZONE, call_off, path_of
from tests.locking import both_in_turn
from tests.staffing import owner_of
from tests.waiting import (
    SUBJECT,
    booked_at,
    cancel,
    closes,
    invited,
    offer_link,
    offered,
    waitlist_of,
    waits_for,
    whole_times,
    without_fee,
)
from workflows.naming import waitlist_id
from workflows.search_attributes import STAGE

SORRY = "free after all"
WISH = "/api/v1/portal/waitlist"


async def test_an_offered_time_of_a_day_that_is_called_off_is_taken_back_and_offered_again_when_that_is_undone(
    world: World, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    day = datetime.fromisoformat(slot).astimezone(ZONE).date()
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    await cancel(first, appointment)
    offer = await offered(second)
    link = f"{world.base_url}{await offer_link(world, second)}"
    calendar = await (await owner_of(provider)).page(f"/console/calendar?view=day&on={day.isoformat()}")
    assert 'Kept<span class="cal-until"> for the waitlist</span> until' in calendar
    assert "Held until" not in calendar
    query = {"first_day": day.isoformat(), "instead": "cancel", "reason": "ill"}
    preview = ok(await provider.request("GET", path_of(provider, "preview"), params=query))
    assert (preview["waitlist_offers"], preview["appointments"]) == (1, [])

    run = await call_off(provider, day)
    assert (await waitlist_of(second))["offer"] is None
    assert (await waitlist_of(second))["wish"]["ended_at"] is None
    mail = text_of(await world.mail(second.address, SORRY))
    assert "You are still on the waitlist, in the same place" in mail
    page = await world.http.get(link)
    assert SORRY in page.text
    problem(await second.request("POST", f"{WISH}/offers/{offer['id']}/take"), "offer-over", 410)
    assert (await provider.timeline(second.client_id))[-3:] == [
        "waitlist_offer_sent",
        "waitlist_offer_taken_back",
        "waitlist_apology_sent",
    ]

    ok(await provider.request("POST", path_of(provider, run["id"], "undo")))
    again = await offered(second)
    assert (again["starts_at"], again["id"] != offer["id"]) == (offer["starts_at"], True)
    await until(lambda: _mails(world, second, SUBJECT, 2), "it to be offered again")
    # Hours that leave the time as it is leave the offer as it is; a holiday closes it.
    hours = await provider.get(f"/api/v1/providers/{provider.slug}/availability")
    ok(await provider.request("PUT", f"/api/v1/providers/{provider.slug}/availability", json=hours))
    assert (await waitlist_of(second))["offer"]["id"] == again["id"]
    holiday = {"holidays": [{"date": day.isoformat(), "name": "Staff day"}]}
    ok(await provider.request("PUT", "/api/v1/practice/holidays", json=holiday))
    assert (await waitlist_of(second))["offer"] is None
    await until(lambda: _mails(world, second, SORRY, 2), "to be told again")


async def test_an_offer_whose_mail_goes_out_while_it_is_taken_back_is_apologised_for(
    world: World, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    faults = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(faults, json=[{"to": second.address, "reply": "hold", "times": 1}]), 200, 204)
    await cancel(first, appointment)
    await world.mail(second.address, SUBJECT)  # the message is there, its answer isn't
    await closes(provider, slot)
    provider_id = world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)[0]["id"]
    waitlist = (await world.engine()).get_workflow_handle(waitlist_id(provider_id))

    async def looked() -> bool:
        return (await waitlist.describe()).typed_search_attributes.get(STAGE) == "quiet"

    await until(looked, "the list to be looked at, with nothing to say yet")
    ok(await world.http.put(faults, json=[]), 200, 204)
    await world.mail(second.address, SORRY)


async def _mails(world: World, person: Person, subject: str, count: int) -> bool:
    return len(await world.mails(person.address, subject)) == count


async def test_an_offer_taken_while_its_day_is_called_off_is_booked_first_or_not_at_all(
    world: World, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slots = await whole_times(world, first)
    days = {datetime.fromisoformat(one).astimezone(ZONE).date(): one for one in slots}
    (early_day, early), (late_day, late) = list(days.items())[:2]

    async def held(slot: str) -> str:
        appointment = await booked_at(first, slot)
        await waits_for(second, slot)
        await cancel(first, appointment)
        return f"{WISH}/offers/{(await offered(second))['id']}/take"

    path = await held(early)
    taken, run = await both_in_turn(world, provider, second.request("POST", path), call_off(provider, early_day))
    assert [one["appointment_id"] for one in run["items"]] == [ok(taken, 201, 202)["id"]]

    path = await held(late)
    run, taken = await both_in_turn(world, provider, call_off(provider, late_day), second.request("POST", path))
    problem(taken, "offer-over", 410)
    assert run["items"] == []
    query = "SELECT count(*) AS n FROM appointment WHERE client_id = %s AND starts_at = %s"
    assert world.rows(query, second.client_id, late)[0]["n"] == 0
