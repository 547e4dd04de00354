"""A client's way, from the sign-up or the provider's invitation to the first booked visit."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Intake, OpenIntakeForm
    from activities.signups import RecordAnonymousSignup, Signups
    from activities.standing import CloseJourney, LoadStanding, Standing, Standings
    from domain.cadence import Waiting, booking_waiting
    from domain.greetings import Occasion, greeted_by_itself
    from domain.stages import JourneyOutcome, Stage, Track
    from workflows.beside import Beside
    from workflows.child_booking import start_booking
    from workflows.details import journey_details
    from workflows.intake_filing import IntakeFiling
    from workflows.inviting import Inviting
    from workflows.journey_mails import FIRST_INVITATION, JourneyMails
    from workflows.messages import (
        AccountOpened,
        AppointmentClaimed,
        BookingSettled,
        IntakeSubmitted,
        InvitationRequested,
        InvitationRevoked,
        JourneyEnded,
        JourneyView,
        JourneyWithdrawn,
        NewClientFormsRequested,
        ResolveAttention,
        SideStep,
        StartJourney,
    )
    from workflows.search_attributes import STAGE
    from workflows.steps import Steps, bookkeeping
    from workflows.waiting import answered_within


@workflow.defn
class ClientJourney:
    """One per client; open until the first visit is booked, or nobody answers for very long, or it is withdrawn.

    Started again, it repeats nothing that has been done.
    """

    @workflow.init
    def __init__(self, start: StartJourney) -> None:
        self._start = start
        self._steps = Steps(start.client_id, start.skew_seconds, self._show)
        self._mails = JourneyMails(start.client_id, self._steps, self._note_sent)
        self._inviting = Inviting(self._steps, self._mails, self._wait)
        self._filing = IntakeFiling(start.client_id, self._steps)
        self._beside = Beside(
            {SideStep.GREETING: self._mails.greet_automatically, SideStep.FRONT_DESK: self._mails.tell_front_desk}
        )
        self._standing: Standing | None = None
        self._stage = Stage.RECORDED
        self._shown_stage: Stage | None = None
        self._waits_for = "its standing"
        self._until: datetime | None = None
        self._sent: list[str] = []
        self._bookings: list[str] = []
        self._account_opened = False
        self._account_noted = False
        self._intake_submitted = False
        self._booked = False
        self._end: JourneyOutcome | None = None
        self._ended = False
        self._new_run_asked = False

    @workflow.run
    async def run(self, start: StartJourney) -> JourneyEnded:
        await self._take_up()
        self._beside.start(*start.beside)
        if self._stage is Stage.CLOSED:
            # What this run was started for may open the way again.
            self._wait("what it was started for")
            await workflow.wait_condition(workflow.all_handlers_finished)
        if self._going_on():
            await self._sign_up()
            await self._invite_and_greet()
            await self._await_account()
            await self._await_intake()
            await self._await_booking()
        if self._new_run_asked and self._end is None and not self._booked:
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self._steps.settled()
            workflow.continue_as_new(dataclasses.replace(start, beside=self._beside.under_way))
        await self._close()
        outcome = JourneyOutcome.BOOKED if self._stage is Stage.BOOKED else self._end
        return JourneyEnded(stage=self._stage, outcome=outcome)

    def _going_on(self) -> bool:
        if self._booked or self._end is not None or self._new_run_asked:
            return False
        return self._stage is not Stage.CLOSED or self._account_opened

    # The way, step by step

    async def _take_up(self) -> None:
        """Load where the client stands: a new journey at the beginning, one that is started again further on."""
        standing = await bookkeeping(
            Standings.load_standing,
            LoadStanding(client_id=self._start.client_id),
            "where the client stands",
        )
        # In a closed way only what is new counts: an account of old times doesn't open it again.
        if standing.stage is not Stage.CLOSED:
            self._account_opened = self._account_opened or standing.has_account
            self._account_noted = standing.stage in (Stage.ACCOUNT, Stage.INTAKE, Stage.READY)
        self._intake_submitted = self._intake_submitted or standing.intake_submitted
        self._inviting.current = standing.invitation
        self._booked = standing.stage is Stage.BOOKED
        self._standing = standing
        self._stage = self._shown_stage = standing.stage
        self._show()

    async def _sign_up(self) -> None:
        if self._start.track is not Track.ANONYMOUS or self._stage is not Stage.RECORDED:
            return
        await self._steps.record(
            "anonymous_signup",
            Signups.record_anonymous_signup,
            lambda now: RecordAnonymousSignup(client_id=self._start.client_id, now=now),
        )

    async def _invite_and_greet(self) -> None:
        """On the anonymous track greeting and notice go out beside the invitation: the way waits for neither."""
        if self._stage is not Stage.RECORDED:
            return
        self._wait("the invitation to go out")
        if greeted_by_itself(self._start.track):
            self._beside.start(SideStep.GREETING, SideStep.FRONT_DESK)
        await self._invite(None)

    async def _await_account(self) -> None:
        if not self._going_on() or self._stage not in (Stage.RECORDED, Stage.INVITED, Stage.CLOSED):
            return
        if not await self._inviting.await_account(lambda: self._account_opened or not self._going_on()):
            self._end = JourneyOutcome.LAPSED

    async def _await_intake(self) -> None:
        if not self._going_on() or not self._account_opened:
            return
        if self._stage in (Stage.READY, Stage.BOOKED):
            return
        waiting = await self._open_intake()
        if waiting is None:
            return
        reminded_until = self._steps.now()
        while not self._intake_submitted and self._going_on():
            due = waiting.due_after(reminded_until)
            self._wait("the client to submit the intake form", due)
            if await answered_within(
                lambda: self._intake_submitted or not self._going_on(),
                due - self._steps.now(),
                "the intake form: remind or lapse",
            ):
                break
            reminded_until = due
            if due >= waiting.lapses_at:
                self._end = JourneyOutcome.LAPSED
            else:
                await self._mails.remind_of_intake(due)
        if self._intake_submitted:
            self._stage = await self._filing.file(self._stage)

    async def _open_intake(self) -> Waiting | None:
        """Take note of the account; None where there is no form to fill in."""
        self._account_noted = True
        opened = await self._steps.record(
            "assign_intake_form",
            Intake.open_intake_form,
            lambda now: OpenIntakeForm(client_id=self._start.client_id, now=now),
        )
        if opened is None:
            return None
        self._stage = opened.stage
        return opened.waiting

    async def _await_booking(self) -> None:
        if not self._going_on():
            return
        lapses_at = booking_waiting(self._steps.now()).lapses_at
        self._wait("the client to book a first appointment", lapses_at)
        left = lapses_at - self._steps.now()
        if not await answered_within(lambda: not self._going_on(), left, "no appointment: lapse"):
            self._end = JourneyOutcome.LAPSED

    async def _close(self) -> None:
        """Let what is under way finish: messages that came while the journey was closing are not lost."""
        self._wait("what is under way to finish")
        await self._end_way()
        await self._beside.finished()
        while True:
            await self._filing.finished()
            await workflow.wait_condition(workflow.all_handlers_finished)
            if self._filing.under_way:
                continue
            if not self._account_opened or self._account_noted or self._end is JourneyOutcome.WITHDRAWN:
                break
            await self._open_intake()
        await self._steps.settled()
        await self._end_way()
        self._wait("nothing: the journey is closed")

    async def _end_way(self) -> None:
        """Once. A visit that is booked keeps a way from lapsing; whoever withdraws it has called that visit off."""
        outcome = self._end
        if outcome is None or self._ended or (self._booked and outcome is not JourneyOutcome.WITHDRAWN):
            return
        self._ended = True
        await self._steps.record(
            f"way_ends_{outcome}",
            Standings.close_journey,
            lambda now: CloseJourney(client_id=self._start.client_id, outcome=outcome, now=now),
        )
        self._stage = Stage.CLOSED

    # Single steps

    async def _invite(self, invitation_id: str | None) -> None:
        stage = await self._inviting.send(invitation_id)
        if stage is not None:
            self._stage = stage
        elif FIRST_INVITATION in self._steps.lapsed:
            self._end = JourneyOutcome.LAPSED

    # What the journey is told

    @workflow.signal
    def account_opened(self, fact: AccountOpened) -> None:
        self._account_opened = True

    @workflow.signal
    async def intake_submitted(self, fact: IntakeSubmitted) -> None:
        await self._taken_up()
        self._intake_submitted = True
        # Before that, the way itself files the answers when it comes to them.
        if self._stage in (Stage.READY, Stage.BOOKED, Stage.CLOSED):
            self._stage = await self._filing.file(self._stage)

    @workflow.signal
    async def invitation_requested(self, fact: InvitationRequested) -> None:
        await self._taken_up()
        await self._invite(fact.invitation_id)

    @workflow.signal
    async def invitation_revoked(self, fact: InvitationRevoked) -> None:
        await self._taken_up()
        self._inviting.take_back(fact)

    @workflow.signal
    async def new_client_forms_requested(self, fact: NewClientFormsRequested) -> None:
        await self._taken_up()
        await self._mails.greet(Occasion.NEW_CLIENT_FORMS, fact.request_id)

    @workflow.signal
    def journey_withdrawn(self, fact: JourneyWithdrawn) -> None:
        self._end = JourneyOutcome.WITHDRAWN
        self._steps.give_up()

    @workflow.signal
    def begin_new_run(self) -> None:
        """Go on in a new run, which loads where the client stands: as soon as the journey only waits.

        A workflow with an open child can't skip time; the child of an earlier run doesn't count.
        """
        self._new_run_asked = True

    @workflow.signal
    async def appointment_claimed(self, fact: AppointmentClaimed) -> None:
        """Start the booking as a child, so that the Temporal UI shows the client's way as one tree."""
        await self._taken_up()
        child = await start_booking(self._start, fact, self._stage)
        if child is not None:
            self._bookings.append(child)
            self._show()

    @workflow.signal
    def booking_settled(self, fact: BookingSettled) -> None:
        if fact.booked:
            self._booked = True
            self._stage = Stage.BOOKED

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if not self._steps.waits_for_answer(answer.step):
            raise ValueError(f"no step called {answer.step} waits for an answer")

    @workflow.query
    def describe(self) -> JourneyView:
        return JourneyView(
            stage=self._stage, waits_for=self._waits_for, until=self._until, attention=tuple(self._steps.stuck)
        )

    # What operators see

    async def _taken_up(self) -> None:
        await workflow.wait_condition(lambda: self._standing is not None)

    def _note_sent(self, what: str) -> None:
        self._sent.append(f"{what} at {self._steps.now():%Y-%m-%d %H:%M} UTC")
        self._show()

    def _wait(self, what: str, until: datetime | None = None) -> None:
        """Say what is waited for; the stage is shown as it is when the journey comes to rest."""
        self._waits_for = what
        self._until = until
        if self._stage is not self._shown_stage:
            self._shown_stage = self._stage
            workflow.upsert_search_attributes([STAGE.value_set(self._stage)])
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(
            journey_details(
                stage=self._stage,
                waits_for=self._waits_for,
                until=self._until,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
                sent=self._sent,
                bookings=self._bookings,
            )
        )
