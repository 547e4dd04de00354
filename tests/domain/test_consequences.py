"""Whom a change may touch: of every setting it is known, and said in words."""

from __future__ import annotations

import pytest

from domain.consequences import TOUCH_NOBODY, Consequence, Touched, consequences_of, told
from domain.policy import DEFAULTS, PortalPolicy, checked_settings
from domain.policy_levels import PROVIDER_SETTINGS
from tests.policy_values import AROUND, VALUES


def policy(name: str, value: object) -> PortalPolicy:
    return PortalPolicy(**checked_settings({**AROUND.get(name, {}), name: value}))


@pytest.mark.parametrize("name", PROVIDER_SETTINGS)
def test_every_setting_says_whom_its_change_touches(name: str) -> None:
    first, second = VALUES[name]
    there = consequences_of(policy(name, first), policy(name, second))
    back = consequences_of(policy(name, second), policy(name, first))
    assert bool(there or back) is (name not in TOUCH_NOBODY)
    assert {setting for _, setting in (*there, *back)} <= {name}


@pytest.mark.parametrize("name", [name for name, value in DEFAULTS.as_document().items() if value is True])
def test_switching_something_off_always_says_what_becomes_of_those_who_are_on_their_way(name: str) -> None:
    assert consequences_of(policy(name, True), policy(name, False))


def test_switching_the_greeting_off_says_who_waits_for_it() -> None:
    found = consequences_of(policy("send_greeting", True), policy("send_greeting", False))
    assert found == [(Consequence.GREETINGS_NOT_SENT, "send_greeting")]


def test_an_unchanged_policy_touches_nobody() -> None:
    assert consequences_of(DEFAULTS, DEFAULTS) == []


@pytest.mark.parametrize("consequence", Consequence)
def test_every_consequence_is_said_of_one_and_of_several(consequence: Consequence) -> None:
    one = told(Touched(consequence=consequence, setting="x", count=1))
    several = told(Touched(consequence=consequence, setting="x", count=3))
    assert "1" in one
    assert "3" in several
    assert one.endswith(".")
    assert several.endswith(".")
