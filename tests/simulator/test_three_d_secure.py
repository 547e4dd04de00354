"""3-D Secure: the card's bank asks its holder, and meanwhile nothing is charged and the checkout is open."""

from __future__ import annotations

from typing import Any

from domain.ports import CheckoutStatus
from tests.simulator.stage import MERCHANT, Stage, a_checkout


async def asked(stage: Stage) -> str:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "challenge")
    return session


async def intent(stage: Stage, session_id: str, *expand: str) -> Any:
    checkout = await stage.payments.read_checkout(MERCHANT, session_id)
    assert checkout.payment_intent_id is not None
    found = await stage.sdk.v1.payment_intents.retrieve_async(
        checkout.payment_intent_id, {"expand": list(expand)}, {"stripe_account": MERCHANT}
    )
    return found.to_dict()


async def told(stage: Stage) -> list[str]:
    events = await stage.sdk.v1.events.list_async({"limit": 100}, {"stripe_account": MERCHANT})
    return [str(one.type) for one in events.data][::-1]


async def test_while_the_bank_asks_the_checkout_is_open_and_nothing_is_charged(stage: Stage) -> None:
    session = await asked(stage)

    waiting = await stage.payments.read_checkout(MERCHANT, session)
    found = await intent(stage, session)

    assert (waiting.status, waiting.url) == (CheckoutStatus.OPEN, f"{stage.url}/c/pay/{session}")
    assert (found["status"], found["latest_charge"]) == ("requires_action", None)
    assert found["next_action"]["type"] == "use_stripe_sdk"
    assert (await stage.payments.capture(MERCHANT, session)).status is CheckoutStatus.OPEN
    assert await told(stage) == ["payment_intent.created", "payment_intent.requires_action"]


async def test_a_payment_that_its_holder_confirms_is_authorised(stage: Stage) -> None:
    session = await asked(stage)

    await stage.act(session, "confirm")

    assert (await stage.payments.read_checkout(MERCHANT, session)).status is CheckoutStatus.AUTHORIZED
    found = await intent(stage, session, "latest_charge")
    card = found["latest_charge"]["payment_method_details"]["card"]
    assert (found["next_action"], card["three_d_secure"]["result"]) == (None, "authenticated")
    assert found["payment_method"] == found["latest_charge"]["payment_method"]
    assert (await stage.payments.capture(MERCHANT, session)).status is CheckoutStatus.CAPTURED


async def test_who_fails_to_confirm_is_charged_nothing_and_can_try_another_card(stage: Stage) -> None:
    session = await asked(stage)

    await stage.act(session, "fail")
    _, failed = await stage.receiver.until("payment_intent.payment_failed")
    after = await stage.payments.read_checkout(MERCHANT, session)
    await stage.act(session, "pay")

    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert (failed["status"], failed["latest_charge"]) == ("requires_payment_method", None)
    assert after.status is CheckoutStatus.OPEN
    assert (await stage.payments.read_checkout(MERCHANT, session)).status is CheckoutStatus.AUTHORIZED


async def test_a_checkout_that_ends_while_the_bank_asks_can_be_confirmed_no_more(stage: Stage) -> None:
    session = await asked(stage)

    ended = await stage.payments.expire_checkout(MERCHANT, session)

    assert ended.status is CheckoutStatus.EXPIRED
    found = await intent(stage, session)
    assert (found["status"], found["next_action"], found["latest_charge"]) == ("canceled", None, None)
    for act in ("confirm", "fail", "challenge"):
        assert (await stage.http.post(f"/_sim/sessions/{session}/{act}")).status_code == 409


async def test_the_page_leads_through_it(stage: Stage) -> None:
    checkout = await stage.payments.open_checkout(a_checkout())
    path = f"/c/pay/{checkout.session_id}"

    question = await stage.http.post(path, data={"action": "challenge"})
    assert "Your bank asks you to confirm" in question.text
    assert 'value="challenge"' not in question.text
    assert "the bank asks the cardholder" in (await stage.http.get("/")).text

    failed = await stage.http.post(path, data={"action": "fail"})
    assert "could not confirm that it is you" in failed.text
    assert "Your bank asks you" not in (await stage.http.post(path, data={"action": "confirm"})).text
    await stage.http.post(path, data={"action": "challenge"})
    assert (await stage.http.post(path, data={"action": "confirm"})).status_code == 303
