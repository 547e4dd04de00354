"""Who may be the same person, and who is family."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duplicates import Person, Resemblance, Way, closing_refusal, kept_of, resemblance, surely_known
from domain.stages import Stage

BORN = date(1990, 5, 31)
ANA = Person(first_name="Ana", last_name="Muñoz", email="ana@example.com", date_of_birth=BORN)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (ANA, Resemblance.NAME_AND_ADDRESS),
        (replace(ANA, first_name=" ANA ", last_name="Munoz"), Resemblance.NAME_AND_ADDRESS),
        (replace(ANA, date_of_birth=None), Resemblance.NAME_AND_ADDRESS),
        (replace(ANA, date_of_birth=date(1960, 1, 1)), Resemblance.NAME_AND_ADDRESS),
        (replace(ANA, first_name="Anastasia", preferred_name="Ana"), Resemblance.NAME_AND_ADDRESS),
        (replace(ANA, first_name="Eva"), Resemblance.BIRTH_AND_ADDRESS),
        (replace(ANA, first_name="Eva", date_of_birth=date(2020, 1, 1)), Resemblance.ADDRESS),
        (replace(ANA, first_name="Eva", date_of_birth=None), Resemblance.ADDRESS),
        (replace(ANA, last_name="Ruiz", date_of_birth=None), Resemblance.ADDRESS),
        (replace(ANA, email="other@example.com"), Resemblance.NAME_AND_BIRTH),
        (replace(ANA, email=""), Resemblance.NAME_AND_BIRTH),
        (replace(ANA, email="other@example.com", date_of_birth=None), None),
        (replace(ANA, email="other@example.com", first_name="Eva"), None),
    ],
)
def test_what_speaks_for_the_same_person(other: Person, expected: Resemblance | None) -> None:
    assert resemblance(ANA, other) is expected


def test_people_of_whom_nothing_is_known_are_nobody_s_duplicates() -> None:
    nobody = Person(first_name="", last_name="", email="")
    assert resemblance(nobody, nobody) is None
    assert resemblance(replace(nobody, date_of_birth=BORN), replace(nobody, date_of_birth=BORN)) is None


def test_a_shared_address_alone_is_family_not_a_duplicate() -> None:
    assert [one for one in Resemblance if not one.possible_duplicate] == [Resemblance.ADDRESS]


def test_only_those_of_whom_nothing_differs_are_told_that_they_are_known() -> None:
    assert surely_known(ANA, replace(ANA, date_of_birth=None))
    assert surely_known(ANA, ANA)
    assert not surely_known(ANA, replace(ANA, date_of_birth=date(1960, 1, 1))), "a parent of the same name"
    assert not surely_known(ANA, replace(ANA, first_name="Eva")), "a twin"
    assert not surely_known(ANA, replace(ANA, email="other@example.com"))


names = st.sampled_from(["Ana", "ana", "Eva", "", "Áná"])
people = st.builds(
    Person,
    first_name=names,
    last_name=names,
    preferred_name=st.none() | names,
    email=st.sampled_from(["", "a@example.com", "b@example.com"]),
    date_of_birth=st.none() | st.sampled_from([BORN, date(2000, 1, 1)]),
)


@given(people, people)
def test_it_does_not_matter_who_is_compared_with_whom(one: Person, other: Person) -> None:
    assert resemblance(one, other) is resemblance(other, one)


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLDER = Way(client_id="cli_older", created_at=NOW, stage=Stage.INVITED, has_account=False)
NEWER = replace(OLDER, client_id="cli_newer", created_at=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("older", "newer", "kept"),
    [
        (OLDER, NEWER, "cli_older"),
        (replace(OLDER, stage=Stage.READY, has_account=True), NEWER, "cli_older"),
        (OLDER, replace(NEWER, stage=Stage.INTAKE, has_account=True), "cli_newer"),
        (replace(OLDER, stage=Stage.CLOSED), NEWER, "cli_newer"),
        (replace(OLDER, has_account=True, stage=Stage.READY), replace(NEWER, appointment_ahead=True), "cli_newer"),
        (replace(OLDER, appointment_ahead=True), replace(NEWER, appointment_ahead=True), "cli_older"),
    ],
)
def test_the_newer_way_is_closed_unless_it_has_got_farther(older: Way, newer: Way, kept: str) -> None:
    assert kept_of(older, newer).client_id == kept_of(newer, older).client_id == kept


def test_nobody_loses_an_appointment_to_being_a_duplicate() -> None:
    assert closing_refusal(replace(NEWER, appointment_ahead=True)) is not None
    assert closing_refusal(NEWER) is None
