"""A client's way, from the sign-up or the provider's invitation to the first booked visit."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.greetings import Greetings, Occasion, SendGreetingEmail
    from activities.intake import FileIntakeForm, Intake, OpenIntakeForm
    from activities.invitations import Invitations, SendPortalInvitation
    from activities.notices import Notices, Occurrence, TellFrontDesk
    from activities.signups import RecordAnonymousSignup, Signups
    from activities.standing import LoadStanding, MarkAccountOpened, Standing, Standings
    from domain.stages import JourneyOutcome, Stage, Track
    from workflows.booking import Booking
    from workflows.details import journey_details
    from workflows.messages import (
        AccountOpened,
        AppointmentClaimed,
        BookingSettled,
        IntakeSubmitted,
        InvitationRequested,
        JourneyEnded,
        JourneyView,
        NewClientFormsRequested,
        ResolveAttention,
        StartBooking,
        StartJourney,
    )
    from workflows.naming import booking_id
    from workflows.options import MAIL, RECORDS, named
    from workflows.search_attributes import STAGE, opening
    from workflows.steps import Steps, bookkeeping


@workflow.defn
class ClientJourney:
    """One per client; open until the first visit is booked. Started again, it repeats nothing that has been done."""

    @workflow.init
    def __init__(self, start: StartJourney) -> None:
        self._start = start
        self._steps = Steps(start.client_id, start.skew_seconds)
        self._standing: Standing | None = None
        self._stage = Stage.RECORDED
        self._waits_for = "its standing"
        self._until: datetime | None = None
        self._sent: list[str] = []
        self._bookings: list[str] = []
        self._account_opened = False
        self._account_marked = False
        self._intake_submitted = False
        self._booked = False

    @workflow.run
    async def run(self, start: StartJourney) -> JourneyEnded:
        await self._take_up()
        if not self._booked:
            await self._sign_up()
            await self._invite_and_greet()
            await self._await_account()
            await self._await_intake()
            await self._await_booking()
        await self._close()
        outcome = JourneyOutcome.BOOKED if self._stage is Stage.BOOKED else None
        return JourneyEnded(stage=self._stage, outcome=outcome)

    # The way, step by step

    async def _take_up(self) -> None:
        """Load where the client stands: a new journey at the beginning, one that is started again further on."""
        standing = await bookkeeping(
            Standings.load_standing,
            LoadStanding(client_id=self._start.client_id),
            "where the client stands",
        )
        self._account_opened = self._account_opened or standing.has_account
        self._intake_submitted = self._intake_submitted or standing.intake_submitted
        self._until = standing.invitation_expires_at
        # A client who has been booked before, or whose journey has closed, only brings what this run was started for.
        self._booked = standing.stage in (Stage.BOOKED, Stage.CLOSED)
        self._account_marked = standing.stage in (Stage.ACCOUNT, Stage.INTAKE, Stage.READY)
        self._standing = standing
        self._reach(standing.stage)

    async def _sign_up(self) -> None:
        if self._start.track is not Track.ANONYMOUS or self._stage is not Stage.RECORDED:
            return
        command = RecordAnonymousSignup(client_id=self._start.client_id, now=self._steps.now())
        await workflow.execute_activity_method(
            Signups.record_anonymous_signup, command, **named(RECORDS, "anonymous signup")
        )

    async def _invite_and_greet(self) -> None:
        """On the anonymous track the greeting goes out beside the invitation: neither waits for the other."""
        if self._stage is not Stage.RECORDED:
            return
        self._wait("the invitation to go out")
        steps = [self._send_invitation(None)]
        if self._start.track is Track.ANONYMOUS:
            steps += [self._send_greeting(), self._tell_front_desk()]
        await asyncio.gather(*steps)

    async def _await_account(self) -> None:
        self._wait("the client to open an account", self._until)
        await workflow.wait_condition(lambda: self._account_opened or self._booked)
        await self._mark_account()

    async def _mark_account(self) -> None:
        if not self._account_opened or self._account_marked:
            return
        self._account_marked = True
        stage = await bookkeeping(
            Standings.mark_account_opened,
            MarkAccountOpened(client_id=self._start.client_id, now=self._steps.now()),
            "account opened",
        )
        self._reach(stage)

    async def _await_intake(self) -> None:
        if not self._account_opened or self._stage not in (Stage.ACCOUNT, Stage.INTAKE):
            return
        if await self._open_intake():
            self._wait("the client to submit the intake form")
            await workflow.wait_condition(lambda: self._intake_submitted or self._booked)
            if self._intake_submitted:
                await self._file_intake()

    async def _open_intake(self) -> bool:
        """Whether there is a form to fill in."""
        opened = await workflow.execute_activity_method(
            Intake.open_intake_form,
            OpenIntakeForm(client_id=self._start.client_id, now=self._steps.now()),
            **named(RECORDS, "intake form: assign"),
        )
        self._reach(opened.stage)
        return opened.form_id is not None

    async def _await_booking(self) -> None:
        self._wait("the client to book a first appointment")
        await workflow.wait_condition(lambda: self._booked)

    async def _close(self) -> None:
        """Let what is under way finish: messages that came while the journey was closing are not lost."""
        self._wait("what is under way to finish")
        while True:
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not self._account_opened or self._account_marked:
                break
            await self._mark_account()
            await self._open_intake()
        self._wait("nothing: the journey is closed")

    # Single steps

    async def _send_invitation(self, invitation_id: str | None) -> None:
        async def attempt() -> None:
            sent = await workflow.execute_activity_method(
                Invitations.send_portal_invitation,
                SendPortalInvitation(
                    client_id=self._start.client_id, invitation_id=invitation_id, now=self._steps.now()
                ),
                **named(MAIL, "portal invitation"),
            )
            self._until = sent.expires_at
            self._sent.append(f"invitation at {self._steps.now():%Y-%m-%d %H:%M} UTC")
            self._reach(sent.stage)

        await self._steps.take("portal_invitation" if invitation_id is None else f"invitation:{invitation_id}", attempt)

    async def _send_greeting(self) -> None:
        await self._greet(Occasion.AUTOMATIC, self._start.client_id)

    async def _greet(self, occasion: Occasion, request_id: str) -> None:
        async def attempt() -> None:
            result = await workflow.execute_activity_method(
                Greetings.send_greeting_email,
                SendGreetingEmail(
                    client_id=self._start.client_id,
                    occasion=occasion,
                    request_id=request_id,
                    now=self._steps.now(),
                ),
                **named(MAIL, f"greeting email ({occasion})"),
            )
            self._sent.append(f"greeting ({result}) at {self._steps.now():%Y-%m-%d %H:%M} UTC")
            self._show()

        await self._steps.take(f"greeting:{request_id}", attempt)

    async def _tell_front_desk(self) -> None:
        async def attempt() -> None:
            command = TellFrontDesk(
                client_id=self._start.client_id,
                occurrence=Occurrence.SIGNED_UP,
                ref=self._start.client_id,
                now=self._steps.now(),
            )
            await workflow.execute_activity_method(
                Notices.tell_front_desk, command, **named(MAIL, "tell the front desk")
            )

        await self._steps.take("tell_front_desk", attempt)

    async def _file_intake(self) -> None:
        stage = await workflow.execute_activity_method(
            Intake.file_intake_form,
            FileIntakeForm(client_id=self._start.client_id, now=self._steps.now()),
            **named(RECORDS, "intake form: file the answers"),
        )
        self._reach(stage)

    # What the journey is told

    @workflow.signal
    def account_opened(self, fact: AccountOpened) -> None:
        self._account_opened = True

    @workflow.signal
    async def intake_submitted(self, fact: IntakeSubmitted) -> None:
        await self._taken_up()
        if self._booked or self._stage is not Stage.INTAKE:
            await self._file_intake()
        self._intake_submitted = True

    @workflow.signal
    async def invitation_requested(self, fact: InvitationRequested) -> None:
        await self._taken_up()
        await self._send_invitation(fact.invitation_id)

    @workflow.signal
    async def new_client_forms_requested(self, fact: NewClientFormsRequested) -> None:
        await self._taken_up()
        await self._greet(Occasion.NEW_CLIENT_FORMS, fact.request_id)

    @workflow.signal
    async def appointment_claimed(self, fact: AppointmentClaimed) -> None:
        """Start the booking as a child, so that the Temporal UI shows the client's way as one tree."""
        await self._taken_up()
        start = StartBooking(
            appointment_id=fact.appointment_id,
            client_id=self._start.client_id,
            practice_id=self._start.practice_id,
            provider_id=self._start.provider_id,
            starts_at=fact.starts_at,
            ends_at=fact.ends_at,
            hold_expires_at=fact.hold_expires_at,
            payment_id=fact.payment_id,
            booked_by=fact.booked_by,
            payment_poll_seconds=fact.payment_poll_seconds,
            # A child begins at its parent's virtual time.
            skew_seconds=self._start.skew_seconds,
        )
        child = booking_id(fact.appointment_id)
        try:
            await workflow.start_child_workflow(
                Booking.run,
                start,
                id=child,
                parent_close_policy=ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=opening(
                    practice_id=start.practice_id,
                    provider_id=start.provider_id,
                    client_id=start.client_id,
                    stage=self._stage,
                ),
                static_summary="Booking: pre-payment, appointment, visit",
            )
        except WorkflowAlreadyStartedError:
            return  # Told twice: the booking is under way.
        self._bookings.append(child)
        self._show()

    @workflow.signal
    def booking_settled(self, fact: BookingSettled) -> None:
        if fact.booked:
            self._booked = True
            self._reach(Stage.BOOKED)

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if answer.step not in self._steps.stuck:
            raise ValueError(f"no step called {answer.step} waits for an answer")

    @workflow.query
    def describe(self) -> JourneyView:
        return JourneyView(
            stage=self._stage, waits_for=self._waits_for, until=self._until, attention=tuple(self._steps.stuck)
        )

    # What operators see

    async def _taken_up(self) -> None:
        await workflow.wait_condition(lambda: self._standing is not None)

    def _reach(self, stage: Stage) -> None:
        if stage is not self._stage:
            self._stage = stage
            workflow.upsert_search_attributes([STAGE.value_set(stage)])
        self._show()

    def _wait(self, what: str, until: datetime | None = None) -> None:
        self._waits_for = what
        self._until = until
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(
            journey_details(
                stage=self._stage,
                waits_for=self._waits_for,
                until=self._until,
                stuck=self._steps.stuck,
                sent=self._sent,
                bookings=self._bookings,
            )
        )
