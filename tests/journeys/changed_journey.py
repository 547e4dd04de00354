"""A version to come of the journey: one more step before the booking, with and without its patch."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.standing import LoadStanding, Standings
    from workflows.client_journey import ClientJourney
    from workflows.messages import JourneyEnded, StartJourney
    from workflows.options import RECORDS, named

PATCH = "look-again-before-booking"


class _OneStepMore(ClientJourney):
    async def _look_again(self) -> None:
        await workflow.execute_activity_method(
            Standings.load_standing,
            LoadStanding(client_id=self._start.client_id),
            **named(RECORDS, "look again before the booking"),
        )


@workflow.defn(name="ClientJourney")
class PatchedJourney(_OneStepMore):
    @workflow.init
    def __init__(self, start: StartJourney) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartJourney) -> JourneyEnded:
        return await super().run(start)

    async def _await_booking(self) -> None:
        if workflow.patched(PATCH):
            await self._look_again()
        await super()._await_booking()


@workflow.defn(name="ClientJourney")
class UnpatchedJourney(_OneStepMore):
    @workflow.init
    def __init__(self, start: StartJourney) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartJourney) -> JourneyEnded:
        return await super().run(start)

    async def _await_booking(self) -> None:
        await self._look_again()
        await super()._await_booking()
