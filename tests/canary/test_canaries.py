"""What people type is in our database and mails only: not in Temporal, logs, figures, or at the payment processor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from composition import processor_of
from domain.lost_events import Window
from gateways.stripe_endpoints import StripeEndpoints
from tests.canary.asking import CALLS, call_of, called_in_gateways, unexplained
from tests.canary.journeys import journeys_with_canaries, nothing_leaked
from tests.canary.money import money_with_canaries
from tests.canary.planting import Canaries
from tests.canary.searching import found_in_temporal
from tests.driver import World
from tests.seeding import settings_of


@pytest.fixture(scope="module")
async def asked_before(world: World) -> int:
    """How many requests there were, of other tests."""
    return len(await world.simulator_requests())


@pytest.fixture(scope="module")
async def canaries(world: World, asked_before: int) -> AsyncIterator[Canaries]:
    """Who has gone all their ways, those of money included."""
    planted = await journeys_with_canaries(world)
    await money_with_canaries(planted)
    yield planted


async def test_with_payloads_encrypted_no_canary_is_found(world: World, canaries: Canaries) -> None:
    await nothing_leaked(canaries)
    ids = [f'"client_id":"{one}"' for one in canaries.clients]
    assert found_in_temporal(world, [*ids, "The mail was refused (550)", "database: "]) == set()
    assert found_in_temporal(world, canaries.clients) == set(canaries.clients), "the ids of workflows are in the clear"


async def test_every_request_to_the_processor_is_valid_and_says_ids_amounts_and_closed_words_only(
    world: World, canaries: Canaries, asked_before: int
) -> None:
    assert called_in_gateways() == set(CALLS), "each call has its row"
    await what_is_rarely_asked(world, canaries)
    asked: list[dict[str, Any]] = (await world.simulator_requests())[asked_before:]
    said = {complaint for one in asked for complaint in unexplained(one, world.base_url)}
    assert said == set()
    # Whatever isn't as the SDK's own types declare it is refused (tests/simulator/test_honesty.py).
    refused = {(call_of(one), one["status"]) for one in asked if one["status"] != 200}
    assert refused <= {("checkout.sessions.expire", 400)}, "a checkout that was paid can't be closed"
    assert {call_of(one) for one in asked} == set(CALLS), "nothing is left out"
    text = str(asked)
    assert [word for word in canaries.names if word.lower() in text.lower()] == []
    starts = world.rows("SELECT starts_at FROM appointment WHERE id = ANY(%s)", canaries.appointments)
    assert starts
    for one in starts:
        at = one["starts_at"]
        assert not [word for word in (f"{at:%Y-%m-%d}", str(int(at.timestamp()))) if word in text]


async def what_is_rarely_asked(world: World, canaries: Canaries) -> None:
    """After a day, once a day, by operators, or in an installation of a single practice."""
    settings, account = settings_of(world.stack), canaries.provider.seeded.merchant_account
    processor, now = processor_of(settings), datetime.now(UTC)
    endpoints = StripeEndpoints(settings.stripe_key, settings.stripe_api_base)
    since = now - timedelta(hours=1)
    await processor.merchants.find_account("prv_nobody:1", since)
    await processor.merchants.read_account(None)
    await processor.payments.list_checkouts(account, since)
    await processor.events.undelivered(account, ("account.updated",), Window(since=since, until=now), 1)
    await endpoints.all()
    await processor.aclose()
    await endpoints.aclose()
