"""Days that are called off: what becomes of each appointment, and how the days are closed and opened again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.availability import parse_availability
from domain.called_off_days import (
    Becomes,
    Calendar,
    CallingOff,
    Fate,
    Instead,
    Phase,
    Planned,
    Taken,
    Visit,
    becomes,
    phase,
    plan,
)
from domain.calling_off_request import read_calling_off
from domain.errors import ValidationFailed
from domain.hours import Availability, DayInterval
from domain.openings import covers
from domain.slots import Interval, SlotRules, is_offered, peak_overlap
from domain.states import AppointmentStatus
from domain.stretches import DayStretch, closed, opened_again

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RULES = SlotRules(
    appointment_minutes=50,
    slot_step_minutes=60,
    buffer_minutes=0,
    capacity=1,
    min_notice_minutes=0,
    horizon_days=90,
)


def hours(**more: object) -> Availability:
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    weekly = [{"weekday": day, "start": "09:00", "end": "12:00"} for day in weekdays]
    return parse_availability({"timezone": "America/New_York", "weekly": weekly, "overrides": [], **more})


def at(hour: int, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK).astimezone(UTC)


def visit(name: str, start: datetime, client: str = "", status: AppointmentStatus = AppointmentStatus.BOOKED) -> Visit:
    return Visit(
        id=name,
        client_id=client or f"client of {name}",
        starts_at=start,
        ends_at=start + RULES.length,
        status=status,
        being_cancelled=False,
        rules=RULES,
    )


def asking(days: DayStretch, instead: Instead = Instead.MOVE, within: int = 7) -> CallingOff:
    return CallingOff(days=days, instead=instead, reason="ill", within_days=within)


def calendar_of(asked: CallingOff, *visits: Visit, now: datetime = NOW) -> Calendar:
    taken = {
        one.id: Taken(id=one.id, client_id=one.client_id, interval=Interval(start=one.starts_at, end=one.ends_at))
        for one in visits
    }
    return Calendar(hours=closed(hours(), asked.days)[0], taken=taken, elsewhere=(), now=now)


def test_each_moves_to_the_next_free_time_and_no_two_to_the_same() -> None:
    tuesday = MONDAY + timedelta(days=1)
    mine = [visit("a", at(9)), visit("b", at(10)), visit("c", at(11))]
    other = visit("d", at(10, tuesday))
    asked = asking(DayStretch.whole(MONDAY))
    planned = plan(mine, asked, calendar_of(asked, *mine, other))
    wednesday = MONDAY + timedelta(days=2)
    assert [one.becomes for one in planned] == [
        Becomes(fate=Fate.MOVED, moves_to=at(9, tuesday)),
        Becomes(fate=Fate.MOVED, moves_to=at(11, tuesday)),
        Becomes(fate=Fate.MOVED, moves_to=at(9, wednesday)),
    ]


def test_where_no_time_is_free_within_the_days_it_is_cancelled() -> None:
    mine = [visit(str(number), at(9 + number)) for number in range(3)]
    full = [visit(f"full{number}", at(9 + number, MONDAY + timedelta(days=1))) for number in range(2)]
    asked = asking(DayStretch.whole(MONDAY), within=1)
    planned = plan(mine, asked, calendar_of(asked, *mine, *full))
    assert [one.becomes.fate for one in planned] == [Fate.MOVED, Fate.CANCELLED, Fate.CANCELLED]


def test_nobody_is_moved_to_an_earlier_time_or_to_where_they_are_anyway() -> None:
    tuesday = MONDAY + timedelta(days=1)
    late, same = visit("late", at(11, tuesday)), visit("same", at(9, MONDAY + timedelta(days=2)), "client of late")
    asked = asking(DayStretch.whole(tuesday))
    calendar = calendar_of(asked, late, same)
    twofold = replace(late, rules=replace(RULES, capacity=2))
    decided = becomes(twofold, asked, calendar)
    assert decided == Becomes(fate=Fate.MOVED, moves_to=at(10, MONDAY + timedelta(days=2)))


def test_of_a_part_of_a_day_the_rest_of_it_is_still_good() -> None:
    morning = DayStretch(first_day=MONDAY, last_day=MONDAY, part=DayInterval(start=9 * 60, end=10 * 60))
    asked = asking(morning)
    first, second = visit("first", at(9)), visit("second", at(10))
    planned = plan([first, second], asked, calendar_of(asked, first, second))
    assert planned == [Planned(visit=first, becomes=Becomes(fate=Fate.MOVED, moves_to=at(11)))]


def test_held_times_are_released_and_what_has_begun_is_left_alone() -> None:
    begun, held = visit("begun", at(9)), visit("held", at(10), status=AppointmentStatus.PENDING)
    asked = asking(DayStretch.whole(MONDAY))
    planned = plan([begun, held], asked, calendar_of(asked, begun, held, now=at(9)))
    assert [one.becomes.fate for one in planned] == [Fate.LEFT_ALONE, Fate.RELEASED]


@pytest.mark.parametrize("instead", Instead)
def test_what_was_moved_away_or_cancelled_meanwhile_is_nothing_to_do(instead: Instead) -> None:
    asked = asking(DayStretch.whole(MONDAY), instead)
    elsewhere = visit("moved", at(9, MONDAY + timedelta(days=1)))
    off = visit("off", at(9), status=AppointmentStatus.CANCELLED)
    going = replace(visit("going", at(9), status=AppointmentStatus.PENDING), being_cancelled=True)
    for one in (elsewhere, off, going):
        assert becomes(one, asked, calendar_of(asked, one)) is None


@given(
    starts=st.lists(st.tuples(st.integers(0, 4), st.integers(9, 11)), min_size=1, max_size=12, unique=True),
    first=st.integers(0, 4),
    length=st.integers(0, 3),
    within=st.integers(1, 9),
    instead=st.sampled_from(Instead),
    part=st.none() | st.tuples(st.integers(0, 11), st.integers(12, 24)),
)
def test_a_plan_empties_the_days_and_overbooks_no_other(
    starts: list[tuple[int, int]],
    first: int,
    length: int,
    within: int,
    instead: Instead,
    part: tuple[int, int] | None,
) -> None:
    day = MONDAY + timedelta(days=first)
    days = DayStretch(first_day=day, last_day=day + timedelta(days=length))
    if part is not None:
        days = DayStretch(first_day=day, last_day=day, part=DayInterval(start=part[0] * 60, end=part[1] * 60))
    asked = asking(days, instead, within)
    visits = [visit(f"{index}-{hour}", at(hour, MONDAY + timedelta(days=index))) for index, hour in starts]
    calendar = calendar_of(asked, *visits)
    start, end = days.span(calendar.hours)
    after = {one.id: Interval(start=one.starts_at, end=one.ends_at) for one in visits}
    for one in plan(visits, asked, calendar):
        del after[one.visit.id]
        moves_to = one.becomes.moves_to
        assert (moves_to is not None) == (one.becomes.fate is Fate.MOVED)
        if moves_to is not None:
            assert moves_to > one.visit.starts_at
            assert moves_to.astimezone(NEW_YORK).date() <= days.last_day + timedelta(days=within)
            assert is_offered(calendar.hours, RULES, moves_to, NOW)
            after[one.visit.id] = Interval(start=moves_to, end=moves_to + RULES.length)
    assert not any(one.start < end and start < one.end for one in after.values())
    assert all(peak_overlap(list(after.values()), one.start, one.end, timedelta()) == 1 for one in after.values())


_PART = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1])


@given(
    part=st.none() | _PART,
    override=st.sampled_from([None, [], [{"start": "08:00", "end": "10:00"}, {"start": "10:00", "end": "24:00"}]]),
)
def test_days_are_closed_and_opened_again_as_they_were(
    part: tuple[int, int] | None, override: list[dict[str, str]] | None
) -> None:
    overrides = [] if override is None else [{"date": MONDAY.isoformat(), "intervals": override}]
    before = hours(overrides=overrides)
    interval = DayInterval(start=part[0], end=part[1]) if part else None
    days = DayStretch(first_day=MONDAY, last_day=MONDAY, part=interval)
    after, closing = closed(before, days)
    parse_availability(after.as_document())
    start, end = days.span(before)
    minute = timedelta(minutes=1)
    moment = start
    while moment < end:
        assert not covers(after, moment, moment + minute)
        moment += 30 * minute
    for one in (at(hour, MONDAY) for hour in range(8, 20)):
        if one >= end or one + minute <= start:
            assert covers(after, one, one + minute) == covers(before, one, one + minute)
    assert opened_again(after, days, closing) == before


def test_what_somebody_has_made_of_the_day_since_stands() -> None:
    days = DayStretch(first_day=MONDAY, last_day=MONDAY, part=DayInterval(start=540, end=600))
    _, closing = closed(hours(), days)
    since = hours(overrides=[{"date": MONDAY.isoformat(), "intervals": [{"start": "11:00", "end": "12:00"}]}])
    assert opened_again(since, days, closing) == since
    planned = hours(time_off=[{"first_day": MONDAY.isoformat(), "last_day": MONDAY.isoformat()}])
    whole = DayStretch.whole(MONDAY)
    assert opened_again(closed(planned, whole)[0], whole, None) == planned


def test_a_whole_day_lasts_as_long_as_the_clock_has_it() -> None:
    autumn = DayStretch.whole(date(2026, 11, 1))
    start, end = autumn.span(hours())
    assert end - start == timedelta(hours=25)


GOOD: dict[str, object] = {"first_day": "2026-12-01", "instead": "cancel", "reason": "ill"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_day": ""}, "first_day"),
        ({"first_day": "tomorrow"}, "first_day"),
        ({"first_day": "2026-11-28"}, "first_day"),
        ({"first_day": "2028-01-01"}, "first_day"),
        ({"last_day": "2026-11-30"}, "last_day"),
        ({"last_day": "2027-02-01"}, "last_day"),
        ({"last_day": "2026-12-02", "from_time": "09:00"}, "last_day"),
        ({"from_time": "9"}, "from_time"),
        ({"from_time": "12:00", "to_time": "11:00"}, "to_time"),
        ({"instead": "delete"}, "instead"),
        ({"instead": "move"}, "within_days"),
        ({"instead": "move", "within_days": "0"}, "within_days"),
        ({"instead": "move", "within_days": 61}, "within_days"),
        ({"instead": "move", "within_days": True}, "within_days"),
        ({"reason": " "}, "reason"),
        ({"words": "x" * 301}, "words"),
        ({"words": "two\nlines"}, "words"),
        ({"words": 7}, "words"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_calling_off(GOOD | wrong, date(2026, 11, 29))
    assert [one.field for one in refused.value.errors] == [field]


def test_a_day_is_read_with_its_part_and_without() -> None:
    today = date(2026, 11, 29)
    day = date(2026, 12, 1)
    assert read_calling_off(GOOD, today).days == DayStretch.whole(day)
    afternoon = read_calling_off(GOOD | {"from_time": "12:30"}, today).days
    assert afternoon.part == DayInterval(start=750, end=1440)
    assert read_calling_off(GOOD | {"to_time": "24:00", "last_day": "2026-12-31"}, today).days.part is None
    moved = read_calling_off(GOOD | {"instead": "move", "within_days": "14"}, today)
    assert (moved.instead, moved.within_days) == (Instead.MOVE, 14)


def test_where_a_run_stands_follows_from_what_was_written_down() -> None:
    def stands(waiting: int, **moments: datetime) -> Phase:
        given = dict.fromkeys(("undone_at", "stopped_at", "begun_at")) | moments
        return phase(**given, waiting=waiting)

    assert [stands(2), stands(2, begun_at=NOW), stands(0, begun_at=NOW)] == [Phase.WAITING, Phase.RUNNING, Phase.DONE]
    assert stands(0, undone_at=NOW) is Phase.UNDONE
    assert stands(0, stopped_at=NOW, begun_at=NOW) is Phase.STOPPED
