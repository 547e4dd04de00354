"""The main job on the anonymous track, end to end: HTTP, mail, simulator, Temporal, PostgreSQL."""

from __future__ import annotations

from temporalio.client import WorkflowExecutionStatus

from tests.driver import Provider, World, new_address, ok, text_of, until


async def test_a_stranger_becomes_a_paid_booked_client(world: World, provider: Provider) -> None:
    address = new_address()
    answer = ok(await world.sign_up(provider, email=address), 202)
    assert set(answer) == {"signup_id"}

    invitation = await world.mail(address, "client portal")
    greeting = await world.mail(address, "welcome")
    assert [part.get_filename() for part in greeting.iter_attachments()] == ["Welcome.pdf"]
    assert invitation["Reply-To"] == provider.seeded.front_desk
    assert "555-010-0100" in text_of(invitation)

    person = await world.open_account(provider, address)
    assert (await provider.stage(person.client_id, "intake"))["portal_status"] == "active"
    assert (await person.get("/api/v1/portal/me"))["next_step"] == "intake"
    await person.submit_intake()
    assert (await person.get("/api/v1/portal/me"))["next_step"] == "book"

    appointment = ok(await person.book(), 201, 202)
    assert appointment["status"] == "pending"
    session = await person.checkout(appointment["id"])
    assert (await person.get("/api/v1/portal/me"))["next_step"] == "pay"
    await world.pay(session)

    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    assert (booked["payment"]["amount_minor"], booked["payment"]["currency"]) == (4000, "usd")
    assert booked["hold_expires_at"] is None
    confirmation = await world.mail(address, "confirmed")
    assert "$40.00" in text_of(confirmation)
    client = await provider.stage(person.client_id, "booked")
    assert client["outcome"] == "booked"
    await provider.told(person.client_id, "front_desk_told", times=2)
    desk = await world.mails(provider.seeded.front_desk)
    assert {mail["Subject"] for mail in desk} == {"New client signed up", "Appointment booked"}
    assert all(address not in mail.as_string() for mail in desk)


async def test_each_fact_is_on_the_timeline_once(world: World, provider: Provider) -> None:
    person, _ = await world.booked_client(provider)
    await provider.told(person.client_id, "front_desk_told", times=2)
    assert sorted(await provider.timeline(person.client_id)) == sorted(
        [
            *("signed_up", "invitation_sent", "greeting_sent", "front_desk_told", "account_opened"),
            *("intake_assigned", "intake_submitted", "intake_filed", "slot_held", "checkout_opened"),
            *("fee_authorized", "fee_captured", "appointment_booked", "confirmation_sent", "front_desk_told"),
        ]
    )


async def test_the_client_cancels_and_gets_the_fee_back(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    cancelled = ok(await person.request("POST", f"{path}/cancel"))
    assert cancelled["status"] == "cancelled"

    async def refunded() -> bool:
        return bool((await person.get(path))["payment"]["state"] == "refunded")

    await until(refunded, "the refund")
    payment = (await person.get(path))["payment"]
    assert payment["refunded_minor"] == 4000
    notice = await world.mail(person.address, "cancelled")
    assert "$40.00" in text_of(notice)
    assert (await provider.client(person.client_id))["stage"] == "ready"
    assert appointment["starts_at"] in await person.slots()


async def test_a_client_who_comes_back_books_again(world: World, provider: Provider) -> None:
    person, _ = await world.booked_client(provider)
    engine = await world.engine()
    journey = engine.get_workflow_handle(f"client-journey:{person.client_id}")

    async def closed() -> bool:
        return (await journey.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(closed, "the journey to close")
    second = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(second["id"]))
    await person.in_state(second["id"], "booked")
    assert (await provider.timeline(person.client_id)).count("greeting_sent") == 1
    assert len(await world.mails(person.address, "client portal")) == 1


async def test_an_unpaid_hold_ends_and_the_slot_is_free_again(world: World, provider: Provider) -> None:
    await provider.change(hold_minutes=1)
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    assert appointment["starts_at"] not in await person.slots()

    await world.fast_forward(f"booking:{appointment['id']}", seconds=90)
    released = await person.in_state(appointment["id"], "cancelled")
    assert released["payment"]["state"] == "expired"
    assert appointment["starts_at"] in await person.slots()
    declined = await world.http.post(f"{world.endpoints['simulator_url']}/_sim/sessions/{session}/pay")
    assert declined.status_code >= 400


async def test_the_visit_is_over_when_its_time_has_passed(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    await world.fast_forward(f"booking:{appointment['id']}", seconds=22 * 24 * 3600)
    await person.in_state(appointment["id"], "fulfilled")


async def test_a_draft_of_the_intake_form_is_kept(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    intake = await person.get("/api/v1/portal/intake")
    assert (intake["status"], intake["draft"]) == ("none", None)
    draft = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": []}
    ok(await person.request("POST", "/api/v1/portal/intake", json={"response": draft, "submit": False}))
    kept = await person.get("/api/v1/portal/intake")
    assert (kept["status"], kept["draft"]) == ("draft", draft)
    assert (await provider.client(person.client_id))["stage"] == "intake"


async def test_an_intake_form_with_gaps_is_refused_by_question(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    empty = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": []}
    answer = await person.request("POST", "/api/v1/portal/intake", json={"response": empty, "submit": True})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) >= 2
    assert (await person.get("/api/v1/portal/intake"))["status"] == "none"


async def test_booking_before_the_intake_form_is_refused(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    answer = await person.book()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/intake-required")


async def test_a_double_tap_makes_one_appointment(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    slot = (await person.slots())[-1]
    first = ok(await person.book(slot, key="tap"), 201, 202)
    second = ok(await person.book(slot, key="tap"), 201, 202)
    assert first["id"] == second["id"]
    assert len(world.rows("SELECT id FROM appointment WHERE client_id = %s", person.client_id)) == 1
