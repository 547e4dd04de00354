"""What Stripe's CLI does past any checkout: test cards, intents, invoices; with Stripe's own refusals."""

from __future__ import annotations

import pytest
import stripe

from tests.simulator.stage import API_KEY, MERCHANT, Stage

PAID = {"amount": "2000", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"payment_method": "pm_card_authenticationRequired"}, "simulator_unsupported", "payment_method"),
        ({"payment_method": "pm_nobodys"}, "resource_missing", "payment_method"),
        ({"allowed_payment_method_types[0]": "sepa_debit"}, "simulator_unsupported", "allowed_payment_method_types"),
        ({"off_session": "true"}, "simulator_unsupported", "off_session"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
    ],
)
async def test_an_intent_that_stripe_or_the_simulator_would_not_make_is_refused(
    stage: Stage, changes: dict[str, str], code: str, param: str
) -> None:
    error = (await stage.post("/v1/payment_intents", PAID | changes)).json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert (await stage.sdk.v1.payment_intents.list_async({}, {"stripe_account": MERCHANT})).data == []


async def test_a_decline_is_an_error_and_the_attempt_stays(stage: Stage) -> None:
    answer = await stage.post("/v1/payment_intents", PAID | {"payment_method": "pm_card_chargeDeclined"})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (402, "card_error", "card_declined")
    intent = await stage.sdk.v1.payment_intents.retrieve_async(
        error["payment_intent"]["id"], None, {"stripe_account": MERCHANT}
    )
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)


async def test_an_inquiry_takes_no_money_and_a_dispute_does(stage: Stage) -> None:
    for card, status, refund in (
        ("pm_card_createDisputeInquiry", "warning_needs_response", 200),
        ("pm_card_createDispute", "needs_response", 400),
    ):
        intent = (await stage.post("/v1/payment_intents", PAID | {"payment_method": card})).json()["id"]
        listed = await stage.sdk.v1.disputes.list_async({"payment_intent": intent}, {"stripe_account": MERCHANT})
        (dispute,) = listed.data
        assert (dispute.status, dispute.is_charge_refundable) == (status, refund == 200)
        assert (await stage.post("/v1/refunds", {"payment_intent": intent})).status_code == refund


async def test_only_who_names_no_version_speaks_in_earlier_words(stage: Stage) -> None:
    earlier = PAID | {"payment_method_types[0]": "card"}
    headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Account": MERCHANT}
    assert (await stage.http.post("/v1/payment_intents", data=earlier, headers=headers)).status_code == 200
    error = (await stage.post("/v1/payment_intents", earlier)).json()["error"]
    assert (error["code"], error["param"]) == ("parameter_unknown", "payment_method_types")
    other = {"Stripe-Version": "2019-03-14"}
    assert (await stage.post("/v1/payment_intents", PAID, **other)).status_code == 400
    assert stripe.api_version != "2019-03-14"


async def test_an_invoice_is_paid_once_and_deleted_only_as_a_draft(stage: Stage) -> None:
    customer = (await stage.post("/v1/customers", {"description": "somebody"})).json()["id"]
    item = {"customer": customer, "amount": "2000", "currency": "usd"}
    assert (await stage.post("/v1/invoiceitems", item)).status_code == 200
    drafted = {"customer": customer, "pending_invoice_items_behavior": "include"}
    invoice = (await stage.post("/v1/invoices", drafted)).json()
    assert (invoice["status"], invoice["total"], invoice["number"]) == ("draft", 2000, None)
    paid = (await stage.post(f"/v1/invoices/{invoice['id']}/pay", {})).json()
    assert (paid["status"], paid["amount_paid"]) == ("paid", 2000)
    assert (await stage.post(f"/v1/invoices/{invoice['id']}/pay", {})).status_code == 400
    with pytest.raises(stripe.InvalidRequestError):
        await stage.sdk.v1.invoices.delete_async(invoice["id"], None, {"stripe_account": MERCHANT})
