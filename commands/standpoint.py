"""Where a client stands who wants to book: everything that the decisions about it are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.calendar import held_unpaid, lock_calendar, upcoming_count
from db.in_force import InForce, in_force_for, with_hours_of_now
from db.models import Appointment, Client, FeeWaiver, IntakeSubmission
from db.policy_store import PolicyInForce
from db.waivers import open_waiver
from domain.appointment_types import AppointmentType, AppointmentTypes
from domain.decisions import Block, BookingRequest, booking_blocks
from domain.fees import FeeQuote, quote_for
from domain.policy import PortalPolicy
from domain.stages import Actor, Track
from domain.states import AppointmentStatus, SubmissionStatus


@dataclass(frozen=True, kw_only=True)
class Standpoint:
    """Everything that the decisions about one client's booking are made from, read in one transaction.

    `policy` are the settings as they are for the appointment type that is booked.
    """

    request: BookingRequest
    here: InForce
    kind: AppointmentType
    now: datetime
    waiver: FeeWaiver | None = None  # of a client who books by themselves; staff's bookings have no fee anyhow

    @property
    def in_force(self) -> PolicyInForce:
        return self.here.policy

    @property
    def policy(self) -> PortalPolicy:
        return replace(self._with_fee, require_fee=False) if self.waiver is not None else self._with_fee

    @property
    def _with_fee(self) -> PortalPolicy:
        return self.kind.under(self.in_force.policy, self.in_force.sources)

    @property
    def waived(self) -> bool:
        """A fee would be due, if it hadn't been waived."""
        return self.waiver is not None and self._with_fee.fee_due(returning=self.request.returning) is not None

    @property
    def fee_is_nothing(self) -> bool:
        """A fee is required here, and it is zero: nothing is asked, which is written down as waived."""
        policy = self._with_fee
        return policy.require_fee and policy.fee is not None and policy.fee.amount_minor == 0

    @property
    def blocks(self) -> list[Block]:
        return booking_blocks(self.policy, self.here.standing, self.request)

    @property
    def quote(self) -> FeeQuote | None:
        """What is asked for this type now; None where nothing is due."""
        request = self.request
        return quote_for(self.policy, self.here.versions, booked_by=request.actor, returning=request.returning)

    @property
    def covered(self) -> bool:
        """Nothing is due of a client, and would be if it were their first visit."""
        first = quote_for(self.policy, self.here.versions, booked_by=self.request.actor)
        return self.quote is None and first is not None

    def of(self, kind: AppointmentType) -> Standpoint:
        """The same client before another type."""
        return replace(self, kind=kind)


async def standpoint(
    session: AsyncSession,
    office: Office,
    client: Client,
    actor: Actor,
    *,
    type_id: str | None = None,
    override: bool = False,
    lock: bool = False,
    now: datetime | None = None,
) -> Standpoint:
    """With `lock`, the calendar is held from here on; what doesn't depend on it is read before. `now` is a workflow's.

    Without a type it is the provider's default one. Raises ValidationFailed, Conflict for one that can't be booked.
    """
    here = await in_force_for(session, client.provider_id, client.id)
    kind = here.types.chosen(type_id)
    now = now or office.clock.at(here.clock_offset)
    submitted = await intake_submitted(session, client.id)
    if lock:
        await lock_calendar(session, client.provider_id)
        here = await with_hours_of_now(session, here)
    request = BookingRequest(
        actor=actor,
        track=Track(client.track),
        has_account=client.account_id is not None,
        intake_submitted=submitted,
        upcoming=await upcoming_count(session, client.id, now),
        override=override,
        returning=await has_been_here(session, client.id, here.types, lock=lock),
        unpaid=await held_unpaid(session, client.id, now),
    )
    waiver = await open_waiver(session, client.id) if actor is Actor.CLIENT else None
    return Standpoint(request=request, here=here, kind=kind, now=now, waiver=waiver)


async def intake_submitted(session: AsyncSession, client_id: str) -> bool:
    query = select(IntakeSubmission.id).where(
        IntakeSubmission.client_id == client_id, IntakeSubmission.status == str(SubmissionStatus.SUBMITTED)
    )
    return (await session.scalar(query.limit(1))) is not None


async def has_been_here(session: AsyncSession, client_id: str, types: AppointmentTypes, *, lock: bool = False) -> bool:
    """Another appointment of theirs stands or was kept: it isn't the first visit any more that they book.

    With `lock` it can't be cancelled until the transaction ends, or has been: one of the two comes first.
    What never has a fee (a call to get to know each other) is no first visit: its fee would never be asked.
    """
    been = [str(AppointmentStatus.BOOKED), str(AppointmentStatus.FULFILLED)]
    query = select(Appointment.id).where(Appointment.client_id == client_id, Appointment.status.in_(been))
    query = query.where(Appointment.type_id.not_in(types.without_fee)).limit(1)
    return (await session.scalar(query.with_for_update(read=True) if lock else query)) is not None
