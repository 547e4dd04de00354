"""The practice closes a client's way: at each stage, with an appointment booked, with money under way."""

from __future__ import annotations

import httpx
from temporalio.client import WorkflowExecutionStatus

from tests.driver import Provider, World, new_address, ok, problem, until
from tests.e2e.test_contact_data import audit
from tests.e2e.test_late_payments import given_away
from tests.staffing import colleague, owner_of


async def withdraw(provider: Provider, client_id: str, reason: str = "Found somebody nearer") -> httpx.Response:
    return await provider.request("POST", f"/api/v1/clients/{client_id}/withdraw", json={"reason": reason})


async def test_it_closes_for_good_says_why_and_an_invitation_opens_it_again(provider: Provider) -> None:
    client_id = (await provider.invite())["id"]
    await provider.stage(client_id, "invited")
    answer = problem(await withdraw(provider, client_id, "  "), "validation", 422)
    assert [one["field"] for one in answer["errors"]] == ["reason"]
    ok(await withdraw(provider, client_id), 202)
    closed = await provider.stage(client_id, "closed")
    assert (closed["outcome"], closed["closed_reason"]) == ("withdrawn", "Found somebody nearer")
    await provider.told(client_id, "journey_withdrawn")
    assert [one["kind"] for one in await audit(provider, client_id)].count("client_closed") == 1
    problem(await withdraw(provider, client_id), "conflict", 409)
    ok(await provider.request("POST", f"/api/v1/clients/{client_id}/invitation"), 202)
    again = await provider.stage(client_id, "invited")
    assert (again["outcome"], again["closed_reason"]) == (None, None)


async def test_somebody_whose_intake_form_is_waited_for_isnt_any_more(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    assert ok(await withdraw(provider, person.client_id), 202)["appointments_called_off"] == []
    assert (await provider.stage(person.client_id, "closed"))["outcome"] == "withdrawn"


async def journey_is_over(world: World, client_id: str) -> None:
    journey = (await world.engine()).get_workflow_handle(f"client-journey:{client_id}")

    async def over() -> bool:
        return (await journey.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(over, "the journey to close")


async def test_what_is_booked_is_called_off_and_the_fee_goes_back(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    # Its journey has closed: the withdrawal starts it again, and their account of old times opens nothing.
    await journey_is_over(world, person.client_id)
    answer = ok(await withdraw(provider, person.client_id), 202)
    assert answer["appointments_called_off"] == [appointment["id"]]
    await provider.told(person.client_id, "fee_refunded")
    await world.mail(person.address, "cancelled")
    await provider.told(person.client_id, "journey_withdrawn")
    await journey_is_over(world, person.client_id)
    standing = await provider.client(person.client_id)
    assert (standing["stage"], standing["outcome"]) == ("closed", "withdrawn")
    assert (await person.appointment(appointment["id"]))["payment"]["state"] == "refunded"
    # The time is free for others.
    other = await world.ready_client(provider)
    assert appointment["starts_at"] in await other.slots()


async def test_a_held_time_is_let_go_and_nothing_is_charged(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    held = ok(await person.book(), 201, 202)["id"]
    session = await person.checkout(held)
    ok(await withdraw(provider, person.client_id), 202)
    await person.in_state(held, "cancelled")
    assert (await provider.stage(person.client_id, "closed"))["outcome"] == "withdrawn"
    paid = await world.http.post(f"{world.endpoints['simulator_url']}/_sim/sessions/{session}/pay")
    assert paid.status_code >= 400, "nobody can pay for it any more"
    assert (await person.appointment(held))["payment"]["state"] == "expired"


async def test_a_fee_whose_time_was_lost_goes_back(world: World, provider: Provider) -> None:
    person, appointment = await given_away(world, provider)
    answer = ok(await withdraw(provider, person.client_id), 202)
    assert answer["appointments_called_off"] == [appointment["id"]]

    async def back() -> bool:
        return (await person.appointment(appointment["id"]))["payment"]["state"] in ("voided", "refunded")

    await until(back, "the money to be let go")
    assert (await provider.stage(person.client_id, "closed"))["outcome"] == "withdrawn"


async def test_whoever_has_been_here_is_no_case_for_it(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    world.execute(
        "UPDATE appointment SET starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'"
        f" WHERE id = '{appointment['id']}'"
    )
    problem(await withdraw(provider, person.client_id), "conflict", 409)
    page = await (await owner_of(provider)).page(f"/console/clients/{person.client_id}/withdraw")
    assert "first visit has begun" in page
    assert 'name="reason"' not in page


async def test_the_front_desk_sees_what_is_called_off_and_gives_a_reason(world: World, provider: Provider) -> None:
    person, _ = await world.booked_client(provider)
    desk = await colleague(await owner_of(provider), "front_desk")
    path = f"/console/clients/{person.client_id}/withdraw"
    page = await desk.page(path)
    assert "$40.00 goes back in full" in page
    refused = await desk.submit(path, path, reason="  ")
    assert refused.status_code == 422
    assert 'id="f-reason-error"' in refused.text
    assert (await provider.client(person.client_id))["stage"] == "booked"
    assert (await desk.submit(path, path, reason="Moved away")).status_code == 303
    await provider.stage(person.client_id, "closed")
    assert "Closed by the practice: Moved away" in await desk.page(f"/console/clients/{person.client_id}")


async def test_somebody_elses_client_isnt_there(world: World, provider: Provider) -> None:
    other = await world.new_provider()
    client = await other.invite(email=new_address())
    problem(await withdraw(provider, client["id"]), "not-found", 404)
