"""The waitlist: which time fits a wish, until when it is kept, and whom a crowd of wishes leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.hours import WEEKDAYS, DayInterval, Weekday
from domain.slots import Slot
from domain.waitlist import (
    SHORTEST_OFFER,
    OfferLimits,
    OfferState,
    Wish,
    first_fit,
    given_up,
    offer_until,
    read_wish,
)

NEW_YORK = "America/New_York"
NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)  # 10 AM on a Tuesday in New York
HOUR = timedelta(hours=1)
WISH = Wish(first_day=date(2026, 12, 1), last_day=date(2026, 12, 18), timezone=NEW_YORK)
LIMITS = OfferLimits(minutes=60)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """By the clock of New York, five hours behind UTC in December."""
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC) + 5 * HOUR


def fits(wish: Wish, starts_at: datetime, minutes: int = 50) -> bool:
    return wish.fits(starts_at, starts_at + timedelta(minutes=minutes), NOW)


def slot(starts_at: datetime) -> Slot:
    return Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=50), free=1)


def test_days_and_times_are_those_of_the_clients_clock() -> None:
    mornings = replace(WISH, weekdays=(Weekday.FRIDAY,), between=DayInterval(start=9 * 60, end=12 * 60))
    assert fits(mornings, at(4, 9))
    assert fits(mornings, at(4, 11, 10))
    assert not fits(mornings, at(4, 8, 59))
    assert not fits(mornings, at(4, 11, 11))  # over at 12:01
    assert not fits(mornings, at(3, 9))
    assert not fits(replace(mornings, timezone="America/Los_Angeles"), at(4, 9))
    assert fits(replace(mornings, timezone="America/Los_Angeles"), at(4, 12))


def test_the_first_and_the_last_day_count() -> None:
    wish = replace(WISH, first_day=date(2026, 12, 4), last_day=date(2026, 12, 4))
    assert fits(wish, at(4, 0))
    assert fits(wish, at(4, 23))
    assert not fits(wish, at(3, 23, 59))
    assert not fits(wish, at(5, 0))
    assert not wish.over(at(4, 23, 59))
    assert wish.over(at(5, 0))


def test_a_time_that_comes_too_soon_does_not_fit() -> None:
    wish = replace(WISH, notice_hours=24)
    assert not fits(wish, NOW + timedelta(hours=24) - timedelta(minutes=1))
    assert fits(wish, NOW + timedelta(hours=24))


def test_an_earlier_time_is_over_before_the_one_it_replaces() -> None:
    wish = replace(WISH, before=at(10, 9))
    assert fits(wish, at(10, 8, 10))
    assert not fits(wish, at(10, 8, 30))
    assert not fits(wish, at(10, 9))
    assert wish.over(at(10, 9))


def test_an_offer_ends_when_the_time_could_no_longer_be_taken() -> None:
    starts_at = NOW + 3 * HOUR
    assert offer_until(WISH, LIMITS, starts_at, NOW) == NOW + HOUR
    notice = replace(LIMITS, min_notice_minutes=150)
    assert offer_until(WISH, notice, starts_at, NOW) == NOW + HOUR / 2
    assert offer_until(replace(WISH, notice_hours=2), LIMITS, starts_at, NOW) == NOW + HOUR
    latest = replace(LIMITS, latest=NOW + HOUR / 4)
    assert offer_until(WISH, latest, starts_at, NOW) == NOW + HOUR / 4
    assert offer_until(WISH, replace(LIMITS, latest=NOW + SHORTEST_OFFER), starts_at, NOW) == NOW + SHORTEST_OFFER
    too_late = replace(LIMITS, latest=NOW + SHORTEST_OFFER - timedelta(seconds=1))
    assert offer_until(WISH, too_late, starts_at, NOW) is None


def test_the_first_time_that_fits_is_offered_and_never_twice() -> None:
    slots = [slot(at(2, 9)), slot(at(4, 9)), slot(at(4, 10))]
    wish = replace(WISH, weekdays=(Weekday.FRIDAY,))
    assert first_fit(wish, LIMITS, slots, set(), NOW) == (slots[1], NOW + HOUR)
    assert first_fit(wish, LIMITS, slots, {at(4, 9)}, NOW) == (slots[2], NOW + HOUR)
    assert first_fit(wish, LIMITS, slots, {at(4, 9), at(4, 10)}, NOW) is None


def test_whoever_lets_three_in_a_row_run_out_is_not_looking_any_more() -> None:
    lapsed, declined = OfferState.LAPSED, OfferState.DECLINED
    assert given_up([lapsed, lapsed, lapsed])
    assert given_up([lapsed, lapsed, lapsed, declined])
    assert not given_up([lapsed, lapsed])
    assert not given_up([lapsed, declined, lapsed, lapsed])


def test_a_wish_is_read_as_it_is_written() -> None:
    document = {
        "from": "2026-12-02",
        "until": "2026-12-04",
        "weekdays": ["friday", "monday"],
        "start": "09:30",
        "end": "24:00",
        "notice_hours": 12,
        "timezone": "Europe/Berlin",
    }
    wish = read_wish(document, now=NOW, timezone=NEW_YORK)
    assert wish.weekdays == (Weekday.MONDAY, Weekday.FRIDAY)
    assert wish.as_document() == {**document, "weekdays": ["monday", "friday"]}
    assert read_wish({"from": "2026-12-02", "until": "2026-12-04"}, now=NOW, timezone=NEW_YORK) == Wish(
        first_day=date(2026, 12, 2), last_day=date(2026, 12, 4), weekdays=WEEKDAYS, timezone=NEW_YORK
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": "soon"}, "from"),
        ({"until": "2026-12-01"}, "until"),
        ({"from": "2026-11-01", "until": "2026-11-30"}, "until"),
        ({"until": "2027-12-31"}, "until"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["someday"]}, "weekdays"),
        ({"start": "12:00", "end": "12:00"}, "end"),
        ({"start": "noon"}, "start"),
        ({"notice_hours": -1}, "notice_hours"),
        ({"notice_hours": True}, "notice_hours"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_with_a_wish_is_named(change: dict[str, object], field: str) -> None:
    document = {"from": "2026-12-02", "until": "2026-12-04", **change}
    with pytest.raises(ValidationFailed) as refused:
        read_wish(document, now=NOW, timezone=NEW_YORK)
    assert [one.field for one in refused.value.errors] == [field]


# Many wishes and times


@dataclass
class Crowd:
    """Wishes in their order before times of which each has some places; served as the desk does."""

    wishes: list[Wish]
    places: dict[datetime, int]
    held: dict[int, datetime] = field(default_factory=dict)  # by wish
    offered: dict[int, set[datetime]] = field(default_factory=dict)

    def serve(self) -> None:
        for index, wish in enumerate(self.wishes):
            if index in self.held:
                continue
            free = [slot(one) for one, left in sorted(self.places.items()) if left > self.taken(one)]
            found = first_fit(wish, LIMITS, free, self.offered.setdefault(index, set()), NOW)
            if found is not None:
                self.held[index] = found[0].starts_at
                self.offered[index].add(found[0].starts_at)

    def taken(self, one: datetime) -> int:
        return list(self.held.values()).count(one)


_wishes = st.lists(
    st.builds(
        lambda days, start, span: replace(
            WISH, weekdays=tuple(days), between=DayInterval(start=start * 60, end=min(24, start + span) * 60)
        ),
        st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
        st.integers(8, 16),
        st.integers(1, 8),
    ),
    min_size=1,
    max_size=8,
)
_times = st.dictionaries(st.builds(at, st.integers(2, 12), st.integers(8, 17)), st.integers(1, 2), max_size=8)


@given(_wishes, _times, st.lists(st.integers(0, 7), max_size=12))
def test_no_place_is_kept_for_two_the_order_holds_and_nobody_is_asked_twice(
    wishes: list[Wish], places: dict[datetime, int], answers: list[int]
) -> None:
    crowd = Crowd(wishes=wishes, places=dict(places))
    crowd.serve()
    for answer in answers:  # somebody lets theirs go, and the next is looked for
        crowd.held.pop(answer, None)
        crowd.serve()
        assert all(crowd.taken(one) <= places[one] for one in places)
        for index, wish in enumerate(wishes):
            if index in crowd.held:
                assert wish.fits(*(crowd.held[index], crowd.held[index] + timedelta(minutes=50)), NOW)
                continue
            # Whoever has nothing: what would fit has been offered to them, or every place of it is kept.
            for one in places:
                if one not in crowd.offered[index] and fits(wish, one):
                    assert crowd.taken(one) == places[one]
