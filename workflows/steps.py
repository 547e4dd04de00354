"""Steps of a journey: weather is waited out visibly, a refusal asks for help, and what came too late is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.notices import Notices, Occurrence, TellFrontDesk
    from activities.practice_notices import PracticeNotices, TellPracticeOfAttention
    from activities.standing import NoteDropped, RaiseAttention, SettleAttention, Standings
    from domain.cadence import ANSWER_WITHIN, ATTENTION_LAPSES_AFTER
    from domain.states import AttentionAction, AttentionOwner
    from workflows.failures import final_reason, is_final, weather_reason
    from workflows.options import (
        BOOKKEEPING,
        FIRST_PAUSE,
        LONGEST_PAUSE,
        MAIL,
        RECORDS,
        TOLD_OF_WEATHER_AFTER,
        named,
        named_locally,
    )
    from workflows.search_attributes import NEEDS_ATTENTION
    from workflows.waiting import answered_within

Result = TypeVar("Result")
Command = TypeVar("Command")

_LAPSED = "lapsed"
_RECOVERED = "recovered"
_ALERT_KEEPS = timedelta(hours=12)


class OnLapse(StrEnum):
    """What becomes of a refused step that nobody answers."""

    SKIP = "skip"  # the journey goes on without it
    STAY = "stay"  # money: it is never dropped in silence


@dataclass(kw_only=True)
class _Weather:
    """A step whose far side doesn't answer."""

    since: datetime
    tries: int = 0
    told: bool = False
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class PracticeAffair:
    """What isn't about a client: the practice's own subscription, a provider's merchant account."""

    practice_id: str
    provider_id: str | None = None


class Steps:
    """One workflow's steps: what is stuck, what waits for better weather, and what people have answered.

    They are about a client, or an affair of the practice's own. `show` is called whenever what operators read has
    changed.
    """

    def __init__(self, about: str | PracticeAffair, skew_seconds: int, show: Callable[[], None]) -> None:
        self._client_id = about if isinstance(about, str) else None
        self._affair = about if isinstance(about, PracticeAffair) else None
        self._skew = timedelta(seconds=skew_seconds)
        self._show = show
        self._answers: dict[str, AttentionAction] = {}
        self._weather: dict[str, _Weather] = {}
        self._alerts: list[asyncio.Task[None]] = []
        self._never_dropped: set[str] = set()
        self._given_up = False
        self.stuck: dict[str, str] = {}
        self.lapsed: set[str] = set()

    def now(self) -> datetime:
        """Business time: the engine's clock, and in a demo what the stack's clock is ahead of it."""
        return workflow.now() + self._skew

    @property
    def weather(self) -> dict[str, str]:
        """Step -> what is the matter, and when it is tried again."""
        return {step: weather.words for step, weather in self._weather.items()}

    @property
    def waiting(self) -> list[str]:
        """The steps that wait for better weather or for a person's answer."""
        return [*self.stuck, *self._weather]

    def waits_for_answer(self, step: str) -> bool:
        return step in self.waiting

    def answer(self, step: str, action: AttentionAction) -> None:
        self._answers[step] = action

    def give_up(self) -> None:
        """Nobody is waited for any more: what is stuck stays undone, but for what is never dropped."""
        self._given_up = True
        for step in {*self.stuck, *self._weather} - self._never_dropped:
            self._answers[step] = AttentionAction.SKIP

    async def take(
        self,
        step: str,
        activity: Callable[[Any, Command], Awaitable[Result]],
        command: Callable[[datetime], Command],
        config: ActivityConfig,
        *,
        not_after: datetime | None = None,
        on_lapse: OnLapse = OnLapse.SKIP,
    ) -> Result | None:
        """Run the activity until it has succeeded, with the command made for the moment of each try.

        None when a person decided to skip the step, when nobody answered, or when it came too late to be of use.
        """
        if on_lapse is OnLapse.STAY:
            self._never_dropped.add(step)
        while not_after is None or self.now() < not_after:
            options: ActivityConfig = {**config}
            if not_after is not None:
                options["schedule_to_close_timeout"] = not_after - self.now()
            try:
                result = await workflow.execute_activity_method(activity, command(self.now()), **options)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                final = final_reason(error) if is_final(error) else None
                if self._given_up and step not in self._never_dropped:
                    action = AttentionAction.SKIP
                elif final is None:
                    action = await self._wait_out(step, weather_reason(error), not_after)
                else:
                    await self._clear(step)
                    action = await self._ask_for_help(step, final, on_lapse)
                if action is AttentionAction.SKIP:
                    await self._clear(step)
                    return None
                continue
            await self._clear(step)
            return result
        await self._clear(step)
        await self._drop(step)
        return None

    async def record(
        self, step: str, activity: Callable[[Any, Command], Awaitable[Result]], command: Callable[[datetime], Command]
    ) -> Result | None:
        """A step in our own database. A refusal there is a fault of ours: it waits for a person, and nothing dies."""
        return await self.take(step, activity, command, named(RECORDS, step.replace("_", " ")), on_lapse=OnLapse.STAY)

    async def note(self, step: str, reason: str, *, due_at: datetime | None = None) -> None:
        """Put something on the attention list that needs a person's eye, without waiting for the answer."""
        within = ANSWER_WITHIN if due_at is None else due_at - self.now()
        await self._raise(step, reason, AttentionOwner.FRONT_DESK, within)
        self._alert(step)

    def remind(self, step: str) -> None:
        """Tell the front desk once more of what was noted."""
        self._alert(step)

    async def settle(self, step: str, resolution: str) -> None:
        """What was noted needs nobody any more."""
        await self._settle(step, resolution)

    async def settled(self) -> None:
        """Wait for mails to the front desk that are still under way."""
        await asyncio.gather(*self._alerts)

    # Weather

    async def _wait_out(self, step: str, reason: str, not_after: datetime | None) -> AttentionAction:
        """Pause before the next try; longer each time, and a little irregular, so that journeys don't come at once."""
        weather = self._weather.setdefault(step, _Weather(since=self.now()))
        pause = min(FIRST_PAUSE * 2**weather.tries, LONGEST_PAUSE) * workflow.random().uniform(0.8, 1.2)
        if not_after is not None:
            pause = min(pause, max(not_after - self.now(), timedelta(seconds=1)))
        weather.tries = min(weather.tries + 1, 10)
        next_try = self.now() + pause
        weather.words = f"{reason}; next try {next_try:%Y-%m-%d %H:%M} UTC (in {_spoken(pause)})"
        self._show()
        if not weather.told and self.now() - weather.since >= TOLD_OF_WEATHER_AFTER:
            weather.told = True
            await self._raise(step, f"{reason} since {weather.since:%Y-%m-%d %H:%M} UTC", AttentionOwner.OPERATOR)
            self._mirror()
        await self._answered(step, pause, f"{reason}: try {step} again")
        return self._answers.pop(step, AttentionAction.RETRY)

    async def _clear(self, step: str) -> None:
        """The weather is over."""
        weather = self._weather.pop(step, None)
        if weather is None:
            return
        if weather.told:
            await self._settle(step, _RECOVERED)
            self._mirror()
        self._show()

    async def _drop(self, step: str) -> None:
        if self._client_id is None:
            # No timeline to say it on; the ledger of effects has no such message.
            workflow.logger.warning("too late to be of use: %s", step)
            return
        await bookkeeping(
            Standings.note_dropped,
            NoteDropped(
                client_id=self._client_id, ref=f"{workflow.info().workflow_id}:{step}", step=step, now=self.now()
            ),
            f"too late to be of use: {step}",
        )

    # Refusals

    async def _ask_for_help(self, step: str, reason: str, on_lapse: OnLapse) -> AttentionAction:
        """Until a person answers; the front desk first, then the operators, and in the end nobody."""
        self._answers.pop(step, None)
        self.stuck[step] = reason
        await self._raise(step, reason, AttentionOwner.FRONT_DESK, ANSWER_WITHIN)
        self._mirror()
        self._alert(step)
        if not await self._answered(step, ANSWER_WITHIN, f"{step}: nobody has answered, pass it on"):
            left = ATTENTION_LAPSES_AFTER - ANSWER_WITHIN
            await self._raise(step, reason, AttentionOwner.OPERATOR, left)
            if not await self._answered(step, left, f"{step}: give up"):
                await self._lapse(step, reason, on_lapse)
        resolution = _LAPSED if step in self.lapsed else str(self._answers[step])
        action = AttentionAction.SKIP if step in self.lapsed else self._answers.pop(step)
        del self.stuck[step]
        self._mirror()
        await self._settle(step, resolution)
        return action

    async def _lapse(self, step: str, reason: str, on_lapse: OnLapse) -> None:
        if on_lapse is OnLapse.SKIP:
            self.lapsed.add(step)
            return
        while step not in self._answers:
            self._alert(step)
            await self._raise(step, reason, AttentionOwner.OPERATOR, ATTENTION_LAPSES_AFTER)
            await self._answered(step, ATTENTION_LAPSES_AFTER, f"{step}: ask again")

    async def _answered(self, step: str, within: timedelta, summary: str) -> bool:
        return await answered_within(lambda: step in self._answers, within, summary)

    def _alert(self, step: str) -> None:
        """A line to the front desk, beside everything else: it holds nothing up, and isn't insisted on."""
        ref = f"{workflow.info().workflow_id}:{step}:{self.now():%Y%m%d%H%M}"
        self._alerts.append(asyncio.create_task(self._tell_of_attention(ref)))

    async def _tell_of_attention(self, ref: str) -> None:
        config = named(MAIL, "tell the front desk: something needs attention")
        config["schedule_to_close_timeout"] = _ALERT_KEEPS
        try:
            if self._client_id is not None:
                command = TellFrontDesk(
                    client_id=self._client_id, occurrence=Occurrence.ATTENTION, ref=ref, now=self.now()
                )
                await workflow.execute_activity_method(Notices.tell_front_desk, command, **config)
            elif self._affair is not None:
                tell = TellPracticeOfAttention(practice_id=self._affair.practice_id, ref=ref, now=self.now())
                await workflow.execute_activity_method(PracticeNotices.tell_practice_of_attention, tell, **config)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the front desk could not be told that something needs attention")

    def _mirror(self) -> None:
        """The search attribute follows what is on the attention list."""
        waiting = bool(self.stuck) or any(weather.told for weather in self._weather.values())
        workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(waiting)])
        self._show()

    async def _raise(
        self, step: str, reason: str, owner: AttentionOwner, within: timedelta = ATTENTION_LAPSES_AFTER
    ) -> None:
        command = RaiseAttention(
            client_id=self._client_id,
            workflow_id=workflow.info().workflow_id,
            step=step,
            reason=reason,
            owner=owner,
            due_at=self.now() + within,
            now=self.now(),
            practice_id=self._affair.practice_id if self._affair else None,
            provider_id=self._affair.provider_id if self._affair else None,
        )
        await workflow.execute_activity_method(
            Standings.raise_attention, command, **named(RECORDS, f"ask for help: {step} ({owner})")
        )

    async def _settle(self, step: str, resolution: str) -> None:
        command = SettleAttention(
            client_id=self._client_id,
            workflow_id=workflow.info().workflow_id,
            step=step,
            resolution=resolution,
            now=self.now(),
        )
        await workflow.execute_activity_method(
            Standings.settle_attention, command, **named(RECORDS, f"settled: {step} ({resolution})")
        )


async def bookkeeping(activity: Callable[[Any, Command], Awaitable[Result]], command: Command, summary: str) -> Result:
    """A local activity; where our database doesn't answer within seconds, an ordinary one that waits it out."""
    try:
        return await workflow.execute_local_activity_method(activity, command, **named_locally(BOOKKEEPING, summary))
    except FailureError as error:
        # On replay a local activity that timed out comes back as a bare time-out, not as an ActivityError.
        if is_cancelled_exception(error) or (isinstance(error, ActivityError) and is_final(error)):
            raise
    return await workflow.execute_activity_method(activity, command, **named(RECORDS, summary))


def _spoken(pause: timedelta) -> str:
    seconds = pause.total_seconds()
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
