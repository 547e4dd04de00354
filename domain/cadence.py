"""When Portico speaks up by itself: reminders, expiry, lapse; and until when a message is still worth sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.policy import PortalPolicy

# A client who doesn't answer an expired invitation, or stops on the way, isn't waited for for ever.
LAPSE_AFTER_EXPIRY = timedelta(days=30)
# Nor a practice that has taken an invitation back, and doesn't invite again.
LAPSE_AFTER_REVOCATION = timedelta(days=30)
LAPSE_OF_INTAKE = timedelta(days=90)
LAPSE_OF_BOOKING = timedelta(days=180)

# Somebody answers a step that was refused within two days, else it is passed on; after two weeks it lapses.
ANSWER_WITHIN = timedelta(days=2)
ATTENTION_LAPSES_AFTER = timedelta(days=14)

# A fee that came in when its time had been given to somebody else buys another time within three days (an authorised
# one is gone after seven). One that couldn't be taken can be paid again within the best part of a day: a checkout stays
# open for 24 hours at most, and has to outlast the hold.
CHOOSE_AGAIN_WITHIN = timedelta(days=3)
PAY_AGAIN_WITHIN = timedelta(hours=22)
_PAY_AGAIN_AT_LEAST = timedelta(minutes=30)

# After an outage what is older than this is dropped rather than sent.
_GREETING_KEEPS = timedelta(days=3)
_FRONT_DESK_KEEPS = timedelta(hours=24)
_NUDGE_KEEPS = timedelta(hours=24)
_CANCELLATION_KEEPS = timedelta(hours=48)
# A reminder that comes with less time left than this helps nobody.
_REMINDER_USELESS = timedelta(hours=2)
# A change of something that is about to begin is told at once, whatever may follow.
_ABOUT_TO_BEGIN = timedelta(hours=1)
# Nobody is reminded at night, by their own clock: phones ring for mails.
QUIET_FROM, QUIET_UNTIL = time(21), time(8)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What happens while a client is waited for: reminders in order, then perhaps the end of waiting."""

    reminders: tuple[datetime, ...]
    lapses_at: datetime

    def due_after(self, moment: datetime, expires_at: datetime | None = None) -> datetime:
        """The next reminder, the moment at which what is waited for expires, or the end of waiting."""
        due = min((one for one in self.reminders if one > moment), default=self.lapses_at)
        return expires_at if expires_at is not None and moment < expires_at < due else due


def invitation_waiting(
    policy: PortalPolicy, issued_at: datetime, expires_at: datetime, planned: Sequence[int] | None = None
) -> Waiting:
    """Reminders while the link works; some time after its end the journey lapses.

    `planned` are the days that were set when the link was made: what is planned stays, whatever is set later.
    """
    return Waiting(
        reminders=_after(issued_at, _days(policy, planned), before=expires_at),
        lapses_at=expires_at + LAPSE_AFTER_EXPIRY,
    )


def revoked_waiting(revoked_at: datetime) -> Waiting:
    """Nobody is reminded of an invitation that was taken back; the practice can invite again meanwhile."""
    return Waiting(reminders=(), lapses_at=revoked_at + LAPSE_AFTER_REVOCATION)


def intake_waiting(policy: PortalPolicy, since: datetime, planned: Sequence[int] | None = None) -> Waiting:
    """The intake form is asked for in the rhythm of the invitation, whose days `planned` are."""
    lapses_at = since + LAPSE_OF_INTAKE
    return Waiting(reminders=_after(since, _days(policy, planned), before=lapses_at), lapses_at=lapses_at)


def _days(policy: PortalPolicy, planned: Sequence[int] | None) -> Sequence[int]:
    return policy.invitation_reminder_days if planned is None else planned


def booking_waiting(since: datetime) -> Waiting:
    """Nobody is pressed to book; after half a year the way ends."""
    return Waiting(reminders=(), lapses_at=since + LAPSE_OF_BOOKING)


def _after(start: datetime, days: Sequence[int], *, before: datetime) -> tuple[datetime, ...]:
    moments = sorted({start + timedelta(days=count) for count in days})
    return tuple(moment for moment in moments if moment < before)


def next_reminder(starts_at: datetime, hours: Sequence[int], after: datetime) -> datetime | None:
    """The next moment later than `after` at which the client is reminded of the appointment."""
    ahead = (starts_at - timedelta(hours=count) for count in hours)
    return min((moment for moment in ahead if moment > after), default=None)


def reminder_not_after(due: datetime, starts_at: datetime) -> datetime:
    """Halfway to the appointment at the latest, and never when it is about to begin."""
    return min(due + (starts_at - due) / 2, max(due, starts_at - _REMINDER_USELESS))


def quiet_until(moment: datetime, timezone: str) -> datetime | None:
    """When the night ends that it is there at that moment; None by day."""
    local = moment.astimezone(ZoneInfo(timezone))
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    morning = local.date() if local.time() < QUIET_UNTIL else local.date() + timedelta(days=1)
    return datetime.combine(morning, QUIET_UNTIL, tzinfo=local.tzinfo).astimezone(UTC)


def reminder_waits_until(now: datetime, due: datetime, starts_at: datetime, timezone: str) -> datetime | None:
    """The end of the client's night, where the reminder is still of use by then; None when it goes out now."""
    morning = quiet_until(now, timezone)
    return morning if morning is not None and morning <= reminder_not_after(due, starts_at) else None


def reminder_ahead(starts_at: datetime, hours: Sequence[int], now: datetime, timezone: str) -> datetime | None:
    """When the client is reminded next, nights counted: what pages say."""
    due = (starts_at - timedelta(hours=count) for count in hours)
    moments = (reminder_waits_until(one, one, starts_at, timezone) or one for one in due)
    return min((moment for moment in moments if moment > now), default=None)


def move_told_at(moved_at: datetime, grace: timedelta, known: datetime, starts_at: datetime) -> datetime:
    """When a move is told: after the grace, in which another may follow or take it back. At once where the time that
    the client knows, or the new one, is near."""
    near = min(known, starts_at) - moved_at <= _ABOUT_TO_BEGIN
    return moved_at if near else moved_at + grace


def greeting_not_after(now: datetime) -> datetime:
    return now + _GREETING_KEEPS


def front_desk_not_after(now: datetime) -> datetime:
    return now + _FRONT_DESK_KEEPS


def nudge_not_after(due: datetime) -> datetime:
    return due + _NUDGE_KEEPS


def pay_again_until(now: datetime, starts_at: datetime) -> datetime | None:
    """Until when the time is kept for a client whose card failed us; None when the visit is too near for that."""
    until = min(now + PAY_AGAIN_WITHIN, starts_at)
    return until if until - now >= _PAY_AGAIN_AT_LEAST else None


def cancellation_not_after(now: datetime, starts_at: datetime) -> datetime:
    """Until the visit would have begun; told late rather than not at all when that is near."""
    return max(starts_at, now + _CANCELLATION_KEEPS)
