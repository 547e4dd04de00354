"""A provider's merchant account: connected at the processor, believed only when read, and what its loss does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest

from activities.merchant_accounts import MerchantAccounts, ReadMerchantAccount
from commands.audit import Who
from commands.merchant_accounts import connect, merchant_view
from composition import merchants_of
from db.engine import Database
from db.models import Provider as ProviderRow
from domain.errors import Conflict
from domain.states import MerchantStatus
from tests.driver import Provider, World, ok, problem, until
from tests.merchants import (
    at_onboarding,
    at_simulator,
    back,
    in_status,
    made_for,
    page_of,
    reads,
    ring,
    row_of,
    seen,
    to_processor,
)
from tests.seeding import office_for, settings_of
from tests.staffing import owner_of


@pytest.fixture
async def newcomer(world: World, provider: Provider) -> Provider:
    """Who has no account at the processor yet."""
    world.execute(
        f"DELETE FROM merchant_account WHERE provider_id IN (SELECT id FROM provider WHERE slug = '{provider.slug}')"
    )
    return provider


async def test_a_provider_connects_an_account_and_clients_pay_to_it(world: World, newcomer: Provider) -> None:
    owner = await owner_of(newcomer)
    assert "Not connected" in await seen(owner, page_of(newcomer))
    link = await to_processor(owner, newcomer)
    shown = await back(owner, await at_onboarding(world, link, "finish"))
    assert "Clients can pay online" in shown
    account = row_of(world, newcomer)["account"]
    assert account is not None
    await world.mail(newcomer.seeded.email, "Clients can pay you online")
    _, appointment = await world.booked_client(newcomer)
    paid_to = world.rows("SELECT merchant_account FROM payment WHERE id = %s", appointment["payment"]["id"])
    assert [row["merchant_account"] for row in paid_to] == [account]
    audit = world.rows("SELECT kind FROM audit_entry WHERE practice_id = %s", newcomer.seeded.practice_id)
    assert "merchant_account_asked" in {row["kind"] for row in audit}


async def test_whoever_leaves_for_later_is_told_how_it_stands_and_goes_on_with_the_same_account(
    world: World, newcomer: Provider
) -> None:
    owner = await owner_of(newcomer)
    shown = await back(owner, await at_onboarding(world, await to_processor(owner, newcomer), "leave"))
    assert "Being set up" in shown
    assert "It asks for 3 things" in shown
    first = row_of(world, newcomer)["account"]
    settings = await seen(owner, f"/console/settings/{newcomer.slug}")
    assert "clients can't book online" in settings
    assert "isn't ready yet" in settings
    shown = await back(owner, await at_onboarding(world, await to_processor(owner, newcomer), "review"))
    assert "is looking at it" in shown
    assert (row_of(world, newcomer)["account"], row_of(world, newcomer)["status"]) == (first, "pending")


async def test_a_link_that_was_used_leads_to_a_page_that_says_so(
    world: World, newcomer: Provider, other_provider: Provider
) -> None:
    owner = await owner_of(newcomer)
    link = await to_processor(owner, newcomer)
    assert (await world.http.get(link)).status_code == 200
    again = await world.http.get(link)
    address = again.headers["location"]
    shown = await back(owner, address)
    assert "has been used, or has run out" in shown
    assert "/connect" in shown
    assert newcomer.slug not in address, "the processor is told nobody's name"
    stranger = await owner_of(other_provider)
    for way in (address, address.replace("/refresh", "/return")):
        assert (await stranger.request("GET", way.removeprefix(world.base_url))).status_code == 404


async def test_an_account_whose_making_was_never_answered_is_found_again(world: World, newcomer: Provider) -> None:
    """The process died, or the answer was lost, between the processor's doing and our record."""
    owner = await owner_of(newcomer)
    await world.simulator_faults({"match": "POST /v1/accounts ", "action": "timeout", "times": 1, "seconds": 15})
    lost = await owner.submit(page_of(newcomer), f"{page_of(newcomer)}/connect")
    assert lost.status_code == 503
    assert "doesn't answer" in unescape(lost.text)
    assert (row_of(world, newcomer)["account"], row_of(world, newcomer)["status"]) == (None, "pending")
    await to_processor(owner, newcomer)
    account = row_of(world, newcomer)["account"]
    assert len({one["idempotency_key"] for one in await made_for(world, newcomer)}) == 1

    # The processor forgets keys after a day, and its accounts don't: then it is looked for.
    before = len(await made_for(world, newcomer))
    world.execute(
        "UPDATE merchant_account SET account = NULL, asked_at = asked_at - interval '2 days' "
        f"WHERE provider_id = '{row_of(world, newcomer)['provider_id']}'"
    )
    await to_processor(owner, newcomer)
    assert row_of(world, newcomer)["account"] == account
    assert len(await made_for(world, newcomer)) == before


async def test_a_restricted_account_closes_what_needs_it_and_the_provider_is_told_once(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    account = provider.seeded.merchant_account
    await at_simulator(world, account, "restrict")
    await in_status(world, provider, "restricted")
    await world.mail(provider.seeded.email, "is restricted")
    problem(await person.book(), "merchant-account-missing", 409)
    owner = await owner_of(provider)
    shown = await seen(owner, page_of(provider))
    assert "See what the processor needs" in shown
    assert "requirements.past_due" in shown
    fee = await seen(owner, f"/console/settings/{provider.slug}")
    assert "While this is on, clients can't book online." in fee
    assert "The payment processor has restricted the merchant account" in fee

    looked = await reads(world, account)
    await ring(world, "account.updated", account, {"id": account, "object": "account"})

    async def looked_again() -> bool:
        return await reads(world, account) > looked

    await until(looked_again, "the account to be read again")
    await at_simulator(world, account, "finish")
    await in_status(world, provider, "active")
    await world.mail(provider.seeded.email, "Clients can pay you online")
    assert len(await world.mails(provider.seeded.email, "is restricted")) == 1
    ok(await person.book(), 201, 202)


async def test_a_restriction_that_nobody_rang_about_is_found_by_the_first_refused_checkout(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    await world.simulator_faults({"match": "account.updated", "action": "drop", "times": 1})
    await at_simulator(world, provider.seeded.merchant_account, "restrict")
    assert row_of(world, provider)["status"] == "active"
    appointment = ok(await person.book(), 201, 202)
    await in_status(world, provider, "restricted")
    await person.in_state(appointment["id"], "cancelled")
    problem(await person.book(), "merchant-account-missing", 409)


async def test_cards_taken_away_are_a_restriction(world: World, provider: Provider) -> None:
    await at_simulator(world, provider.seeded.merchant_account, "lose_cards")
    await in_status(world, provider, "restricted")


async def test_merchant_disconnected_half_way(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    await person.checkout(appointment["id"])
    await at_simulator(world, provider.seeded.merchant_account, "deauthorize")
    await in_status(world, provider, "disconnected")
    await world.mail(provider.seeded.email, "is disconnected")

    async def asked() -> Any:
        return (await provider.client(person.client_id))["attention"]

    attention = await until(asked, "the journey to ask a person")
    assert attention["step"] == "payment_status"
    assert "account_invalid" in attention["reason"]
    rung = "SELECT 1 FROM external_event WHERE source = 'merchant-account' AND payload ->> 'payment_id' = %s"
    assert world.rows(rung, appointment["payment"]["id"])
    other = await world.ready_client(provider)
    problem(await other.book(), "merchant-account-missing", 409)
    owner = await owner_of(provider)
    assert "have to be made in the processor" in await seen(owner, page_of(provider))

    await back(owner, await at_onboarding(world, await to_processor(owner, provider), "finish"))
    row = row_of(world, provider)
    assert (row["status"], row["account"] != provider.seeded.merchant_account) == ("active", True)
    ok(await other.book(), 201, 202)


async def test_a_doorbell_proves_nothing_and_nobody_elses_is_heard(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    mine, theirs = provider.seeded.merchant_account, other_provider.seeded.merchant_account
    application = {"id": "ca_sim", "object": "application", "name": "Portico"}
    await ring(world, "account.application.deauthorized", mine, application)

    async def looked() -> bool:
        return await reads(world, mine) > 0

    await until(looked, "the account to be read")
    assert row_of(world, provider)["status"] == "active"
    # An event that Stripe sends for another account may name mine as often as it likes.
    before = await reads(world, mine)
    await ring(world, "account.updated", theirs, {"id": mine, "object": "account", "charges_enabled": False})
    await ring(world, "account.updated", None, {"id": mine, "object": "account", "charges_enabled": False})

    async def looked_there() -> bool:
        return await reads(world, theirs) > 0

    await until(looked_there, "the other account to be read")
    assert await reads(world, mine) == before
    assert row_of(world, provider)["status"] == "active"


async def test_what_the_processor_refuses_to_say_waits_for_a_person(world: World, provider: Provider) -> None:
    account = provider.seeded.merchant_account
    refusing = {"match": f"GET /v1/accounts/{account}", "action": "decline", "times": 1}
    await world.simulator_faults(refusing)
    await ring(world, "account.updated", account, {"id": account, "object": "account"})
    owner = await owner_of(provider)

    async def asked() -> str | None:
        found = re.search(r"/console/attention/(att_\w+)", await seen(owner, "/console/attention"))
        return found.group() if found else None

    answer_to = await until(asked, "the call for attention")
    assert "Reading the merchant account" in await seen(owner, "/console/attention")
    await world.mail(provider.seeded.front_desk, "Something needs your attention")
    listed = (await provider.get("/api/v1/attention"))["items"]
    assert [(one["client_id"], one["step"]) for one in listed] == [(None, "merchant_account")]
    assert (await owner.submit("/console/attention", answer_to, action="retry")).status_code == 303

    async def settled() -> bool:
        return not (await provider.get("/api/v1/attention"))["items"]

    await until(settled, "the step to go on")
    assert row_of(world, provider)["status"] == "active"


async def test_the_api_says_how_it_stands_and_leads_on(world: World, newcomer: Provider) -> None:
    path = f"/api/v1/providers/{newcomer.slug}/merchant-account"
    assert (await newcomer.get(path))["status"] == "none"
    link = ok(await newcomer.request("POST", f"{path}/onboarding"), 201)["url"]
    assert (await newcomer.get(path))["status"] == "pending"
    assert (await world.http.get(link)).status_code == 200


# A single practice, whose own account the installation's key belongs to


@pytest.fixture
async def own(world: World, provider: Provider) -> AsyncIterator[tuple[MerchantAccounts, Database]]:
    world.execute(
        "UPDATE merchant_account SET account = NULL, status = 'none' WHERE provider_id IN "
        f"(SELECT id FROM provider WHERE slug = '{provider.slug}')"
    )
    settings = settings_of(world.stack)
    database, merchants = Database(settings.database_url, pool_size=2), merchants_of(settings)
    yield MerchantAccounts(database, merchants, own_account=True), database
    await merchants.aclose()
    await database.close()


async def test_a_single_practice_takes_fees_on_the_account_of_its_own_key(
    world: World, provider: Provider, own: tuple[MerchantAccounts, Database]
) -> None:
    activities, database = own
    provider_id = row_of(world, provider)["provider_id"]
    read = ReadMerchantAccount(provider_id=provider_id, now=await world.now())
    assert (await activities.read_merchant_account(read)).status is MerchantStatus.ACTIVE
    office = replace(office_for(world.stack, database), own_account=True)
    async with database.transaction() as session:
        row = await session.get_one(ProviderRow, provider_id)
        assert (await merchant_view(session, office, row)).own
    with pytest.raises(Conflict):
        await connect(office, Who(practice_id=provider.seeded.practice_id, name="Owner"), row)
    _, appointment = await world.booked_client(provider)
    assert appointment["payment"]["state"] == "captured"

    dark = {"match": "GET /v1/account ", "action": "mutate", "set": {"charges_enabled": False}, "times": 1}
    await world.simulator_faults(dark)
    assert (await activities.read_merchant_account(read)).status is MerchantStatus.RESTRICTED
    await world.simulator_faults()


async def test_without_the_processor_the_page_says_so_and_changes_nothing(world: World, newcomer: Provider) -> None:
    owner = await owner_of(newcomer)
    await world.simulator_faults({"match": "POST /v1/account_links", "action": "429", "times": 1})
    answer: httpx.Response = await owner.submit(page_of(newcomer), f"{page_of(newcomer)}/connect")
    assert answer.status_code == 503
    assert "doesn't answer" in unescape(answer.text)
