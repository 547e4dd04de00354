"""The list of clients: who waits, who needs attention, page by page; and what happens next on one client's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Browser, expect

from tests.browsers import PHONE, fits
from tests.driver import Provider, World, problem, until
from tests.e2e.test_settings_pages import staff_page


async def found(provider: Provider, slug: str | None = None, **query: Any) -> list[str]:
    query |= {"provider": slug} if slug else {}
    items = (await provider.get("/api/v1/clients", params=query))["items"]
    return [item["id"] for item in items]


async def test_the_list_is_narrowed_by_where_clients_stand(world: World, provider: Provider) -> None:
    ana = await world.anonymous_client(provider)
    ines = await world.invited_client(provider)
    await provider.stage(ana.client_id, "intake")
    await provider.stage(ines.client_id, "ready")
    assert await found(provider) == [ines.client_id, ana.client_id]
    assert await found(provider, track="anonymous") == [ana.client_id]
    assert await found(provider, stage="ready") == [ines.client_id]
    assert await found(provider, slug=provider.slug) == [ines.client_id, ana.client_id]
    assert await found(provider, slug="somebody-else") == []
    assert await found(provider, attention="true") == []
    assert await found(provider, waiting_days=1) == []
    assert await found(provider, sort="waiting") == [ana.client_id, ines.client_id]
    first = await provider.get("/api/v1/clients", params={"sort": "waiting", "limit": 1})
    rest = await provider.get("/api/v1/clients", params={"sort": "waiting", "cursor": first["next_cursor"]})
    assert [one["id"] for one in first["items"] + rest["items"]] == [ana.client_id, ines.client_id]
    for name, value in (("sort", "loudest"), ("waiting_days", "0"), ("track", "walked-in")):
        answer = await provider.request("GET", "/api/v1/clients", params={name: value})
        assert [error["field"] for error in problem(answer, "validation", 422)["errors"]] == [name]


async def test_only_what_client_or_practice_does_ends_the_waiting(world: World, provider: Provider) -> None:
    quiet = (await provider.invite())["id"]
    await provider.stage(quiet, "invited")
    # As if the practice had invited four days ago; Portico's own mail is of today.
    world.execute(
        f"UPDATE timeline_entry SET at = at - interval '4 days' WHERE client_id = '{quiet}' AND actor <> 'system'"
    )
    assert await found(provider, waiting_days=3) == [quiet]
    assert await found(provider, waiting_days=5) == []


async def test_the_outlook_names_the_moment_that_the_journeys_own_timer_waits_for(
    world: World, provider: Provider
) -> None:
    client = (await provider.invite())["id"]
    await provider.stage(client, "invited")
    before = await provider.get(f"/api/v1/clients/{client}/outlook")
    assert before["turn"] == "client_opens_account"
    assert [one["kind"] for one in before["ahead"]] == ["invitation_reminder", "invitation_expires", "way_lapses"]
    fires = await until(lambda: timer_of(world, f"client-journey:{client}"), "the journey's timer")
    offset = await world.now() - datetime.now(UTC)
    assert abs(datetime.fromisoformat(before["ahead"][0]["at"]) - fires - offset) < timedelta(seconds=30)


async def timer_of(world: World, workflow_id: str) -> datetime | None:
    """When the timer that was started last is due."""
    history = await (await world.engine()).get_workflow_handle(workflow_id).fetch_history()
    started = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    if not started:
        return None
    length = started[-1].timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
    return started[-1].event_time.ToDatetime(tzinfo=UTC) + length


async def test_the_front_desk_finds_who_waits_and_reads_what_comes(
    world: World, provider: Provider, browser: Browser
) -> None:
    await provider.change(require_intake=False, allow_self_schedule=False)
    ready = await world.invited_client(provider)
    await provider.stage(ready.client_id, "ready")
    waiting = (await provider.invite(first_name="Quinn", last_name="Quiet"))["id"]
    await provider.stage(waiting, "invited")
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console")
    await expect(page.get_by_role("status")).to_contain_text("2 clients")
    await page.get_by_label("Stage").select_option("invited")
    await page.get_by_label("Order").select_option("waiting")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("status")).to_contain_text("1 client found")
    await expect(page.get_by_label("Order")).to_have_value("waiting")
    await fits(page)
    await page.get_by_label("Needs attention").check()
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("main")).to_contain_text("No client matches")
    await page.get_by_role("link", name="Show all").click()
    await page.get_by_role("link", name="Quinn Quiet").click()
    coming = page.locator("section", has=page.locator("#next"))
    await expect(coming).to_contain_text("Waiting for the client to open the portal account.")
    await expect(coming).to_contain_text("A mail reminds of the invitation")
    await fits(page)
    await page.goto(f"{world.base_url}/console/clients/{ready.client_id}")
    await expect(coming).to_contain_text("Your turn: the client can't book online")
    await page.context.close()
