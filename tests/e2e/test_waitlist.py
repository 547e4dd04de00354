"""The waitlist without waiting: who may ask and for what, the front desk's list, and links that act once."""

from __future__ import annotations

from datetime import datetime

from tests.driver import Provider, World, ok, problem
from tests.staffing import colleague, owner_of
from tests.waiting import (
    SUBJECT,
    booked_at,
    cancel,
    invited,
    offer_link,
    offered,
    waitlist_of,
    waits_for,
    whole_times,
    wish_for,
    without_fee,
)

WISH = "/api/v1/portal/waitlist"


async def test_only_what_could_be_booked_and_is_not_free_can_be_waited_for(world: World, provider: Provider) -> None:
    await without_fee(provider)
    person, other = await invited(world, provider, 2)
    slots = await whole_times(world, person)
    assert (await waitlist_of(person)) == {"offered": True, "wish": None, "offer": None}
    refusal = problem(await person.request("PUT", WISH, json=await wish_for(world, slots[0])), "times-free", 409)
    assert [datetime.fromisoformat(one) for one in refusal["slots"]] == [datetime.fromisoformat(slots[0])]
    wrong = await person.request("PUT", WISH, json={"from": "2026-12-02", "until": "then", "weekdays": []})
    assert {one["field"] for one in problem(wrong, "validation", 422)["errors"]} == {"until", "weekdays"}

    appointment = await booked_at(other, slots[0])
    foreign = {**await wish_for(world, slots[1]), "appointment_id": appointment["id"]}
    problem(await person.request("PUT", WISH, json=foreign), "not-found", 404)
    first = await waits_for(person, slots[0])
    again = await waits_for(person, slots[0], notice_hours=2)
    assert (again["id"], again["asked_at"], again["notice_hours"]) == (first["id"], first["asked_at"], 2)
    assert (await provider.timeline(person.client_id))[-2:] == ["waitlist_joined", "waitlist_changed"]

    ok(await person.request("DELETE", WISH))
    assert (await waitlist_of(person))["wish"]["ended_because"] == "withdrawn"
    assert (await waits_for(person, slots[0]))["id"] != first["id"]

    # Whoever books by other means waits no more; an earlier time can be wished for beside that.
    booked = await booked_at(person, slots[-1])
    assert (await waitlist_of(person))["wish"]["ended_because"] == "booked"
    earlier = await waits_for(person, slots[0], appointment_id=booked["id"])
    await booked_at(person, slots[-2])
    assert (await waitlist_of(person))["wish"]["ended_at"] is None
    await cancel(person, booked)
    assert (await waitlist_of(person))["wish"]["ended_because"] == "not_needed"
    assert (await waitlist_of(person))["wish"]["id"] == earlier["id"]

    await provider.change(allow_self_schedule=False)
    answer = await person.request("PUT", WISH, json=await wish_for(world, slots[0]))
    problem(answer, "self-schedule-off", 409)


async def test_the_front_desk_sees_the_list_adds_and_takes_off_with_a_reason(world: World, provider: Provider) -> None:
    await without_fee(provider)
    first, second, third = await invited(world, provider, 3)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    path = f"/api/v1/providers/{provider.slug}/waitlist"
    assert (await provider.get(path))["items"] == []
    owner = await owner_of(provider)
    assert "Nobody waits for a time" in await owner.page("/console/waitlist")
    desk = await colleague(owner, "front_desk")

    added = {"client_id": second.client_id, **await wish_for(world, slot)}
    wish = ok(await provider.request("POST", path, json=added), 201)
    assert (wish["asked_by"], (await waitlist_of(second))["wish"]["id"]) == ("staff", wish["id"])
    page = f"/console/clients/{third.client_id}/waitlist"
    fields = {**await wish_for(world, slot), "weekdays": "friday", "notice_hours": "soon"}
    refused = await desk.submit(page, page, **fields)
    assert (refused.status_code, "Must be a whole number of hours" in refused.text) == (422, True)
    day = datetime.fromisoformat(fields["from"]).strftime("%A").lower()
    assert (await desk.submit(page, page, **{**fields, "weekdays": day, "notice_hours": "0"})).status_code == 303

    # Whoever isn't allowed is passed over, and it is said why.
    settings = f"/api/v1/clients/{second.client_id}/policy"
    ok(await provider.request("PUT", settings, json={"allow_self_schedule": False, "reason": "As agreed"}))
    listed = (await provider.get(path))["items"]
    assert [one["client_id"] for one in listed] == [second.client_id, third.client_id]
    assert [one["passed_over"] and one["passed_over"]["rule"] for one in listed] == ["self-schedule-off", None]
    await cancel(first, appointment)
    held = await offered(third)
    shown = await desk.page("/console/waitlist")
    assert "“Allow clients to self-schedule” is off" in shown
    assert "Held for them" in shown

    remove = f"/console/waitlist/{(await waitlist_of(third))['wish']['id']}/remove"
    refused = await desk.submit("/console/waitlist", remove, reason=" ")
    assert (refused.status_code, "Is needed" in refused.text) == (422, True)
    assert (await desk.submit("/console/waitlist", remove, reason="asked to by phone")).status_code == 303
    gone = await waitlist_of(third)
    assert (gone["wish"]["ended_because"], gone["offer"]) == ("removed", None)
    taken = await third.request("POST", f"{WISH}/offers/{held['id']}/take")
    problem(taken, "offer-over", 410)
    assert slot in await first.slots()
    log = [one["kind"] for one in (await provider.get("/api/v1/audit"))["items"]]
    assert (log.count("waitlist_added"), log.count("waitlist_removed")) == (2, 1)

    stranger = await world.new_provider()
    problem(await stranger.request("GET", path), "not-found", 404)
    problem(await stranger.request("POST", f"{path}/{wish['id']}/remove", json={"reason": "x"}), "not-found", 404)


async def test_a_link_declines_once_and_the_next_is_asked_at_once(world: World, provider: Provider) -> None:
    await without_fee(provider)
    first, second, third = await invited(world, provider, 3)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    for person in (second, third):
        await waits_for(person, slot)
    await cancel(first, appointment)
    offer = await offered(second)
    link = f"{world.base_url}{await offer_link(world, second)}"
    forged = await world.http.post(f"{link[:-3]}xyz", data={"action": "decline"})
    assert forged.status_code == 404
    problem(await third.request("POST", f"{WISH}/offers/{offer['id']}/take"), "not-found", 404)
    held = await second.request("PUT", WISH, json=await wish_for(world, slot))
    assert "take or decline" in problem(held, "conflict", 409)["detail"]

    declined = await world.http.post(link, data={"action": "decline"})
    assert "You are still on the waitlist" in declined.text
    await world.mail(third.address, SUBJECT)
    late = await world.http.post(link, data={"action": "take"})
    assert late.status_code == 410
    home = (await third.request("GET", "/portal")).text
    assert "Next: a time is kept for you" in home
    page = (await third.request("GET", "/portal/waitlist")).text
    assert "Take this time" in page
    # What was kept for somebody who is erased is free, and the same time is offered to nobody twice.
    erasure = {"confirm": "Ines Invited"}
    ok(await provider.request("POST", f"/api/v1/clients/{third.client_id}/erase", json=erasure), 202)
    assert slot in await first.slots()
    assert (await waitlist_of(second))["offer"] is None
    assert len(await world.mails(second.address, SUBJECT)) == 1
