"""What happens next and when: the same dates that the journeys' own timers have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import (
    LAPSE_AFTER_EXPIRY,
    LAPSE_AFTER_REVOCATION,
    LAPSE_OF_BOOKING,
    LAPSE_OF_INTAKE,
    invitation_waiting,
)
from domain.outlook import Ahead, AheadKind, OpenLink, Stuck, Turn, Visit, Whereabouts, ahead, whose_turn
from domain.policy import PortalPolicy
from domain.stages import Stage
from domain.states import AppointmentStatus, AttentionOwner

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = PortalPolicy(
    invitation_days=14, invitation_reminder_days=(3, 7), reminder_hours=(48, 24), allow_self_schedule=True
)
LINK = OpenLink(issued_at=NOW, expires_at=NOW + timedelta(days=14))
INVITED = Whereabouts(stage=Stage.INVITED, has_account=False, policy=POLICY, invitation=LINK)
READY = Whereabouts(stage=Stage.READY, has_account=True, policy=POLICY, ready_since=NOW)
VISIT = Visit(
    appointment_id="apt_1",
    starts_at=NOW + timedelta(days=5),
    ends_at=NOW + timedelta(days=5, minutes=50),
    status=AppointmentStatus.BOOKED,
)
BOOKED = replace(READY, stage=Stage.BOOKED, visits=[VISIT])


def days(count: float) -> datetime:
    return NOW + timedelta(days=count)


def seen(where: Whereabouts, now: datetime = NOW) -> list[tuple[AheadKind, datetime]]:
    return [(one.kind, one.at) for one in ahead(where, now)]


def test_an_open_invitation_reminds_then_expires_then_lapses() -> None:
    assert seen(INVITED) == [
        (AheadKind.INVITATION_REMINDER, days(3)),
        (AheadKind.INVITATION_EXPIRES, days(14)),
        (AheadKind.WAY_LAPSES, days(14) + LAPSE_AFTER_EXPIRY),
    ]
    assert seen(INVITED, days(4))[0] == (AheadKind.INVITATION_REMINDER, days(7))
    assert seen(INVITED, days(8))[0] == (AheadKind.INVITATION_EXPIRES, days(14))
    assert seen(INVITED, days(15)) == [(AheadKind.WAY_LAPSES, days(14) + LAPSE_AFTER_EXPIRY)]


def test_who_declines_nudges_gets_none_and_is_waited_for_all_the_same() -> None:
    intake = Whereabouts(stage=Stage.INTAKE, has_account=True, policy=POLICY, intake_since=NOW)
    for where in (INVITED, intake):
        nudges = (AheadKind.INVITATION_REMINDER, AheadKind.INTAKE_REMINDER)
        assert seen(replace(where, declines_nudges=True)) == [one for one in seen(where) if one[0] not in nudges]
        assert len(seen(where)) > len(seen(replace(where, declines_nudges=True)))
    assert seen(replace(BOOKED, declines_nudges=True)) == seen(BOOKED)


def test_reminders_come_as_they_were_planned_whatever_is_set_by_now() -> None:
    link = replace(LINK, reminder_days=(2, 5))
    assert seen(replace(INVITED, invitation=link))[0] == (AheadKind.INVITATION_REMINDER, days(2))
    intake = Whereabouts(stage=Stage.INTAKE, has_account=True, policy=POLICY, intake_since=NOW, invitation=link)
    assert seen(intake, days(3))[0] == (AheadKind.INTAKE_REMINDER, days(5))
    booked = replace(BOOKED, visits=[replace(VISIT, reminder_hours=(12,))])
    assert seen(booked)[0] == (AheadKind.APPOINTMENT_REMINDER, VISIT.starts_at - timedelta(hours=12))
    none_planned = replace(BOOKED, visits=[replace(VISIT, reminder_hours=())])
    assert seen(none_planned)[0] == (AheadKind.VISIT, VISIT.starts_at)


def test_nobody_is_reminded_of_a_link_that_was_taken_back() -> None:
    revoked = replace(INVITED, invitation=replace(LINK, taken_back_at=days(2)))
    assert seen(revoked, days(2)) == [(AheadKind.WAY_LAPSES, days(2) + LAPSE_AFTER_REVOCATION)]
    assert seen(replace(revoked, stage=Stage.RECORDED), days(2)) == seen(revoked, days(2))


def test_the_practice_s_newer_link_is_waited_for_without_reminders_of_the_older_one() -> None:
    replaced = replace(INVITED, invitation=replace(LINK, replaced=True))
    assert seen(replaced) == [(AheadKind.WAY_LAPSES, days(14) + LAPSE_AFTER_EXPIRY)]


def test_an_intake_form_is_asked_for_in_the_rhythm_of_the_invitation() -> None:
    where = replace(READY, stage=Stage.INTAKE, intake_since=NOW)
    assert seen(where) == [(AheadKind.INTAKE_REMINDER, days(3)), (AheadKind.WAY_LAPSES, NOW + LAPSE_OF_INTAKE)]


def test_who_could_book_and_never_did_is_waited_for_half_a_year() -> None:
    assert seen(READY) == [(AheadKind.WAY_LAPSES, NOW + LAPSE_OF_BOOKING)]
    cancelled = replace(VISIT, status=AppointmentStatus.CANCELLED)
    assert seen(replace(READY, visits=[cancelled])) == []


def test_a_booked_visit_is_reminded_of_at_the_next_moment_only() -> None:
    assert seen(BOOKED) == [(AheadKind.APPOINTMENT_REMINDER, days(3)), (AheadKind.VISIT, days(5))]
    assert seen(BOOKED, days(3.5))[0] == (AheadKind.APPOINTMENT_REMINDER, days(4))
    assert seen(BOOKED, days(4.5)) == [(AheadKind.VISIT, days(5))]
    assert seen(BOOKED, days(6)) == []


def test_a_held_time_and_a_lost_one_say_until_when() -> None:
    held = replace(VISIT, status=AppointmentStatus.PENDING, hold_expires_at=days(0.02))
    assert seen(replace(READY, visits=[held])) == [(AheadKind.HOLD_ENDS, days(0.02))]
    lost = replace(VISIT, status=AppointmentStatus.CANCELLED, choose_until=days(3))
    assert seen(replace(READY, visits=[lost])) == [(AheadKind.FEE_GOES_BACK, days(3))]


@pytest.mark.parametrize(
    ("owner", "lapses", "kinds"),
    [
        (AttentionOwner.FRONT_DESK, True, [AheadKind.ATTENTION_PASSED_ON, AheadKind.ATTENTION_LAPSES]),
        (AttentionOwner.FRONT_DESK, False, [AheadKind.ATTENTION_PASSED_ON]),
        (AttentionOwner.OPERATOR, True, []),
    ],
)
def test_what_is_stuck_says_when_it_is_passed_on_and_given_up(
    owner: AttentionOwner, lapses: bool, kinds: list[AheadKind]
) -> None:
    item = Stuck(item_id="att_1", owner=owner, raised_at=NOW, due_at=days(2), lapses=lapses)
    where = Whereabouts(stage=Stage.RECORDED, has_account=False, policy=POLICY, stuck=[item])
    assert [one.kind for one in ahead(where, NOW)] == kinds
    assert whose_turn(where, NOW) is Turn.PRACTICE_ANSWERS


@pytest.mark.parametrize(
    ("where", "turn"),
    [
        (replace(INVITED, stage=Stage.RECORDED), Turn.PORTICO_INVITES),
        (INVITED, Turn.CLIENT_OPENS_ACCOUNT),
        (replace(INVITED, invitation=replace(LINK, taken_back_at=NOW)), Turn.PRACTICE_INVITES),
        (replace(INVITED, stage=Stage.RECORDED, invitation=replace(LINK, taken_back_at=NOW)), Turn.PRACTICE_INVITES),
        (replace(READY, invitation=replace(LINK, taken_back_at=NOW)), Turn.CLIENT_BOOKS),
        (replace(READY, stage=Stage.INTAKE), Turn.CLIENT_FILLS_IN_INTAKE),
        (READY, Turn.CLIENT_BOOKS),
        (replace(READY, policy=replace(POLICY, allow_self_schedule=False)), Turn.PRACTICE_BOOKS),
        (replace(READY, visits=[replace(VISIT, status=AppointmentStatus.PENDING)]), Turn.CLIENT_PAYS),
        (
            replace(READY, visits=[replace(VISIT, status=AppointmentStatus.CANCELLED, choose_until=days(1))]),
            Turn.CLIENT_CHOOSES_AGAIN,
        ),
        (BOOKED, Turn.VISIT_COMES),
        (replace(BOOKED, visits=[replace(VISIT, status=AppointmentStatus.FULFILLED)]), Turn.NOBODY),
        (replace(INVITED, stage=Stage.CLOSED), Turn.NOBODY),
    ],
)
def test_it_is_always_clear_whose_turn_it_is(where: Whereabouts, turn: Turn) -> None:
    assert whose_turn(where, NOW) is turn


@given(st.integers(0, 60 * 24 * 60))
def test_the_next_thing_about_an_invitation_is_the_one_its_timer_waits_for(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    waiting = invitation_waiting(POLICY, LINK.issued_at, LINK.expires_at)
    due = waiting.due_after(now)
    if now < LINK.expires_at:
        due = min(due, LINK.expires_at)
    coming: list[Ahead] = ahead(INVITED, now)
    assert [one.at for one in coming[:1]] == ([due] if due > now else [])
