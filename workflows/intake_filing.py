"""Filing the answers, beside the client's way: who has submitted is ready, whatever the record system's weather."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import FileIntakeForm, Intake
    from domain.stages import Stage
    from workflows.options import RECORD_SYSTEM, named
    from workflows.steps import OnLapse, Steps

_STEP = "file_intake_form"


class IntakeFiling:
    """One at a time; answers are never dropped, so a refusal waits for a person for good."""

    def __init__(self, client_id: str, steps: Steps) -> None:
        self._client_id = client_id
        self._steps = steps
        self._task: asyncio.Task[Stage | None] | None = None

    async def file(self, stage: Stage) -> Stage:
        """The client's stage, as soon as it doesn't hang on the filing any more."""
        await self.finished()
        filing = self._task = asyncio.create_task(
            self._steps.take(
                _STEP,
                Intake.file_intake_form,
                lambda now: FileIntakeForm(client_id=self._client_id, now=now),
                named(RECORD_SYSTEM, "file the intake form"),
                on_lapse=OnLapse.STAY,
            )
        )
        await workflow.wait_condition(lambda: filing.done() or self._steps.waits_for_answer(_STEP))
        if filing.done():
            return await filing or stage
        # The step notes it in our records before it turns to the record system.
        return stage if stage in (Stage.BOOKED, Stage.CLOSED) else Stage.READY

    @property
    def under_way(self) -> bool:
        return self._task is not None and not self._task.done()

    async def finished(self) -> None:
        if self._task is not None:
            await self._task
