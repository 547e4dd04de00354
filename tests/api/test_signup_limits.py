"""How many sign-ups are let in: a crowd at one address is, a robot isn't, and one address gets one greeting a day."""

from __future__ import annotations

import secrets

import httpx
import pytest

from commands.rate_limits import buckets
from commands.signup_limits import (
    FAIR_SHARE,
    FLOODED,
    SIGNUPS_PER_NETWORK,
    SIGNUPS_PER_PERSON,
    SIGNUPS_PER_PROVIDER,
    counted_signup,
    network_of,
)
from tests.api.test_embed_door import PERSON, fresh_token, path
from tests.driver import Provider, World, new_address, ok, problem


def some_address() -> str:
    """Of nobody else in this run."""
    return f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::1"


async def sign_up(world: World, provider: Provider, address: str, email: str = "") -> httpx.Response:
    body = {"fields": PERSON | {"email": email or new_address()}}
    url = f"{world.base_url}/webhooks/signups/{provider.slug}"
    return await world.http.post(url, json=body, headers={"x-forwarded-for": address})


async def by_page(world: World, where: str, address: str, **fields: str) -> httpx.Response:
    headers = {"x-forwarded-for": address, "origin": world.base_url}
    return await world.http.post(f"{world.base_url}{where}", data=PERSON | fields, headers=headers)


def already(world: World, provider: Provider, address: str, *, sent: int, taken: int) -> None:
    """So many requests were made within the windows that are open now: by this address, and to this provider."""
    places = buckets(*counted_signup(address, provider.slug, None))
    for (name, since), count in zip(places, (sent, taken), strict=True):
        world.execute(f"INSERT INTO rate_counter VALUES ('{name}', '{since.isoformat()}', {count})")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_household_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_lecture_hall_signs_up_from_one_address(world: World, provider: Provider) -> None:
    hall = some_address()
    already(world, provider, hall, sent=SIGNUPS_PER_NETWORK.requests - 2, taken=SIGNUPS_PER_NETWORK.requests - 2)
    for _ in range(2):
        ok(await sign_up(world, provider, hall), 202)
    refused = problem(await sign_up(world, provider, hall), "rate-limited", 429)
    assert refused["retry_after_seconds"] <= SIGNUPS_PER_NETWORK.window_seconds


@pytest.mark.parametrize("sent", [0, FAIR_SHARE - 1, FAIR_SHARE])
async def test_in_a_flood_those_wait_who_have_sent_the_most(world: World, provider: Provider, sent: int) -> None:
    address = some_address()
    already(world, provider, address, sent=sent, taken=SIGNUPS_PER_PROVIDER.requests)
    answer = await sign_up(world, provider, address)
    if sent < FAIR_SHARE:
        ok(answer, 202)
    else:
        # Their own window ends sooner than the provider's.
        refused = problem(answer, "rate-limited", 429)
        assert refused["retry_after_seconds"] <= SIGNUPS_PER_NETWORK.window_seconds + 1


async def test_without_a_flood_nobody_is_held_to_a_share(world: World, provider: Provider) -> None:
    address = some_address()
    already(world, provider, address, sent=FAIR_SHARE + 50, taken=SIGNUPS_PER_PROVIDER.requests - 1)
    ok(await sign_up(world, provider, address), 202)


async def test_a_flood_from_everywhere_is_stopped_in_the_end(world: World, provider: Provider) -> None:
    address = some_address()
    already(world, provider, address, sent=0, taken=FLOODED)
    problem(await sign_up(world, provider, address), "rate-limited", 429)


async def test_one_network_can_name_the_same_address_so_often_and_tells_nothing_of_others(
    world: World, provider: Provider
) -> None:
    here, elsewhere, email = some_address(), some_address(), new_address()
    for number in range(SIGNUPS_PER_PERSON.requests):
        # Wrong ones count too, and neither letters' case nor blanks make another address.
        wrong = {"fields": {"email": f" {email.upper()} " if number % 2 else email}}
        url = f"{world.base_url}/webhooks/signups/{provider.slug}"
        assert (await world.http.post(url, json=wrong, headers={"x-forwarded-for": here})).status_code == 422
    problem(await sign_up(world, provider, here, email), "rate-limited", 429)
    ok(await sign_up(world, provider, here), 202)
    ok(await sign_up(world, provider, elsewhere, email), 202)


@pytest.mark.parametrize("embedded", [False, True], ids=["page", "embedded"])
async def test_who_has_to_wait_keeps_what_was_typed(world: World, provider: Provider, embedded: bool) -> None:
    where = path(provider) if embedded else f"/p/{provider.slug}/signup"
    address, email = some_address(), new_address()
    already(world, provider, address, sent=SIGNUPS_PER_NETWORK.requests, taken=1)
    token = await fresh_token(world, provider)
    answer = await by_page(world, where, address, email=email, form_token=token)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= SIGNUPS_PER_NETWORK.window_seconds + 1
    assert "Yours isn&#39;t lost" in answer.text
    assert f'value="{email}"' in answer.text
    assert f'action="{where}"' in answer.text


async def test_all_doors_count_together(world: World, provider: Provider) -> None:
    address, email = some_address(), new_address()
    already(world, provider, address, sent=SIGNUPS_PER_NETWORK.requests - 3, taken=1)
    ok(await sign_up(world, provider, address), 202)
    assert (await by_page(world, f"/p/{provider.slug}/signup", address, email=email)).status_code == 303
    token = await fresh_token(world, provider)
    assert (await by_page(world, path(provider), address, email=email, form_token=token)).status_code == 303
    problem(await sign_up(world, provider, address), "rate-limited", 429)


async def test_one_address_gets_one_greeting_a_day_by_whatever_door_it_is_named(
    world: World, provider: Provider
) -> None:
    email = new_address()
    ok(await sign_up(world, provider, some_address(), email), 202)
    await world.mail(email, "welcome")
    page = await by_page(world, f"/p/{provider.slug}/signup", some_address(), email=email.upper(), form_token="a")
    token = await fresh_token(world, provider)
    embedded = await by_page(world, path(provider), some_address(), email=f" {email}", form_token=token)
    assert (page.status_code, embedded.status_code) == (303, 303)
    rows = world.rows("SELECT id FROM client WHERE email = %s ORDER BY created_at", email)
    assert len(rows) == 3
    for row in rows[1:]:
        await provider.told(row["id"], "greeting_skipped")
    assert len(await world.mails(email, "welcome")) == 1
