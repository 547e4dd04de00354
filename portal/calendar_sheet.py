"""Days of a calendar as columns of hours: where each stretch of time stands, also where the clock skips or repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_QUARTER = 15  # minutes: no clock has been changed in finer steps since 1970
_ORDINARY = (9, 17)  # hours that are shown where nothing else says which
# What is shorter still takes this many minutes of room beside others, so that its words can be read.
LEAST_MINUTES = 20

What = TypeVar("What")


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[What]):
    """Something that takes time, from `start` up to but not including `end`; aware datetimes of any zone."""

    start: datetime
    end: datetime
    what: What


@dataclass(frozen=True, kw_only=True)
class Row:
    """An hour of the clock; `again` is its second run on a day on which the clock is set back."""

    hour: int
    again: bool

    @property
    def label(self) -> str:
        clock = f"{self.hour % 12 or 12} {'AM' if self.hour < 12 else 'PM'}"
        return f"{clock}, again" if self.again else clock


@dataclass(frozen=True, kw_only=True)
class Place:
    """Minutes from the top, how many of them, and in which of how many lanes beside each other."""

    top: int
    minutes: int
    lane: int = 0
    lanes: int = 1


@dataclass(frozen=True, kw_only=True)
class Placed(Generic[What]):
    place: Place
    entry: Entry[What]


@dataclass(frozen=True, kw_only=True)
class Column(Generic[What]):
    """One local day. `missing` is where its clock doesn't go; `changes` that it has 23 or 25 hours, or the like."""

    day: date
    changes: bool
    entries: tuple[Placed[What], ...]
    open: tuple[Place, ...]
    missing: tuple[Place, ...]
    now: int | None  # minutes from the top, on the day that is today


@dataclass(frozen=True, kw_only=True)
class Sheet(Generic[What]):
    rows: tuple[Row, ...]
    columns: tuple[Column[What], ...]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the local day begins: later, where the clock skips midnight."""
    return datetime.combine(day, time(), tzinfo=zone)


def sheet_of(
    days: Sequence[date],
    zone: ZoneInfo,
    entries: Sequence[Entry[What]],
    openings: Sequence[tuple[datetime, datetime]],
    now: datetime,
) -> Sheet[What]:
    """The days side by side, cut to the hours in which there is something (and to a working day's where there isn't).

    An hour that any of the days repeats is two rows; the other days have nothing there.
    """
    rows = [
        Row(hour=hour, again=again)
        for hour in range(24)
        for again in (False, True)
        if not again or any(_exists(day, hour, minute, zone, again) for day in days for minute in _quarters())
    ]
    ruler = _Ruler(zone, rows)
    taken = {day: [one for one in entries if _touches(day, zone, one.start, one.end)] for day in days}
    open_at = {day: [one for one in openings if _touches(day, zone, *one)] for day in days}
    spans = [ruler.span(day, one.start, one.end) for day in days for one in taken[day]]
    spans += [ruler.span(day, *one) for day in days for one in open_at[day]]
    first, last = _shown(spans, rows)
    return Sheet(
        rows=tuple(rows[first:last]),
        columns=tuple(_column(day, ruler, taken[day], open_at[day], now, first, last) for day in days),
    )


def _column(
    day: date,
    ruler: _Ruler,
    taken: Sequence[Entry[What]],
    open_at: Sequence[tuple[datetime, datetime]],
    now: datetime,
    first: int,
    last: int,
) -> Column[What]:
    cut = first * 60
    missing = ruler.missing(day)
    at = ruler.span(day, now, now + _MINUTE)[0] - cut if _touches(day, ruler.zone, now, now + _MINUTE) else None
    opened = (ruler.span(day, *one) for one in open_at)
    return Column(
        day=day,
        changes=midnight(day + _DAY, ruler.zone).utcoffset() != midnight(day, ruler.zone).utcoffset(),
        entries=tuple(_placed(day, ruler, taken, cut)),
        open=tuple(Place(top=top - cut, minutes=minutes) for top, minutes in opened),
        missing=tuple(Place(top=row * 60 + at - cut, minutes=long) for row, at, long in missing if first <= row < last),
        now=at if at is not None and 0 <= at < (last - first) * 60 else None,
    )


def _shown(spans: Sequence[tuple[int, int]], rows: Sequence[Row]) -> tuple[int, int]:
    """Which rows: the first, and the one after the last."""
    if spans:
        return min(top for top, _ in spans) // 60, max(-(-(top + minutes) // 60) for top, minutes in spans)
    first, last = (rows.index(Row(hour=hour, again=False)) for hour in _ORDINARY)
    return first, last


def _placed(day: date, ruler: _Ruler, taken: Sequence[Entry[What]], cut: int) -> list[Placed[What]]:
    """By start; those that overlap side by side, each group as wide as it has to be."""
    spans = [(*ruler.span(day, one.start, one.end), one) for one in taken]
    spans.sort(key=lambda one: (one[0], -one[1]))
    placed: list[Placed[What]] = []
    group: list[tuple[int, int, int, Entry[What]]] = []
    lanes: list[int] = []  # until when each is taken
    for top, minutes, entry in spans:
        if group and top >= max(lanes):
            placed += _group(group, len(lanes), cut)
            group, lanes = [], []
        end = top + max(minutes, LEAST_MINUTES)
        lane = next((index for index, until in enumerate(lanes) if until <= top), len(lanes))
        lanes[lane : lane + 1] = [end]
        group.append((top, minutes, lane, entry))
    return placed + _group(group, len(lanes), cut)


def _group(group: Sequence[tuple[int, int, int, Entry[What]]], lanes: int, cut: int) -> list[Placed[What]]:
    return [
        Placed(place=Place(top=top - cut, minutes=minutes, lane=lane, lanes=lanes), entry=entry)
        for top, minutes, lane, entry in group
    ]


class _Ruler:
    """Minutes from the top of a day for instants: by the clock, each row sixty of them."""

    def __init__(self, zone: ZoneInfo, rows: Sequence[Row]) -> None:
        self.zone = zone
        self._rows = rows
        self._row = {(row.hour, row.again): index for index, row in enumerate(rows)}

    def span(self, day: date, start: datetime, end: datetime) -> tuple[int, int]:
        """Where what is taken of the day begins, and how many minutes it goes on."""
        start = max(start.astimezone(self.zone), midnight(day, self.zone), key=datetime.timestamp)
        end = min(end.astimezone(self.zone), midnight(day + _DAY, self.zone), key=datetime.timestamp)
        top = self._at(start)
        return top, max(1, self._at(_before(end, self.zone)) + 1 - top)

    def _at(self, moment: datetime) -> int:
        local = moment.astimezone(ZoneInfo("UTC")).astimezone(self.zone)  # what is missing moves on by the gap
        return self._row[local.hour, bool(local.fold)] * 60 + local.minute

    def missing(self, day: date) -> list[tuple[int, int, int]]:
        """Row, first minute and length of what the day's clock doesn't show."""
        found: list[tuple[int, int, int]] = []
        for index, row in enumerate(self._rows):
            there = [_exists(day, row.hour, minute, self.zone, row.again) for minute in _quarters()]
            for quarter, exists in enumerate(there):
                if exists:
                    continue
                if quarter and not there[quarter - 1]:
                    found[-1] = (index, found[-1][1], found[-1][2] + _QUARTER)
                else:
                    found.append((index, quarter * _QUARTER, _QUARTER))
        return found


def _quarters() -> range:
    return range(0, 60, _QUARTER)


def _before(moment: datetime, zone: ZoneInfo) -> datetime:
    """A minute of real time earlier (arithmetic within a zone would be the clock's)."""
    return (moment.astimezone(ZoneInfo("UTC")) - _MINUTE).astimezone(zone)


def _exists(day: date, hour: int, minute: int, zone: ZoneInfo, again: bool) -> bool:
    """Whether the day's clock shows that time, or (`again`) shows it twice."""
    first = datetime.combine(day, time(hour, minute), tzinfo=zone)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    return before > after if again else before >= after


def _touches(day: date, zone: ZoneInfo, start: datetime, end: datetime) -> bool:
    return (
        start.timestamp() < midnight(day + _DAY, zone).timestamp() and end.timestamp() > midnight(day, zone).timestamp()
    )
