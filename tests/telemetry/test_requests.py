"""One line and one id per request; JSON in production, on the real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from devstack.stack import free_port
from devstack.supervisor import part_environment
from logs import JsonLines
from telemetry.requests import REQUEST_ID, Observed, RequestMetrics
from tests.driver import Provider, World, until
from tests.settings.test_production import GOOD

GIVEN = "0123456789abcdef0123456789abcdef"


@contextlib.asynccontextmanager
async def in_production(world: World, log: Path) -> AsyncIterator[str]:
    """A second server, in production shape, on the same database; its base URL."""
    port = free_port()
    ours = world.stack.variables()
    shared = ("PORTICO_DATABASE_URL", "PORTICO_TEMPORAL_ADDRESS", "PORTICO_SECRET_KEYS", "PORTICO_ENCRYPTION_KEYS")
    environment = GOOD | {name: ours[name] for name in shared}
    environment |= {"PORTICO_HTTP_PORT": str(port), "PORTICO_OPERATOR_TOKENS": "operator-token"}
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "server"), env=part_environment(environment), stderr=file
        )
    base_url = f"http://127.0.0.1:{port}"

    async def answering() -> bool:
        try:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"{base_url}/healthz")).is_success
        except httpx.TransportError:
            return False

    try:
        await until(answering, "the server")
        yield base_url
    finally:
        process.terminate()
        await process.wait()


async def test_in_production_each_request_is_one_json_line(world: World, provider: Provider, tmp_path: Path) -> None:
    person = await world.invited_client(provider)
    log = tmp_path / "server.log"
    async with in_production(world, log) as base_url:
        path = f"{base_url}/api/v1/clients/{person.client_id}?q=canary"
        headers = {"Authorization": f"Bearer {provider.seeded.api_key}", REQUEST_ID: GIVEN}
        answer = await world.http.get(path, headers=headers)
        assert (answer.status_code, answer.headers[REQUEST_ID]) == (200, GIVEN)
        await world.http.get(f"{base_url}/invitations/canary-token")
        assert (await world.http.get(f"{base_url}/metrics")).status_code == 401
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    mine = [line for line in lines if line.get("request_id") == GIVEN]
    assert len(mine) == 1
    assert mine[0]["duration_ms"] > 0
    known = ("method", "route", "status", "practice_id")
    expected = ["GET", "/api/v1/clients/{client_id}", 200, provider.seeded.practice_id]
    assert [mine[0][name] for name in known] == expected
    assert [one["status"] for one in lines if one.get("route") == "/metrics"] == [401]
    text = log.read_text()
    for private in ("canary", person.address, person.client_id, "127.0.0.1:"):
        assert private not in text.replace("running on http://127.0.0.1:", ""), private


async def test_an_id_of_another_shape_is_replaced(world: World) -> None:
    for offered in ("maria.lopez@example.com", "Canaryfirst-Canarylast", "short", "x" * 200):
        answer = await world.http.get(f"{world.base_url}/healthz", headers={REQUEST_ID: offered})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers[REQUEST_ID])


async def test_a_defect_has_an_id_too(caplog: pytest.LogCaptureFixture) -> None:
    routes = FastAPI()

    @routes.get("/defects/{number}")
    async def defect(number: int) -> None:
        raise ZeroDivisionError(number)

    registry = CollectorRegistry()
    stack = routes.build_middleware_stack()
    caplog.set_level(logging.INFO, "portico.requests")
    transport = httpx.ASGITransport(Observed(stack, routes, RequestMetrics(registry)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://portico.example") as http:
        answer = await http.get("/defects/7?name=canary", headers={REQUEST_ID: GIVEN})
        assert (answer.status_code, answer.headers[REQUEST_ID]) == (500, GIVEN)
        await http.request("BREW", "/canary")
    assert [
        record.getMessage().partition(" in ")[0] for record in caplog.records if record.name == "portico.requests"
    ] == [
        "GET /defects/{number}: 500",
        "other unmatched: 404",
    ]
    assert "canary" not in generate_latest(registry).decode() + caplog.text


async def test_lines_of_an_activity_carry_its_journey() -> None:
    @activity.defn
    async def send_something() -> str:
        record = logging.LogRecord("portico.activities", logging.WARNING, "", 0, "to %s", ("a@example.com",), None)
        return JsonLines().format(record)

    line = json.loads(await ActivityEnvironment().run(send_something))
    assert line["message"] == "to <address>"
    assert {"workflow_id", "workflow_type", "activity_type", "attempt"} <= line.keys()


async def test_the_demos_lines_are_readable_and_name_the_template(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    await provider.client(person.client_id)
    log = (Path(world.stack.plan.state_dir) / "logs" / "server.log").read_text()
    assert re.search(r"INFO +portico\.requests: GET /api/v1/clients/\{client_id\}: 200 in \d", log)
