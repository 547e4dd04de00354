"""Payments that lie: nothing but our own session, paid as asked, books an appointment."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import httpx
import stripe

from tests.driver import Person, Provider, World, ok, problem, until
from tests.e2e.test_late_payments import at_processor
from tests.merchants import open_session


async def pending(world: World, provider: Provider) -> tuple[Person, dict[str, Any], str]:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    return person, appointment, await person.checkout(appointment["id"])


async def ring(
    world: World, event: dict[str, Any], *, secret: str | None = None, at: int | None = None
) -> httpx.Response:
    """A webhook signed by Stripe's own signer."""
    payload = json.dumps(event)
    used = secret or world.endpoints["stripe_fees_webhook_secret"]
    header = stripe.WebhookSignature.generate_signature_header(payload, used, timestamp=at or int(time.time()))
    headers = {"stripe-signature": header, "content-type": "application/json"}
    return await world.http.post(f"{world.base_url}/webhooks/stripe/fees", content=payload, headers=headers)


def completed(session_id: str, account: str, *, reference: str | None = None) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(8)}",
        "object": "event",
        "type": "checkout.session.completed",
        "account": account,
        "livemode": False,
        "created": int(time.time()),
        "api_version": "2026-10-28.endive",
        "data": {
            "object": {
                "id": session_id,
                "object": "checkout.session",
                "status": "complete",
                "payment_status": "paid",
                "client_reference_id": reference,
            }
        },
    }


async def still_pending(world: World, person: Person, appointment: dict[str, Any], looks: int) -> None:
    """After the booking has looked at the payment that many more times, nothing is booked."""

    async def looked() -> bool:
        return len(await reads(world, appointment["payment"]["id"])) >= looks

    await until(looked, "the booking to look at the payment")
    now = await person.appointment(appointment["id"])
    assert (now["status"], now["payment"]["state"]) == ("pending", "requested")


async def reads(world: World, payment_id: str) -> list[dict[str, Any]]:
    session = world.rows("SELECT session_id FROM payment WHERE id = %s", payment_id)[0]["session_id"]
    return [
        one
        for one in await world.simulator_requests()
        if one["method"] == "GET" and one["path"].endswith(f"/checkout/sessions/{session}")
    ]


async def test_a_signed_completed_event_for_an_open_session_books_nothing(world: World, provider: Provider) -> None:
    person, appointment, session = await pending(world, provider)
    before = len(await reads(world, appointment["payment"]["id"]))
    assert (await ring(world, completed(session, provider.seeded.merchant_account))).is_success
    await still_pending(world, person, appointment, before + 1)


async def test_forgery_across_tenants(world: World, provider: Provider, other_provider: Provider) -> None:
    """Another merchant's own session, paid, with our fee's reference in all of its metadata."""
    person, appointment, session = await pending(world, provider)
    payment, theirs = appointment["payment"]["id"], other_provider.seeded.merchant_account
    forged = await open_session(world, theirs, payment)
    await world.pay(forged)

    async def heard() -> bool:
        kept = world.rows("SELECT payload FROM external_event WHERE tenant = %s", theirs)
        return any(row["payload"].get("object") == forged for row in kept)

    await until(heard, "their webhook")
    # An event names our session as often as it likes: whose it is says the account that it was sent for.
    before = len(await reads(world, payment))
    assert ok(await ring(world, completed(session, theirs, reference=payment)))["result"] == "kept"
    await still_pending(world, person, appointment, before + 1)
    woken = "SELECT id FROM external_event WHERE kind = 'payment_noticed' AND payload ->> 'payment_id' = %s"
    assert world.rows(woken, payment) == [], "nobody was even woken"
    assert world.rows("SELECT session_id FROM payment WHERE id = %s", payment) == [{"session_id": session}]


async def test_amount_currency_or_account_differs_from_the_quote(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    for lie in (
        {"amount_total": 4001, "payment_intent.amount": 4001},
        {"currency": "eur", "payment_intent.currency": "eur"},
    ):
        person, appointment, session = await pending(world, provider)
        match = f"GET /v1/checkout/sessions/{session}"
        await world.simulator_faults({"match": match, "action": "mutate", "set": lie, "times": 20})
        await world.pay(session)
        released = await person.in_state(appointment["id"], "cancelled")
        await world.simulator_faults()
        assert released["payment"]["state"] == "voided"
        paid = await at_processor(world, provider, "GET", f"checkout/sessions/{session}?expand[]=payment_intent")
        assert (paid["payment_intent"]["status"], paid["payment_intent"]["amount_received"]) == ("canceled", 0)
        await asked_about(person, "pre_payment")
        assert "appointment_booked" not in await provider.timeline(person.client_id)
        assert await world.mails(person.address, "confirmed") == []

    person, appointment, _ = await pending(world, provider)
    payment = appointment["payment"]["id"]
    elsewhere = await open_session(world, other_provider.seeded.merchant_account, payment)
    await world.pay(elsewhere)
    # As if two had been mixed up: it is asked for at the quote's account, and isn't there.
    world.rows("UPDATE payment SET session_id = %s WHERE id = %s RETURNING id", elsewhere, payment)
    await asked_about(person, "payment_status")
    now = await person.appointment(appointment["id"])
    assert (now["status"], now["payment"]["state"]) == ("pending", "requested")


async def asked_about(person: Person, step: str) -> None:
    async def look() -> bool:
        attention = (await person.provider.client(person.client_id))["attention"]
        return attention is not None and attention["step"] == step

    await until(look, f"a person to be asked about {step}")


async def test_the_success_page_visited_unpaid_books_nothing(world: World, provider: Provider) -> None:
    person, appointment, _ = await pending(world, provider)
    payment = appointment["payment"]["id"]
    before = len(await reads(world, payment))
    shown = await person.http.get(f"{world.base_url}/portal/payments/{payment}/return", follow_redirects=True)
    assert shown.status_code == 200
    await still_pending(world, person, appointment, before + 1)


async def test_a_doubled_webhook_books_and_charges_once(world: World, provider: Provider) -> None:
    person, appointment, session = await pending(world, provider)
    await world.simulator_faults({"match": "checkout.session.completed", "action": "duplicate", "times": 5})
    await world.pay(session)
    await person.in_state(appointment["id"], "booked")
    await world.simulator_faults()
    timeline = await provider.timeline(person.client_id)
    assert (timeline.count("fee_captured"), timeline.count("appointment_booked")) == (1, 1)
    captures = [one for one in await world.simulator_requests() if one["path"].endswith("/capture")]
    ours = world.rows("SELECT payment_intent_id FROM payment WHERE id = %s", appointment["payment"]["id"])[0]
    assert len([one for one in captures if ours["payment_intent_id"] in one["path"]]) == 1


async def test_a_repeated_event_has_one_effect(world: World, provider: Provider) -> None:
    _, _, session = await pending(world, provider)
    event = completed(session, provider.seeded.merchant_account)
    assert (await ring(world, event)).is_success
    assert (await ring(world, event)).is_success
    assert len(world.rows("SELECT id FROM external_event WHERE external_id = %s", event["id"])) == 1


async def test_wrong_stale_and_future_signatures_are_refused(world: World, provider: Provider) -> None:
    event = completed("cs_test_x", provider.seeded.merchant_account)
    problem(await ring(world, event, secret="whsec_wrong"), "signature-invalid", 401)
    problem(await ring(world, event, at=int(time.time()) - 3600), "signature-invalid", 401)
    problem(await ring(world, event, at=int(time.time()) + 3600), "signature-invalid", 401)
    assert world.rows("SELECT id FROM external_event WHERE external_id = %s", event["id"]) == []
