"""The rehearsal's laws, over settings at random: in order, not at night, not after the visit, no money from nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.availability import parse_availability
from domain.cadence import quiet_until, reminder_not_after
from domain.decisions import PracticeStanding
from domain.errors import ValidationFailed
from domain.money import Money
from domain.policy import PortalPolicy, contradictions
from domain.rehearsal import Circumstances, MomentKind, Rehearsal, RehearsedTrack, SeenBy, What
from domain.rehearsal_script import Variant, script_for
from domain.rehearsal_way import rehearse
from domain.rehearsal_weeks import Week, named_week, next_clock_change, next_week
from domain.states import MerchantStatus, SubscriptionStatus

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
_ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Chatham")
OPEN = PracticeStanding(subscription=SubscriptionStatus.ACTIVE, merchant=MerchantStatus.ACTIVE)
FORTY = Money(amount_minor=4000, currency="usd")
EVERYTHING = PortalPolicy(require_fee=True, fee=FORTY, require_intake=True, intake_form_id="frm", send_greeting=True)
SPRING = named_week("2027-W11")  # the week after the clock change in New York


def around(
    track: RehearsedTrack = RehearsedTrack.ANONYMOUS,
    *,
    timezone: str = "America/New_York",
    clients_zone: str | None = None,
    standing: PracticeStanding = OPEN,
    greeting_files: tuple[str, ...] | None = ("Welcome.pdf",),
    policy: PortalPolicy = EVERYTHING,
    **changes: Any,
) -> Circumstances:
    """A provider with everything switched on, from nine to five; `changes` are of the settings."""
    weekly = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in _WEEK]
    return Circumstances(
        track=track,
        policy=replace(policy, **changes),
        standing=standing,
        availability=parse_availability({"timezone": timezone, "weekly": weekly, "overrides": []}),
        clients_zone=clients_zone or timezone,
        site="https://portal.example",
        first_name="Alex",
        greeting_files=greeting_files,
    )


def plan(here: Circumstances, variant: Variant = Variant.PROMPT, week: Week = SPRING) -> Rehearsal:
    return rehearse(here, script_for(here, variant, week))


def told(rehearsal: Rehearsal, zone: str = "America/New_York") -> list[str]:
    """For example "Mon 10:00 sign_up"."""
    return [f"{one.at.astimezone(ZoneInfo(zone)):%a %H:%M} {one.what}" for one in rehearsal.moments]


_POLICIES = st.builds(
    PortalPolicy,
    page_published=st.booleans(),
    allow_anonymous_signup=st.booleans(),
    allow_self_schedule=st.sampled_from([True, True, False]),
    clients_can_cancel=st.booleans(),
    cancel_notice_minutes=st.sampled_from([0, 60, 1440, 4320]),
    require_fee=st.booleans(),
    fee=st.just(FORTY),
    fee_deposit_percent=st.sampled_from([100, 33]),
    refund_full_minutes=st.sampled_from([0, 1440, 5760]),
    refund_part_percent=st.sampled_from([0, 50]),
    refund_part_minutes=st.sampled_from([0, 120]),
    require_intake=st.booleans(),
    intake_form_id=st.sampled_from([None, "frm"]),
    send_greeting=st.booleans(),
    min_notice_minutes=st.sampled_from([0, 120, 2880]),
    booking_horizon_days=st.sampled_from([1, 3, 30, 90]),
    hold_minutes=st.sampled_from([1, 30, 600]),
    invitation_days=st.integers(1, 30),
    invitation_reminder_days=st.lists(st.integers(1, 20), max_size=3).map(tuple),
    reminder_hours=st.lists(st.integers(1, 200), max_size=4).map(tuple),
)
_STANDINGS = st.builds(
    PracticeStanding,
    subscription=st.sampled_from([SubscriptionStatus.ACTIVE, SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED]),
    merchant=st.sampled_from([MerchantStatus.ACTIVE, MerchantStatus.ACTIVE, MerchantStatus.NONE]),
)


_WEEKS = st.dates(date(2026, 1, 1), date(2030, 12, 1)).map(lambda day: Week(monday=day - timedelta(days=day.weekday())))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    policy=_POLICIES,
    standing=_STANDINGS,
    track=st.sampled_from(RehearsedTrack),
    variant=st.sampled_from(Variant),
    week=st.dates(date(2026, 1, 1), date(2030, 12, 1)).map(
        lambda day: Week(monday=day - timedelta(days=day.weekday()))
    ),
    zone=st.sampled_from(_ZONES),
    clients_zone=st.sampled_from(_ZONES),
    files=st.sampled_from([None, (), ("Welcome.pdf",)]),
)
def test_whatever_the_settings_are_the_plan_keeps_its_laws(
    policy: PortalPolicy,
    standing: PracticeStanding,
    track: RehearsedTrack,
    variant: Variant,
    week: Week,
    zone: str,
    clients_zone: str,
    files: tuple[str, ...] | None,
) -> None:
    if contradictions(policy):
        policy = replace(policy, require_intake=False, refund_part_percent=0, invitation_reminder_days=())
    here = around(
        track, timezone=zone, clients_zone=clients_zone, standing=standing, greeting_files=files, policy=policy
    )
    script = script_for(here, variant, week)
    found = rehearse(here, script)
    moments = found.moments
    assert [one.at for one in moments] == sorted(one.at for one in moments)
    assert all(one.at >= script.begins_at for one in moments)
    for one in moments:
        if one.what is What.REMINDER:
            assert script.starts_at is not None and one.at < script.starts_at
            morning = quiet_until(one.at, clients_zone)
            assert morning is None or morning > reminder_not_after(one.at, script.starts_at)
    totals = found.totals
    charged, back = (sum(one.amount_minor for one in side) for side in (totals.charges, totals.refunds))
    assert charged >= back >= 0
    off_at = next((one.at for one in moments if one.what is What.CANCELLING), None)
    assert off_at is None or not [one for one in moments if one.what is What.REMINDER and one.at >= off_at]
    if any(one.what is What.SIGN_UP_CLOSED for one in moments):
        assert len(moments) == 1 and totals.mails == 0
    if any(one.what in (What.BOOKING_CLOSED, What.NO_TIMES) for one in moments):
        assert not [one for one in moments if one.what in (What.CONFIRMATION, What.REMINDER, What.FEE, What.VISIT)]
    assert all((one.mail is not None) == (one.kind is MomentKind.MAIL) for one in moments)


def test_whoever_signs_up_and_does_everything_at_once_gets_this() -> None:
    assert told(plan(around())) == [
        "Mon 10:00 sign_up",
        "Mon 10:00 portal_invitation",
        "Mon 10:00 greeting",
        "Mon 10:00 front_desk_signed_up",
        "Mon 10:10 account",
        "Mon 10:20 intake",
        "Mon 10:30 choosing",
        "Mon 10:30 paying",
        "Mon 10:35 fee",
        "Mon 10:35 booking_confirmation",
        "Mon 10:35 front_desk_booked",
        "Sun 09:00 appointment_reminder",
        "Mon 09:00 visit",
    ]


def test_a_slow_client_is_reminded_of_everything_and_pays_in_the_last_minute() -> None:
    found = plan(around(), Variant.SLOW)
    kinds = [one.what for one in found.moments]
    assert kinds.count(What.INVITATION_REMINDER) == kinds.count(What.INTAKE_REMINDER) == 2
    paying, paid = (next(one.at for one in found.moments if one.what is what) for what in (What.PAYING, What.FEE))
    assert paid - paying == timedelta(minutes=29)


def test_who_never_answers_is_reminded_until_the_link_ends_and_lapses() -> None:
    silent = told(plan(around(RehearsedTrack.INVITED), Variant.SILENT))
    # After the clock has changed, two weeks are an hour off on the clock.
    assert silent[-2:] == ["Mon 11:00 invitation_expires", "Wed 11:00 way_lapses"]
    # For whom the front desk has booked, the link is waited for no more.
    booked = plan(around(RehearsedTrack.FRONT_DESK), Variant.SILENT)
    assert What.INVITATION_REMINDER not in [one.what for one in booked.moments]
    assert booked.totals.charges == ()


def test_a_time_that_is_not_paid_for_is_free_again_and_nothing_is_charged() -> None:
    found = plan(around(), Variant.UNPAID)
    assert [one.what for one in found.moments][-2:] == [What.HOLD_ENDS, What.WAY_LAPSES]
    assert found.totals.charges == ()


def test_what_goes_back_is_what_the_rule_says() -> None:
    rule: dict[str, Any] = {"refund_full_minutes": 5760, "refund_part_percent": 50, "refund_part_minutes": 2880}
    for notice, in_time, late in ((2880, (4000,), (2000,)), (1440, (4000,), ())):
        here = around(cancel_notice_minutes=notice, **rule)
        for variant, back in ((Variant.CANCELS_IN_TIME, in_time), (Variant.CANCELS_LATE, late)):
            found = plan(here, variant)
            assert tuple(one.amount_minor for one in found.totals.refunds) == back


def test_cancelling_too_late_is_refused_and_the_visit_stands() -> None:
    found = plan(around(), Variant.CANCELS_LATE)
    (closed,) = found.closed
    assert (closed.what, closed.settings) == (What.CANCELLING_CLOSED, ("clients_can_cancel", "cancel_notice_minutes"))
    assert found.moments[-1].what is What.VISIT


def test_nobody_is_reminded_at_night_where_they_are() -> None:
    found = plan(around(clients_zone="Asia/Tokyo"))
    (reminder,) = [one.at.astimezone(ZoneInfo("Asia/Tokyo")) for one in found.moments if one.what is What.REMINDER]
    assert f"{reminder:%a %H:%M}" == "Mon 08:00"


@pytest.mark.parametrize(
    ("changes", "what", "setting"),
    [
        ({"page_published": False}, What.SIGN_UP_CLOSED, ("page_published",)),
        ({"allow_anonymous_signup": False}, What.SIGN_UP_CLOSED, ("allow_anonymous_signup",)),
        ({"standing": replace(OPEN, subscription=SubscriptionStatus.PAST_DUE)}, What.SIGN_UP_CLOSED, ()),
        ({"standing": replace(OPEN, merchant=MerchantStatus.NONE)}, What.BOOKING_CLOSED, ("require_fee",)),
        ({"allow_self_schedule": False}, What.BOOKING_CLOSED, ("allow_self_schedule",)),
        ({"send_greeting": False}, What.GREETING_OFF, ("send_greeting",)),
        ({"greeting_files": None}, What.GREETING_MISSING, ()),
        ({"reminder_hours": ()}, What.REMINDERS_OFF, ("reminder_hours",)),
        ({"appointment_minutes": 1440}, What.NO_TIMES, ("booking_horizon_days", "min_notice_minutes")),
    ],
)
def test_what_is_closed_says_by_which_setting(changes: dict[str, Any], what: What, setting: tuple[str, ...]) -> None:
    (closed,) = plan(around(**changes)).closed
    assert (closed.what, closed.settings, closed.seen_by) == (what, setting, SeenBy.CLIENT)


def test_a_week_has_a_name_and_the_clock_changes_in_one() -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    new_york = ZoneInfo("America/New_York")
    assert next_week(now, new_york).name == "2026-W49"
    change = next_clock_change(now, new_york)
    assert change is not None and change.name == "2027-W10"
    assert change.ends(new_york) - change.begins(new_york) == timedelta(days=7, hours=-1)
    # Seen on the very day, it is that day's week, and afterwards the next one.
    assert next_clock_change(datetime(2027, 3, 14, 6, tzinfo=UTC), new_york) == change
    assert next_clock_change(datetime(2027, 3, 15, 12, tzinfo=UTC), new_york) == named_week("2027W44")
    assert next_clock_change(now, ZoneInfo("Asia/Tokyo")) is None


@pytest.mark.parametrize("name", ["", "2027", "2027-W54", "2027-W00", "W10", "1999-W10", "9999-W52", "2027-W1٣"])
def test_what_is_no_week_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        named_week(name)
    assert [one.field for one in refused.value.errors] == ["week"]
