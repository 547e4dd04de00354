"""The schedule `sweep-holds`: a hold whose booking has fallen through is found, and its time is free again."""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

from tests.driver import Provider, ok, until
from tests.recovery.conftest import RecoveringWorld
from tests.recovery.test_restored_temporal import holds_a_slot
from tests.telemetry.reading import worker_metrics
from tests.waiting import booked_at, invited, offered, waitlist_of, waits_for, whole_times, without_fee
from workflows.naming import SWEEP_HOLDS, SWEEP_WAITLISTS, booking_id


async def lose(world: RecoveringWorld, workflow_id: str) -> None:
    """As if Temporal had never heard of it."""
    engine = await world.engine()
    request = DeleteWorkflowExecutionRequest(
        namespace=engine.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
    )
    await engine.workflow_service.delete_workflow_execution(request)


async def sweep(world: RecoveringWorld) -> None:
    await (await world.engine()).get_schedule_handle(SWEEP_HOLDS).trigger()


async def test_a_hold_whose_booking_was_lost_is_released(world: RecoveringWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment, _ = await holds_a_slot(person)
    starts_at = (await person.appointment(appointment))["starts_at"]
    before = (await worker_metrics(world)).value("portico_holds_swept_total") or 0
    await lose(world, booking_id(appointment))
    world.rows(
        "UPDATE appointment SET hold_expires_at = now() - interval '1 hour' WHERE id = %s RETURNING id", appointment
    )
    await sweep(world)
    released = await person.in_state(appointment, "cancelled")
    assert released["payment"]["state"] == "expired"
    assert starts_at in await person.slots()

    async def counted() -> bool:
        return ((await worker_metrics(world)).value("portico_holds_swept_total") or 0) > before

    await until(counted, "the sweep among the figures")
    ok(await person.book(starts_at), 201, 202)
    await world.reconciled()


async def test_a_time_that_frees_up_in_silence_is_offered_to_who_waits(
    world: RecoveringWorld, provider: Provider
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    await booked_at(first, slot)
    await waits_for(second, slot)
    # A setting makes room: nothing rings for that.
    await provider.change(max_simultaneous_appointments=2)
    assert (await waitlist_of(second))["offer"] is None
    await (await world.engine()).get_schedule_handle(SWEEP_WAITLISTS).trigger()
    await offered(second)


async def test_counters_of_windows_long_over_are_forgotten(world: RecoveringWorld) -> None:
    for name, days in (("long-over", 3), ("of-today", 0)):
        world.execute(f"INSERT INTO rate_counter VALUES ('{name}', now() - interval '{days} days', 1)")
    await sweep(world)

    async def forgotten() -> bool:
        return not world.rows("SELECT 1 FROM rate_counter WHERE bucket = 'long-over'")

    await until(forgotten, "old counters to be forgotten")
    assert world.rows("SELECT 1 FROM rate_counter WHERE bucket = 'of-today'")
