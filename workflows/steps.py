"""Steps that can be refused for good: the journey asks for help, waits for a person's answer, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.standing import RaiseAttention, SettleAttention, Standings
    from domain.states import AttentionAction
    from workflows.options import BOOKKEEPING, RECORDS, named, named_locally
    from workflows.search_attributes import NEEDS_ATTENTION

Result = TypeVar("Result")
Command = TypeVar("Command")


class Steps:
    """One workflow's steps: what is stuck, and what people have answered."""

    def __init__(self, client_id: str, skew_seconds: int) -> None:
        self._client_id = client_id
        self._skew = timedelta(seconds=skew_seconds)
        self._answers: dict[str, AttentionAction] = {}
        self.stuck: dict[str, str] = {}

    def now(self) -> datetime:
        """Business time: the engine's clock, and in a demo what the stack's clock is ahead of it."""
        return workflow.now() + self._skew

    def answer(self, step: str, action: AttentionAction) -> None:
        self._answers[step] = action

    async def take(self, step: str, attempt: Callable[[], Awaitable[Result]]) -> Result | None:
        """Run `attempt` until it succeeds; None when a person decided to skip the step."""
        while True:
            try:
                return await attempt()
            except ActivityError as error:
                reason = final_reason(error)
            if await self._ask_for_help(step, reason) is AttentionAction.SKIP:
                return None

    async def note(self, step: str, reason: str) -> None:
        """Put something on the attention list that needs a person's eye, without waiting for the answer."""
        await workflow.execute_activity_method(
            Standings.raise_attention,
            self._command(step, reason),
            **named(RECORDS, f"ask for help: {step}"),
        )

    async def _ask_for_help(self, step: str, reason: str) -> AttentionAction:
        self._answers.pop(step, None)
        self.stuck[step] = reason
        await self.note(step, reason)
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(True)])
        await workflow.wait_condition(lambda: step in self._answers)
        action = self._answers.pop(step)
        del self.stuck[step]
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(bool(self.stuck))])
        await workflow.execute_activity_method(
            Standings.settle_attention,
            SettleAttention(
                client_id=self._client_id,
                workflow_id=workflow.info().workflow_id,
                step=step,
                resolution=str(action),
                now=self.now(),
            ),
            **named(RECORDS, f"settled: {step} ({action})"),
        )
        return action

    def _command(self, step: str, reason: str) -> RaiseAttention:
        return RaiseAttention(
            client_id=self._client_id,
            workflow_id=workflow.info().workflow_id,
            step=step,
            reason=reason,
            now=self.now(),
        )


async def bookkeeping(activity: Callable[[Any, Command], Awaitable[Result]], command: Command, summary: str) -> Result:
    """A local activity; where our database doesn't answer within seconds, an ordinary one that waits it out."""
    try:
        return await workflow.execute_local_activity_method(activity, command, **named_locally(BOOKKEEPING, summary))
    except ActivityError as error:
        if is_final(error):
            raise
    return await workflow.execute_activity_method(activity, command, **named(RECORDS, summary))


def is_final(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def final_reason(error: ActivityError) -> str:
    """The code-only reason of a final refusal; anything else is ours to fix, and is raised again."""
    if not is_final(error):
        raise error
    assert isinstance(error.cause, ApplicationError)
    return error.cause.message
