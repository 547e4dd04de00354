"""What goes wrong on demand, and what the gateway makes of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from domain.errors import PaymentRefused, PaymentUnavailable
from domain.money import Money
from domain.ports import CheckoutStatus
from gateways.stripe_payments import StripePayments
from tests.simulator.stage import API_KEY, FORTY, MERCHANT, Stage, a_checkout

CREATE = "POST /v1/checkout/sessions"


@pytest.mark.parametrize(("action", "code"), [("500", "api_error"), ("429", "rate_limit"), ("timeout", "no_answer")])
async def test_what_may_pass_is_unavailable_and_then_works(stage: Stage, action: str, code: str) -> None:
    await stage.faults({"match": CREATE, "action": action, "times": 1})
    request = a_checkout()

    with pytest.raises(PaymentUnavailable) as caught:
        await stage.payments.open_checkout(request)

    assert (caught.value.code, caught.value.__cause__, caught.value.__suppress_context__) == (code, None, True)
    assert (await stage.payments.open_checkout(request)).status is CheckoutStatus.OPEN


async def test_an_answer_that_was_lost_is_not_a_second_checkout(stage: Stage) -> None:
    await stage.faults({"match": CREATE, "action": "timeout", "times": 1})

    request = a_checkout()

    with pytest.raises(PaymentUnavailable):
        await stage.payments.open_checkout(request)
    await stage.payments.open_checkout(request)

    sessions = await stage.sdk.v1.checkout.sessions.list_async({}, {"stripe_account": MERCHANT})
    assert len(sessions.data) == 1


async def test_a_stored_failure_is_replayed_to_whoever_keeps_the_key(stage: Stage) -> None:
    await stage.faults({"match": CREATE, "action": "500", "times": 1})
    fields = {"mode": "payment"}

    answers = [await stage.post("/v1/checkout/sessions", fields, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert "Idempotent-Replayed" not in answers[0].headers
    assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_the_gateway_steps_past_stored_failures_and_takes_the_money_once(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    await stage.faults({"match": "payment_intents/*/capture", "action": "500", "times": 2})

    for _ in range(2):
        with pytest.raises(PaymentUnavailable):
            await stage.payments.capture(MERCHANT, session)
    taken = await stage.payments.capture(MERCHANT, session)

    assert taken.status is CheckoutStatus.CAPTURED
    keys = [item["idempotency_key"] for item in await stage.requests() if item["path"].endswith("/capture")]
    own = f"{taken.payment_intent_id}:capture"
    assert keys == [own, own, f"{own}:2", own, f"{own}:2", f"{own}:3"]


@pytest.mark.parametrize("action", ["500", "timeout"])
async def test_a_refund_in_bad_weather_is_made_once(stage: Stage, action: str) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    intent = (await stage.payments.capture(MERCHANT, session)).payment_intent_id
    assert intent is not None
    await stage.faults({"match": "POST /v1/refunds", "action": action, "times": 1})

    with pytest.raises(PaymentUnavailable):
        await stage.payments.refund(MERCHANT, intent, FORTY, "refund_1")
    refunded = await stage.payments.refund(MERCHANT, intent, FORTY, "refund_1")

    listed = await stage.sdk.v1.refunds.list_async({"payment_intent": intent}, {"stripe_account": MERCHANT})
    assert [refund.id for refund in listed.data] == [refunded.refund_id]


async def test_a_webhook_can_be_there_before_the_answer(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    await stage.faults({"match": "/capture", "action": "delay", "seconds": 0.8, "times": 1})

    capturing = asyncio.create_task(stage.payments.capture(MERCHANT, session))
    await stage.receiver.until("payment_intent.succeeded")

    assert not capturing.done()
    assert (await capturing).status is CheckoutStatus.CAPTURED


async def test_a_key_that_is_in_use_is_asked_again_later(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.faults({"match": "/expire", "action": "delay", "seconds": 0.8, "times": 1})

    expiring = asyncio.create_task(stage.payments.expire_checkout(MERCHANT, session))
    await stage.receiver.until("checkout.session.expired")

    with pytest.raises(PaymentUnavailable, match="idempotency_key_in_use"):
        await stage.payments.expire_checkout(MERCHANT, session)
    assert (await expiring).status is CheckoutStatus.EXPIRED


async def test_an_answer_can_be_made_to_lie(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    lie = {"amount_total": 4001, "payment_intent.amount": 4001}
    await stage.faults({"match": "GET /v1/checkout/sessions/*", "action": "mutate", "set": lie, "times": 1})

    lied = await stage.payments.read_checkout(MERCHANT, session)

    assert lied.amount == Money(amount_minor=4001, currency="usd")
    assert (await stage.payments.read_checkout(MERCHANT, session)).amount == FORTY


async def test_nobody_there_is_unavailable(stage: Stage) -> None:
    async with aclosing(StripePayments(API_KEY, "http://127.0.0.1:9")) as payments:
        with pytest.raises(PaymentUnavailable, match="no_answer"):
            await payments.read_checkout(MERCHANT, "cs_test_1")


async def test_errors_carry_a_code_and_nothing_of_the_request(stage: Stage) -> None:
    canary = "canary@example.org"

    with pytest.raises(PaymentRefused) as caught:
        await stage.payments.read_checkout(MERCHANT, canary)

    assert caught.value.code == "resource_missing"
    assert canary not in f"{caught.value!r} {caught.value} {caught.value.args} {caught.value.data}"


@pytest.mark.parametrize(
    "fault", [{"match": "x", "action": "explode"}, {"action": "drop"}, {"match": "x", "set": 1}, 7]
)
async def test_a_fault_that_is_not_understood_is_refused(stage: Stage, fault: object) -> None:
    assert (await stage.http.put("/_sim/faults", json=[fault])).status_code == 422
