"""With a collector configured, one trace from the request through the journey to its activities; ids only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devstack.supervisor import part_environment
from tests.driver import Provider, World, new_address, ok, until
from tests.telemetry.collector import Collector, collecting

PARENT = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
async def collector(world: World) -> AsyncIterator[Collector]:
    """Server and worker, started again with a collector named; afterwards without one."""
    with collecting() as listening:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", listening.endpoint)
            environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
            await start_again(world)
        yield listening
        await start_again(world)


async def start_again(world: World) -> None:
    for part in ("server", "worker"):
        await world.stack.supervisor.stop(part)
        await world.stack.supervisor.start_again(part)


async def test_one_trace_from_the_request_to_the_activities(
    world: World, provider: Provider, collector: Collector
) -> None:
    address = f"canary-{new_address()}"
    headers = {
        "traceparent": f"00-{PARENT}-00f067aa0ba902b7-01",
        "tracestate": "vendor=canary",
        "baggage": "name=canary",
        "user-agent": "canary",
    }
    form = {"fields": {"first_name": "Canaryfirst", "last_name": "Canarylast", "email": address}}
    url = f"{world.base_url}/webhooks/signups/{provider.slug}"
    ok(await world.http.post(url, json=form, headers=headers), 202)
    wrong = f"canary-{new_address()}"
    mailbox = world.endpoints["mailbox_url"]
    ok(await world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]))
    refused = await provider.invite(email=wrong, first_name="Canaryinvited")
    await world.open_account(provider, address)
    await provider.request("GET", "/api/v1/clients?q=canary")

    async def traced() -> set[str] | None:
        names = {span.name for span in collector.spans() if span.trace_id.hex() == PARENT}
        return names if "RunActivity:open_intake_form" in names else None

    names = await until(traced, "the trace")
    assert names >= {
        "POST /webhooks/signups/{provider}",
        "StartWorkflow:ClientJourney",
        "RunWorkflow:ClientJourney",
        "RunActivity:send_portal_invitation",
    }

    async def failed() -> bool:
        return any(span.status.code == 2 and refused["id"] in str(span) for span in collector.spans())

    await until(failed, "the span of the refusal")
    text = collector.text()
    assert "portico-server" in text
    assert "portico-worker" in text
    assert "/invitations/{token}" in text
    for private in ("anary", address, wrong, provider.slug, "tracestate"):
        assert private not in text, private


def test_without_the_packages_it_is_one_line_and_code_2(world: World, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['opentelemetry.sdk'] = None\nsys.modules['opentelemetry.exporter'] = None\n"
    )
    settings = world.stack.variables() | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    for part in ("run", "server", "worker"):
        done = subprocess.run(
            [sys.executable, "-m", "cli", part],
            env=part_environment(settings | {"PYTHONPATH": str(tmp_path)}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in done.stderr
        assert "`otel`" in done.stderr


def test_unless_configured_nothing_of_it_is_imported(world: World) -> None:
    look = (
        "import sys, server, worker, settings\n"
        "server.build_app(settings.load_settings())\n"
        "assert server.tracing_of(settings.load_settings(), 'x') is None\n"
        "found = [one for one in sys.modules if one.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))]\n"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", look],
        env=part_environment(world.stack.variables()),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
