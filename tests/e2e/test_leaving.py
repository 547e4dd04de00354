"""A provider leaves the practice: refused while somebody has an appointment, said kindly at every door, taken back."""

from __future__ import annotations

import re
from typing import Any

from tests.driver import PASSWORD, Provider, World, new_address, ok, problem
from tests.locking import both_in_turn
from tests.staffing import colleague, owner_of, sign_in
from tests.waiting import booked_at, cancel, invited, offered, waitlist_of, waits_for, whole_times, without_fee


def path_of(provider: Provider, what: str) -> str:
    return f"/api/v1/providers/{provider.slug}/{what}"


async def leaves(provider: Provider, **body: Any) -> Any:
    return ok(await provider.request("POST", path_of(provider, "leave"), json=body))


async def test_a_provider_leaves_and_every_door_says_so_kindly(world: World, provider: Provider) -> None:
    await without_fee(provider)
    owner = await owner_of(provider)
    themselves = await colleague(owner, "provider", provider=provider.slug)
    first, waiting = await invited(world, provider, 2)
    slots = await whole_times(world, first)
    appointment = await booked_at(first, slots[0])
    await waits_for(waiting, slots[0])
    on_the_way = await provider.invite()
    calendars = f"/console/providers/{provider.slug}/calendars"
    made = await owner.submit(calendars, f"{calendars}/feed", names="nothing")
    feed = re.search(r"/calendar/[\w-]+\.ics", made.text)
    assert feed is not None

    refused = problem(await provider.request("POST", path_of(provider, "leave"), json={}), "conflict", 409)
    assert refused["appointments"] == 1
    page = f"/console/providers/{provider.slug}/leaving"
    shown = await owner.page(page)
    assert f"/console/appointments/{appointment['id']}/move" in shown
    assert "leaves now" not in shown
    await cancel(first, appointment)
    await offered(waiting)
    seen = await provider.get(path_of(provider, "leaving"))
    counted = {"appointments_ahead": 0, "clients_under_way": 3, "waiting": 1, "sign_ins": 1, "calendar_feed": True}
    assert seen | counted | {"left_at": None} == seen

    done = await owner.submit(page, page, words="Dr. Kim sees her clients.")
    assert done.status_code == 303, done.text
    assert "has left" in await owner.page(page)
    for door in ("", "/signup"):
        answer = await world.http.get(f"{world.base_url}/p/{provider.slug}{door}")
        assert (answer.status_code, "has left" in answer.text, "Dr. Kim sees her clients." in answer.text) == (
            *(410 if not door else 200, True),
            True,
        )
    script = await world.http.get(f"{world.base_url}/embed/{provider.slug}.js")
    assert "has left" in script.text
    assert "Dr. Kim sees her clients." in script.text
    problem(await world.sign_up(provider, email=new_address()), "signup-closed", 409)
    body = {"first_name": "Ines", "last_name": "Late", "email": new_address(), "provider": provider.slug}
    problem(await provider.request("POST", "/api/v1/clients", json=body), "provider-left", 409)
    again = f"/api/v1/clients/{on_the_way['id']}/invitation"
    problem(await provider.request("POST", again, json={}), "provider-left", 409)
    problem(await first.book(slots[0]), "provider-left", 409)
    staff = {"client_id": first.client_id, "starts_at": slots[0], "override_reason": "as agreed"}
    problem(await provider.request("POST", "/api/v1/appointments", json=staff), "provider-left", 409)
    assert (await themselves.request("GET", "/console")).status_code in (303, 401)
    assert (await waitlist_of(waiting))["wish"]["ended_because"] == "provider_left"
    await world.mail(waiting.address, "free after all")
    assert (await world.http.get(f"{world.base_url}{feed.group()}")).status_code == 404
    for person_id in (on_the_way["id"], waiting.client_id, first.client_id):
        await provider.stage(person_id, "closed")
    log = [one["kind"] for one in (await provider.get("/api/v1/audit"))["items"]]
    assert (log.count("provider_left"), log.count("client_closed"), log.count("staff_deactivated")) == (1, 3, 1)

    left_at = (await leaves(provider, words="Ask us."))["left_at"]  # again: other words, and nothing else
    assert (await provider.get(path_of(provider, "leaving")))["left_at"] == left_at
    assert (await owner.submit(page, f"{page}/back")).status_code == 303
    await sign_in(world, themselves.address, PASSWORD)
    assert (await world.http.get(f"{world.base_url}/p/{provider.slug}")).status_code == 200
    ok(await world.sign_up(provider, email=new_address()), 202)
    await booked_at(first, slots[0])


async def test_who_books_while_a_provider_leaves_keeps_them_or_is_refused(world: World, provider: Provider) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await first.slots())[0]
    leaving = provider.request("POST", path_of(provider, "leave"), json={})
    booked, refused = await both_in_turn(world, provider, first.book(slot), leaving)
    appointment = ok(booked, 201, 202)
    problem(refused, "conflict", 409)
    await first.in_state(appointment["id"], "booked")
    await cancel(first, appointment)
    left, late = await both_in_turn(world, provider, leaves(provider), second.book(slot))
    assert left["left_at"] is not None
    problem(late, "provider-left", 409)


async def test_only_an_owner_lets_a_provider_of_their_own_practice_leave(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    page = f"/console/providers/{provider.slug}/leaving"
    for role in ("front_desk", "provider"):
        somebody = await colleague(owner, role, provider=provider.slug if role == "provider" else "")
        assert (await somebody.request("GET", page)).status_code == 403
    stranger = await world.new_provider()
    assert (await (await owner_of(stranger)).request("GET", page)).status_code == 404
    problem(await stranger.request("POST", path_of(provider, "leave"), json={}), "not-found", 404)
    long = await provider.request("POST", path_of(provider, "leave"), json={"words": "x" * 301})
    assert [one["field"] for one in problem(long, "validation", 422)["errors"]] == ["words"]
