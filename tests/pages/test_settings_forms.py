"""Each section of the settings page says what is stored, and saves what it says."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.policy import PortalPolicy
from domain.policy_levels import resolve
from portal.forms import Form
from portal.policy_forms import fields_shown, values_from
from portal.policy_words import SECTIONS, SETTINGS, Section, in_words

POLICY = resolve(
    provider={
        "require_fee": True,
        "fee": {"amount_minor": 4050, "currency": "usd"},
        "cancel_notice_minutes": 90,
        "max_upcoming_appointments": 5,
        "website_origins": ["https://a.example", "https://b.example"],
        "send_greeting": True,
    }
).policy.as_document()


def form(**values: str) -> Form:
    return Form({name: [value] for name, value in values.items()})


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.id)
@pytest.mark.parametrize("values", [POLICY, PortalPolicy().as_document()], ids=["changed", "defaults"])
def test_saving_a_section_as_it_is_shown_changes_nothing(section: Section, values: dict[str, Any]) -> None:
    typed = values_from(section.names, form(**fields_shown(section.names, values)))
    assert typed == {name: values[name] for name in section.names}


def test_the_sections_together_hold_every_setting_once_and_each_has_a_name() -> None:
    names = [name for section in SECTIONS for name in section.names]
    assert sorted(names) == sorted(SETTINGS) == sorted(PortalPolicy().as_document())
    assert all(one.label for one in SETTINGS.values())


def test_every_setting_has_help_its_own_or_its_sections() -> None:
    without = [name for section in SECTIONS for name in section.names if not (section.help or SETTINGS[name].hint)]
    assert without == []


def test_an_unchecked_box_is_false() -> None:
    assert values_from(("allow_anonymous_signup",), form()) == {"allow_anonymous_signup": False}


def test_days_and_hours_become_minutes() -> None:
    typed = form(cancel_notice_minutes="2", cancel_notice_minutes_unit="days")
    assert values_from(("cancel_notice_minutes",), typed) == {"cancel_notice_minutes": 2880}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("clients_can_cancel", False, "off"),
        ("cancel_notice_minutes", 1440, "24 hours"),
        ("cancel_notice_minutes", 2880, "2 days"),
        ("fee", {"amount_minor": 4050, "currency": "usd"}, "$40.50"),
        ("fee", None, "none"),
        ("max_upcoming_appointments", None, "no limit"),
        ("max_upcoming_appointments", 5, "5"),
        ("hold_minutes", 1, "1 minute"),
        ("booking_horizon_days", 90, "90 days"),
        ("invitation_reminder_days", [3, 7], "3 and 7 days"),
        ("reminder_hours", [], "none"),
        ("website_origins", ["https://a.example"], "https://a.example"),
    ],
)
def test_values_are_said_in_words(name: str, value: Any, words: str) -> None:
    assert in_words(name, value) == words


@pytest.mark.parametrize("amount", ["4x", "1.005", "NaN", "Infinity", "1e400"])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(ValidationFailed):
        values_from(("fee",), form(amount=amount))


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "²", "99999999999"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValidationFailed):
        values_from(("invitation_days",), form(invitation_days=number))


@pytest.mark.parametrize(
    ("typed", "origins"),
    [
        ("https://www.example.com/contact/?from=menu#top", ["https://www.example.com"]),
        ("www.example.com", ["https://www.example.com"]),
        (
            "https://a.example, https://b.example\nhttp://c.example:8080/",
            ["https://a.example", "https://b.example", "http://c.example:8080"],
        ),
        ("http://[", ["http://["]),
        ("", []),
    ],
)
def test_a_website_is_understood_as_it_is_copied(typed: str, origins: list[str]) -> None:
    assert values_from(("website_origins",), form(website_origins=typed)) == {"website_origins": origins}
