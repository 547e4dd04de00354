"""The whole stack on one machine: embedded parts for whatever isn't configured, server and worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from devstack import secrets
from devstack.postgres import EmbeddedPostgres
from devstack.processes import Part
from devstack.supervisor import Supervisor, part_environment
from devstack.temporal import EmbeddedTemporal

SEARCH_ATTRIBUTES = {
    "Practice": "Keyword",
    "Provider": "Keyword",
    "ClientRef": "Keyword",
    "Stage": "Keyword",
    "NeedsAttention": "Bool",
}

# What the simulator sells from the start (devstack.simulator.catalog).
_SIMULATED_PRICES = ("price_simportalmonthly", "price_simportalyearly")

# Systems hand out 32768 and above to connections that go out.
_FIRST_PORT, _PORTS, _TRIES = 12_000, 20_000, 100


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What to start and where. `given` holds the PORTICO_* variables that were set: those parts aren't started."""

    state_dir: Path
    environment: str
    http_host: str
    http_port: int
    base_url: str
    temporal_port: int
    temporal_ui_port: int
    mailbox_port: int
    simulator_port: int
    metrics_port: int
    given: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True

    def embeds(self, variable: str) -> bool:
        return not self.given.get(variable)

    def ports(self) -> dict[str, int]:
        """The ports that have to be free, by the setting that moves them."""
        wanted = {"PORTICO_HTTP_PORT": self.http_port, "PORTICO_METRICS_PORT": self.metrics_port}
        if self.embeds("PORTICO_TEMPORAL_ADDRESS"):
            wanted |= {
                "PORTICO_TEMPORAL_PORT": self.temporal_port,
                "PORTICO_TEMPORAL_UI_PORT": self.temporal_ui_port,
            }
        if self.embeds("PORTICO_SMTP_URL"):
            wanted["PORTICO_MAILBOX_PORT"] = self.mailbox_port
        if self.embeds("PORTICO_STRIPE_KEY"):
            wanted["PORTICO_SIMULATOR_PORT"] = self.simulator_port
        return wanted


class Stack:
    """Start, stop, and what is where. One per event loop; `say` gets a line whenever something happens."""

    def __init__(self, plan: StackPlan, say: Callable[[str], None]) -> None:
        self.plan = plan
        self._say = say
        plan.state_dir.mkdir(parents=True, exist_ok=True)
        self.secrets = secrets.load_or_make(plan.state_dir)
        self.supervisor = Supervisor(plan.state_dir / "logs", say)
        self.postgres = EmbeddedPostgres(plan.state_dir, self.secrets.database_password, durable=plan.durable)
        self.temporal = EmbeddedTemporal(
            state_dir=plan.state_dir,
            port=plan.temporal_port,
            ui_port=plan.temporal_ui_port,
            codec_endpoint=f"{plan.base_url}/codec",
            search_attributes=SEARCH_ATTRIBUTES,
        )
        self._smtp_port = free_port()
        self.endpoints: dict[str, Any] = {}

    @property
    def endpoints_file(self) -> Path:
        return self.plan.state_dir / "endpoints.json"

    @property
    def _settings_file(self) -> Path:
        return self.plan.state_dir / "settings.json"

    async def start(self) -> None:
        """Everything in parallel, as far as it can be; raises PartFailed (and leaves the stopping to the caller)."""
        self.endpoints_file.unlink(missing_ok=True)
        starts = [self._database(), self._start(self._server()), self._start(self._worker())]
        if self.plan.embeds("PORTICO_TEMPORAL_ADDRESS"):
            starts.append(self._temporal())
        if self.plan.embeds("PORTICO_SMTP_URL"):
            starts.append(self._start(self._mailbox()))
        if self.plan.embeds("PORTICO_STRIPE_KEY"):
            starts.append(self._simulator())
        async with asyncio.TaskGroup() as group:
            for one in starts:
                group.create_task(one)
        self.endpoints = self._endpoints(await self._seed())
        # For `portico journeys` and `portico doctor` beside a running stack.
        secrets.write_private(self._settings_file, json.dumps(self.variables(), indent=2))
        secrets.write_private(self.endpoints_file, json.dumps(self.endpoints, indent=2))

    async def stop(self) -> None:
        """Server and worker first, then what they lean on. What isn't durable is gone."""
        self.endpoints_file.unlink(missing_ok=True)
        self._settings_file.unlink(missing_ok=True)
        for name in ("server", "worker", "simulator", "mailbox", "temporal", "postgres"):
            await self.supervisor.stop(name)
        if not self.plan.durable:
            self.postgres.remove()

    def variables(self) -> dict[str, str]:
        """The settings of server and worker."""
        plan = self.plan
        ours = {
            "PORTICO_ENV": plan.environment,
            "PORTICO_STATE_DIR": str(plan.state_dir),
            "PORTICO_HTTP_HOST": plan.http_host,
            "PORTICO_HTTP_PORT": str(plan.http_port),
            "PORTICO_BASE_URL": plan.base_url,
            "PORTICO_DATABASE_URL": self.postgres.url,
            "PORTICO_TEMPORAL_ADDRESS": self.temporal.address,
            "PORTICO_TEMPORAL_UI_URL": self.temporal.ui_url,
            "PORTICO_SMTP_URL": f"smtp://127.0.0.1:{self._smtp_port}",
            "PORTICO_MAIL_FROM": "portal@portico.example",
            "PORTICO_STRIPE_KEY": self.secrets.stripe_key,
            "PORTICO_STRIPE_FEES_WEBHOOK_SECRETS": self.secrets.stripe_fees_webhook_secret,
            "PORTICO_STRIPE_SUBSCRIPTIONS_WEBHOOK_SECRETS": self.secrets.stripe_subscriptions_webhook_secret,
            "PORTICO_SECRET_KEYS": self.secrets.secret_keys,
            "PORTICO_ENCRYPTION_KEYS": self.secrets.encryption_keys,
            "PORTICO_METRICS_PORT": str(plan.metrics_port),
        }
        if plan.embeds("PORTICO_STRIPE_KEY"):
            ours["PORTICO_STRIPE_API_BASE"] = self._simulator_url
            ours["PORTICO_SUBSCRIPTION_PRICES"] = ",".join(_SIMULATED_PRICES)
        return ours | {name: value for name, value in plan.given.items() if value}

    # The parts

    @property
    def _simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.plan.simulator_port}"

    @property
    def _mailbox_url(self) -> str:
        return f"http://127.0.0.1:{self.plan.mailbox_port}"

    def _server(self) -> Part:
        command = [sys.executable, "-m", "cli", "server"]
        ready = f"http://127.0.0.1:{self.plan.http_port}/healthz"
        return Part(name="server", command=command, environment=self.variables(), ready=lambda: answers(ready))

    def _worker(self) -> Part:
        marker = self.plan.state_dir / "worker.ready"
        environment = self.variables() | {"PORTICO_WORKER_READY_FILE": str(marker)}
        spawned = time.time()

        def ready() -> bool:
            # The marker of an earlier worker doesn't count.
            return marker.exists() and marker.stat().st_mtime >= spawned

        command = [sys.executable, "-m", "cli", "worker"]
        return Part(name="worker", command=command, environment=environment, ready=ready)

    def _mailbox(self) -> Part:
        command = [
            *(sys.executable, "-m", "devstack.mailbox", "--smtp-port", str(self._smtp_port)),
            *("--http-port", str(self.plan.mailbox_port), "--data-dir", str(self.plan.state_dir / "mailbox")),
        ]
        return Part(name="mailbox", command=command, ready=lambda: answers(f"{self._mailbox_url}/healthz"))

    async def _simulator(self) -> None:
        hooks = {
            "fees": self.secrets.stripe_fees_webhook_secret,
            "subscriptions": self.secrets.stripe_subscriptions_webhook_secret,
        }
        command = [
            *(sys.executable, "-m", "devstack.simulator", "--port", str(self.plan.simulator_port)),
            *("--data-dir", str(self.plan.state_dir / "simulator"), "--api-key", self.secrets.stripe_key),
        ]
        for name, secret in hooks.items():
            command += ["--webhook", f"{name}={self.plan.base_url}/webhooks/stripe/{name},{secret}"]
        ready = f"{self._simulator_url}/_sim/health"
        await self._start(Part(name="simulator", command=command, ready=lambda: answers(ready)))

    async def _temporal(self) -> None:
        await self._start(self.temporal.part())
        await asyncio.to_thread(self.temporal.keep_histories)

    async def _database(self) -> None:
        if self.plan.embeds("PORTICO_DATABASE_URL"):
            await asyncio.to_thread(self.postgres.prepare)
            await self._start(self.postgres.part())
            await asyncio.to_thread(self.postgres.ensure_database)
        await asyncio.to_thread(_migrate, self.variables()["PORTICO_DATABASE_URL"])
        self._say("database migrated")

    async def _start(self, part: Part) -> None:
        seconds = await self.supervisor.start(part)
        self._say(f"{part.name} ready ({seconds:.1f} s)")

    # The demo practice

    async def _seed(self) -> dict[str, Any]:
        """Once: later starts take what the first one was told."""
        kept = self.plan.state_dir / "demo.json"
        if not (kept.exists() and await asyncio.to_thread(self._seeded)):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli", "seed-demo"),
                env=part_environment(self.variables()),
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
            if process.returncode != 0:
                raise OSError("the demo practice couldn't be seeded")
            secrets.write_private(kept, output.decode())
            self._say("demo practice seeded")
        seeded: dict[str, Any] = json.loads(kept.read_text())
        if self.plan.embeds("PORTICO_STRIPE_KEY"):
            for merchant in seeded.pop("merchant_accounts"):
                await asyncio.to_thread(_register_merchant, self._simulator_url, merchant)
        seeded.pop("merchant_accounts", None)
        return seeded

    def _seeded(self) -> bool:
        with psycopg.connect(self.variables()["PORTICO_DATABASE_URL"]) as connection:
            return connection.execute("SELECT 1 FROM practice LIMIT 1").fetchone() is not None

    def _endpoints(self, seeded: Mapping[str, Any]) -> dict[str, Any]:
        variables = self.variables()
        return {
            "base_url": self.plan.base_url,
            "temporal_address": variables["PORTICO_TEMPORAL_ADDRESS"],
            "temporal_ui_url": variables["PORTICO_TEMPORAL_UI_URL"],
            "mailbox_url": self._mailbox_url,
            "simulator_url": self._simulator_url,
            "database_url": variables["PORTICO_DATABASE_URL"],
            **seeded,
            "stripe_fees_webhook_secret": variables["PORTICO_STRIPE_FEES_WEBHOOK_SECRETS"].split(",")[0],
            "stripe_subscriptions_webhook_secret": variables["PORTICO_STRIPE_SUBSCRIPTIONS_WEBHOOK_SECRETS"].split(",")[
                0
            ],
            "pids": self.supervisor.pids(),
        }


def free_port() -> int:
    """A port for a server that is started in a moment.

    Below the range that systems take for outgoing connections, so that none of these takes it before the server does;
    at random, so that two stacks starting at once don't meet.
    """
    for _ in range(_TRIES):
        port = _FIRST_PORT + random.randrange(_PORTS)  # noqa: S311  nothing is kept secret by it
        if not port_taken("127.0.0.1", port):
            return port
    raise RuntimeError("no free port was found")


def port_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: what an earlier one has left in TIME_WAIT isn't in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def _migrate(database_url: str) -> None:
    # Alembic takes half a second to import: while other parts start.
    from db.migrate import upgrade

    upgrade(database_url)


def _register_merchant(simulator_url: str, account: str) -> None:
    request = urllib.request.Request(
        f"{simulator_url}/_sim/accounts",
        data=json.dumps({"id": account, "charges_enabled": True}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5):
        pass
