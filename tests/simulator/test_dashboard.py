"""What happens to a payment past the platform, as in Stripe's dashboard: at the page and by `/_sim`."""

from __future__ import annotations

import pytest

from domain.disputes import DisputeStatus
from domain.errors import PaymentRefused
from domain.money import Money
from tests.simulator.stage import FORTY, MERCHANT, Stage, a_checkout


async def taken(stage: Stage) -> str:
    """The intent of a fee that was captured."""
    checkout = await stage.payments.open_checkout(a_checkout())
    await stage.act(checkout.session_id, "pay")
    captured = await stage.payments.capture(MERCHANT, checkout.session_id)
    assert captured.payment_intent_id is not None
    return captured.payment_intent_id


async def test_a_refund_from_the_dashboard_is_one_of_the_payments_and_has_no_reference_of_ours(stage: Stage) -> None:
    intent = await taken(stage)
    await stage.payments.refund(MERCHANT, intent, Money(amount_minor=1000, currency="usd"), "rfd_1")
    page = (await stage.http.get("/payments")).text
    assert "SIMULATION" in page
    assert "$10.00 refunded" in page
    done = await stage.http.post(f"/payments/{intent}", data={"action": "refund", "amount": "12.50"})
    assert (done.status_code, done.headers["location"]) == (303, "/payments")

    found = await stage.payments.list_refunds(MERCHANT, intent)
    assert [(one.amount.amount_minor, one.reference) for one in found] == [(1000, "rfd_1"), (1250, None)]
    for _ in range(2):
        assert (await stage.receiver.until("refund.created"))[0].related["payment_intent"] == intent


async def test_the_dashboard_gives_back_no_more_than_was_taken(stage: Stage) -> None:
    intent = await taken(stage)
    too_much = await stage.http.post(f"/_sim/payment_intents/{intent}/refund", json={"amount": 4001})
    assert too_much.status_code == 400
    refused = await stage.http.post(f"/payments/{intent}", data={"action": "refund", "amount": "ten"})
    assert (refused.status_code, "Invalid amount" in refused.text) == (400, True)
    (await stage.http.post(f"/_sim/payment_intents/{intent}/refund", json={})).raise_for_status()
    assert [one.amount for one in await stage.payments.list_refunds(MERCHANT, intent)] == [FORTY]
    assert (await stage.http.post("/_sim/payment_intents/pi_unknown/refund", json={})).status_code == 404


async def test_a_dispute_keeps_its_payment_from_being_refunded_until_it_is_won(stage: Stage) -> None:
    intent = await taken(stage)
    opened = await stage.http.post(f"/payments/{intent}", data={"action": "dispute"})
    assert opened.status_code == 303
    assert (await stage.receiver.until("charge.dispute.created"))[0].related["payment_intent"] == intent
    assert (await stage.receiver.until("charge.dispute.funds_withdrawn"))[0].merchant_account == MERCHANT
    [seen] = await stage.payments.list_disputes(MERCHANT, intent)
    assert (seen.status, seen.amount, seen.due_by is not None) == (DisputeStatus.NEEDS_RESPONSE, FORTY, True)
    with pytest.raises(PaymentRefused) as refused:
        await stage.payments.refund(MERCHANT, intent, FORTY, "rfd_1")
    assert refused.value.code == "charge_disputed"
    assert (await stage.http.post(f"/_sim/payment_intents/{intent}/dispute", json={})).status_code == 400

    page = (await stage.http.get("/payments")).text
    assert "dispute: needs response" in page
    for act, status in (("answer", DisputeStatus.UNDER_REVIEW), ("win", DisputeStatus.WON)):
        (await stage.http.post(f"/_sim/payment_intents/{intent}/{act}", json={})).raise_for_status()
        assert [one.status for one in await stage.payments.list_disputes(MERCHANT, intent)] == [status]
    assert (await stage.http.post(f"/_sim/payment_intents/{intent}/lose", json={})).status_code == 404
    assert (await stage.payments.refund(MERCHANT, intent, FORTY, "rfd_1")).amount == FORTY
