"""A practice's own subscription, and the gates it opens and closes: told before it closes anything."""

from __future__ import annotations

import functools
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.portal_subscriptions import (
        ChangePlan,
        ChangeRenewal,
        DueMail,
        PortalSubscriptions,
        ReadSubscription,
        SubscriptionLook,
    )
    from activities.subscription_notices import SendSubscriptionNotice, SubscriptionNotices
    from workflows.details import affair_details
    from workflows.errands import Errands
    from workflows.messages import ResolveAttention, StartPortalSubscription, SubscriptionNoticed
    from workflows.options import MAIL, PAYMENT, named
    from workflows.search_attributes import STAGE
    from workflows.steps import OnLapse, PracticeAffair, Steps


@workflow.defn
class PortalSubscription:
    """One per practice; open while there is something ahead, and started again by any news.

    It decides nothing from what it has been told: each look asks the processor, and the records say what was told.
    """

    @workflow.init
    def __init__(self, start: StartPortalSubscription) -> None:
        self._start = start
        self._steps = Steps(PracticeAffair(practice_id=start.practice_id), start.skew_seconds, self._show)
        self._state = "unknown"
        self._waits_for = "the processor's answer"
        self._until: datetime | None = None
        self._noticed = False
        self._doubled = False
        self._errands = Errands(self._steps, lambda: self._noticed)

    @workflow.run
    async def run(self, start: StartPortalSubscription) -> str:
        while True:
            self._noticed = False
            look = await self._look()
            if look is not None and look.renewal_asked:
                await self._change_renewal()
                continue
            if look is not None and look.plan_asked:
                await self._change_plan()
                continue
            if look is not None:
                await self._take_note(look)
            again = look.look_again_at if look is not None else None
            self._wait("news, or the next look", again)
            if not await self._errands.until_news(again):
                break
            if workflow.info().is_continue_as_new_suggested() and not self._errands.under_way:
                workflow.continue_as_new(start)
        self._wait("nothing: the next news starts it again", None)
        return self._state

    # Step by step

    async def _look(self) -> SubscriptionLook | None:
        return await self._steps.take(
            "portal_subscription",
            PortalSubscriptions.read_portal_subscription,
            lambda now: ReadSubscription(practice_id=self._start.practice_id, now=now),
            named(PAYMENT, "read the portal subscription"),
            on_lapse=OnLapse.STAY,
        )

    async def _change_renewal(self) -> None:
        changed = await self._steps.take(
            "subscription_renewal",
            PortalSubscriptions.change_renewal,
            lambda now: ChangeRenewal(practice_id=self._start.practice_id, now=now),
            named(PAYMENT, "renew it or not, as an owner has asked"),
            on_lapse=OnLapse.STAY,
        )
        if changed is None:
            # A person has decided to leave it as it is.
            await self._steps.record(
                "subscription_renewal_left",
                PortalSubscriptions.leave_renewal,
                lambda now: ChangeRenewal(practice_id=self._start.practice_id, now=now),
            )

    async def _change_plan(self) -> None:
        changed = await self._steps.take(
            "subscription_plan",
            PortalSubscriptions.change_plan,
            lambda now: ChangePlan(practice_id=self._start.practice_id, now=now),
            named(PAYMENT, "have another plan, as an owner has asked"),
            on_lapse=OnLapse.STAY,
        )
        if changed is None:
            # A person has decided to leave it as it is.
            await self._steps.record(
                "subscription_plan_left",
                PortalSubscriptions.leave_plan,
                lambda now: ChangePlan(practice_id=self._start.practice_id, now=now),
            )

    async def _take_note(self, look: SubscriptionLook) -> None:
        self._reach(f"{look.status} until {look.closes_at:%Y-%m-%d}" if look.closes_at else str(look.status), look)
        if look.doubled and not self._doubled:
            self._doubled = True
            await self._steps.note("subscription_doubled", "the practice has two subscriptions at the processor")
        for mail in look.mails:
            self._errands.start(mail, functools.partial(self._tell, mail))

    async def _tell(self, mail: DueMail) -> None:
        await self._steps.take(
            f"subscription_notice:{mail.notice}:{mail.staff_id}",
            SubscriptionNotices.send_subscription_notice,
            lambda now: SendSubscriptionNotice(
                practice_id=self._start.practice_id,
                notice=mail.notice,
                about=mail.about,
                staff_id=mail.staff_id,
                now=now,
            ),
            named(MAIL, f"tell an owner: {mail.notice}"),
            not_after=mail.not_after,
        )
        # What has been told may have set an hour.
        self._noticed = True

    # What it is told

    @workflow.signal
    def subscription_noticed(self, fact: SubscriptionNoticed) -> None:
        self._noticed = True

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if not self._steps.waits_for_answer(answer.step):
            raise ValueError(f"no step called {answer.step} waits for an answer")

    # What operators see

    def _reach(self, state: str, look: SubscriptionLook) -> None:
        if state != self._state:
            self._state = state
            workflow.upsert_search_attributes([STAGE.value_set(str(look.status))])
        self._show()

    def _wait(self, what: str, until: datetime | None) -> None:
        self._waits_for = what
        self._until = until
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(
            affair_details(
                what="Portal subscription",
                state=self._state,
                waits_for=self._waits_for,
                until=self._until,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
            )
        )
