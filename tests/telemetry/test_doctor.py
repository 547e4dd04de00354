"""`portico doctor` on the running stack: well, and with one part after another taken away."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from devstack.supervisor import part_environment
from doctor import skew, span
from tests.driver import Provider, World, ok, until
from tests.e2e.test_outages import away

CHECKS = [
    "database",
    "clock",
    "temporal",
    "worker",
    "relay",
    "journeys",
    "attention",
    "mail",
    "payments",
    "webhooks",
    "events",
]


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    code: int
    states: dict[str, str]
    lines: dict[str, str]

    @property
    def failed(self) -> set[str]:
        return {name for name, state in self.states.items() if state == "FAILED"}


async def doctor(world: World, **changed: str) -> Diagnosis:
    """As an operator calls it; `changed` are settings that are wrong."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "doctor"),
        env=part_environment(world.stack.variables() | changed),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    found = re.findall(r"^  (ok|look|FAILED) +(\w+) +(.+)$", output.decode(), re.MULTILINE)
    assert process.returncode is not None
    return Diagnosis(
        code=process.returncode,
        states={name: state for state, name, _ in found},
        lines={name: line for _, name, line in found},
    )


async def test_a_healthy_stack_is_well(world: World, provider: Provider) -> None:
    await world.anonymous_client(provider)
    seen: list[Diagnosis] = []

    async def well() -> bool:
        seen.append(await doctor(world))
        return seen[-1].code == 0

    await until(well, "a healthy stack")  # A worker that has just been started polls in a moment.
    diagnosis = seen[-1]
    assert diagnosis.failed == set()
    assert list(diagnosis.states) == CHECKS
    assert "newest schema" in diagnosis.lines["database"]
    assert "search attributes and schedules registered" in diagnosis.lines["temporal"]


@pytest.mark.parametrize(("part", "failing"), [("mailbox", {"mail"}), ("simulator", {"payments", "webhooks"})])
async def test_the_part_that_is_away_is_named(world: World, part: str, failing: set[str]) -> None:
    async with away(world, part):
        diagnosis = await doctor(world)
    assert (diagnosis.code, diagnosis.failed) == (1, failing), diagnosis.lines


async def test_without_temporal_it_is_named_and_so_is_what_waits_for_it(world: World, provider: Provider) -> None:
    async with away(world, "temporal"):
        ok(await world.sign_up(provider), 202)
        world.rows(
            "UPDATE external_event SET received_at = received_at - interval '3 hours'"
            " WHERE handled_at IS NULL AND parked_reason IS NULL RETURNING id"
        )
        diagnosis = await doctor(world)
    assert diagnosis.failed == {"temporal", "worker", "relay", "journeys"}, diagnosis.lines
    assert "3 hours" in diagnosis.lines["relay"]


async def test_without_a_worker_nobody_works_on_the_task_queue(world: World) -> None:
    async with away(world, "worker"):

        async def missed() -> Diagnosis | None:
            found = await doctor(world)
            return found if "worker" in found.failed else None

        diagnosis = await until(missed, "the worker to be missed")
    assert "portico worker" in diagnosis.lines["worker"]


async def test_a_wrong_key_a_wrong_database_and_a_wrong_namespace_are_named(world: World) -> None:
    elsewhere = urlsplit(world.stack.variables()["PORTICO_DATABASE_URL"])._replace(path="/postgres").geturl()
    diagnosis = await doctor(
        world,
        PORTICO_STRIPE_KEY="sk_test_sim_wrong",
        PORTICO_DATABASE_URL=elsewhere,
        PORTICO_TEMPORAL_NAMESPACE="nowhere",
    )
    assert diagnosis.code == 1
    connected = {"database", "temporal", "worker", "relay", "journeys", "attention", "payments", "webhooks"}
    assert diagnosis.failed == connected | {"events"}, diagnosis.lines
    assert "no namespace nowhere" in diagnosis.lines["temporal"]
    assert "portico migrate" in diagnosis.lines["database"]
    assert "PORTICO_STRIPE_KEY" in diagnosis.lines["payments"]
    assert "sk_test" not in str(diagnosis.lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data.0.status": "disabled"}, "/webhooks/stripe/fees is disabled"),
        ({"data.0.url": "https://elsewhere.example"}, "no webhook endpoint for"),
        ({"data.0.application": None}, "has to listen to events of connected accounts"),
        ({"data.1.enabled_events": ["invoice.paid"]}, "isn't told of customer.subscription.created"),
    ],
)
async def test_an_endpoint_that_hears_too_little_is_named(world: World, change: dict[str, object], said: str) -> None:
    wrong = {"match": "GET /v1/webhook_endpoints", "action": "mutate", "set": change, "times": 1}
    await world.simulator_faults(wrong)
    diagnosis = await doctor(world)
    assert diagnosis.failed == {"webhooks"}, diagnosis.lines
    assert said in diagnosis.lines["webhooks"]


async def test_a_key_that_may_not_read_endpoints_wants_a_look_only(world: World) -> None:
    await world.simulator_faults({"match": "GET /v1/webhook_endpoints", "action": "decline", "times": 1})
    diagnosis = await doctor(world)
    assert (diagnosis.code, diagnosis.states["webhooks"]) == (0, "look")


async def test_a_price_that_is_not_on_sale_is_named(world: World) -> None:
    diagnosis = await doctor(world, PORTICO_SUBSCRIPTION_PRICES="price_simportalmonthly,price_nothing")
    assert diagnosis.failed == {"payments"}
    assert "PORTICO_SUBSCRIPTION_PRICES" in diagnosis.lines["payments"]


@pytest.mark.parametrize(("theirs", "ahead"), [(-5, -5), (0, 0), (3, 0), (10, 6)])
def test_the_clocks_are_compared_with_the_way_allowed_for(theirs: int, ahead: int) -> None:
    asked, taken = datetime(2026, 5, 4, 12, tzinfo=UTC), timedelta(seconds=4)
    assert skew(asked, taken, asked + timedelta(seconds=theirs)) == timedelta(seconds=ahead)


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (119, "119 s"), (120, "2 minutes"), (260000, "3 days")])
def test_ages_are_told_in_the_unit_that_a_person_would_use(seconds: float, words: str) -> None:
    assert span(seconds) == words
