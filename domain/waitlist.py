"""The waitlist: what a client wishes, which freed time fits it, and until when an offer of it lasts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.availability import HoursReader
from domain.cadence import quiet_until
from domain.document_reader import MISSING
from domain.errors import ValidationFailed
from domain.hours import MINUTES_A_DAY, WEEKDAYS, DayInterval, Weekday
from domain.slots import Slot

# Whoever has less than this to answer in isn't offered a time at all.
SHORTEST_OFFER = timedelta(minutes=5)
# Whoever has let so many offers run out in a row isn't looking any more: each of them kept a time from everybody.
MOST_UNANSWERED = 3
LONGEST_AHEAD = timedelta(days=366)
MOST_NOTICE_HOURS = 24 * 30
ALL_DAY = DayInterval(start=0, end=MINUTES_A_DAY)
_MEMBERS = ("from", "until")
_OPTIONAL = ("weekdays", "start", "end", "notice_hours", "timezone")


class OfferState(StrEnum):
    OPEN = "open"  # its time is held
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"  # not answered in time
    WITHDRAWN = "withdrawn"  # its wish ended first
    REFUSED = "refused"  # the mailbox doesn't take mail
    TAKEN_BACK = "taken_back"  # the practice is closed then after all


class WishEnd(StrEnum):
    """Why a wish isn't open any more."""

    TAKEN = "taken"
    BOOKED = "booked"  # by other means
    NOT_NEEDED = "not_needed"  # the appointment that it would have replaced was moved or cancelled
    LAPSED = "lapsed"  # its last day is over
    UNANSWERED = "unanswered"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"  # by the client
    REMOVED = "removed"  # by staff, with a reason
    PROVIDER_LEFT = "provider_left"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Days from `first_day` to `last_day`, on these weekdays, wholly between two times of the clock of `timezone`.

    An offer has to come at least `notice_hours` ahead. `before` is the start of the appointment that it would replace.
    """

    first_day: date
    last_day: date
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    between: DayInterval = ALL_DAY
    notice_hours: int = 0
    timezone: str
    before: datetime | None = None

    @property
    def notice(self) -> timedelta:
        return timedelta(hours=self.notice_hours)

    def over(self, now: datetime) -> bool:
        """Nothing that comes can fit any more."""
        return _local(now, self.timezone).date() > self.last_day or (self.before is not None and now >= self.before)

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """All the starts that could fit lie within; empty where the second isn't later."""
        zone = ZoneInfo(self.timezone)
        start = datetime.combine(self.first_day, datetime.min.time(), tzinfo=zone)
        end = datetime.combine(self.last_day + timedelta(days=1), datetime.min.time(), tzinfo=zone)
        return max(start, now + self.notice), end if self.before is None else min(end, self.before)

    def fits(self, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
        """Whether a time is what they wish for. One that runs into the appointment it would replace isn't earlier."""
        if starts_at < now + self.notice or (self.before is not None and ends_at > self.before):
            return False
        local = _local(starts_at, self.timezone)
        if not self.first_day <= local.date() <= self.last_day or WEEKDAYS[local.weekday()] not in self.weekdays:
            return False
        begins = local.hour * 60 + local.minute
        length = -(-(ends_at - starts_at) // timedelta(minutes=1))
        return self.between.start <= begins and begins + length <= self.between.end

    def asleep_until(self, now: datetime) -> datetime | None:
        """When the night ends in which they are offered nothing; None by day."""
        return quiet_until(now, self.timezone)

    def as_document(self) -> dict[str, Any]:
        return {
            "from": self.first_day.isoformat(),
            "until": self.last_day.isoformat(),
            "weekdays": [str(one) for one in self.weekdays],
            **self.between.as_document(),
            "notice_hours": self.notice_hours,
            "timezone": self.timezone,
        }


@dataclass(frozen=True, kw_only=True)
class OfferLimits:
    """What an offer's end may not be later than: each of them is a rule that holds when it is taken."""

    minutes: int
    min_notice_minutes: int = 0
    latest: datetime | None = None  # until when the appointment that it replaces may be moved


def offer_until(wish: Wish, limits: OfferLimits, starts_at: datetime, now: datetime) -> datetime | None:
    """The end of an offer that is made now; None where too little time would be left to answer in.

    What may be taken when it is offered may be taken until its end, as far as the clock is concerned.
    """
    ends = [
        now + timedelta(minutes=limits.minutes),
        starts_at - timedelta(minutes=limits.min_notice_minutes),
        starts_at - wish.notice,
    ]
    until = min(ends if limits.latest is None else [*ends, limits.latest])
    return until if until - now >= SHORTEST_OFFER else None


def first_fit(
    wish: Wish, limits: OfferLimits, slots: Sequence[Slot], offered_before: Collection[datetime], now: datetime
) -> tuple[Slot, datetime] | None:
    """The first of the free `slots` (ascending) to be offered for this wish, and until when.

    Nobody is offered the same time twice.
    """
    for slot in slots:
        if slot.starts_at in offered_before or not wish.fits(slot.starts_at, slot.ends_at, now):
            continue
        until = offer_until(wish, limits, slot.starts_at, now)
        if until is not None:
            return slot, until
    return None


def given_up(newest_first: Sequence[OfferState]) -> bool:
    """Whether the latest offers that reached them have all run out without an answer."""
    lately = newest_first[:MOST_UNANSWERED]
    return len(lately) == MOST_UNANSWERED and all(one is OfferState.LAPSED for one in lately)


def read_wish(document: Mapping[str, object], *, now: datetime, timezone: str, before: datetime | None = None) -> Wish:
    """`{"from", "until", "weekdays"?, "start"?, "end"?, "notice_hours"?, "timezone"?}`; `timezone` where none is named.

    Raises ValidationFailed naming every field that is wrong.
    """
    reader = HoursReader()
    members = reader.members(document, "", _MEMBERS, _OPTIONAL, "wish")
    zone = timezone if members["timezone"] in (MISSING, None) else reader.timezone(members["timezone"])
    first, last = reader.day(members["from"], "from"), reader.day(members["until"], "until")
    between = reader.day_interval(
        {
            "start": "00:00" if members["start"] in (MISSING, None) else members["start"],
            "end": "24:00" if members["end"] in (MISSING, None) else members["end"],
        },
        "",
    )
    weekdays = _weekdays(reader, members["weekdays"])
    notice = _notice(reader, members["notice_hours"])
    if first is not None and last is not None:
        _check_days(reader, first, last, _local(now, zone).date())
    if reader.errors:
        raise ValidationFailed(reader.errors)
    assert first is not None and last is not None and between is not None
    return Wish(
        first_day=first,
        last_day=last,
        weekdays=weekdays,
        between=between,
        notice_hours=notice,
        timezone=zone,
        before=before,
    )


def _check_days(reader: HoursReader, first: date, last: date, today: date) -> None:
    if last < first:
        reader.refuse("until", "must not be before the first day")
    elif last < today:
        reader.refuse("until", "is over")
    elif last > today + LONGEST_AHEAD:
        reader.refuse("until", "must be within a year from now")


def _weekdays(reader: HoursReader, value: object) -> tuple[Weekday, ...]:
    if value is MISSING or value is None:
        return WEEKDAYS
    if not isinstance(value, list | tuple) or any(one not in WEEKDAYS for one in value):
        reader.refuse("weekdays", "must be a list of monday, tuesday, ... or sunday")
        return WEEKDAYS
    if not value:
        reader.refuse("weekdays", "must name at least one day")
    return tuple(one for one in WEEKDAYS if one in value)


def _notice(reader: HoursReader, value: object) -> int:
    if value is MISSING or value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_NOTICE_HOURS:
        reader.refuse("notice_hours", f"must be a whole number between 0 and {MOST_NOTICE_HOURS}")
        return 0
    return value


def _local(moment: datetime, timezone: str) -> datetime:
    return moment.astimezone(ZoneInfo(timezone))
