"""What a change of the portal settings means for those who are on their way: said before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.policy import PortalPolicy


class Consequence(StrEnum):
    """Who is touched by a change, and how. What was shown to somebody who paid or booked is kept."""

    INTAKE_LET_THROUGH = "intake_let_through"
    INTAKE_ASKED_NOW = "intake_asked_now"
    INTAKE_FORM_KEPT = "intake_form_kept"
    SIGNED_UP_GO_ON = "signed_up_go_on"
    CAN_NO_LONGER_BOOK = "can_no_longer_book"
    CAN_BOOK_NOW = "can_book_now"
    REFUND_RULE_KEPT = "refund_rule_kept"
    PAYING_KEEP_FEE = "paying_keep_fee"
    BOOKED_OWE_NOTHING = "booked_owe_nothing"
    OVER_LIMIT_STAY = "over_limit_stay"
    OVERLAPS_STAY = "overlaps_stay"
    NO_ONLINE_CANCELLING = "no_online_cancelling"
    SHORTER_NOTICE_KEPT = "shorter_notice_kept"
    SHORTER_NOTICE_GIVEN = "shorter_notice_given"
    LENGTH_KEPT = "length_kept"
    TIMES_KEPT = "times_kept"
    LATER_STAY = "later_stay"
    SOONER_STAY = "sooner_stay"
    HOLD_KEPT = "hold_kept"
    INVITATIONS_KEPT = "invitations_kept"
    OFFERS_KEPT = "offers_kept"
    WAITING_IN_VAIN = "waiting_in_vain"
    WAITING_SERVED = "waiting_served"
    NUDGES_KEPT = "nudges_kept"
    REMINDERS_KEPT = "reminders_kept"
    GREETINGS_NOT_SENT = "greetings_not_sent"


_FEE_SETTINGS = ("require_fee", "fee", "fee_deposit_percent")
_REFUND_SETTINGS = ("refund_full_minutes", "refund_part_percent", "refund_part_minutes")


@dataclass(frozen=True, kw_only=True)
class Touched:
    """One consequence: the setting that brings it about, and how many clients or appointments it is about."""

    consequence: Consequence
    setting: str
    count: int


def consequences_of(before: PortalPolicy, after: PortalPolicy) -> list[tuple[Consequence, str]]:
    """What may follow from the change, each with the setting that brings it about; whom it touches is counted later."""
    found = [*_booking(before, after), *_intake(before, after), *_appointments(before, after)]
    was_open = before.page_published and before.allow_anonymous_signup
    if was_open and not (after.page_published and after.allow_anonymous_signup):
        setting = "page_published" if before.page_published and not after.page_published else "allow_anonymous_signup"
        found.append((Consequence.SIGNED_UP_GO_ON, setting))
    return [*found, *_plans(before, after)]


# What a change of these brings about, whichever way they are changed.
_OF_ANY_CHANGE = {
    "hold_minutes": Consequence.HOLD_KEPT,
    "appointment_minutes": Consequence.LENGTH_KEPT,
    "slot_step_minutes": Consequence.TIMES_KEPT,
    "buffer_minutes": Consequence.TIMES_KEPT,
    "invitation_days": Consequence.INVITATIONS_KEPT,
    "invitation_reminder_days": Consequence.NUDGES_KEPT,
    "reminder_hours": Consequence.REMINDERS_KEPT,
}
# Settings whose change touches nobody who is on their way already.
TOUCH_NOBODY = frozenset({"website_origins"})


def _plans(before: PortalPolicy, after: PortalPolicy) -> list[tuple[Consequence, str]]:
    found = [
        (consequence, name)
        for name, consequence in _OF_ANY_CHANGE.items()
        if getattr(before, name) != getattr(after, name)
    ]
    if before.send_greeting and not after.send_greeting:
        found.append((Consequence.GREETINGS_NOT_SENT, "send_greeting"))
    was, will = before.waitlist_offer_minutes, after.waitlist_offer_minutes
    if was != will:
        found.append((Consequence.OFFERS_KEPT, "waitlist_offer_minutes"))
    if (was == 0) != (will == 0):
        turn = Consequence.WAITING_IN_VAIN if will == 0 else Consequence.WAITING_SERVED
        found.append((turn, "waitlist_offer_minutes"))
    return found


def _booking(before: PortalPolicy, after: PortalPolicy) -> list[tuple[Consequence, str]]:
    found = []
    if before.allow_self_schedule != after.allow_self_schedule:
        turn = Consequence.CAN_BOOK_NOW if after.allow_self_schedule else Consequence.CAN_NO_LONGER_BOOK
        found.append((turn, "allow_self_schedule"))
    if before.due_fee != after.due_fee:
        setting = next(name for name in _FEE_SETTINGS if getattr(before, name) != getattr(after, name))
        if before.due_fee is not None:
            found.append((Consequence.PAYING_KEEP_FEE, setting))
        else:
            found.append((Consequence.BOOKED_OWE_NOTHING, setting))
    elif before.fee_due(returning=True) != after.fee_due(returning=True):
        turn = Consequence.PAYING_KEEP_FEE if after.fee_first_visit_only else Consequence.BOOKED_OWE_NOTHING
        found.append((turn, "fee_first_visit_only"))
    if before.refund_terms != after.refund_terms:
        changed = (name for name in _REFUND_SETTINGS if getattr(before, name) != getattr(after, name))
        found.append((Consequence.REFUND_RULE_KEPT, next(changed)))
    limit = after.max_upcoming_appointments
    if limit is not None and (before.max_upcoming_appointments is None or limit < before.max_upcoming_appointments):
        found.append((Consequence.OVER_LIMIT_STAY, "max_upcoming_appointments"))
    return found


def _intake(before: PortalPolicy, after: PortalPolicy) -> list[tuple[Consequence, str]]:
    found = []
    gated, gates = _gates(before), _gates(after)
    if gated != gates:
        turn = Consequence.INTAKE_ASKED_NOW if gates else Consequence.INTAKE_LET_THROUGH
        found.append((turn, "intake_form_id" if before.require_intake == after.require_intake else "require_intake"))
    if before.intake_form_id is not None and before.intake_form_id != after.intake_form_id:
        found.append((Consequence.INTAKE_FORM_KEPT, "intake_form_id"))
    return found


def _gates(policy: PortalPolicy) -> bool:
    return policy.require_intake and policy.intake_form_id is not None


def _appointments(before: PortalPolicy, after: PortalPolicy) -> list[tuple[Consequence, str]]:
    found = []
    if before.clients_can_cancel and not after.clients_can_cancel:
        found.append((Consequence.NO_ONLINE_CANCELLING, "clients_can_cancel"))
    if after.clients_can_cancel and before.cancel_notice_minutes != after.cancel_notice_minutes:
        longer = after.cancel_notice_minutes > before.cancel_notice_minutes
        turn = Consequence.SHORTER_NOTICE_KEPT if longer else Consequence.SHORTER_NOTICE_GIVEN
        found.append((turn, "cancel_notice_minutes"))
    if after.max_simultaneous_appointments < before.max_simultaneous_appointments:
        found.append((Consequence.OVERLAPS_STAY, "max_simultaneous_appointments"))
    if after.booking_horizon_days < before.booking_horizon_days:
        found.append((Consequence.LATER_STAY, "booking_horizon_days"))
    if after.min_notice_minutes > before.min_notice_minutes:
        found.append((Consequence.SOONER_STAY, "min_notice_minutes"))
    return found


def told(touched: Touched) -> str:
    """The sentence for the person who is about to save."""
    one, several = _SENTENCES[touched.consequence]
    return one if touched.count == 1 else several.format(count=touched.count)


def all_told(touched: Sequence[Touched]) -> list[str]:
    return [told(one) for one in touched]


_SENTENCES = {
    Consequence.INTAKE_LET_THROUGH: (
        "1 client is waiting for intake; they will be let through.",
        "{count} clients are waiting for intake; they will be let through.",
    ),
    Consequence.INTAKE_ASKED_NOW: (
        "1 client who could book now will be asked for the intake form first.",
        "{count} clients who could book now will be asked for the intake form first.",
    ),
    Consequence.INTAKE_FORM_KEPT: (
        "1 client has been given the earlier intake form and keeps it.",
        "{count} clients have been given the earlier intake form and keep it.",
    ),
    Consequence.SIGNED_UP_GO_ON: (
        "1 person who has signed up already goes on; nobody new can sign up.",
        "{count} people who have signed up already go on; nobody new can sign up.",
    ),
    Consequence.CAN_NO_LONGER_BOOK: (
        "1 client who could book online will be told to call you.",
        "{count} clients who could book online will be told to call you.",
    ),
    Consequence.CAN_BOOK_NOW: (
        "1 client who is waiting for you to book will be able to book online.",
        "{count} clients who are waiting for you to book will be able to book online.",
    ),
    Consequence.REFUND_RULE_KEPT: (
        "1 appointment with a fee keeps the refund rule that was shown when it was paid.",
        "{count} appointments with a fee keep the refund rule that was shown when they were paid.",
    ),
    Consequence.PAYING_KEEP_FEE: (
        "1 client is paying right now, and pays the fee that was shown.",
        "{count} clients are paying right now, and pay the fee that was shown.",
    ),
    Consequence.BOOKED_OWE_NOTHING: (
        "1 appointment that is booked already stays as it is, without a fee.",
        "{count} appointments that are booked already stay as they are, without a fee.",
    ),
    Consequence.OVER_LIMIT_STAY: (
        "1 client has more upcoming appointments than that; all of them stay.",
        "{count} clients have more upcoming appointments than that; all of them stay.",
    ),
    Consequence.OVERLAPS_STAY: (
        "1 upcoming appointment shares its time with more others than that; it stays.",
        "{count} upcoming appointments share their time with more others than that; they stay.",
    ),
    Consequence.NO_ONLINE_CANCELLING: (
        "1 upcoming appointment can then be cancelled or moved by you only.",
        "{count} upcoming appointments can then be cancelled or moved by you only.",
    ),
    Consequence.SHORTER_NOTICE_KEPT: (
        "1 upcoming appointment keeps the shorter notice it was booked with.",
        "{count} upcoming appointments keep the shorter notice they were booked with.",
    ),
    Consequence.SHORTER_NOTICE_GIVEN: (
        "The shorter notice also holds for 1 appointment that is booked already.",
        "The shorter notice also holds for {count} appointments that are booked already.",
    ),
    Consequence.LENGTH_KEPT: (
        "1 upcoming appointment keeps its length.",
        "{count} upcoming appointments keep their length.",
    ),
    Consequence.TIMES_KEPT: (
        "1 upcoming appointment stays at its time.",
        "{count} upcoming appointments stay at their times.",
    ),
    Consequence.LATER_STAY: (
        "1 appointment is booked for later than that; it stays.",
        "{count} appointments are booked for later than that; they stay.",
    ),
    Consequence.SOONER_STAY: (
        "1 appointment begins sooner than that; it stays.",
        "{count} appointments begin sooner than that; they stay.",
    ),
    Consequence.HOLD_KEPT: (
        "1 client is paying right now, and has the time that was promised.",
        "{count} clients are paying right now, and have the time that was promised.",
    ),
    Consequence.NUDGES_KEPT: (
        "1 client who is waited for keeps the reminders that were planned.",
        "{count} clients who are waited for keep the reminders that were planned.",
    ),
    Consequence.REMINDERS_KEPT: (
        "1 upcoming appointment keeps the reminders that were planned when it was booked.",
        "{count} upcoming appointments keep the reminders that were planned when they were booked.",
    ),
    Consequence.GREETINGS_NOT_SENT: (
        "1 person who has signed up hasn't got the greeting yet, and won't get it by itself.",
        "{count} people who have signed up haven't got the greeting yet, and won't get it by itself.",
    ),
    Consequence.OFFERS_KEPT: (
        "1 time is kept for a client of the waitlist right now, for as long as was promised.",
        "{count} times are kept for clients of the waitlist right now, for as long as was promised.",
    ),
    Consequence.WAITING_IN_VAIN: (
        "1 client on the waitlist is offered nothing any more.",
        "{count} clients on the waitlist are offered nothing any more.",
    ),
    Consequence.WAITING_SERVED: (
        "1 client on the waitlist is offered freed times again.",
        "{count} clients on the waitlist are offered freed times again.",
    ),
    Consequence.INVITATIONS_KEPT: (
        "1 invitation that is out already keeps its end.",
        "{count} invitations that are out already keep their end.",
    ),
}
