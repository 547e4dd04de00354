"""One action for many clients: confirmed, carried out whatever happens in between, and nobody twice."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from playwright.async_api import Browser, expect

from commands.batches import BatchRun
from db.engine import Database
from tests.browsers import DESK, PHONE, fits
from tests.driver import Provider, World, ok, problem, until
from tests.e2e.test_outages import away
from tests.e2e.test_settings_pages import staff_page
from tests.locking import somebody_waits_for
from tests.seeding import office_for, settings_of

FORMS, AGAIN, REVOKE = "send_new_client_forms", "send_invitation_again", "revoke_invitation"


async def invited(provider: Provider, count: int) -> list[dict[str, Any]]:
    clients = [await provider.invite(first_name=f"Ines{number}") for number in range(count)]
    for client in clients:
        await provider.told(client["id"], "invitation_sent")
    return clients


async def confirm(provider: Provider, action: str, clients: list[dict[str, Any]], key: str | None = None) -> Any:
    body = {"action": action, "client_ids": [one["id"] for one in clients]}
    headers = {"Idempotency-Key": key} if key else {}
    return ok(await provider.request("POST", "/api/v1/client-batches", json=body, headers=headers), 202)


async def settled(provider: Provider, batch: dict[str, Any]) -> Any:
    async def look() -> Any:
        seen = await provider.get(f"/api/v1/client-batches/{batch['id']}")
        return seen if seen["settled"] else None

    return await until(look, "the batch to be settled")


async def audited(provider: Provider, kind: str) -> list[str]:
    items = (await provider.get("/api/v1/audit", params={"limit": 200}))["items"]
    return sorted(one["object_id"] for one in items if one["kind"] == kind)


async def test_forms_go_to_each_once_and_who_is_left_out_is_said(world: World, provider: Provider) -> None:
    clients = await invited(provider, 3)
    closed = (await invited(provider, 1))[0]
    path = f"/api/v1/clients/{closed['id']}/withdraw"
    ok(await provider.request("POST", path, json={"reason": "no fit"}), 202)
    await provider.stage(closed["id"], "closed")
    ids = [one["id"] for one in (*clients, closed)]
    body = {"action": FORMS, "client_ids": ids}
    seen = ok(await provider.request("POST", "/api/v1/client-batches/preview", json=body))
    assert seen["included"] == ids[:3]
    assert seen["left_out"] == [{"client_id": closed["id"], "reason": "withdrawn"}]
    batch = await settled(provider, await confirm(provider, FORMS, [*clients, closed]))
    assert batch["counts"] == {"sent": 3, "left_out": 1}
    assert [one["client_id"] for one in batch["items"]] == ids
    assert batch["items"][3] == {"client_id": closed["id"], "outcome": "left_out", "reason": "withdrawn"}
    for client in clients:
        assert len(await world.mails(client["email"], "welcome")) == 1
    assert await world.mails(closed["email"], "welcome") == []
    assert await audited(provider, "forms_sent") == sorted(ids[:3])
    listed = (await provider.get("/api/v1/client-batches"))["items"]
    assert [(one["id"], one["total"]) for one in listed] == [(batch["id"], 4)]


async def test_invitations_are_sent_again_and_taken_back(world: World, provider: Provider) -> None:
    clients = await invited(provider, 2)
    active = await world.invited_client(provider)
    everybody = [*clients, {"id": active.client_id}]
    again = await settled(provider, await confirm(provider, AGAIN, everybody))
    assert again["counts"] == {"sent": 2, "left_out": 1}
    assert again["items"][2]["reason"] == "account_open"
    revoked = await settled(provider, await confirm(provider, REVOKE, everybody))
    assert revoked["counts"] == {"revoked": 2, "left_out": 1}
    for client in clients:
        seen = await provider.client(client["id"])
        assert (seen["portal_status"], seen["invitation"]["state"]) == ("no", "revoked")
        assert (await provider.timeline(client["id"])).count("invitation_sent") == 2
    once_more = await settled(provider, await confirm(provider, REVOKE, clients))
    assert {one["reason"] for one in once_more["items"]} == {"revoked"}
    assert len(await audited(provider, "invitation_revoked")) == 2


async def test_a_double_tap_is_one_batch(world: World, provider: Provider) -> None:
    clients = await invited(provider, 2)
    batches = [await confirm(provider, FORMS, clients, key="tap") for _ in range(2)]
    assert batches[0]["id"] == batches[1]["id"]
    await settled(provider, batches[0])
    assert len(world.rows("SELECT id FROM client_batch WHERE practice_id = %s", provider.seeded.practice_id)) == 1
    for client in clients:
        assert (await provider.timeline(client["id"])).count("new_client_forms_requested") == 1


async def test_killed_in_the_middle_it_goes_on_and_does_nobody_twice(world: World, provider: Provider) -> None:
    clients = await invited(provider, 8)
    ids = [one["id"] for one in clients]

    async def in_the_middle() -> bool:
        query = "SELECT state FROM batch_item WHERE client_id = ANY(%s) ORDER BY position"
        states = [row["state"] for row in world.rows(query, ids)]
        return states == ["done"] * 4 + ["waiting"] * 4

    with psycopg.connect(world.endpoints["database_url"]) as somebody:
        # At the fifth the batch has to wait, with its transaction open.
        somebody.execute("SELECT 1 FROM client WHERE id = %s FOR NO KEY UPDATE", (ids[4],))
        batch = await confirm(provider, AGAIN, clients)
        await until(in_the_middle, "four of eight")
        async with away(world, "worker", killed=True), away(world, "server", killed=True):
            somebody.rollback()
    done = await settled(provider, batch)
    assert done["counts"] == {"sent": 8}
    for client in clients:
        assert (await provider.timeline(client["id"])).count("invitation_sent") == 2
        # A mail whose acknowledgement died with the worker may come twice, as the same message.
        assert len({mail["Message-ID"] for mail in await world.mails(client["email"], "client portal")}) == 2
    assert await audited(provider, "invitation_sent_again") == sorted(ids)


async def test_several_at_the_same_batch_share_the_clients(world: World, provider: Provider) -> None:
    """As when a step is tried again while its first try isn't over."""
    clients = await invited(provider, 8)
    database = Database(settings_of(world.stack).database_url, pool_size=5)
    run = BatchRun(office_for(world.stack, database))
    try:
        async with away(world, "worker"):
            batch = await confirm(provider, FORMS, clients)
            parts = await asyncio.gather(*(run.do_part(batch["id"], 20) for _ in range(4)))
            assert sum(part.done for part in parts) == 8
    finally:
        await database.close()
    await settled(provider, batch)
    for client in clients:
        assert (await provider.timeline(client["id"])).count("new_client_forms_requested") == 1
        assert len(await world.mails(client["email"], "welcome")) == 1


async def test_one_who_is_erased_meanwhile_holds_up_nobody(world: World, provider: Provider) -> None:
    clients = await invited(provider, 4)
    ids = [one["id"] for one in clients]
    with psycopg.connect(world.endpoints["database_url"]) as erasing:
        erasing.execute("SELECT 1 FROM client WHERE id = %s FOR NO KEY UPDATE", (ids[1],))
        batch = await confirm(provider, AGAIN, clients)
        await somebody_waits_for(world, erasing)
        # What an erasure does, in its order: the client's row first, then what belongs to it.
        await asyncio.to_thread(erasing.execute, "DELETE FROM batch_item WHERE client_id = %s", (ids[1],))
        erasing.execute("UPDATE client SET erased_at = now() WHERE id = %s", (ids[1],))
    done = await settled(provider, batch)
    assert done["counts"] == {"sent": 3}
    body = {"action": AGAIN, "client_ids": ids}
    problem(await provider.request("POST", "/api/v1/client-batches", json=body), "not-found", 404)


async def test_what_is_stuck_shows_and_holds_up_nobody(world: World, provider: Provider) -> None:
    clients = await invited(provider, 2)
    wrong = clients[0]["email"]
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": wrong, "reply": 550, "times": 50}]))
    batch = await settled(provider, await confirm(provider, FORMS, clients))
    assert [one["outcome"] for one in batch["items"]] == ["needs_attention", "sent"]
    skip = {"step": "greeting"}
    await provider.request("POST", f"/api/v1/clients/{clients[0]['id']}/skip", json=skip)
    ok(await world.http.put(mailbox, json=[]))


async def test_wrong_batches_are_refused_by_name(world: World, provider: Provider, other_provider: Provider) -> None:
    client = await provider.invite()

    async def refused(**body: Any) -> list[str]:
        answer = await provider.request("POST", "/api/v1/client-batches", json=body)
        return [one["field"] for one in problem(answer, "validation", 422)["errors"]]

    assert await refused(action="delete_everybody", client_ids=[client["id"]]) == ["action"]
    assert await refused(action=FORMS, client_ids=[]) == ["client_ids"]
    assert await refused(action=FORMS, client_ids="all") == ["client_ids"]
    assert await refused(action=FORMS, client_ids=[f"cli_{number}" for number in range(1001)]) == ["client_ids"]
    assert await refused(action=FORMS, client_ids=[client["id"]], loud=True) == ["loud"]
    theirs = await other_provider.invite()
    body = {"action": FORMS, "client_ids": [client["id"], theirs["id"]]}
    for path in ("", "/preview"):
        answer = await provider.request("POST", f"/api/v1/client-batches{path}", json=body)
        problem(answer, "not-found", 404)
    batch = await confirm(provider, FORMS, [client])
    problem(await other_provider.request("GET", f"/api/v1/client-batches/{batch['id']}"), "not-found", 404)


async def test_without_scripts_on_the_phone_all_that_match_are_done(
    world: World, provider: Provider, browser: Browser
) -> None:
    clients = await invited(provider, 2)
    await world.invited_client(provider)
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console")
    await page.get_by_role("button", name="For those who are ticked").click()
    await expect(page.get_by_role("alert")).to_contain_text("at least one client")
    await page.get_by_role("link", name="Back to the list").click()
    await page.get_by_label("Portal status").select_option("pending")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_label("What to do").select_option(REVOKE)
    await fits(page)
    await page.get_by_role("button", name="For all 2 found").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Revoke invitation: 2 clients?")
    await fits(page)
    await page.get_by_role("button", name="Revoke invitation (2)").click()
    await expect(page.locator("main")).to_contain_text("2 of 2 settled", timeout=30_000)
    await expect(page.locator("table")).to_contain_text("Revoked")
    await fits(page)
    for client in clients:
        assert (await provider.client(client["id"]))["portal_status"] == "no"
    await page.get_by_role("link", name="Done for many lately").click()
    await expect(page.locator("main")).to_contain_text("2 clients")
    await page.context.close()


async def test_with_scripts_a_whole_page_is_ticked_and_progress_follows(
    world: World, provider: Provider, browser: Browser
) -> None:
    clients = await invited(provider, 3)
    active = await world.invited_client(provider)
    page = await staff_page(world, provider, browser, DESK, "/console")
    await page.get_by_label("Choose all of this page").check()
    await page.get_by_label("Choose Ines0 Invited").uncheck()
    await expect(page.get_by_role("button", name="For those who are ticked")).to_contain_text("(3)")
    await page.get_by_label("What to do").select_option(AGAIN)
    await page.get_by_role("button", name="For those who are ticked").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Send invitation again: 2 clients?")
    out = page.locator("section", has=page.locator("#left-out"))
    await expect(out).to_contain_text(active.address)
    await expect(out).to_contain_text("opened the account already")
    await page.get_by_role("button", name="Send invitation again (2)").click()
    await expect(page.locator("main")).to_contain_text("Everything is settled", timeout=30_000)
    await expect(page.locator("main")).to_contain_text("3 of 3 settled")
    assert (await provider.timeline(clients[0]["id"])).count("invitation_sent") == 1
    await page.context.close()
