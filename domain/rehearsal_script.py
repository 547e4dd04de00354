"""When a rehearsed client does each thing: one script for each kind of client, around a visit in the chosen week."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.cadence import Waiting, intake_waiting, invitation_waiting
from domain.fees import quote_for
from domain.intake_gate import intake_form_for
from domain.policy import PortalPolicy
from domain.refunds import ALL_OF_IT, RefundTerms
from domain.rehearsal import Circumstances, RehearsedTrack, Script
from domain.rehearsal_weeks import Week, local_instant
from domain.slots import generate_slots
from domain.stages import Actor

_BEGINS = time(10)
_FORMS_AFTER, _PAYS_AFTER = timedelta(minutes=5), timedelta(minutes=5)
_A_MOMENT, _AN_HOUR, _A_DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
# So long before the visit it is booked, where the settings allow it.
_BOOKED_DAYS_AHEAD = 7
# Which time is rehearsed is asked of the whole week, whatever notice and horizon are; that comes when it is booked.
_FAR_DAYS = 36_500


class Variant(StrEnum):
    """What kind of client it is."""

    PROMPT = "prompt"  # does everything at once
    SLOW = "slow"  # waits for every reminder, and pays in the last minute
    SILENT = "silent"  # never answers
    UNPAID = "unpaid"  # chooses a time, and doesn't pay
    CANCELS_IN_TIME = "cancels-in-time"
    CANCELS_LATE = "cancels-late"


def script_for(around: Circumstances, variant: Variant, week: Week) -> Script:
    """The way begins early enough for the week's first time to be booked a week before it, as the horizon allows."""
    zone = around.availability.zone
    starts_at = first_time(around, week)
    trial = _up_to_booking(around, variant, week.begins(zone))
    lead = (trial.books_at or trial.begins_at) - trial.begins_at
    day = starts_at.astimezone(zone).date() if starts_at is not None else week.monday
    begins_on = day - timedelta(days=_days_ahead(around.policy)) - _A_DAY * (lead // _A_DAY)
    script = _up_to_booking(around, variant, local_instant(begins_on, _BEGINS, zone))
    return script if starts_at is None else _around_visit(around, variant, replace(script, starts_at=starts_at))


def first_time(around: Circumstances, week: Week) -> datetime | None:
    """The first time of the week in an empty calendar."""
    zone, rules = around.availability.zone, around.policy.slot_rules()
    whole = replace(rules, min_notice_minutes=0, horizon_days=_FAR_DAYS)
    begins, ends = week.begins(zone), week.ends(zone)
    slots = generate_slots(around.availability, whole, (), begins, ends, begins)
    return slots[0].starts_at if slots else None


def _days_ahead(policy: PortalPolicy) -> int:
    reminded = max(policy.reminder_hours, default=0) // 24 + 1
    noticed = policy.min_notice_minutes // (24 * 60) + 2
    return min(max(_BOOKED_DAYS_AHEAD, reminded, noticed), policy.booking_horizon_days)


def _up_to_booking(around: Circumstances, variant: Variant, begins_at: datetime) -> Script:
    forms_at = None if around.track is RehearsedTrack.ANONYMOUS else begins_at + _FORMS_AFTER
    by_staff = around.track.booked_by is Actor.STAFF
    if variant is Variant.SILENT:
        # The practice can book for somebody who never opens an account.
        books_at = begins_at + _A_DAY if by_staff else None
        return Script(begins_at=begins_at, books_at=books_at, starts_at=None, forms_at=forms_at)
    slow = variant is Variant.SLOW
    opens_at = _late_account(around.policy, begins_at) if slow else begins_at + _A_MOMENT
    submits_at: datetime | None = None
    if intake_form_for(around.policy, around.track.track) is not None:
        asked = intake_waiting(around.policy, opens_at)
        submits_at = _after_last(asked, opens_at) if slow else opens_at + _A_MOMENT
    return Script(
        begins_at=begins_at,
        opens_account_at=opens_at,
        submits_intake_at=submits_at,
        books_at=(submits_at or opens_at) + _A_MOMENT,
        starts_at=None,
        forms_at=forms_at,
    )


def _late_account(policy: PortalPolicy, begins_at: datetime) -> datetime:
    expires_at = begins_at + timedelta(days=policy.invitation_days)
    waiting = invitation_waiting(policy, begins_at, expires_at)
    return min(_after_last(waiting, begins_at), expires_at - _AN_HOUR)


def _after_last(waiting: Waiting, since: datetime) -> datetime:
    return max(waiting.reminders, default=since) + _A_DAY


def _around_visit(around: Circumstances, variant: Variant, script: Script) -> Script:
    if script.books_at is None:
        return script
    held = timedelta(minutes=around.policy.hold_minutes)
    quote = quote_for(around.policy, around.settings_version, booked_by=around.track.booked_by)
    if quote is not None and variant is not Variant.UNPAID:
        in_the_last_minute = held - min(timedelta(minutes=1), held / 2)
        pays_after = in_the_last_minute if variant is Variant.SLOW else min(_PAYS_AFTER, held / 2)
        script = replace(script, pays_at=script.books_at + pays_after)
    if variant in (Variant.CANCELS_IN_TIME, Variant.CANCELS_LATE):
        terms = quote.refund if quote is not None else RefundTerms()
        at = _cancels(around.policy, terms, script, in_time=variant is Variant.CANCELS_IN_TIME)
        script = replace(script, cancels_at=at)
    return script


def _cancels(policy: PortalPolicy, terms: RefundTerms, script: Script, *, in_time: bool) -> datetime:
    """In time: while all of it goes back. Late: when less does, else an hour before the visit, whatever comes of it."""
    assert script.starts_at is not None and script.books_at is not None
    stages = terms.stages(policy.cancel_notice_minutes)
    percent, minutes = stages[0 if in_time else -1]
    until = script.starts_at - timedelta(minutes=minutes)
    if in_time:
        at = until - _AN_HOUR
    elif percent == ALL_OF_IT:
        at = script.starts_at - _AN_HOUR
    elif len(stages) > 1:
        at = max(until - _AN_HOUR, script.starts_at - timedelta(minutes=stages[-2][1] - 1))
    else:
        at = until - _AN_HOUR
    return max(at, (script.pays_at or script.books_at) + _A_MOMENT)
