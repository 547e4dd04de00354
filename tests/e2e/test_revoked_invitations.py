"""An invitation is taken back: its link stops at once, its mail doesn't go out, and the client can be invited again."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import psycopg
from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Provider, World, new_address, ok, problem, until
from tests.e2e.test_settings_pages import staff_page
from tests.locking import somebody_waits_for
from tests.staffing import owner_of


async def revoke(provider: Provider, client_id: str) -> Any:
    return ok(await provider.request("POST", f"/api/v1/clients/{client_id}/invitation/revoke"))


async def follow(world: World, token: str) -> httpx.Response:
    return await world.browser().get(f"{world.base_url}/invitations/{token}")


async def accept(world: World, token: str) -> httpx.Response:
    url = f"{world.base_url}/api/v1/invitations/{token}/accept"
    return await world.browser().post(url, json={"password": PASSWORD})


async def faults(world: World, *wanted: dict[str, Any]) -> None:
    ok(await world.http.put(f"{world.endpoints['mailbox_url']}/api/faults", json=list(wanted)))


async def test_the_link_stops_at_once_with_words_that_help(world: World, provider: Provider) -> None:
    client = await provider.invite()
    token = await world.invitation_token(client["email"])
    pending = await provider.stage(client["id"], "invited")
    assert (pending["portal_status"], pending["invitation"]["state"]) == ("pending", "sent")
    taken = await revoke(provider, client["id"])
    assert taken["state"] == "revoked"
    page = await follow(world, token)
    assert page.status_code == 410
    assert "has been taken back" in page.text
    assert "555-010-0100" in page.text
    assert "Send me a new one" not in page.text
    refused = problem(await accept(world, token), "invitation-expired", 410)
    assert "taken this invitation back" in refused["detail"]
    again = await provider.client(client["id"])
    assert (again["portal_status"], again["invitation"]) == ("no", taken)
    assert taken["issued_at"] <= taken["sent_at"] <= taken["revoked_at"]
    assert (await provider.timeline(client["id"])).count("invitation_revoked") == 1


async def test_taken_back_twice_it_is_written_down_once(world: World, provider: Provider) -> None:
    client = await provider.invite()
    await provider.stage(client["id"], "invited")
    first, second = await revoke(provider, client["id"]), await revoke(provider, client["id"])
    assert first == second
    kinds = [one["kind"] for one in (await provider.get("/api/v1/audit"))["items"]]
    assert kinds.count("invitation_revoked") == 1
    assert (await provider.timeline(client["id"])).count("invitation_revoked") == 1


async def test_nobody_renews_what_the_practice_took_back(world: World, provider: Provider) -> None:
    client = await provider.invite()
    token = await world.invitation_token(client["email"])
    await provider.stage(client["id"], "invited")
    # As if it had run out: such a link the client may renew.
    world.execute(f"UPDATE invitation SET issued_at = issued_at - interval '1 day' WHERE client_id = '{client['id']}'")
    await revoke(provider, client["id"])
    answer = await world.browser().post(f"{world.base_url}/invitations/{token}/again")
    assert answer.status_code == 303
    rows = world.rows("SELECT id FROM invitation WHERE client_id = %s", client["id"])
    assert len(rows) == 1


async def test_invited_again_the_client_comes_in_and_the_old_link_stays_dead(world: World, provider: Provider) -> None:
    client = await provider.invite()
    old = await world.invitation_token(client["email"])
    await provider.stage(client["id"], "invited")
    await revoke(provider, client["id"])
    ok(await provider.request("POST", f"/api/v1/clients/{client['id']}/invitation"), 202)
    await provider.told(client["id"], "invitation_sent", times=2)
    pending = await provider.client(client["id"])
    assert (pending["portal_status"], pending["invitation"]["state"]) == ("pending", "sent")
    assert "taken back" in (await follow(world, old)).text
    await world.open_account(provider, client["email"])
    ready = await provider.stage(client["id"], "ready")
    assert (ready["portal_status"], ready["invitation"]["state"]) == ("active", "accepted")
    path = f"/api/v1/clients/{client['id']}/invitation/revoke"
    assert "opened the account" in problem(await provider.request("POST", path), "conflict", 409)["detail"]


async def test_what_was_taken_back_before_it_went_out_never_goes_out(world: World, provider: Provider) -> None:
    address = new_address()
    await faults(world, {"to": address, "reply": 451, "times": 100})
    client = await provider.invite(email=address)

    async def tried() -> bool:
        return bool(world.rows("SELECT 1 FROM effect WHERE client_id = %s AND attempts > 0", client["id"]))

    await until(tried, "the first try")
    await revoke(provider, client["id"])
    await faults(world)

    async def waits_for_the_practice() -> bool:
        journey = (await world.engine()).get_workflow_handle(f"client-journey:{client['id']}")
        return "invite again" in (await journey.query("describe"))["waits_for"]

    await until(waits_for_the_practice, "the journey to wait for the practice")
    assert await world.mails(address) == []
    outlook = await provider.get(f"/api/v1/clients/{client['id']}/outlook")
    assert outlook["turn"] == "practice_invites"
    assert [one["kind"] for one in outlook["ahead"]] == ["way_lapses"]
    ok(await provider.request("POST", f"/api/v1/clients/{client['id']}/invitation"), 202)
    await provider.stage(client["id"], "invited")
    assert len(await world.mails(address)) == 1


async def test_a_refused_invitation_that_is_taken_back_needs_nobody_any_more(world: World, provider: Provider) -> None:
    address = new_address()
    await faults(world, {"to": address, "reply": 550, "times": 100})
    client = await provider.invite(email=address)
    await provider.told(client["id"], "attention_raised")
    await revoke(provider, client["id"])
    await provider.told(client["id"], "attention_settled")
    assert (await provider.client(client["id"]))["attention"] is None
    await faults(world)
    assert await world.mails(address) == []


async def test_taking_back_wins_against_accepting_at_the_same_moment(world: World, provider: Provider) -> None:
    client = await provider.invite()
    token = await world.invitation_token(client["email"])
    await provider.stage(client["id"], "invited")
    with psycopg.connect(world.endpoints["database_url"]) as practice:
        practice.execute("SELECT 1 FROM client WHERE id = %s FOR UPDATE", (client["id"],))
        accepting = asyncio.create_task(accept(world, token))
        await somebody_waits_for(world, practice)
        practice.execute(
            "UPDATE invitation SET revoked_at = now(), revoked_because = 'practice' WHERE client_id = %s",
            (client["id"],),
        )
    problem(await accepting, "invitation-expired", 410)
    assert (await provider.client(client["id"]))["portal_status"] == "no"


async def test_the_list_finds_them_by_status(world: World, provider: Provider) -> None:
    taken, pending = await provider.invite(), await provider.invite()
    for one in (taken, pending):
        await provider.stage(one["id"], "invited")
    await revoke(provider, taken["id"])
    for status, expected in (("no", [taken["id"]]), ("pending", [pending["id"]]), ("active", [])):
        items = (await provider.get("/api/v1/clients", params={"status": status}))["items"]
        assert [one["id"] for one in items] == expected


async def test_the_front_desk_takes_back_and_invites_again(world: World, provider: Provider, browser: Browser) -> None:
    client = await provider.invite(first_name="Quinn", last_name="Quiet")
    await provider.stage(client["id"], "invited")
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console")
    await expect(page.locator("table")).to_contain_text("works until")
    await page.get_by_role("link", name="Quinn Quiet").click()
    access = page.locator("section", has=page.locator("#access"))
    await expect(access).to_contain_text("Pending")
    await access.get_by_role("link", name="Revoke invitation").click()
    await fits(page)
    await page.get_by_role("link", name="Keep it").click()
    await access.get_by_role("link", name="Revoke invitation").click()
    await page.get_by_role("button", name="Revoke the invitation").click()
    await expect(page.get_by_role("status")).to_contain_text("revoked")
    await expect(access).to_contain_text("Revoked")
    await expect(access).not_to_contain_text("Revoke invitation")
    await expect(page.locator("main")).to_contain_text("Your turn: the invitation is revoked")
    await fits(page)
    await access.get_by_role("button", name="Invite again").click()
    await provider.told(client["id"], "invitation_sent", times=2)
    await page.reload()
    await expect(access).to_contain_text("Sent")
    await page.context.close()


async def test_another_practice_takes_nobody_back(world: World, provider: Provider, other_provider: Provider) -> None:
    client = await provider.invite()
    path = f"/api/v1/clients/{client['id']}/invitation/revoke"
    problem(await other_provider.request("POST", path), "not-found", 404)
    stranger = await owner_of(other_provider)
    page = f"/console/clients/{client['id']}/invitation/revoke"
    assert (await stranger.request("GET", page)).status_code == 404
