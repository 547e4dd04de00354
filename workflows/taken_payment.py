"""A fee that was taken: refunds made past us and disputes are read when the processor rings, and the ledger follows."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.taken_payments import FollowPayment, PaymentStanding, TakenPayments
    from workflows.details import affair_details
    from workflows.errands import Errands
    from workflows.messages import ResolveAttention, StartTakenPayment, TakenPaymentNoticed
    from workflows.options import PAYMENT, named
    from workflows.search_attributes import STAGE
    from workflows.steps import OnLapse, Steps


@workflow.defn
class TakenPayment:
    """One per payment; open while there is news, and started again by the next. It never moves money itself."""

    @workflow.init
    def __init__(self, start: StartTakenPayment) -> None:
        self._start = start
        self._steps = Steps(start.client_id, start.skew_seconds, self._show)
        self._state = "unknown"
        self._waits_for = "the processor's answer"
        self._noticed = False
        self._reminded: set[str] = set()
        self._errands = Errands(self._steps, lambda: self._noticed)

    @workflow.run
    async def run(self, start: StartTakenPayment) -> str:
        while True:
            self._noticed = False
            standing = await self._read()
            if standing is not None:
                self._reach(standing.state)
                await self._ask(standing)
            if not await self._errands.until_news(standing.look_again_at if standing is not None else None):
                break
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
        self._waits_for = "nothing: the next news starts it again"
        self._show()
        return self._state

    async def _ask(self, standing: PaymentStanding) -> None:
        """Whom it concerns; what has been decided or answered at the processor isn't asked any more."""
        for matter in standing.matters:
            await self._steps.note(matter.step, matter.reason, due_at=matter.due_at)
        for step in standing.answered:
            await self._steps.settle(step, "answered")
        for step in standing.near:
            if step not in self._reminded:
                self._reminded.add(step)
                self._steps.remind(step)

    async def _read(self) -> PaymentStanding | None:
        return await self._steps.take(
            "taken_payment",
            TakenPayments.follow_payment,
            lambda now: FollowPayment(
                payment_id=self._start.payment_id, workflow_id=workflow.info().workflow_id, now=now
            ),
            named(PAYMENT, "read what became of the fee"),
            on_lapse=OnLapse.STAY,
        )

    @workflow.signal
    def taken_payment_noticed(self, fact: TakenPaymentNoticed) -> None:
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
                what="Payment",
                state=self._state,
                waits_for=self._waits_for,
                until=None,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
            )
        )
