"""Events of a merchant account that are about no fee: the practice whose account it is can look them up."""

from __future__ import annotations

import secrets

from tests.driver import Provider, World
from tests.merchants import ring
from tests.staffing import colleague, owner_of

PAGE = "/console/payments/unmatched"


async def test_what_is_about_no_fee_is_shown_to_the_practice_whose_account_it_is(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    owner, other = await owner_of(provider), await owner_of(other_provider)
    assert "No unmatched events" in await owner.page(PAGE)
    person, _ = await world.booked_client(provider)
    (fee,) = world.rows("SELECT session_id, payment_intent_id FROM payment WHERE client_id = %s", person.client_id)
    account = provider.seeded.merchant_account
    strange = f"pi_{secrets.token_hex(6)}"
    await ring(world, "payment_intent.succeeded", account, {"id": strange, "object": "payment_intent"})
    # Kept before we knew the session: it is a payment's by now.
    early = {"id": f"evt_{secrets.token_hex(6)}", "account": account, "session": fee["session_id"]}
    world.execute(
        "INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash, received_at,"
        f" handled_at, attempts) VALUES ('{early['id']}', 'stripe-fees', '{account}', '{early['id']}',"
        f" 'checkout.session.completed', 'processor:{early['id']}', '{{\"object\": \"{early['session']}\"}}', '',"
        " now(), now(), 0)"
    )
    page = await owner.page(PAGE)
    assert strange in page and "A payment was taken" in page
    # What else the processor tells of our own payment isn't strange either.
    assert page.count('data-label="Id in Stripe"') == 1
    assert fee["session_id"] not in page and fee["payment_intent_id"] not in page
    assert strange not in await other.page(PAGE)
    assert PAGE in await owner.page("/console/payments")


async def test_a_provider_sees_those_of_their_own_account_and_a_long_list_has_pages(
    world: World, provider: Provider
) -> None:
    account = provider.seeded.merchant_account
    names = [f"re_{number:03}" for number in range(52)]
    for name in names:
        await ring(world, "refund.created", account, {"id": name, "object": "refund"})
    owner = await owner_of(provider)
    first = await owner.page(PAGE)
    assert names[51] in first and names[2] in first and names[1] not in first
    link = first.partition('href="/console/payments/unmatched?before=')[2].partition('"')[0]
    second = await owner.page(f"{PAGE}?before={link}")
    assert names[1] in second and names[0] in second and names[2] not in second
    themselves = await colleague(owner, "provider", provider=provider.slug)
    assert names[51] in await themselves.page(PAGE)
    world.execute(f"UPDATE merchant_account SET account = NULL, status = 'none' WHERE account = '{account}'")
    assert "No unmatched events" in await themselves.page(PAGE)
    # With a key of its own the installation's account is theirs.
    world.execute(
        "UPDATE merchant_account SET status = 'active' WHERE provider_id ="
        f" (SELECT id FROM provider WHERE slug = '{provider.slug}')"
    )
    await ring(world, "refund.created", None, {"id": "re_at_our_own", "object": "refund"})
    assert "re_at_our_own" in await themselves.page(PAGE)
