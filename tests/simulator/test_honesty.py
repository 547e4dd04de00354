"""The simulator says no wherever Stripe does, so that a mistake shows before it meets Stripe."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from devstack.simulator.config import ConfigurationError, SimulatorConfig, read_endpoints
from devstack.simulator.conformity import NotAsStripeError, demand
from domain.errors import PaymentRefused, PaymentUnavailable
from domain.money import Money
from domain.ports import CheckoutStatus
from gateways.stripe_payments import StripePayments
from tests.simulator.stage import MERCHANT, OTHER_MERCHANT, Stage, a_checkout

SESSION = {
    "mode": "payment",
    "success_url": "http://portico.test/paid",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "4000",
    "line_items[0][price_data][product_data][name]": "Appointment fee",
    "line_items[0][quantity]": "1",
}


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types"),
        (
            {"line_items[0][price_data][colour]": "red"},
            "parameter_unknown",
            "line_items[0][price_data][colour]",
        ),
        ({"line_items[0][quantity]": "two"}, "parameter_invalid_integer", "line_items[0][quantity]"),
        ({"mode": "gift"}, None, "mode"),
        ({"ui_mode": "hosted"}, None, "ui_mode"),
        ({"success_url": "portico"}, "url_invalid", "success_url"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url"),
        ({"line_items[0][price_data][unit_amount]": "49"}, "amount_too_small", None),
        ({"adaptive_pricing[enabled]": "perhaps"}, None, "adaptive_pricing[enabled]"),
        ({"mode": "subscription"}, "simulator_unsupported", "customer"),
        ({"mode": "setup"}, "simulator_unsupported", "mode"),
        ({"allow_promotion_codes": "true"}, "simulator_unsupported", "allow_promotion_codes"),
        ({"expand[0]": "status"}, None, "expand"),
    ],
)
async def test_a_request_that_stripe_would_refuse_is_refused(
    stage: Stage, changes: dict[str, str], code: str | None, param: str | None
) -> None:
    response = await stage.post("/v1/checkout/sessions", SESSION | changes)

    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)


@pytest.mark.parametrize("left_out", ["mode", "success_url", "line_items[0][price_data][currency]"])
async def test_what_is_required_is_asked_for(stage: Stage, left_out: str) -> None:
    fields = {name: value for name, value in SESSION.items() if name != left_out}

    error = (await stage.post("/v1/checkout/sessions", fields)).json()["error"]

    assert (error["code"], error["param"]) == ("parameter_missing", left_out)


@pytest.mark.parametrize(("minutes", "ok"), [(29, False), (31, True), (23 * 60, True), (24 * 60 + 1, False)])
async def test_a_session_ends_between_half_an_hour_and_a_day_ahead(stage: Stage, minutes: int, ok: bool) -> None:
    request = a_checkout(expires_at=datetime.now(UTC) + timedelta(minutes=minutes))

    if ok:
        assert (await stage.payments.open_checkout(request)).status is CheckoutStatus.OPEN
    else:
        with pytest.raises(PaymentRefused):
            await stage.payments.open_checkout(request)


async def test_an_open_session_expires_by_itself_on_the_stacks_clock(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    await stage.advance(3590)
    assert (await stage.payments.read_checkout(MERCHANT, session)).status is CheckoutStatus.OPEN
    await stage.advance(3601)

    assert (await stage.payments.read_checkout(MERCHANT, session)).status is CheckoutStatus.EXPIRED
    assert (await stage.receiver.next())[0].type == "checkout.session.expired"


async def test_expiry_is_measured_on_the_stacks_clock(stage: Stage) -> None:
    await stage.advance(10 * 24 * 3600)

    request = a_checkout(expires_at=datetime.now(UTC) + timedelta(days=10, hours=1))

    assert (await stage.payments.open_checkout(request)).status is CheckoutStatus.OPEN


async def test_an_authorisation_that_nobody_captures_runs_out_after_a_week(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")

    await stage.advance(7 * 24 * 3600 + 60)

    assert (await stage.payments.capture(MERCHANT, session)).status is CheckoutStatus.VOIDED


async def test_the_same_key_gives_the_same_checkout(stage: Stage) -> None:
    request = a_checkout()

    assert await stage.payments.open_checkout(request) == await stage.payments.open_checkout(request)


async def test_the_same_key_with_other_parameters_is_refused(stage: Stage) -> None:
    await stage.payments.open_checkout(a_checkout())

    with pytest.raises(PaymentRefused, match="idempotency_error"):
        await stage.payments.open_checkout(a_checkout(amount=Money(amount_minor=4001, currency="usd")))


async def test_keys_of_two_accounts_are_not_the_same_key(stage: Stage) -> None:
    first = await stage.payments.open_checkout(a_checkout())
    second = await stage.payments.open_checkout(a_checkout(merchant_account=OTHER_MERCHANT))

    assert first.session_id != second.session_id


async def test_a_malformed_request_does_not_use_up_its_key(stage: Stage) -> None:
    refused = await stage.post("/v1/checkout/sessions", SESSION | {"colour": "red"}, **{"Idempotency-Key": "k"})
    accepted = await stage.post("/v1/checkout/sessions", SESSION, **{"Idempotency-Key": "k"})

    assert (refused.status_code, accepted.status_code) == (400, 200)


async def test_a_key_is_forgotten_after_a_day(stage: Stage) -> None:
    first = (await stage.post("/v1/checkout/sessions", SESSION, **{"Idempotency-Key": "k"})).json()["id"]
    replayed = await stage.post("/v1/checkout/sessions", SESSION, **{"Idempotency-Key": "k"})
    await stage.advance(24 * 3600 + 60)
    later = (await stage.post("/v1/checkout/sessions", SESSION, **{"Idempotency-Key": "k"})).json()["id"]

    assert (replayed.json()["id"], replayed.headers["Idempotent-Replayed"]) == (first, "true")
    assert later != first


async def test_a_second_capture_at_stripe_is_an_unexpected_state(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id
    await stage.act(session, "pay")
    intent = (await stage.payments.capture(MERCHANT, session)).payment_intent_id

    response = await stage.post(f"/v1/payment_intents/{intent}/capture", {})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [("Bearer sk_test_sim_other", "api_key_invalid"), ("Bearer sk_live_x", "live keys"), ("Basic %", "API key")],
)
async def test_another_key_than_the_configured_one_is_refused(stage: Stage, authorization: str, code: str) -> None:
    response = await stage.post("/v1/checkout/sessions", SESSION, Authorization=authorization)

    assert response.status_code == 401
    assert code in response.text


async def test_a_wrong_key_is_not_an_answer_about_a_payment(stage: Stage) -> None:
    async with aclosing(StripePayments("sk_test_sim_other", stage.url)) as payments:
        with pytest.raises(PaymentUnavailable, match="api_key_invalid"):
            await payments.open_checkout(a_checkout())


async def test_an_unknown_address_is_not_found(stage: Stage) -> None:
    assert (await stage.post("/v1/terminal/readers", {})).status_code == 404


async def test_lists_come_in_pages_newest_first(stage: Stage) -> None:
    made = [
        (await stage.payments.open_checkout(a_checkout(idempotency_key=f"k{number}"))).session_id for number in range(5)
    ]

    sessions = await stage.sdk.v1.checkout.sessions.list_async({"limit": 2}, {"stripe_account": MERCHANT})
    found = [session.id async for session in sessions.auto_paging_iter()]

    assert found == made[::-1]
    assert not (await stage.sdk.v1.checkout.sessions.list_async({}, {"stripe_account": OTHER_MERCHANT})).data


async def test_line_items_are_there_when_asked_for(stage: Stage) -> None:
    session = (await stage.payments.open_checkout(a_checkout())).session_id

    found = await stage.sdk.v1.checkout.sessions.retrieve_async(
        session, {"expand": ["line_items"]}, {"stripe_account": MERCHANT}
    )

    assert found.line_items is not None
    assert [item.description for item in found.line_items.data] == ["Appointment fee"]


async def test_products_prices_and_accounts_are_made_and_read(stage: Stage) -> None:
    product = await stage.sdk.v1.products.create_async({"name": "Portal"})
    price = await stage.sdk.v1.prices.create_async({"currency": "usd", "unit_amount": 900, "product": product.id})
    account = await stage.sdk.v1.accounts.create_async({"type": "standard", "country": "US"})

    assert (await stage.sdk.v1.prices.retrieve_async(price.id, {"expand": ["product"]})).unit_amount == 900
    assert product.id in [item.id for item in (await stage.sdk.v1.products.list_async()).data]
    assert (await stage.sdk.v1.accounts.retrieve_async(account.id)).charges_enabled is False
    assert account.id in [item.id for item in (await stage.sdk.v1.accounts.list_async()).data]


async def test_every_request_is_in_the_journal(stage: Stage) -> None:
    await stage.payments.open_checkout(a_checkout())

    entry = (await stage.requests())[-1]

    assert (entry["method"], entry["path"], entry["account"], entry["status"]) == (
        "POST",
        "/v1/checkout/sessions",
        MERCHANT,
        200,
    )
    assert entry["idempotency_key"] == "test:fee_1:1:session"
    assert entry["body"]["metadata"] == {"fee_reference": "fee_1"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"colour": "red"}, "colour is unknown"),
        ({"status": "done"}, "status is"),
        ({"created": "now"}, "created is"),
        ({"expires_at": None}, "expires_at is"),
    ],
)
async def test_the_simulator_never_says_what_the_sdk_does_not_know(
    stage: Stage, changes: dict[str, Any], complaint: str
) -> None:
    session: dict[str, Any] = (await stage.post("/v1/checkout/sessions", SESSION)).json()

    demand(session)
    with pytest.raises(NotAsStripeError, match=complaint):
        demand(session | changes)


def test_live_keys_and_wrong_endpoints_start_nothing(tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="sk_test_sim_"):
        SimulatorConfig(data_dir=tmp_path, base_url="", api_key="sk_live_1", webhooks={})
    with pytest.raises(ConfigurationError, match="secret"):
        read_endpoints(["fees=http://127.0.0.1:1/x"], {})
    with pytest.raises(ConfigurationError, match="name="):
        read_endpoints(["other=http://127.0.0.1:1/x,whsec"], {})
    given = {"PORTICO_SIM_WEBHOOK_SECRET_FEES": "whsec_env"}
    assert read_endpoints(["fees=http://127.0.0.1:1/x"], given)["fees"].secret == "whsec_env"
    assert read_endpoints(["fees=http://127.0.0.1:1/x,whsec_arg"], given)["fees"].secret == "whsec_arg"


def test_telemetry_is_off_once_a_gateway_is_there() -> None:
    StripePayments("sk_test_sim_x", "http://127.0.0.1:1")

    assert stripe.enable_telemetry is False
