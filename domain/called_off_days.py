"""Days of a provider's that are called off: what was asked, which appointments it is about, what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.hours import Availability
from domain.openings import moment_of
from domain.slots import Interval, SlotRules, generate_slots
from domain.states import BLOCKING, AppointmentStatus
from domain.stretches import DayStretch

# What was confirmed can be taken back until then; nobody is told before.
GRACE = timedelta(minutes=3)
MOST_DAYS_LATER = 60

_DAY = timedelta(days=1)


class Instead(StrEnum):
    """What is to become of what is booked."""

    CANCEL = "cancel"
    MOVE = "move"  # to the next free time; cancelled where there is none


class Fate(StrEnum):
    """What becomes of one appointment."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    RELEASED = "released"  # held while its fee is being paid: the hold ends, and the checkout is closed
    LEFT_ALONE = "left_alone"


class PartState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    CHANGED = "changed"  # moved away or cancelled meanwhile, by somebody else: nothing was left to do
    LEFT = "left"  # begun, taken back, or stopped before its turn
    FAILED = "failed"


class LeftBecause(StrEnum):
    BEGUN = "begun"
    UNDONE = "undone"
    STOPPED = "stopped"


class Phase(StrEnum):
    """Where a whole run stands."""

    WAITING = "waiting"  # within the grace period
    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"
    STOPPED = "stopped"

    @property
    def open(self) -> bool:
        return self in (Phase.WAITING, Phase.RUNNING)


@dataclass(frozen=True, kw_only=True)
class CallingOff:
    """What somebody asks for; `reason` is for the record, `words` go to the clients, if there are any."""

    days: DayStretch
    instead: Instead
    reason: str
    words: str = ""
    within_days: int = 0  # after the last day, for a new time

    def as_document(self) -> dict[str, object]:
        return {
            "days": self.days.as_document(),
            "instead": str(self.instead),
            "reason": self.reason,
            "words": self.words,
            "within_days": self.within_days,
        }


@dataclass(frozen=True, kw_only=True)
class Visit:
    """An appointment as it stands; `rules` are those of a new time for it, as long as it is."""

    id: str
    client_id: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    being_cancelled: bool
    rules: SlotRules


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Time in the provider's calendar, and whose."""

    id: str
    client_id: str
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What a new time is looked for in: the hours with the days closed, what is taken, and where else they are."""

    hours: Availability
    taken: Mapping[str, Taken]
    elsewhere: Sequence[Interval]
    now: datetime

    def without(self, appointment_id: str, instead: Taken | None = None) -> Calendar:
        left = {one: taken for one, taken in self.taken.items() if one != appointment_id}
        return replace(self, taken=left | ({appointment_id: instead} if instead else {}))


@dataclass(frozen=True, kw_only=True)
class Becomes:
    fate: Fate
    moves_to: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Planned:
    visit: Visit
    becomes: Becomes


def becomes(visit: Visit, asked: CallingOff, calendar: Calendar) -> Becomes | None:
    """What becomes of it now; None where there is nothing to do any more: not in these days, or off already.

    The preview asks it of all, the run of each at its turn.
    """
    start, end = asked.days.span(calendar.hours)
    if visit.status not in BLOCKING or visit.being_cancelled or visit.ends_at <= start or visit.starts_at >= end:
        return None
    if visit.starts_at <= calendar.now:
        return Becomes(fate=Fate.LEFT_ALONE)
    if visit.status is AppointmentStatus.PENDING:
        return Becomes(fate=Fate.RELEASED)
    moves_to = next_time(visit, asked, calendar) if asked.instead is Instead.MOVE else None
    return Becomes(fate=Fate.MOVED, moves_to=moves_to) if moves_to else Becomes(fate=Fate.CANCELLED)


def plan(visits: Sequence[Visit], asked: CallingOff, calendar: Calendar) -> list[Planned]:
    """By start, each after what becomes of those before it: no two are promised the same time."""
    planned: list[Planned] = []
    for visit in sorted(visits, key=lambda one: (one.starts_at, one.id)):
        fate = becomes(visit, asked, calendar)
        if fate is None:
            continue
        planned.append(Planned(visit=visit, becomes=fate))
        if fate.moves_to is not None:
            ends_at = fate.moves_to + (visit.ends_at - visit.starts_at)
            interval = Interval(start=fate.moves_to, end=ends_at)
            calendar = calendar.without(visit.id, Taken(id=visit.id, client_id=visit.client_id, interval=interval))
        elif fate.fate is not Fate.LEFT_ALONE:
            calendar = calendar.without(visit.id)
    return planned


def next_time(visit: Visit, asked: CallingOff, calendar: Calendar) -> datetime | None:
    """The first free time after it that is offered, up to `within_days` after the last day; never an earlier one.

    Nor one at which the same client is here anyway.
    """
    others = [one for one in calendar.taken.values() if one.id != visit.id]
    slots = generate_slots(
        calendar.hours,
        visit.rules,
        [one.interval for one in others],
        max(visit.starts_at, calendar.now) + timedelta(microseconds=1),
        latest_new_time(asked, calendar.hours),
        calendar.now,
        elsewhere=calendar.elsewhere,
    )
    theirs = [one.interval for one in others if one.client_id == visit.client_id]
    return next(
        (
            slot.starts_at
            for slot in slots
            if not any(one.start < slot.ends_at and slot.starts_at < one.end for one in theirs)
        ),
        None,
    )


def latest_new_time(asked: CallingOff, hours: Availability) -> datetime:
    """The end of the last local day on which a new time may lie."""
    return moment_of(DayStretch.whole(asked.days.last_day + asked.within_days * _DAY).ticks(hours)[1])


def phase(*, undone_at: datetime | None, stopped_at: datetime | None, begun_at: datetime | None, waiting: int) -> Phase:
    if undone_at is not None:
        return Phase.UNDONE
    if stopped_at is not None:
        return Phase.STOPPED
    if begun_at is None:
        return Phase.WAITING
    return Phase.RUNNING if waiting else Phase.DONE


def farthest(today: date) -> date:
    """Days further ahead aren't called off: they are time off."""
    return today + 366 * _DAY
