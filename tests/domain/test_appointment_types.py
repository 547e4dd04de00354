"""Appointment types: what may be saved, what becomes of the settings under one, and which times that leaves."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.appointment_types import STANDARD, AppointmentType, AppointmentTypes, FeeRule, changed_types, read_types
from domain.availability import parse_availability
from domain.errors import Conflict, ValidationFailed
from domain.fees import quote_for
from domain.money import Money
from domain.policy import PortalPolicy
from domain.policy_levels import Source, resolve
from domain.slots import Interval, generate_slots
from tests.domain.brute_force import Minutes
from tests.domain.calendars import MINUTE
from tests.domain.test_slots_agree import Calendar, calendars, midnight_of

FORTY = Money(amount_minor=4000, currency="usd")
FIFTEEN = Money(amount_minor=1500, currency="usd")
PAID = PortalPolicy(require_fee=True, fee=FORTY)
CALL = AppointmentType(id="typ_call", name="First call", minutes=15, fee_rule=FeeRule.NONE)
SHORT = AppointmentType(id="typ_short", name="Short visit", minutes=25, fee_rule=FeeRule.OWN, fee=FIFTEEN)
THREE = AppointmentTypes(types=(STANDARD, CALL, SHORT))


def changed(before: AppointmentTypes, *types: dict[str, Any]) -> AppointmentTypes:
    numbers = count(1)
    return changed_types(before, {"types": list(types)}, lambda: f"typ_{next(numbers)}")


def test_a_practice_that_never_heard_of_types_has_one_that_is_all_the_settings() -> None:
    alone = AppointmentTypes()
    assert (alone.default, alone.several, alone.told_apart) == (STANDARD, False, False)
    assert alone.default.under(PAID, {}) == PAID
    assert alone.name_of("standard") == ""


def test_what_was_saved_is_read_back() -> None:
    after = changed(THREE, *THREE.as_document()["types"], {"name": "  Long  visit ".strip(), "minutes": 90})
    assert read_types(after.as_document()) == after
    assert after.types[-1] == AppointmentType(id="typ_1", name="Long  visit", minutes=90)


def test_the_first_that_is_open_is_the_default_and_archived_ones_keep_their_names() -> None:
    types = AppointmentTypes(types=(replace(STANDARD, archived=True), CALL))
    assert types.chosen(None) is CALL
    assert not types.several
    assert types.name_of("standard") == "Appointment"
    with pytest.raises(Conflict):
        types.chosen("standard")
    with pytest.raises(ValidationFailed):
        types.chosen("typ_elsewhere")


def test_a_type_that_a_document_leaves_out_is_archived_and_never_lost() -> None:
    after = changed(THREE, SHORT.as_document())
    assert [(one.id, one.archived) for one in after.types] == [
        ("typ_short", False),
        ("standard", True),
        ("typ_call", True),
    ]


@pytest.mark.parametrize(
    ("types", "fields"),
    [
        ([{}], ["types[0].name"]),
        ([{"name": " "}], ["types[0].name"]),
        ([{"name": "x" * 61}], ["types[0].name"]),
        ([{"name": "One"}, {"name": "ONE"}], ["types[1].name"]),
        ([{"name": "One", "minutes": 4}], ["types[0].minutes"]),
        ([{"name": "One", "minutes": "50"}], ["types[0].minutes"]),
        ([{"name": "One", "fee_rule": "some"}], ["types[0].fee_rule"]),
        ([{"name": "One", "fee_rule": "own"}], ["types[0].fee"]),
        ([{"name": "One", "fee_rule": "own", "fee": {"amount_minor": 0, "currency": "usd"}}], ["types[0].fee"]),
        ([{"name": "One", "fee_rule": "own", "fee": {"amount_minor": 5, "currency": "xxx"}}], ["types[0].fee"]),
        ([{"name": "One", "fee": {"amount_minor": 1500, "currency": "usd"}}], ["types[0].fee"]),
        ([{"name": "One", "fee_rule": "none", "fee": {"amount_minor": 1500, "currency": "usd"}}], ["types[0].fee"]),
        ([{"name": "One", "id": "typ_of_somebody_else"}], ["types[0].id"]),
        ([{"name": "One", "id": "standard"}, {"name": "Two", "id": "standard"}], ["types[1].id"]),
        ([{"name": "One", "archived": "no"}], ["types[0].archived"]),
        ([{"name": "One", "archived": True}], ["types"]),
        ([], ["types"]),
        ([{"name": f"Type {number}"} for number in range(21)], ["types"]),
        ([{"name": "One", "color": "blue"}], ["types[0].color"]),
    ],
)
def test_what_is_wrong_is_refused_by_its_path(types: list[dict[str, Any]], fields: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        changed(AppointmentTypes(), *types)
    assert [error.field for error in refusal.value.errors] == fields


def test_the_name_of_an_archived_type_can_be_given_again() -> None:
    old = replace(CALL, archived=True)
    after = changed(AppointmentTypes(types=(STANDARD, old)), STANDARD.as_document(), {"name": "First call"})
    assert [one.name for one in after.open] == ["Appointment", "First call"]


@pytest.mark.parametrize(
    ("kind", "policy", "asked"),
    [
        (STANDARD, PAID, FORTY),
        (CALL, PAID, None),
        (SHORT, PAID, FIFTEEN),
        (SHORT, replace(PAID, fee_deposit_percent=50), Money(amount_minor=750, currency="usd")),
        (SHORT, replace(PAID, require_fee=False), None),  # nobody pays online while the switch is off
        (SHORT, replace(PAID, require_fee=False, fee=None), None),
    ],
)
def test_each_type_is_quoted_its_own_fee_while_fees_are_required(
    kind: AppointmentType, policy: PortalPolicy, asked: Money | None
) -> None:
    quote = quote_for(kind.under(policy, {}), "0.1.0.1")
    assert (quote.amount if quote else None) == asked
    if quote is not None:
        assert quote.refund == policy.refund_terms


@pytest.mark.parametrize(("kind", "asked"), [(STANDARD, 2000), (SHORT, 2000), (CALL, None)])
def test_a_fee_agreed_with_one_client_takes_the_place_of_a_types_and_makes_none(
    kind: AppointmentType, asked: int | None
) -> None:
    fee = {"amount_minor": 4000, "currency": "usd"}
    agreed = {"fee": {"amount_minor": 2000, "currency": "usd"}}
    resolved = resolve(provider={"require_fee": True, "fee": fee}, client=agreed)
    quote = quote_for(kind.under(resolved.policy, resolved.sources), "0.1.1.1")
    assert (quote.amount.amount_minor if quote else None) == asked
    exempt = resolve(provider={"require_fee": True, "fee": fee}, client={"require_fee": False})
    assert quote_for(kind.under(exempt.policy, exempt.sources), "0.1.1.1") is None
    inherited = resolve(practice={"fee": fee}, provider={"require_fee": True})
    assert inherited.sources["fee"] is Source.PRACTICE
    own = quote_for(SHORT.under(inherited.policy, inherited.sources), "1.1.0.1")
    assert own is not None
    assert own.amount == FIFTEEN


@settings(max_examples=30, deadline=None)
@given(calendars(), st.data())
def test_the_times_of_a_type_agree_with_an_engine_that_steps_through_the_minutes(
    calendar: Calendar, data: st.DataObject
) -> None:
    """Whatever else is booked, and of whatever length: each type gets the times that it fits into, and no others."""
    document, holidays, day = calendar
    minutes = Minutes(document, day, holidays)
    assume(not minutes.opened_before_the_table)
    availability = replace(parse_availability(document), holidays=frozenset(holidays))
    lengths = st.integers(5, 180)
    policy = PortalPolicy(
        appointment_minutes=data.draw(lengths, label="of the settings"),
        slot_step_minutes=data.draw(st.sampled_from([5, 15, 60]), label="step"),
        buffer_minutes=data.draw(st.sampled_from([0, 10]), label="buffer"),
        booking_horizon_days=2,
    )
    own = data.draw(st.lists(st.none() | lengths, min_size=1, max_size=3), label="of the types")
    types = AppointmentTypes(
        types=tuple(AppointmentType(id=f"typ_{index}", name="Any", minutes=one) for index, one in enumerate(own))
    )
    now = midnight_of(day) - 60 * MINUTE
    busy = [
        Interval(start=(start := now + data.draw(st.integers(0, 2880)) * MINUTE), end=start + length * MINUTE)
        for length in data.draw(st.lists(lengths, max_size=4), label="booked")
    ]
    end = now + 2880 * MINUTE
    today = now.astimezone(ZoneInfo(document["timezone"])).date()
    for kind in types.types:
        length = kind.minutes or policy.appointment_minutes
        expected = minutes.slots(replace(policy.slot_rules(), appointment_minutes=length), busy, now, end, now, today)
        rules = types.chosen(kind.id).under(policy, {}).slot_rules()
        slots = generate_slots(availability, rules, busy, now, end, now)
        assert {one.starts_at: one.free for one in slots} == {at: free for at, free in expected.items() if free}
        assert {one.ends_at - one.starts_at for one in slots} <= {length * MINUTE}
