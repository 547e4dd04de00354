"""A provider's waitlist: a freed time is held for the first who fits, and after a while for the next."""

from __future__ import annotations

import functools

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.waitlist import KeepWaitlist, Waitlists
    from activities.waitlist_offers import OfferMail, SendWaitlistApology, SendWaitlistOffer, WaitlistOffers
    from domain.waitlist_keeping import HeldOffer, Kept
    from workflows.details import affair_details
    from workflows.errands import Errands
    from workflows.messages import ResolveAttention, StartWaitlist, WaitlistNoticed
    from workflows.options import MAIL, named
    from workflows.search_attributes import STAGE
    from workflows.steps import PracticeAffair, Steps


@workflow.defn
class Waitlist:
    """One per provider; open while a time is held for somebody, or the first of them sleeps. The next news starts it
    again: the records say what is held, and who has been told.
    """

    @workflow.init
    def __init__(self, start: StartWaitlist) -> None:
        self._start = start
        affair = PracticeAffair(practice_id=start.practice_id, provider_id=start.provider_id)
        self._steps = Steps(affair, start.skew_seconds, self._show)
        self._state = "unknown"
        self._kept: Kept | None = None
        self._noticed = False
        self._errands = Errands(self._steps, lambda: self._noticed)

    @workflow.run
    async def run(self, start: StartWaitlist) -> str:
        while True:
            self._noticed = False
            self._kept = await self._keep()
            for offer in self._kept.offers if self._kept else ():
                if not offer.told:
                    self._errands.start(offer.offer_id, functools.partial(self._tell, offer))
            for offer in self._kept.taken_back if self._kept else ():
                self._errands.start(f"taken_back:{offer.offer_id}", functools.partial(self._apologise, offer))
            self._reach("offering" if self._kept and self._kept.offers else "quiet")
            if not await self._errands.until_news(self._kept.look_again_at if self._kept else None):
                break
            if workflow.info().is_continue_as_new_suggested() and not self._errands.under_way:
                workflow.continue_as_new(start)
        self._show()
        return self._state

    async def _keep(self) -> Kept | None:
        return await self._steps.record(
            "keep_waitlist",
            Waitlists.keep_waitlist,
            lambda now: KeepWaitlist(provider_id=self._start.provider_id, now=now),
        )

    async def _tell(self, offer: HeldOffer) -> None:
        """One mail per offer; what would come after its end is of no use, and a refused one frees the time."""
        step = f"waitlist_offer:{offer.offer_id}"
        sent = await self._steps.take(
            step,
            WaitlistOffers.send_waitlist_offer,
            lambda now: SendWaitlistOffer(offer_id=offer.offer_id, workflow_id=workflow.info().workflow_id, now=now),
            named(MAIL, "offer a freed time"),
            not_after=offer.expires_at,
        )
        if sent is OfferMail.REFUSED:
            self._steps.remind(step)
        if sent in (OfferMail.REFUSED, OfferMail.OVERTAKEN):
            self._noticed = True

    async def _apologise(self, offer: HeldOffer) -> None:
        """The time is closed after all. Once the offer would be over anyway, nobody waits for the mail any more."""
        await self._steps.take(
            f"waitlist_apology:{offer.offer_id}",
            WaitlistOffers.send_waitlist_apology,
            lambda now: SendWaitlistApology(offer_id=offer.offer_id, workflow_id=workflow.info().workflow_id, now=now),
            named(MAIL, "say that an offered time is closed"),
            not_after=offer.expires_at,
        )

    @workflow.signal
    def waitlist_noticed(self, fact: WaitlistNoticed) -> None:
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
            self._state = state
            workflow.upsert_search_attributes([STAGE.value_set(state)])
        self._show()

    def _show(self) -> None:
        kept = self._kept
        waits_for = f"{len(kept.offers)} answers" if kept and kept.offers else "the morning of somebody who sleeps"
        workflow.set_current_details(
            affair_details(
                what="Waitlist",
                state=self._state,
                waits_for=waits_for if kept and kept.look_again_at else "nothing: the next news starts it again",
                until=kept.look_again_at if kept else None,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
            )
        )
