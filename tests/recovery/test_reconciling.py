"""`portico reconcile` as operators run it: it reports, repairs when asked to, and its exit code says what is left."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from tests.driver import Provider, ok
from tests.recovery.conftest import RecoveringWorld
from tests.recovery.test_restored_temporal import holds_a_slot
from workflows.naming import booking_id


async def run(world: RecoveringWorld, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "cli", "reconcile", "--grace-seconds", "0", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **world.stack.variables()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate()
    assert process.returncode in (0, 1), said.decode()
    return process.returncode, out.decode()


def about(report: str, subject: str) -> list[dict[str, Any]]:
    return [one for one in json.loads(report)["findings"] if one["subject"] == subject]


async def test_money_that_came_for_a_time_that_was_let_go_is_found_and_looked_after(
    world: RecoveringWorld, provider: Provider
) -> None:
    """Every word of the processor's was lost, and so was the booking."""
    person = await world.ready_client(provider)
    appointment, session = await holds_a_slot(person)
    payment = (await person.appointment(appointment))["payment"]["id"]
    await (await world.engine()).get_workflow_handle(booking_id(appointment)).terminate("as after a restore")
    world.rows(
        "UPDATE appointment SET status = 'cancelled', cancelled_by = 'system', cancel_reason = 'not_paid',"
        " hold_expires_at = NULL WHERE id = %s RETURNING id",
        appointment,
    )
    lost = ({"match": kind, "action": "drop", "times": 50} for kind in ("checkout.session", "payment_intent", "charge"))
    await world.simulator_faults(*lost)
    await world.pay(session)
    await world.simulator_faults()

    code, report = await run(world, "--json")
    [found] = about(report, payment)
    assert (code, found["matter"], found["state"]) == (1, "payment_differs", "found")
    assert (await person.appointment(appointment))["status"] == "cancelled", "a report changes nothing"
    await run(world, "--repair", "--json")
    booked = await person.in_state(appointment, "booked")
    assert booked["payment"]["state"] == "captured"
    ok(await person.request("GET", f"/api/v1/portal/appointments/{appointment}"))
    await world.mail(person.address, "confirmed")
    await world.reconciled()
    code, report = await run(world)
    assert (code, report.strip()) == (0, "records, Temporal and payment processor agree")
