"""Merchant accounts as the simulator plays them: made, onboarded by a link that is good once, taken away."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import PaymentRefused
from domain.merchant_accounts import AccountView
from gateways.stripe_merchants import StripeMerchants
from tests.simulator.stage import API_KEY, MERCHANT, Stage, a_checkout

BACK = {"return_url": "http://portico.test/return", "refresh_url": "http://portico.test/refresh"}


async def test_a_new_account_takes_no_charges_until_it_is_onboarded_at_its_page(stage: Stage) -> None:
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        account = await merchants.create_account("prv_1:1", "US", "test:prv_1:1:account")
        assert await merchants.create_account("prv_1:1", "US", "test:prv_1:1:account") == account
        fresh = await merchants.read_account(account)
        assert fresh is not None
        assert (fresh.charges_enabled, fresh.details_submitted, fresh.due > 0) == (False, False, True)

        page = await merchants.onboarding_link(account, **BACK)
        assert "never type real details" in (await stage.http.get(page)).text
        done = await stage.http.post(page, data={"action": "finish"})

        assert (done.status_code, done.headers["location"]) == (303, BACK["return_url"])
        assert await merchants.read_account(account) == AccountView(
            account=account, charges_enabled=True, details_submitted=True, takes_cards=True
        )
    assert (await stage.receiver.until("account.updated"))[0].merchant_account == account


async def test_a_link_leads_to_onboarding_once_and_for_minutes_only(stage: Stage) -> None:
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        used, old = [await merchants.onboarding_link(MERCHANT, **BACK) for _ in range(2)]
        assert (await stage.http.get(used)).status_code == 200
        again = await stage.http.get(used)
        await stage.advance(6 * 60)
        late = await stage.http.get(old)

    assert [one.headers["location"] for one in (again, late)] == [BACK["refresh_url"]] * 2


async def test_an_account_is_found_by_its_reference_when_its_key_is_forgotten(stage: Stage) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        account = await merchants.create_account("prv_1:1", "US", "test:prv_1:1:account")

        assert await merchants.find_account("prv_1:1", long_ago) == account
        assert await merchants.find_account("prv_1:2", long_ago) is None


async def test_an_account_that_was_disconnected_is_out_of_reach(stage: Stage) -> None:
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        (await stage.http.post(f"/_sim/accounts/{MERCHANT}/deauthorize")).raise_for_status()

        assert await merchants.read_account(MERCHANT) is None
        with pytest.raises(PaymentRefused, match="account_invalid"):
            await stage.payments.open_checkout(a_checkout())
        with pytest.raises(PaymentRefused, match="account_invalid"):
            await merchants.onboarding_link(MERCHANT, **BACK)
    event, body = await stage.receiver.until("account.application.deauthorized")
    assert (event.merchant_account, body["object"]) == (MERCHANT, "application")


async def test_an_account_without_cards_says_so_though_charges_are_on(stage: Stage) -> None:
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        (await stage.http.post(f"/_sim/accounts/{MERCHANT}/lose_cards")).raise_for_status()
        view = await merchants.read_account(MERCHANT)

    assert view is not None
    assert (view.charges_enabled, view.takes_cards) == (True, False)
    assert (await stage.receiver.until("capability.updated"))[0].merchant_account == MERCHANT


async def test_a_key_without_the_permission_is_not_an_account_that_was_disconnected(stage: Stage) -> None:
    """Only one code means that the merchant has taken our access away."""
    await stage.faults({"match": f"GET /v1/accounts/{MERCHANT}", "action": "decline", "times": 1})
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        with pytest.raises(PaymentRefused):
            await merchants.read_account(MERCHANT)


async def test_the_keys_own_account_is_read_without_naming_it(stage: Stage) -> None:
    async with aclosing(StripeMerchants(API_KEY, stage.url)) as merchants:
        view = await merchants.read_account(None)

    assert view is not None
    assert view.charges_enabled


async def test_the_page_of_accounts_acts_on_them(stage: Stage) -> None:
    assert MERCHANT in (await stage.http.get("/accounts")).text
    await stage.http.post(f"/accounts/{MERCHANT}", data={"action": "restrict"})

    assert "requirements.past_due" in (await stage.http.get("/accounts")).text
