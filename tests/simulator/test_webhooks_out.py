"""The simulator's webhooks: signed, repeated until they are taken, and lost or twisted on demand."""

from __future__ import annotations

from domain.ports import CheckoutStatus
from tests.simulator.stage import MERCHANT, OTHER_MERCHANT, Stage, a_checkout


async def test_a_payment_is_told_of_with_its_account_and_objects(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())
    await stage.act(checkout.session_id, "pay")

    event, session = await stage.receiver.until("checkout.session.completed")

    intent = (await stage.payments.read_checkout(MERCHANT, checkout.session_id)).payment_intent_id
    assert (event.merchant_account, event.livemode, event.object_id) == (MERCHANT, False, checkout.session_id)
    assert event.related == {"checkout_session": checkout.session_id, "payment_intent": intent}
    assert session["client_reference_id"] == "fee_1"


async def test_each_step_of_a_payment_has_its_events(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "decline")
    await stage.act(session, "pay")
    taken = await stage.payments.capture(MERCHANT, session)
    assert taken.payment_intent_id is not None
    await stage.payments.refund(MERCHANT, taken.payment_intent_id, taken.amount, "refund_1")

    told = {(await stage.receiver.next())[0].type for _ in range(9)}

    assert told == {
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
        "charge.captured",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
        "refund.updated",
    }


async def test_a_voided_payment_is_told_of(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    voided = await stage.payments.void(MERCHANT, session)

    event, _ = await stage.receiver.until("payment_intent.canceled")

    assert event.object_id == voided.payment_intent_id


async def test_a_webhook_that_was_not_taken_comes_again(stage: Stage) -> None:
    stage.receiver.refusals = 1
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.payments.expire_checkout(MERCHANT, session)

    event, _ = await stage.receiver.next()
    assert (event.type, event.object_id) == ("checkout.session.expired", session)


async def test_a_webhook_can_be_doubled(stage: Stage) -> None:
    await stage.faults({"match": "checkout.session.expired", "action": "duplicate", "times": 1})
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.payments.expire_checkout(MERCHANT, session)

    first, second = await stage.receiver.next(), await stage.receiver.next()
    assert first[0].event_id == second[0].event_id


async def test_a_lost_webhook_is_found_in_the_list_of_events(stage: Stage) -> None:
    await stage.faults({"match": "checkout.session.completed", "action": "drop", "times": 1})
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    await stage.receiver.until("payment_intent.amount_capturable_updated")

    listed = await stage.sdk.v1.events.list_async(
        {"delivery_success": False, "type": "checkout.session.*"}, {"stripe_account": MERCHANT}
    )

    assert [event.type for event in listed.data] == ["checkout.session.completed"]
    assert not (await stage.sdk.v1.events.list_async({}, {"stripe_account": OTHER_MERCHANT})).data


async def test_a_webhook_can_be_made_to_lie_while_the_object_stays_true(stage: Stage) -> None:
    lie = {"amount_total": 1, "metadata.fee_reference": "fee_of_another"}
    await stage.faults({"match": "checkout.session.completed", "action": "mutate", "set": lie, "times": 1})
    checkout = await stage.payments.open_checkout(a_checkout())
    await stage.act(checkout.session_id, "pay")

    _, told = await stage.receiver.until("checkout.session.completed")

    assert (told["amount_total"], told["metadata"]) == (1, {"fee_reference": "fee_of_another"})
    read = await stage.payments.read_checkout(MERCHANT, checkout.session_id)
    assert (read.amount, read.status) == (checkout.amount, CheckoutStatus.AUTHORIZED)


async def test_a_delayed_webhook_is_overtaken(stage: Stage) -> None:
    await stage.faults({"match": "charge.succeeded", "action": "delay", "seconds": 0.3, "times": 1})
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.act(session, "pay")

    order = [(await stage.receiver.next())[0].type for _ in range(3)]
    assert order[-1] == "charge.succeeded"


async def test_an_account_that_changes_is_told_of(stage: Stage) -> None:
    await stage.http.post("/_sim/accounts", json={"id": MERCHANT, "charges_enabled": False})

    event, account = await stage.receiver.next()

    assert (event.type, event.merchant_account, account["charges_enabled"]) == ("account.updated", MERCHANT, False)
