"""Dispute: automation on that payment freezes, it is never refunded, and the provider has a task with a deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.test_signup_answers import change_form, own
from tests.dashboard import asked, in_dashboard, intent_of, ledger, ledger_says, lose_webhooks
from tests.driver import Provider, World, ok, problem, until
from tests.e2e.test_refunds import give_back
from tests.gateways.test_pdf_documents import pages
from tests.merchants import ring
from tests.staffing import owner_of
from workflows.naming import taken_payment_id


async def disputed(world: World, provider: Provider, **facts: Any) -> tuple[Any, Any, str]:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await in_dashboard(world, fee, "dispute", **facts)
    await ledger_says(provider, fee, disputed=True)
    return person, appointment, fee


async def settled(provider: Provider, step: str) -> None:
    async def look() -> bool:
        items = (await provider.get("/api/v1/attention"))["items"]
        return not any(one["step"].startswith(step) for one in items)

    await until(look, f"{step} to be settled", 30)


async def refunds_at_processor(world: World, fee: str) -> int:
    requests = await world.simulator_requests()
    ours = [one for one in requests if (one["method"], one["path"]) == ("POST", "/v1/refunds")]
    return len([one for one in ours if intent_of(world, fee) in str(one["body"])])


async def test_dispute(world: World, provider: Provider) -> None:
    person, appointment, fee = await disputed(world, provider, reason="fraudulent")
    item = await asked(provider, "dispute:")
    rows = world.rows("SELECT due_at, owner FROM attention_item WHERE id = %s", item["id"])
    due = world.rows("SELECT due_by FROM dispute WHERE payment_id = %s", fee)[0]["due_by"]
    assert abs(rows[0]["due_at"] - due) < timedelta(seconds=1)
    assert rows[0]["owner"] == "front_desk"
    refused = problem(await give_back(provider, fee), "conflict", 409)
    assert "disputes this payment" in refused["detail"]
    can = await person.get(f"/api/v1/portal/appointments/{appointment['id']}/can-cancel")
    assert (can["allowed"], can["refund_minor"]) == (True, 0)
    page = (await person.http.get(f"{world.base_url}/portal/appointments/{appointment['id']}/cancel")).text
    assert "Your bank is looking into your payment" in page

    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    await provider.told(person.client_id, "cancellation_sent")
    frozen = await ledger(provider, fee)
    assert (frozen["refunded_minor"], [one["status"] for one in frozen["refunds"]]) == (0, ["pending"])
    assert await refunds_at_processor(world, fee) == 0, "nothing is asked of the processor while it is frozen"
    assert "is being returned" not in (await world.mail(person.address, "cancelled")).as_string()

    await in_dashboard(world, fee, "answer")
    await settled(provider, "dispute:")
    await in_dashboard(world, fee, "win")
    won = await ledger_says(provider, fee, disputed=False, refunded_minor=4000, state="refunded")
    assert [one["status"] for one in won["disputes"]] == ["won"]
    timeline = await provider.timeline(person.client_id)
    assert (timeline.count("dispute_opened"), timeline.count("dispute_won")) == (1, 1)


async def test_a_lost_dispute_is_lost_in_the_ledger_and_nothing_more_goes_back(
    world: World, provider: Provider
) -> None:
    person, appointment, fee = await disputed(world, provider)
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    await provider.told(person.client_id, "cancellation_sent")
    await in_dashboard(world, fee, "lose")
    lost = await ledger_says(provider, fee, disputed=False, lost_minor=4000)
    assert (lost["refunded_minor"], [one["status"] for one in lost["refunds"]]) == (0, ["overtaken"])
    assert lost["detail"] == "Paid; $40.00 was lost to a dispute."
    problem(await give_back(provider, fee), "conflict", 409)
    await settled(provider, "dispute:")
    totals = (await provider.get("/api/v1/payments"))["totals"][0]
    assert (totals["taken_minor"], totals["lost_minor"], totals["kept_minor"]) == (4000, 4000, 0)
    assert await refunds_at_processor(world, fee) == 0


async def test_what_was_lost_to_a_bank_is_promised_to_nobody_who_cancels(world: World, provider: Provider) -> None:
    person, appointment, fee = await disputed(world, provider)
    await in_dashboard(world, fee, "lose")
    await ledger_says(provider, fee, disputed=False, lost_minor=4000)
    for asker, path in ((person, "/portal"), (provider, "")):
        can = await asker.get(f"/api/v1{path}/appointments/{appointment['id']}/can-cancel")
        assert (can["allowed"], can["refund_minor"]) == (True, 0)
        assert all(one["refund_minor"] == 0 for one in can["steps"])
    page = (await person.http.get(f"{world.base_url}/portal/appointments/{appointment['id']}/cancel")).text
    assert "your bank has given back $40.00. Nothing more goes back if you cancel now." in page
    assert "nothing more of the fee of $40.00 goes back" in await (await owner_of(provider)).page(
        f"/console/appointments/{appointment['id']}/cancel"
    )


async def test_a_dispute_whose_webhook_was_lost_freezes_before_anything_goes_back(
    world: World, provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await lose_webhooks(world, "charge.dispute.*")
    await in_dashboard(world, fee, "dispute")
    await world.simulator_faults()
    ok(await give_back(provider, fee, amount_minor=1000), 202)
    frozen = await ledger_says(provider, fee, disputed=True)
    assert (frozen["refunded_minor"], frozen["refunds"][0]["status"]) == (0, "pending")


async def test_the_practice_is_reminded_when_the_deadline_is_near(world: World, provider: Provider) -> None:
    await disputed(world, provider)
    fee = (await provider.get("/api/v1/payments"))["items"][0]["id"]
    await asked(provider, "dispute:")
    first = await world.mail(provider.seeded.front_desk, "attention")
    await world.fast_forward(taken_payment_id(fee), seconds=6 * 86400 + 3600)

    async def again() -> bool:
        mails = await world.mails(provider.seeded.front_desk, "attention")
        return len({mail["Message-ID"] for mail in mails} - {first["Message-ID"]}) == 1

    await until(again, "a second mail", 30)


async def test_the_evidence_says_what_was_agreed_written_and_opened_and_nothing_clinical(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    await change_form(provider, own("consent", label="I agree to the rules."), own("long_text"))
    answers = {"own_consent": True, "own_long_text": "Sleepless since the move"}
    person = await world.anonymous_client(provider, custom=answers)
    await person.submit_intake()
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    fee = (await person.in_state(appointment["id"], "booked"))["payment"]["id"]
    await world.mail(person.address, "confirmed")
    await in_dashboard(world, fee, "dispute", reason="unrecognized")
    await ledger_says(provider, fee, disputed=True)
    boss = await owner_of(provider)
    dispute = world.rows("SELECT id FROM dispute WHERE payment_id = %s", fee)[0]["id"]
    path = f"/console/payments/disputes/{dispute}"
    assert "Download the evidence" in await boss.page(path)
    assert "recognize the charge" in await boss.page("/console/payments/disputes")
    assert "1 open dispute" in await boss.page("/console/payments")
    file = await boss.request("GET", f"{path}/evidence.pdf")
    assert file.headers["content-type"] == "application/pdf"
    text = " ".join(line for page in pages(file.content) for line in page)
    for told in (
        "Cancellation and refund policy",
        "goes back in full",
        person.address,
        fee,
        "Signed in",
        "SHA-256",
        "I agree to the rules.",
    ):
        assert told in text, told
    for mail in ("Confirmation of the appointment", "Invitation to the client portal"):
        assert mail in text, mail
    for clinical in ("ntake", "Sleepless"):
        assert clinical not in text
    kinds = world.rows("SELECT kind FROM audit_entry WHERE object_id = %s", fee)
    assert [row["kind"] for row in kinds] == ["evidence_exported"]
    stranger = await owner_of(other_provider)
    for hidden in (path, f"{path}/evidence.pdf"):
        assert (await stranger.request("GET", hidden)).status_code == 404
    assert dispute not in await stranger.page("/console/payments/disputes")


async def test_forgery_across_tenants_another_merchants_dispute_freezes_nothing(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    forged = {"id": "du_forged", "object": "dispute", "payment_intent": intent_of(world, fee), "status": "lost"}
    await ring(world, "charge.dispute.created", other_provider.seeded.merchant_account, forged)
    await ring(world, "charge.dispute.created", provider.seeded.merchant_account, forged)
    await until_read(world, fee)
    after = await ledger(provider, fee)
    assert (after["disputed"], after["disputes"]) == (False, []), "it is looked up, never believed"


async def until_read(world: World, fee: str) -> None:
    intent = intent_of(world, fee)

    async def look() -> int:
        reads = [one for one in await world.simulator_requests() if one["path"] == "/v1/disputes"]
        return len([one for one in reads if intent in str(one["body"])])

    await until(look, "the disputes to be read")
    assert await look() == 1, "the other merchant's event has nothing read"
