"""Bare workflows: as many ordinary steps and signals as ours, and nothing in them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity, workflow

_LONG = timedelta(days=30)


@activity.defn
async def step(name: str) -> None:
    """Says that it was run, on the worker's standard output: that is how the driver knows, and it costs next to
    nothing."""
    print(activity.info().workflow_id, name, flush=True)


@workflow.defn
class BareOnboarding:
    """As `ClientJourney` from the sign-up to ready: eight steps, three of them side by side, two signals, three timers.

    Each wait has an end, as ours have; two of the timers are cancelled by what they wait for. Ours runs two of its
    steps as local activities; as ordinary ones they are what we save.
    """

    def __init__(self) -> None:
        self._account = self._intake = self._end = False

    @workflow.run
    async def run(self) -> None:
        await _step("standing")
        await _step("signup")
        await asyncio.gather(_step("mail"), _step("mail"), _step("mail"))
        await workflow.wait_condition(lambda: self._account, timeout=_LONG)
        await _step("account")
        await _step("intake")
        await workflow.wait_condition(lambda: self._intake, timeout=_LONG)
        await _step("ready")
        await workflow.wait_condition(lambda: self._end, timeout=_LONG)

    @workflow.signal
    def account_opened(self) -> None:
        self._account = True

    @workflow.signal
    def intake_submitted(self) -> None:
        self._intake = True


@workflow.defn
class BareJourney:
    """Waits for a claim and starts a child for it."""

    def __init__(self) -> None:
        self._claimed = False

    @workflow.run
    async def run(self) -> None:
        await _step("waiting")
        await workflow.wait_condition(lambda: self._claimed)
        await workflow.execute_child_workflow(BareBooking.run, id=f"{workflow.info().workflow_id}:booking")

    @workflow.signal
    def claimed(self) -> None:
        self._claimed = True


@workflow.defn
class BareBooking:
    """One step when it begins, one when it is paid."""

    def __init__(self) -> None:
        self._paid = False

    @workflow.run
    async def run(self) -> None:
        await _step("checkout")
        await workflow.wait_condition(lambda: self._paid)
        await _step("booked")

    @workflow.signal
    def paid(self) -> None:
        self._paid = True


async def _step(name: str) -> None:
    await workflow.execute_activity(step, name, start_to_close_timeout=timedelta(seconds=15))
