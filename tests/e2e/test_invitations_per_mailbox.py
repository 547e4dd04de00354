"""One mailbox gets so many invitations a day, whoever sends them; the refusal says when the next one is possible."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from commands.rate_limits import bucket_name
from domain.wording import spoken_time
from tests.driver import Provider, World, new_address, ok, problem
from tests.e2e.test_client_batches import AGAIN, confirm, settled
from tests.staffing import owner_of

MOST = 10
INES = {"first_name": "Ines", "last_name": "Invited"}


def bucket(address: str) -> str:
    return bucket_name("invitation-mail", address)


async def next_day(world: World) -> datetime:
    now = await world.now()
    return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)


async def sent_already(world: World, address: str, count: int) -> None:
    """So many were sent to that address today, by others."""
    begin = (await next_day(world) - timedelta(days=1)).isoformat()
    world.execute(f"INSERT INTO rate_counter VALUES ('{bucket(address)}', '{begin}', {count})")


def counted(world: World, address: str) -> int:
    query = "SELECT coalesce(sum(count), 0) AS count FROM rate_counter WHERE bucket = %s"
    return int(world.rows(query, bucket(address))[0]["count"])


async def invite(provider: Provider, address: str, key: str = "", **fields: str) -> Any:
    body = {**INES, "email": address, "provider": provider.slug, **fields}
    headers = {"Idempotency-Key": key} if key else {}
    return await provider.request("POST", "/api/v1/clients", json=body, headers=headers)


async def again(provider: Provider, client_id: str) -> Any:
    return await provider.request("POST", f"/api/v1/clients/{client_id}/invitation")


async def test_a_mailbox_that_had_its_share_gets_no_more_from_anybody_that_day(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    address = new_address()
    await sent_already(world, address, MOST - 1)
    client = ok(await invite(provider, address), 201)
    token = await world.invitation_token(address)
    possible_at = await next_day(world)

    refusal = problem(await invite(other_provider, address.upper()), "rate-limited", 429)
    assert f"{MOST} invitations today" in refusal["detail"]
    assert spoken_time(possible_at, "America/New_York") in refusal["detail"]
    assert datetime.fromisoformat(refusal["possible_at"]) == possible_at
    assert world.rows("SELECT id FROM client WHERE email = %s", address) == [{"id": client["id"]}]

    answer = await again(provider, client["id"])
    problem(answer, "rate-limited", 429)
    left = (possible_at - await world.now()).total_seconds()
    assert left <= int(answer.headers["retry-after"]) <= left + 60
    page = await (await owner_of(provider)).submit(
        f"/console/clients/{client['id']}", f"/console/clients/{client['id']}/invitation"
    )
    assert page.status_code == 429
    assert spoken_time(possible_at, "America/New_York") in page.text
    batch = await settled(provider, await confirm(provider, AGAIN, [client]))
    assert [(one["outcome"], one["reason"]) for one in batch["items"]] == [("left_out", "too_many")]
    # The client's own wish is answered as ever, and the link that is out goes on working.
    url = f"{world.base_url}/invitations/{token}"
    world.execute(f"UPDATE invitation SET issued_at = issued_at - interval '1 hour' WHERE client_id = '{client['id']}'")
    assert (await world.browser().post(f"{url}/again")).status_code == 303
    assert len(world.rows("SELECT id FROM invitation WHERE client_id = %s", client["id"])) == 1
    assert (await world.browser().get(url)).status_code == 200

    name = bucket(address)
    world.execute(f"UPDATE rate_counter SET window_start = window_start - interval '1 day' WHERE bucket = '{name}'")
    ok(await again(provider, client["id"]), 202)


async def test_a_corrected_address_that_had_its_share_is_refused_with_nothing_changed(
    world: World, provider: Provider
) -> None:
    client, full = await provider.invite(), new_address()
    await provider.stage(client["id"], "invited")
    await sent_already(world, full, MOST)
    path = f"/console/clients/{client['id']}/email"
    page = await (await owner_of(provider)).submit(path, path, email=full, invite="on")
    assert page.status_code == 429
    assert "The next one can be sent from" in page.text
    assert (await provider.client(client["id"]))["email"] == client["email"]


async def test_of_two_who_press_at_once_for_the_last_one_only_one_is_served(world: World, provider: Provider) -> None:
    address = new_address()
    await sent_already(world, address, MOST - 1)
    answers = await asyncio.gather(*(invite(provider, address, first_name=name) for name in ("Ana", "Ben")))
    assert sorted(one.status_code for one in answers) == [201, 429]


async def test_what_sends_nothing_counts_for_nothing(world: World, provider: Provider) -> None:
    address = new_address()
    for _ in range(2):
        ok(await invite(provider, address, key="pressed-twice"), 201)
        ok(await invite(provider, address, external_id="r-7"), 201)
    problem(await invite(provider, address, phone="none"), "validation", 422)
    assert counted(world, address) == 2
