"""What the journeys are started with and told: ids and small facts, never names or addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.stages import Actor, JourneyOutcome, Stage, Track
from domain.states import AppointmentStatus, AttentionAction


class SideStep(StrEnum):
    """What a sign-up sets off beside the client's way."""

    GREETING = "greeting"
    FRONT_DESK = "front_desk"


@dataclass(frozen=True, kw_only=True)
class StartJourney:
    """Starts a `ClientJourney`; `skew_seconds` is how far business time is ahead of the engine's clock (demo only).

    `beside` is what an earlier run had under way.
    """

    client_id: str
    practice_id: str
    provider_id: str
    track: Track
    skew_seconds: int = 0
    beside: tuple[SideStep, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AccountOpened:
    account_id: str


@dataclass(frozen=True, kw_only=True)
class IntakeSubmitted:
    submission_id: str


@dataclass(frozen=True, kw_only=True)
class InvitationRequested:
    """The provider issued the invitation again."""

    invitation_id: str


@dataclass(frozen=True, kw_only=True)
class InvitationRevoked:
    """The practice took the invitation back; the client can be invited again."""

    invitation_id: str
    revoked_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewClientFormsRequested:
    """The provider pressed *Send New Client Forms*; one request is one mail."""

    request_id: str


@dataclass(frozen=True, kw_only=True)
class JourneyWithdrawn:
    """The practice ends the client's way: nobody is waited for any more."""


@dataclass(frozen=True, kw_only=True)
class AppointmentClaimed:
    """A slot was claimed in the calendar; starts the `Booking` child. `reminder_hours` as set at that moment."""

    appointment_id: str
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime
    payment_id: str | None
    booked_by: Actor
    payment_poll_seconds: int = 10
    reminder_hours: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BookingTerms:
    """What was claimed. `payment_id` is None where no fee is due."""

    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime
    payment_id: str | None
    reminder_hours: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StartBooking:
    """Starts a `Booking`; without `terms` one that is started again, and finds out how its appointment stands."""

    appointment_id: str
    client_id: str
    practice_id: str
    provider_id: str
    terms: BookingTerms | None = None
    payment_poll_seconds: int = 10
    skew_seconds: int = 0


class BookingOutcome(StrEnum):
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"
    RELEASED = "released"


@dataclass(frozen=True, kw_only=True)
class BookingSettled:
    """A `Booking` tells its journey whether the appointment stands."""

    appointment_id: str
    booked: bool


@dataclass(frozen=True, kw_only=True)
class AppointmentCancelled:
    """A pending one is asked to end its hold; a booked one has been cancelled, and `refund_id` says if money is due."""

    appointment_id: str
    cancelled_by: Actor
    refund_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class HoldExtended:
    """The client has asked for more time to pay; the records have the new end already."""

    appointment_id: str
    hold_expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AppointmentMoved:
    """A booked appointment has a new time; the calendar has it already. It is told after the grace, if it stands."""

    appointment_id: str
    starts_at: datetime
    ends_at: datetime
    revision: int
    grace_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class VisitRecorded:
    """Staff recorded that the client came, or didn't."""

    appointment_id: str
    status: AppointmentStatus


@dataclass(frozen=True, kw_only=True)
class PaymentNoticed:
    """The processor rang, or the client came back from the checkout: look again. It proves nothing.

    `of_money` says that the processor rang about money (held or taken): worth a look even when the booking is over.
    """

    payment_id: str
    of_money: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundAsked:
    """Staff want money given back; it is written down already, and more than was taken never is."""

    refund_id: str


@dataclass(frozen=True, kw_only=True)
class StartTakenPayment:
    """Starts a `TakenPayment`, the workflow that follows what becomes of a fee after it was taken."""

    payment_id: str
    client_id: str
    skew_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class TakenPaymentNoticed:
    """The processor rang about money that went back: read it. It proves nothing."""


@dataclass(frozen=True, kw_only=True)
class StartMerchantAccount:
    """Starts a `MerchantAccount`, the workflow that looks after a provider's account at the processor."""

    provider_id: str
    practice_id: str
    skew_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class MerchantAccountNoticed:
    """The processor rang, or somebody came back from it: read the account again. It proves nothing."""


@dataclass(frozen=True, kw_only=True)
class StartPortalSubscription:
    """Starts a `PortalSubscription`, the workflow that opens and closes a practice's gates."""

    practice_id: str
    skew_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class SubscriptionNoticed:
    """The processor rang, or an owner has asked for something: read the subscription again. It proves nothing."""


@dataclass(frozen=True, kw_only=True)
class StartWaitlist:
    """Starts a `Waitlist`, the workflow that offers freed times to those who wait for one."""

    provider_id: str
    practice_id: str
    skew_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class WaitlistNoticed:
    """A time may have become free, or an offer was answered: look. It proves nothing."""


@dataclass(frozen=True, kw_only=True)
class RunBatch:
    """Starts a `ClientBatch`: one action for many clients, as it was confirmed."""

    batch_id: str


@dataclass(frozen=True, kw_only=True)
class CallOffDays:
    """Starts `CalledOffDays`, as it was confirmed; `runs_at` is when it can't be undone any more."""

    called_off_id: str
    runs_at: datetime
    skew_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class ResolveAttention:
    """A person's answer to a step that was refused for good."""

    step: str
    action: AttentionAction


@dataclass(frozen=True, kw_only=True)
class JourneyEnded:
    """How a journey closed."""

    stage: Stage
    outcome: JourneyOutcome | None


@dataclass(frozen=True, kw_only=True)
class JourneyView:
    """What the query `describe` answers."""

    stage: Stage
    waits_for: str
    until: datetime | None
    attention: tuple[str, ...] = ()
