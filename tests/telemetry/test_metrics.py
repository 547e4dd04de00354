"""What server and worker show to Prometheus: journeys, lag, effects, requests; closed words only."""

from __future__ import annotations

import re

from tests.driver import Provider, World, new_address, ok, until
from tests.e2e.test_outages import away
from tests.telemetry.reading import Scrape, server_metrics, worker_metrics


async def test_a_booked_client_shows_on_server_and_worker(world: World, provider: Provider) -> None:
    before = (await server_metrics(world)).value("portico_clients", stage="booked", track="anonymous") or 0.0
    person, _ = await world.booked_client(provider)
    await world.mail(person.address, "confirmed")

    async def counted() -> list[Scrape]:
        scrapes = [await server_metrics(world), await worker_metrics(world)]
        booked = [one.value("portico_clients", stage="booked", track="anonymous") or 0.0 for one in scrapes]
        return scrapes if all(count > before for count in booked) else []

    for scrape in await until(counted, "the booked client among the figures"):
        assert scrape.value("portico_database_up") == 1
        for kind in ("invitation", "greeting"):
            assert scrape.value("portico_effects", kind=kind, state="done")
        assert scrape.value("portico_open_payments", state="authorized") is not None
        assert scrape.value("portico_attention_open") is not None


async def test_the_worker_shows_the_engines_metrics_beside_ours(world: World, provider: Provider) -> None:
    await world.invited_client(provider)
    scrape = await worker_metrics(world)
    assert scrape.value("temporal_activity_execution_latency_count", activity_type="send_portal_invitation")
    assert scrape.value("temporal_num_pollers", task_queue="portico")
    assert scrape.value("process_resident_memory_bytes")


async def test_requests_are_counted_by_route_template(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    await provider.client(person.client_id)
    await provider.request("GET", "/api/v1/clients/cli_nobody")
    await world.http.get(f"{world.base_url}/canary-page/{person.address}")
    scrape = await server_metrics(world)
    route = "/api/v1/clients/{client_id}"
    assert scrape.value("portico_http_requests_total", route=route, method="GET", status="200")
    assert scrape.value("portico_http_requests_total", route=route, method="GET", status="404")
    assert scrape.value("portico_http_request_seconds_count", route=route, method="GET")
    assert scrape.value("portico_http_requests_total", route="unmatched", method="GET", status="404")
    assert person.client_id not in scrape.text
    assert person.address not in scrape.text


async def test_without_temporal_the_lag_grows_and_is_gone_afterwards(world: World, provider: Provider) -> None:
    async with away(world, "temporal"):
        ok(await world.sign_up(provider), 202)

        async def lagging(worst: float) -> bool:
            scrapes = [await server_metrics(world), await worker_metrics(world)]
            return all((one.value("portico_relay_lag_seconds") or 0) > worst for one in scrapes)

        await until(lambda: lagging(1), "a lag of more than a second")
        assert (await server_metrics(world)).value("portico_events_waiting")

    async def told() -> bool:
        return (await server_metrics(world)).value("portico_events_waiting") == 0

    await until(told, "nothing waiting")
    assert (await server_metrics(world)).value("portico_relay_lag_seconds") == 0


async def test_a_refusal_raises_the_open_attention(world: World, provider: Provider) -> None:
    before = (await server_metrics(world)).value("portico_attention_open") or 0.0
    wrong = f"canary-{new_address()}"
    mailbox = world.endpoints["mailbox_url"]
    ok(await world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]))
    client = await provider.invite(email=wrong, first_name="Canaryinvited")

    async def raised() -> Scrape | None:
        scrape = await server_metrics(world)
        return scrape if (scrape.value("portico_attention_open") or 0) > before else None

    scrape = await until(raised, "the call for attention among the figures")
    assert (scrape.value("portico_attention_oldest_seconds") or 0) > 0
    assert scrape.value("portico_effects", kind="invitation", state="refused")
    seen = scrape.text + (await worker_metrics(world)).text
    for private in (wrong, "anary", client["id"], provider.slug, provider.seeded.practice_id):
        assert private not in seen, private


async def test_labels_are_closed_words(world: World, provider: Provider) -> None:
    await world.booked_client(provider)
    template = r"(/([\w.-]|\{\w+\})*)*"
    for scrape in (await server_metrics(world), await worker_metrics(world)):
        for word in scrape.words():
            assert re.fullmatch(rf"[a-z_]+|[A-Z]+|[0-9]+(\.[0-9]+)?|\+Inf|{template}", word), word
            assert not re.search(r"\b(cli|apt|pay|prv|pra|evt)_", word), word


async def test_the_worker_says_that_it_is_alive(world: World) -> None:
    answer = await world.http.get(f"http://127.0.0.1:{world.stack.plan.metrics_port}/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_the_servers_metrics_ask_for_a_token_and_one_for_metrics_opens_nothing_else(world: World) -> None:
    url = f"{world.base_url}/metrics"
    assert (await world.http.get(url)).status_code == 401
    assert (await world.http.get(url, headers={"authorization": "Bearer wrong"})).status_code == 401
    for token in ("metrics-token", "operator-token"):
        assert (await world.http.get(url, headers={"authorization": f"Bearer {token}"})).status_code == 200
    scraper = {"authorization": "Bearer metrics-token"}
    decoded = await world.http.post(f"{world.base_url}/codec/decode", json={"payloads": []}, headers=scraper)
    assert decoded.status_code == 401


async def test_without_the_database_the_processes_still_show_themselves(world: World, provider: Provider) -> None:
    async with away(world, "postgres"):

        async def down() -> bool:
            scrapes = [await server_metrics(world), await worker_metrics(world)]
            return all(one.value("portico_database_up") == 0 for one in scrapes)

        await until(down, "the database to be missed")
        assert (await server_metrics(world)).value("portico_clients") is None

    async def back() -> bool:
        scrapes = [await server_metrics(world), await worker_metrics(world)]
        return all(one.value("portico_database_up") == 1 for one in scrapes)

    await until(back, "the database to be back")
