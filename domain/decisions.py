"""May this client book, cancel, sign up? Each answer names its rule; page, API and workflow ask the same question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import (
    CancelNotAllowed,
    CancelWindowClosed,
    Conflict,
    DomainError,
    FeeRequired,
    IntakeRequired,
    LimitReached,
    MerchantAccountMissing,
    ProviderLeft,
    SelfScheduleOff,
    SignupClosed,
    SlotTaken,
    SlotUnavailable,
    SubscriptionInactive,
)
from domain.intake_gate import intake_gates
from domain.leaving import GONE
from domain.policy import PortalPolicy
from domain.refunds import ALL_OF_IT, NOTHING, RefundStep, RefundTerms
from domain.stages import Actor, Track
from domain.states import AppointmentStatus, MerchantStatus, SubscriptionStatus
from domain.subscriptions import is_open

_IN_FULL = RefundTerms()
_WITH_A_REASON = "Give a reason to book it all the same."


class Lifter(StrEnum):
    """Who can do something about a block."""

    CLIENT = "client"
    STAFF = "staff"


@dataclass(frozen=True, kw_only=True)
class Block:
    """One rule that stands in the way: its refusal, its value, the setting it comes from, and who can lift it."""

    refusal: type[DomainError]
    value: object
    setting: str | None
    lifted_by: tuple[Lifter, ...]
    detail: str

    @property
    def rule(self) -> str:
        return self.refusal.slug

    def as_error(self) -> DomainError:
        return self.refusal(
            self.detail, rule=self.rule, value=self.value, lifted_by=[str(who) for who in self.lifted_by]
        )


@dataclass(frozen=True, kw_only=True)
class PracticeStanding:
    """The gates of the practice and the provider; `left`: the provider isn't there any more."""

    subscription: SubscriptionStatus
    merchant: MerchantStatus
    left: bool = False


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """What is known of a client who wants to book; `override` is whether staff gave a reason to pass over the rules.

    `returning` is whether another appointment of theirs stands or has been kept; `unpaid` is the appointment that they
    hold while its fee is due.
    """

    actor: Actor
    track: Track
    has_account: bool
    intake_submitted: bool
    upcoming: int
    override: bool = False
    returning: bool = False
    unpaid: str | None = None


def booking_blocks(policy: PortalPolicy, practice: PracticeStanding, request: BookingRequest) -> list[Block]:
    """Every rule that keeps the client from booking anything at all; empty when they may.

    Self-scheduling, its intake gate and the fee concern clients who book themselves; past the limit staff can book too,
    with a reason.
    """
    blocks: list[Block] = []
    staff = (Lifter.STAFF,)
    if practice.left:
        return [Block(refusal=ProviderLeft, value=True, setting=None, lifted_by=staff, detail=GONE)]
    if not is_open(practice.subscription):
        detail = "Online booking is closed for now. Please call the practice."
        blocks.append(
            Block(
                refusal=SubscriptionInactive,
                value=str(practice.subscription),
                setting=None,
                lifted_by=staff,
                detail=detail,
            )
        )
    if request.actor is Actor.STAFF:
        return blocks if request.override else blocks + _limit_block(policy, request, _WITH_A_REASON)
    if not policy.allow_self_schedule:
        detail = "The practice makes the appointments. Please call to arrange one."
        blocks.append(
            Block(refusal=SelfScheduleOff, value=False, setting="allow_self_schedule", lifted_by=staff, detail=detail)
        )
    if intake_gates(policy, request.track) and not request.intake_submitted:
        detail = "Please fill in the intake form first; then you can choose a time."
        blocks.append(
            Block(
                refusal=IntakeRequired,
                value=True,
                setting="require_intake",
                lifted_by=(Lifter.CLIENT, Lifter.STAFF),
                detail=detail,
            )
        )
    blocks += _limit_block(policy, request, "Please come back when one of them is over, or call the practice.")
    fee_due = policy.fee_due(returning=request.returning) is not None
    if fee_due and request.unpaid is not None:
        # One fee and one checkout at a time: in two tabs nobody pays for two times and wants one.
        detail = "One time is held for you already, and its fee is due. Pay for it, or release it and choose again."
        both = (Lifter.CLIENT, Lifter.STAFF)
        blocks.append(
            Block(refusal=FeeRequired, value=request.unpaid, setting="require_fee", lifted_by=both, detail=detail)
        )
    if fee_due and practice.merchant is not MerchantStatus.ACTIVE:
        detail = "The booking fee can't be paid online right now. Please call the practice."
        blocks.append(
            Block(
                refusal=MerchantAccountMissing,
                value=str(practice.merchant),
                setting="require_fee",
                lifted_by=staff,
                detail=detail,
            )
        )
    return blocks


def _limit_block(policy: PortalPolicy, request: BookingRequest, way_out: str) -> list[Block]:
    limit = policy.max_upcoming_appointments
    if limit is None or request.upcoming < limit:
        return []
    block = Block(
        refusal=LimitReached,
        value=limit,
        setting="max_upcoming_appointments",
        lifted_by=(Lifter.CLIENT, Lifter.STAFF),
        detail=f"There are {request.upcoming} upcoming appointments, and {limit} is the most at a time. {way_out}",
    )
    return [block]


def slot_block(*, offered: bool, taken: bool, actor: Actor, override: bool = False) -> Block | None:
    """The rule that keeps one slot from being booked.

    With a reason staff may book what isn't offered (outside the opening hours, off the grid), never over others.
    """
    if not offered and not (actor is Actor.STAFF and override):
        way_out = _WITH_A_REASON if actor is Actor.STAFF else "Please choose another one."
        detail = f"That time isn't offered. {way_out}"
        return Block(
            refusal=SlotUnavailable, value=False, setting="availability", lifted_by=(Lifter.STAFF,), detail=detail
        )
    if taken:
        detail = "That time has just been taken. Please choose another one."
        return Block(
            refusal=SlotTaken,
            value=True,
            setting="max_simultaneous_appointments",
            lifted_by=(Lifter.CLIENT,),
            detail=detail,
        )
    return None


def signup_refusal(policy: PortalPolicy, practice: PracticeStanding) -> DomainError | None:
    """Why nobody can sign up on the website right now, if so."""
    if practice.left:
        return SignupClosed(GONE)
    if not is_open(practice.subscription):
        return SubscriptionInactive("Online sign-up is closed for now. Please call the practice.")
    if not policy.page_published or not policy.allow_anonymous_signup:
        return SignupClosed("Online sign-up isn't offered here. Please call the practice.")
    return None


def fee_refusal(policy: PortalPolicy, practice: PracticeStanding) -> DomainError | None:
    """Why the box *Require fee prior to scheduling* can't be checked, if so."""
    if not policy.require_fee:
        return None
    if not is_open(practice.subscription):
        return SubscriptionInactive(
            "A fee can only be required with an active portal subscription (My Account -> Subscriptions and Payment).",
            field="require_fee",
        )
    if practice.merchant is not MerchantStatus.ACTIVE:
        return MerchantAccountMissing(_NO_MERCHANT[practice.merchant], field="require_fee")
    return None


_NO_MERCHANT = {
    MerchantStatus.NONE: "A fee can only be required with an active merchant account of the provider's own. None is "
    "connected yet.",
    MerchantStatus.PENDING: "A fee can only be required with an active merchant account of the provider's own. The one "
    "that was begun isn't ready yet.",
    MerchantStatus.RESTRICTED: "The payment processor has restricted the merchant account: clients can't pay online.",
    MerchantStatus.DISCONNECTED: "The merchant account is no longer connected: clients can't pay online.",
}


@dataclass(frozen=True, kw_only=True)
class CancelDecision:
    """May it be cancelled by this person, until when, and what happens to the fee.

    `refund_percent` of it goes back if it is done now; `refund_steps`, for clients, say what goes back until when, the
    present one first.
    """

    refusal: DomainError | None
    until: datetime | None
    refund_percent: int
    refund_steps: tuple[RefundStep, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.refusal is None


def cancel_decision(
    *,
    status: AppointmentStatus,
    starts_at: datetime,
    notice_minutes: int,
    can_cancel: bool,
    actor: Actor,
    now: datetime,
    choose_until: datetime | None = None,
    refund: RefundTerms = _IN_FULL,
) -> CancelDecision:
    """Staff can always cancel what hasn't been settled; clients until the notice they were shown, if at all.

    Whatever the practice cancels is refunded in full; what a client cancels, by the rule that was quoted.
    """
    if choose_until is not None:
        # Paid, and without a time: the money is theirs, at any moment.
        return CancelDecision(refusal=None, until=None, refund_percent=ALL_OF_IT)
    until = starts_at - timedelta(minutes=notice_minutes)
    refusal: DomainError | None = None
    if status not in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED):
        refusal = Conflict("This appointment can't be cancelled any more.", appointment_status=str(status))
    elif actor is Actor.CLIENT and status is AppointmentStatus.BOOKED:
        if not can_cancel:
            refusal = CancelNotAllowed("Please call the practice to cancel this appointment.")
        elif now > until:
            refusal = CancelWindowClosed(
                "It is too late to cancel online. Please call the practice.", until=until.isoformat()
            )
    by_rule = actor is Actor.CLIENT and status is AppointmentStatus.BOOKED
    percent = refund.percent_at(starts_at, now) if by_rule else ALL_OF_IT
    return CancelDecision(
        refusal=refusal,
        until=until if can_cancel else None,
        refund_percent=NOTHING if refusal else percent,
        refund_steps=refund.steps(starts_at, notice_minutes, now) if by_rule and not refusal else (),
    )


def move_decision(
    *,
    status: AppointmentStatus,
    starts_at: datetime,
    notice_minutes: int,
    policy: PortalPolicy,
    actor: Actor,
    now: datetime,
    choose_until: datetime | None = None,
    refund: RefundTerms = _IN_FULL,
) -> CancelDecision:
    """Staff can always move what is booked; clients where they may book and cancel by themselves, and until then.

    The fee stays with the appointment, and `refund_percent` is what still goes back of it after a move; the limit of
    upcoming appointments isn't asked. With `choose_until`, whose time was lost while its fee was on the way: another
    one is owed until then.
    """
    if choose_until is not None:
        over = Conflict("The time to choose is over; the fee goes back.") if now >= choose_until else None
        return CancelDecision(refusal=over, until=choose_until, refund_percent=ALL_OF_IT)
    until = starts_at - timedelta(minutes=notice_minutes)
    refusal: DomainError | None = None
    if status is not AppointmentStatus.BOOKED:
        refusal = Conflict("Only a booked appointment can be moved.", appointment_status=str(status))
    elif now >= starts_at:
        refusal = Conflict("The appointment has begun.", starts_at=starts_at.isoformat())
    elif actor is Actor.CLIENT:
        if not policy.allow_self_schedule:
            refusal = SelfScheduleOff("Please call the practice to move this appointment.")
        elif not policy.clients_can_cancel:
            refusal = CancelNotAllowed("Please call the practice to move this appointment.")
        elif now > until:
            refusal = CancelWindowClosed(
                "It is too late to move it online. Please call the practice.", until=until.isoformat()
            )
    left = refund.percent_at(starts_at, now) if actor is Actor.CLIENT else refund.at_most_percent
    return CancelDecision(refusal=refusal, until=until if policy.clients_can_cancel else None, refund_percent=left)


def visit_decision(
    *, status: AppointmentStatus, to: AppointmentStatus, starts_at: datetime, now: datetime
) -> DomainError | None:
    """May the visit be recorded as `fulfilled` or `noshow`? Only one that has begun; a mistake can be put right."""
    if status is to:
        return None
    if status not in (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW):
        return Conflict("Only a booked appointment can be recorded as kept or missed.", appointment_status=str(status))
    if now < starts_at:
        return Conflict("The appointment hasn't begun yet.", starts_at=starts_at.isoformat())
    return None


def refusals(blocks: Sequence[Block]) -> None:
    """Raise the first block's refusal, if there is one."""
    if blocks:
        raise blocks[0].as_error()
