"""The gateway takes a payment through its states, against the simulator."""

from __future__ import annotations

import pytest

from domain.errors import PaymentRefused
from domain.money import Money
from domain.ports import CheckoutStatus, RefundStatus
from tests.simulator.stage import FORTY, MERCHANT, OTHER_MERCHANT, Stage, a_checkout


async def test_a_checkout_is_opened_with_its_address_amount_and_reference(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())

    assert checkout.status is CheckoutStatus.OPEN
    assert checkout.url == f"{stage.url}/c/pay/{checkout.session_id}"
    assert (checkout.amount, checkout.fee_reference, checkout.payment_intent_id) == (FORTY, "fee_1", None)


async def test_a_paid_checkout_is_authorised_and_taken_only_by_capture(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.act(session, "pay")

    held = await stage.payments.read_checkout(MERCHANT, session)
    assert (held.status, held.url) == (CheckoutStatus.AUTHORIZED, None)
    taken = await stage.payments.capture(MERCHANT, session)
    assert (taken.status, taken.payment_intent_id) == (CheckoutStatus.CAPTURED, held.payment_intent_id)


async def test_capturing_twice_takes_the_money_once(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")

    first = await stage.payments.capture(MERCHANT, session)
    second = await stage.payments.capture(MERCHANT, session)

    assert first == second
    assert len([item for item in await stage.requests() if item["path"].endswith("/capture")]) == 1


async def test_a_voided_payment_moves_no_money_and_cannot_be_captured(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")

    assert (await stage.payments.void(MERCHANT, session)).status is CheckoutStatus.VOIDED
    assert (await stage.payments.void(MERCHANT, session)).status is CheckoutStatus.VOIDED
    assert (await stage.payments.capture(MERCHANT, session)).status is CheckoutStatus.VOIDED


async def test_a_captured_payment_is_not_voided(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    await stage.payments.capture(MERCHANT, session)

    assert (await stage.payments.void(MERCHANT, session)).status is CheckoutStatus.CAPTURED


async def test_nothing_happens_to_an_open_checkout_on_capture_or_void(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    assert (await stage.payments.capture(MERCHANT, session)).status is CheckoutStatus.OPEN
    assert (await stage.payments.void(MERCHANT, session)).status is CheckoutStatus.OPEN


async def test_an_expired_checkout_cannot_be_paid(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    expired = await stage.payments.expire_checkout(MERCHANT, session)

    assert (expired.status, expired.url) == (CheckoutStatus.EXPIRED, None)
    assert (await stage.payments.expire_checkout(MERCHANT, session)).status is CheckoutStatus.EXPIRED
    assert (await stage.http.post(f"/_sim/sessions/{session}/pay")).status_code == 409


async def test_expiring_too_late_tells_that_it_was_paid(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")

    assert (await stage.payments.expire_checkout(MERCHANT, session)).status is CheckoutStatus.AUTHORIZED


async def test_a_declined_card_leaves_the_checkout_open_for_another_try(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.act(session, "decline")
    declined = await stage.payments.read_checkout(MERCHANT, session)
    await stage.act(session, "pay")
    paid = await stage.payments.read_checkout(MERCHANT, session)

    assert (declined.status, paid.status) == (CheckoutStatus.OPEN, CheckoutStatus.AUTHORIZED)
    assert declined.payment_intent_id == paid.payment_intent_id


async def test_closing_the_tab_changes_nothing(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.act(session, "close")

    assert (await stage.payments.read_checkout(MERCHANT, session)).status is CheckoutStatus.OPEN


async def test_refunds_add_up_to_what_was_captured_and_no_more(stage: Stage) -> None:
    intent = await _captured(stage)
    part = Money(amount_minor=2500, currency="usd")

    refunded = await stage.payments.refund(MERCHANT, intent, part, "refund_1")

    assert (refunded.status, refunded.amount) == (RefundStatus.SUCCEEDED, part)
    with pytest.raises(PaymentRefused):
        await stage.payments.refund(MERCHANT, intent, part, "refund_2")
    rest = Money(amount_minor=1500, currency="usd")
    assert (await stage.payments.refund(MERCHANT, intent, rest, "refund_3")).amount == rest
    with pytest.raises(PaymentRefused, match="charge_already_refunded"):
        await stage.payments.refund(MERCHANT, intent, Money(amount_minor=1, currency="usd"), "refund_4")


async def test_a_refund_asked_for_again_is_the_same_refund_also_when_its_key_is_forgotten(stage: Stage) -> None:
    intent = await _captured(stage)
    part = Money(amount_minor=1000, currency="usd")
    first = await stage.payments.refund(MERCHANT, intent, part, "refund_1")

    await stage.advance(25 * 3600)
    again = await stage.payments.refund(MERCHANT, intent, part, "refund_1")

    assert again == first


async def test_what_is_only_authorised_cannot_be_refunded(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    intent = (await stage.payments.read_checkout(MERCHANT, session)).payment_intent_id

    assert intent is not None
    with pytest.raises(PaymentRefused, match="payment_intent_unexpected_state"):
        await stage.payments.refund(MERCHANT, intent, FORTY, "refund_1")


async def test_another_merchants_checkout_does_not_exist(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")

    for act in (stage.payments.read_checkout, stage.payments.capture, stage.payments.void):
        with pytest.raises(PaymentRefused, match="resource_missing"):
            await act(OTHER_MERCHANT, session)
    with pytest.raises(PaymentRefused, match="resource_missing"):
        await stage.payments.expire_checkout(None, session)


async def test_an_account_that_is_not_connected_is_refused(stage: Stage) -> None:
    with pytest.raises(PaymentRefused, match="account_invalid"):
        await stage.payments.open_checkout(a_checkout(merchant_account="acct_unknown"))


async def test_an_account_that_cannot_charge_opens_no_checkout(stage: Stage) -> None:
    await stage.http.post("/_sim/accounts", json={"id": MERCHANT, "charges_enabled": False})

    with pytest.raises(PaymentRefused, match="account_invalid"):
        await stage.payments.open_checkout(a_checkout())


async def test_a_single_practice_charges_on_its_own_account(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout(merchant_account=None))
    await stage.act(checkout.session_id, "pay")

    assert (await stage.payments.capture(None, checkout.session_id)).status is CheckoutStatus.CAPTURED


async def test_amounts_that_contradict_each_other_match_no_quote(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    await stage.faults({"match": "GET /v1/checkout/sessions", "action": "mutate", "set": {"amount_total": 3999}})

    assert (await stage.payments.read_checkout(MERCHANT, session)).amount == Money(amount_minor=0, currency="usd")


async def _captured(stage: Stage) -> str:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    intent = (await stage.payments.capture(MERCHANT, session)).payment_intent_id
    assert intent is not None
    return intent
