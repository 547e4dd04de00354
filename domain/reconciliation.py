"""What may come apart between records, Temporal and payment processor; and what is done about each of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.ports import CheckoutStatus
from domain.stages import Stage
from domain.states import AppointmentStatus, PaymentState


class Matter(StrEnum):
    """Every kind of finding (documented in docs/operations.md)."""

    JOURNEY_MISSING = "journey_missing"
    JOURNEY_TERMINATED = "journey_terminated"
    JOURNEY_DISAGREES = "journey_disagrees"
    JOURNEY_UNKNOWN = "journey_unknown"
    BOOKING_MISSING = "booking_missing"
    BOOKING_TERMINATED = "booking_terminated"
    BOOKING_DISAGREES = "booking_disagrees"
    BOOKING_UNKNOWN = "booking_unknown"
    CALLED_OFF_MISSING = "called_off_missing"
    CALLED_OFF_TERMINATED = "called_off_terminated"
    WAITLIST_MISSING = "waitlist_missing"
    WAITLIST_TERMINATED = "waitlist_terminated"
    FACT_LOST = "fact_lost"
    GREETING_UNSENT = "greeting_unsent"
    INVITATION_UNSENT = "invitation_unsent"
    EVENT_WAITING = "event_waiting"
    EVENT_PARKED = "event_parked"
    MAIL_UNCERTAIN = "mail_uncertain"
    PAYMENT_DIFFERS = "payment_differs"
    CHECKOUT_LOST = "checkout_lost"
    CHECKOUT_UNKNOWN = "checkout_unknown"
    REFUNDS_DIFFER = "refunds_differ"
    MONEY_ADRIFT = "money_adrift"
    APPOINTMENT_UNPAID = "appointment_unpaid"
    NOT_COMPARED = "not_compared"
    ACCOUNT_GONE = "account_gone"


class Remedy(StrEnum):
    """What `--repair` does about it; the last three are left as they are."""

    REOPEN_JOURNEY = "reopen_journey"
    REOPEN_BOOKING = "reopen_booking"
    START_CALLED_OFF = "start_called_off"
    RING_WAITLIST = "ring_waitlist"
    TELL_AGAIN = "tell_again"
    NOTICE_PAYMENT = "notice_payment"
    ADOPT_CHECKOUT = "adopt_checkout"
    FOLLOW_PAYMENT = "follow_payment"
    END_WORKFLOW = "end_workflow"  # only where it was asked for by name
    PERSON = "person"
    NOTE = "note"  # as somebody wanted it: nothing is to be done


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference. `subject` is the id it is about; `facts` are ids, closed words, instants and amounts only."""

    matter: Matter
    remedy: Remedy
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)


def needs_journey(stage: Stage, *, has_been_booked: bool) -> bool:
    """Whether a journey has to be open for a client who stands here.

    It ends with the first booking; a client whose appointment was cancelled later starts it again by coming back.
    """
    return stage not in (Stage.BOOKED, Stage.CLOSED) and not has_been_booked


def journey_disagrees(shown: Stage, recorded: Stage) -> bool:
    """A journey that is open and at rest shows the stage that is recorded, which is never an end of the way."""
    return shown is not recorded or recorded in (Stage.BOOKED, Stage.CLOSED)


def booking_disagrees(shown: str, recorded: AppointmentStatus) -> bool:
    """A booking that is ahead of the records; one that is behind them catches up by reading them."""
    return shown == AppointmentStatus.BOOKED and recorded is AppointmentStatus.PENDING


# What the ledger may say of a checkout that stands like this at the processor.
_AGREEING: dict[CheckoutStatus, frozenset[PaymentState]] = {
    CheckoutStatus.OPEN: frozenset({PaymentState.REQUESTED}),
    CheckoutStatus.PROCESSING: frozenset({PaymentState.REQUESTED}),
    CheckoutStatus.AUTHORIZED: frozenset({PaymentState.AUTHORIZED}),
    CheckoutStatus.CAPTURED: frozenset({PaymentState.CAPTURED, PaymentState.REFUNDED}),
    CheckoutStatus.VOIDED: frozenset({PaymentState.VOIDED}),
    CheckoutStatus.EXPIRED: frozenset({PaymentState.EXPIRED}),
}
# Where a client's money lies at the processor, taken or reserved.
HOLDS_MONEY = frozenset({CheckoutStatus.AUTHORIZED, CheckoutStatus.CAPTURED, CheckoutStatus.PROCESSING})


def payment_agrees(recorded: PaymentState, status: CheckoutStatus) -> bool:
    return recorded in _AGREEING[status]
