"""How far an account has been asked for its events: nothing is passed over, whatever is away and however many come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.lost_events import ASKED_FOR, Asked, Pace, answered, is_due, recurs, unanswered, window_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PACE = Pace()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_an_account_is_asked_again_when_its_turn_has_come() -> None:
    asked = Asked(asked_at=NOW - HOUR, looked_until=NOW - HOUR)
    assert is_due(Asked(), busy=False, now=NOW, pace=PACE)
    assert is_due(asked, busy=True, now=NOW, pace=PACE)
    assert not is_due(asked, busy=False, now=NOW, pace=PACE)
    assert is_due(asked, busy=False, now=NOW + DAY, pace=PACE)


def test_no_answer_leaves_an_account_due_and_a_refusal_waits_for_its_next_turn() -> None:
    asked = Asked(asked_at=NOW - DAY, looked_until=NOW - DAY)
    silent = unanswered(asked, NOW, refused=False)
    assert is_due(silent, busy=False, now=NOW, pace=PACE)
    assert not is_due(unanswered(asked, NOW, refused=True), busy=False, now=NOW, pace=PACE)
    assert unanswered(silent, NOW + HOUR, refused=False).unanswered_since == NOW
    assert window_of(silent, NOW, PACE).since == NOW - DAY - PACE.overlap, "and nothing is passed over"
    assert answered(silent, window_of(silent, NOW, PACE), None, NOW).unanswered_since is None


def test_one_question_names_no_more_types_than_the_processor_allows() -> None:
    assert all(len(types) <= 20 for types in ASKED_FOR.values())


def test_what_was_lost_at_one_time_is_an_outage_and_what_is_lost_later_again_a_matter_for_operators() -> None:
    assert not recurs(NOW, NOW + timedelta(minutes=30), PACE)
    assert recurs(NOW, NOW + HOUR, PACE)


_MINUTES = st.integers(min_value=0, max_value=20 * 24 * 60)


@given(
    happened=st.lists(_MINUTES, max_size=40),
    looks=st.lists(st.tuples(_MINUTES, st.booleans()), max_size=20),
    at_once=st.integers(min_value=1, max_value=7),
)
def test_every_event_is_come_upon_whatever_is_away_and_however_many_there_are(
    happened: list[int], looks: list[tuple[int, bool]], at_once: int
) -> None:
    # Each in a second of its own: no practice has a page of events in one.
    events = [NOW + timedelta(minutes=one, seconds=index) for index, one in enumerate(sorted(happened))]
    asked, taken = Asked(), set[datetime]()
    end = 21 * 24 * 60
    later = [(end + 10 * more, True) for more in range(2 * len(events) + 3)]
    for minute, answers in [*sorted(looks), *later]:
        now = NOW + timedelta(minutes=minute)
        window = window_of(asked, now, PACE)
        if not answers:
            asked = unanswered(asked, now, refused=False)
            continue
        listed = [one for one in reversed(events) if window.since <= one <= window.until and one <= now]
        found, more = listed[:at_once], len(listed) > at_once
        taken |= set(found)
        asked = answered(asked, window, found[-1] if more else None, now)
    assert taken == set(events)
