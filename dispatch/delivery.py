"""Telling a recorded event to its journey: start, signal, or signal-with-start, by the event's kind."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from db.events import EventKind
from db.telling import ClientRow
from dispatch.delivered import Delivered, Never, NotYet, Told, away
from dispatch.engine_view import described, end_workflows, operator_ended
from dispatch.errands import Errands
from dispatch.payment_delivery import tell_taken_payment
from dispatch.practice_delivery import tell_practice
from domain.stages import Stage, Track
from workflows.booking import Booking
from workflows.client_journey import ClientJourney
from workflows.messages import (
    AccountOpened,
    AppointmentCancelled,
    AppointmentClaimed,
    AppointmentMoved,
    HoldExtended,
    IntakeSubmitted,
    InvitationRequested,
    InvitationRevoked,
    JourneyWithdrawn,
    NewClientFormsRequested,
    PaymentNoticed,
    RefundAsked,
    StartBooking,
    StartJourney,
    VisitRecorded,
)
from workflows.naming import (
    TASK_QUEUE,
    booking_id,
    client_journey_id,
)
from workflows.search_attributes import opening

_RPC_TIMEOUT = timedelta(seconds=3)
_TERMINATED = "the journey was terminated"


_JOURNEY_FACTS: dict[EventKind, type] = {
    EventKind.INVITATION_REQUESTED: InvitationRequested,
    EventKind.INVITATION_REVOKED: InvitationRevoked,
    EventKind.ACCOUNT_OPENED: AccountOpened,
    EventKind.INTAKE_SUBMITTED: IntakeSubmitted,
    EventKind.NEW_CLIENT_FORMS_REQUESTED: NewClientFormsRequested,
    EventKind.APPOINTMENT_CLAIMED: AppointmentClaimed,
    EventKind.JOURNEY_WITHDRAWN: JourneyWithdrawn,
}
_BOOKING_FACTS: dict[EventKind, type] = {
    EventKind.APPOINTMENT_MOVED: AppointmentMoved,
    EventKind.APPOINTMENT_CANCELLED: AppointmentCancelled,
    EventKind.HOLD_EXTENDED: HoldExtended,
    EventKind.VISIT_RECORDED: VisitRecorded,
    EventKind.PAYMENT_NOTICED: PaymentNoticed,
    EventKind.REFUND_ASKED: RefundAsked,
}


class Delivery(Errands):
    """Speaks to Temporal on behalf of recorded events. The signals are named like the event kinds."""

    def __init__(self, engine: Client, *, payment_poll_seconds: int, change_grace_seconds: int) -> None:
        super().__init__(engine)
        self._payment_poll_seconds = payment_poll_seconds
        self._change_grace_seconds = change_grace_seconds

    async def deliver(
        self, kind: EventKind, payload: Mapping[str, Any], client: ClientRow, skew: timedelta
    ) -> Delivered:
        try:
            if kind is EventKind.TAKEN_PAYMENT_NOTICED:
                await tell_taken_payment(self._engine, payload["payment_id"], client, skew)
                return Told()
            if client.erased:
                return await self._tell_of_erased(kind, payload, client)
            if kind in (EventKind.SIGNED_UP, EventKind.CLIENT_INVITED):
                return await self._start(client, skew)
            if kind is EventKind.JOURNEY_REOPENED:
                return await self._reopen_journey(client, skew, payload.get("in_place_of"))
            if kind is EventKind.BOOKING_REOPENED:
                return await self._reopen_booking(payload["appointment_id"], client, skew, payload.get("in_place_of"))
            if kind in _JOURNEY_FACTS:
                return await self._tell_journey(kind, self._journey_fact(kind, payload), client, skew)
            return await self._tell_booking(kind, payload, client, skew)
        except (RPCError, RuntimeError) as error:
            return away(error)

    async def tell_practice(self, kind: EventKind, payload: Mapping[str, Any], skew: timedelta) -> Delivered:
        try:
            await tell_practice(self._engine, kind, payload, skew)
        except (RPCError, RuntimeError) as error:
            return away(error)
        return Told()

    async def _start(self, client: ClientRow, skew: timedelta) -> Delivered:
        """A client's first journey; once it has existed in any form, the same event starts no other."""
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self._engine.start_workflow(
                ClientJourney.run,
                self._start_command(client, skew),
                **self._options(client),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        return Told()

    async def _tell_of_erased(self, kind: EventKind, payload: Mapping[str, Any], client: ClientRow) -> Delivered:
        """Their workflows end, and nothing starts one again; money that moves all the same is for a person."""
        if kind is EventKind.CLIENT_ERASED:
            await end_workflows(self._engine, client_journey_id(client.id))
            await end_workflows(self._engine, *(booking_id(one) for one in payload["appointment_ids"]))
        elif kind is EventKind.PAYMENT_NOTICED and payload.get("of_money"):
            return Never(reason="the client was erased")
        return Told()

    async def _reopen_journey(self, client: ClientRow, skew: timedelta, in_place_of: str | None) -> Delivered:
        """Start a journey that was lost, or (in the place of the run named) one that disagrees with the records.

        It loads where its client stands and repeats nothing. One that runs is left alone otherwise.
        """
        journey = await described(self._engine, client_journey_id(client.id))
        if await operator_ended(self._engine, journey):
            return Never(reason=_TERMINATED)
        replaces = journey is not None and in_place_of == journey.run_id
        conflict = WorkflowIDConflictPolicy.TERMINATE_EXISTING if replaces else WorkflowIDConflictPolicy.USE_EXISTING
        await self._engine.start_workflow(
            ClientJourney.run,
            self._start_command(client, skew),
            **self._options(client),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=conflict,
        )
        return Told()

    async def _tell_journey(self, kind: EventKind, fact: object, client: ClientRow, skew: timedelta) -> Delivered:
        journey_id = client_journey_id(client.id)
        try:
            await self._engine.get_workflow_handle(journey_id).signal(str(kind), fact, rpc_timeout=_RPC_TIMEOUT)
            return Told()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        if await operator_ended(self._engine, await described(self._engine, journey_id)):
            # Starting it again by the back door would undo what they did.
            return Never(reason=_TERMINATED)
        await self._engine.start_workflow(
            ClientJourney.run,
            self._start_command(client, skew),
            **self._options(client),
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=str(kind),
            start_signal_args=[fact],
        )
        return Told()

    async def _tell_booking(
        self, kind: EventKind, payload: Mapping[str, Any], client: ClientRow, skew: timedelta
    ) -> Delivered:
        appointment_id = payload["appointment_id"]
        fact_type = _BOOKING_FACTS[kind]
        names = {field.name for field in dataclasses.fields(fact_type)}
        values = {name: value for name, value in payload.items() if name in names}
        if kind is EventKind.APPOINTMENT_MOVED:
            values["grace_seconds"] = self._change_grace_seconds
        fact: object = TypeAdapter(fact_type).validate_python(values)
        workflow_id = booking_id(appointment_id)
        try:
            await self._engine.get_workflow_handle(workflow_id).signal(str(kind), fact, rpc_timeout=_RPC_TIMEOUT)
            return Told()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        if isinstance(fact, RefundAsked) or (isinstance(fact, PaymentNoticed) and fact.of_money):
            # The booking is over or lost, and there is money to look after.
            await self._start_booking_again(appointment_id, client, skew, signal=(str(kind), fact))
            return Told()
        if await described(self._engine, workflow_id) is None:
            return NotYet(reason="the booking hasn't been started", weather=False)
        return Told()

    async def _reopen_booking(
        self, appointment_id: str, client: ClientRow, skew: timedelta, in_place_of: str | None
    ) -> Delivered:
        """Start a booking that was lost, or (in the place of the run named) one that disagrees with the records."""
        booking = await described(self._engine, booking_id(appointment_id))
        if await operator_ended(self._engine, booking):
            return Never(reason="the booking was terminated")
        replaces = booking is not None and in_place_of == booking.run_id
        conflict = WorkflowIDConflictPolicy.TERMINATE_EXISTING if replaces else WorkflowIDConflictPolicy.USE_EXISTING
        await self._start_booking_again(appointment_id, client, skew, conflict=conflict)
        return Told()

    async def _start_booking_again(
        self,
        appointment_id: str,
        client: ClientRow,
        skew: timedelta,
        *,
        signal: tuple[str, object] | None = None,
        conflict: WorkflowIDConflictPolicy = WorkflowIDConflictPolicy.USE_EXISTING,
    ) -> None:
        """A booking without terms finds out how its appointment stands; one that is open is told, and no other."""
        await self._engine.start_workflow(
            Booking.run,
            StartBooking(
                appointment_id=appointment_id,
                client_id=client.id,
                practice_id=client.practice_id,
                provider_id=client.provider_id,
                payment_poll_seconds=self._payment_poll_seconds,
                skew_seconds=int(skew.total_seconds()),
            ),
            **self._options(client)
            | {
                "id": booking_id(appointment_id),
                "static_summary": "Booking, started again",
                "static_details": "It goes on from how its appointment stands in the records.",
            },
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=conflict,
            start_signal=signal[0] if signal else None,
            start_signal_args=[signal[1]] if signal else [],
        )

    def _journey_fact(self, kind: EventKind, payload: Mapping[str, Any]) -> object:
        values = dict(payload)
        if kind is EventKind.APPOINTMENT_CLAIMED:
            values["payment_poll_seconds"] = self._payment_poll_seconds
        return TypeAdapter(_JOURNEY_FACTS[kind]).validate_python(values)

    @staticmethod
    def _start_command(client: ClientRow, skew: timedelta) -> StartJourney:
        return StartJourney(
            client_id=client.id,
            practice_id=client.practice_id,
            provider_id=client.provider_id,
            track=Track(client.track),
            skew_seconds=int(skew.total_seconds()),
        )

    @staticmethod
    def _options(client: ClientRow) -> dict[str, Any]:
        return {
            "id": client_journey_id(client.id),
            "task_queue": TASK_QUEUE,
            "search_attributes": opening(
                practice_id=client.practice_id,
                provider_id=client.provider_id,
                client_id=client.id,
                stage=Stage(client.stage),
            ),
            "static_summary": f"Client journey, {client.track} track",
            "static_details": "From the first contact to the first booked visit. Names are in the console, not here.",
            "rpc_timeout": _RPC_TIMEOUT,
        }
