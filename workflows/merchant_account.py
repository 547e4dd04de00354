"""A provider's merchant account: read whenever somebody rings, and the provider told where clients can't pay."""

from __future__ import annotations

import functools
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.merchant_accounts import MerchantAccounts, MerchantStanding, ReadMerchantAccount
    from activities.practice_notices import MerchantNotice, PracticeNotices, SendMerchantNotice
    from workflows.details import affair_details
    from workflows.errands import Errands
    from workflows.messages import MerchantAccountNoticed, ResolveAttention, StartMerchantAccount
    from workflows.options import MAIL, PAYMENT, named
    from workflows.search_attributes import STAGE
    from workflows.steps import OnLapse, PracticeAffair, Steps

# After that the state is shown on the page, and a mail about its beginning says nothing new.
_NOTICE_KEEPS = timedelta(days=7)


@workflow.defn
class MerchantAccount:
    """One per provider; open while there is news, and started again by the next. It loads how the account stands."""

    @workflow.init
    def __init__(self, start: StartMerchantAccount) -> None:
        self._start = start
        affair = PracticeAffair(practice_id=start.practice_id, provider_id=start.provider_id)
        self._steps = Steps(affair, start.skew_seconds, self._show)
        self._state = "unknown"
        self._waits_for = "the processor's answer"
        self._noticed = False
        self._errands = Errands(self._steps, lambda: self._noticed)

    @workflow.run
    async def run(self, start: StartMerchantAccount) -> str:
        while True:
            self._noticed = False
            standing = await self._read()
            if standing is not None:
                self._reach(standing.status)
                self._tell(standing)
            if not await self._errands.until_news(None):
                break
            if workflow.info().is_continue_as_new_suggested() and not self._errands.under_way:
                workflow.continue_as_new(start)
        self._waits_for = "nothing: the next news starts it again"
        self._show()
        return self._state

    async def _read(self) -> MerchantStanding | None:
        return await self._steps.take(
            "merchant_account",
            MerchantAccounts.read_merchant_account,
            lambda now: ReadMerchantAccount(provider_id=self._start.provider_id, now=now),
            named(PAYMENT, "read the merchant account"),
            on_lapse=OnLapse.STAY,
        )

    def _tell(self, standing: MerchantStanding) -> None:
        """Each of those whom it concerns, none waiting for the other."""
        if standing.notice is None or self._steps.now() >= standing.since + _NOTICE_KEEPS:
            return
        for staff_id in standing.staff:
            key = (standing.notice, standing.since, staff_id)
            self._errands.start(key, functools.partial(self._tell_one, standing, standing.notice, staff_id))

    async def _tell_one(self, standing: MerchantStanding, notice: MerchantNotice, staff_id: str) -> None:
        await self._steps.take(
            f"merchant_notice:{notice}:{staff_id}",
            PracticeNotices.send_merchant_notice,
            lambda now: SendMerchantNotice(
                provider_id=self._start.provider_id, notice=notice, since=standing.since, staff_id=staff_id, now=now
            ),
            named(MAIL, f"tell of the merchant account: {notice}"),
            not_after=standing.since + _NOTICE_KEEPS,
        )

    @workflow.signal
    def merchant_account_noticed(self, fact: MerchantAccountNoticed) -> None:
        self._noticed = True

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if not self._steps.waits_for_answer(answer.step):
            raise ValueError(f"no step called {answer.step} waits for an answer")

    def _reach(self, state: str) -> None:
        if state != self._state:
            self._state = str(state)
            workflow.upsert_search_attributes([STAGE.value_set(self._state)])
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(
            affair_details(
                what="Merchant account",
                state=self._state,
                waits_for=self._waits_for,
                until=None,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
            )
        )
