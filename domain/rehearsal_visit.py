"""A booking as it would go: claimed, paid, confirmed, reminded of, called off or kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.cadence import next_reminder, reminder_waits_until
from domain.decisions import BookingRequest, CancelDecision, booking_blocks, cancel_decision, slot_block
from domain.fees import FeeQuote, quote_for
from domain.mail_facts import appointment_facts, cancellation_facts, confirmation_facts, reminder_facts
from domain.ports import CalendarMethod
from domain.refunds import RefundTerms, in_words, still_due
from domain.rehearsal import Script, What
from domain.rehearsal_notes import NOWHERE, Notes
from domain.slots import is_offered
from domain.stages import Actor
from domain.states import AppointmentStatus
from domain.wording import spoken_time

_FEE = ("require_fee", "fee")
_REFUND_RULE = ("refund_full_minutes", "refund_part_percent", "refund_part_minutes")


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """An appointment that stands; `quote` is what was paid for it."""

    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    quote: FeeQuote | None


def book(notes: Notes, script: Script, at: datetime) -> bool:
    """Whether an appointment came to stand, whatever became of it afterwards."""
    if _refused(notes, script, at) or script.starts_at is None:
        return False
    around = notes.around
    by_staff = around.track.booked_by is Actor.STAFF
    if by_staff:
        notes.page(at, What.STAFF_BOOKS, by_practice=True)
    else:
        notes.page(at, What.CHOOSING, "allow_self_schedule", "booking_horizon_days", "min_notice_minutes")
    quote = quote_for(around.policy, around.settings_version, booked_by=around.track.booked_by)
    booked_at = at if quote is None else _pays(notes, script, at, quote)
    if booked_at is None:
        return False
    length = timedelta(minutes=around.policy.appointment_minutes)
    visit = _Visit(starts_at=script.starts_at, ends_at=script.starts_at + length, booked_at=booked_at, quote=quote)
    _confirmed(notes, visit)
    _until_over(notes, visit, script.cancels_at)
    return True


def _refused(notes: Notes, script: Script, at: datetime) -> bool:
    around = notes.around
    request = BookingRequest(
        actor=around.track.booked_by,
        track=around.track.track,
        has_account=script.opens_account_at is not None and script.opens_account_at <= at,
        intake_submitted=script.submits_intake_at is not None and script.submits_intake_at <= at,
        upcoming=0,
    )
    blocks = booking_blocks(around.policy, around.standing, request)
    for block in blocks:
        settings = (block.setting,) if block.setting is not None else ()
        notes.refusal(at, What.BOOKING_CLOSED, *settings, detail=block.detail)
    if blocks:
        return True
    offered = script.starts_at is not None and is_offered(
        around.availability, around.policy.slot_rules(), script.starts_at, at
    )
    if slot_block(offered=offered, taken=False, actor=around.track.booked_by) is None:
        return False
    notes.refusal(at, What.NO_TIMES, "booking_horizon_days", "min_notice_minutes")
    return True


def _pays(notes: Notes, script: Script, at: datetime, quote: FeeQuote) -> datetime | None:
    """When the fee was in; None where the hold ended before."""
    held_until = at + timedelta(minutes=notes.around.policy.hold_minutes)
    notes.page(at, What.PAYING, *_FEE, "hold_minutes", detail=f"{quote.purpose}: {quote.amount}")
    if script.pays_at is None or script.pays_at >= held_until:
        notes.waiting(held_until, What.HOLD_ENDS, "hold_minutes")
        return None
    notes.money(script.pays_at, What.FEE, quote.amount, *_FEE)
    return script.pays_at


def _confirmed(notes: Notes, visit: _Visit) -> None:
    policy, quote = notes.around.policy, visit.quote
    notice = policy.cancel_notice_minutes if policy.clients_can_cancel else None
    rule = in_words(quote.refund, quote.amount, notice) if quote is not None else ""
    facts = confirmation_facts(paid=quote.amount if quote is not None else None, refund_rule=rule)
    facts = _about(notes, visit) | facts
    letter, method = What.CONFIRMATION, CalendarMethod.REQUEST
    notes.mail(visit.booked_at, letter, str(letter), facts, calendar=method)
    notes.front_desk(visit.booked_at, What.TOLD_BOOKED, "booked")


def _until_over(notes: Notes, visit: _Visit, cancels_at: datetime | None) -> None:
    policy = notes.around.policy
    off_at = cancels_at if cancels_at is not None and _cancels(notes, visit, cancels_at) else None
    if not policy.reminder_hours:
        notes.refusal(visit.booked_at, What.REMINDERS_OFF, "reminder_hours")
    attending = reminder_facts(attending_link=f"{notes.around.site}/attend/{NOWHERE}", confirmed=False)
    due = visit.booked_at
    while (following := next_reminder(visit.starts_at, policy.reminder_hours, due)) is not None:
        due = following
        waits = reminder_waits_until(due, due, visit.starts_at, notes.around.clients_zone)
        at = waits or due
        # What is decided when it fires: an appointment that is off is reminded of no more.
        if off_at is None or at < off_at:
            notes.mail(at, What.REMINDER, str(What.REMINDER), _about(notes, visit) | attending, "reminder_hours")
    if off_at is None:
        notes.waiting(visit.starts_at, What.VISIT)


def _cancels(notes: Notes, visit: _Visit, at: datetime) -> bool:
    policy, quote = notes.around.policy, visit.quote
    decision = cancel_decision(
        status=AppointmentStatus.BOOKED,
        starts_at=visit.starts_at,
        notice_minutes=policy.cancel_notice_minutes,
        can_cancel=policy.clients_can_cancel,
        actor=Actor.CLIENT,
        now=at,
        refund=quote.refund if quote is not None else RefundTerms(),
    )
    if decision.refusal is not None:
        settings = ("clients_can_cancel", *(("cancel_notice_minutes",) if policy.clients_can_cancel else ()))
        notes.refusal(at, What.CANCELLING_CLOSED, *settings, detail=decision.refusal.detail)
        return False
    notes.page(at, What.CANCELLING, "clients_can_cancel", "cancel_notice_minutes")
    _called_off(notes, visit, at, decision)
    return True


def _called_off(notes: Notes, visit: _Visit, at: datetime, decision: CancelDecision) -> None:
    paid = visit.quote.amount if visit.quote is not None else None
    back = still_due(paid, decision.refund_percent, 0) if paid is not None else None
    due_minor = back.amount_minor if back is not None else 0
    facts = cancellation_facts(paid=paid, due_minor=due_minor, by_practice=False)
    letter, method = What.CANCELLATION, CalendarMethod.CANCEL
    notes.mail(at, letter, str(letter), _about(notes, visit) | facts, calendar=method)
    notes.front_desk(at, What.TOLD_CANCELLED, "cancelled")
    if back is not None and back.amount_minor > 0:
        notes.money(at, What.FEE_BACK, back, *_REFUND_RULE)


def _about(notes: Notes, visit: _Visit) -> dict[str, object]:
    around = notes.around
    when = spoken_time(visit.starts_at, around.availability.timezone)
    return appointment_facts(site=around.site, appointment_id=NOWHERE, first_name=around.first_name, when=when)
