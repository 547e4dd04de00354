"""Each section of the settings page says what is stored, and saves what it says."""

from __future__ import annotations

from typing import Any

import pytest

from domain.availability import parse_availability
from domain.errors import ValidationFailed
from domain.policy import PortalPolicy, parse_portal_settings
from domain.states import SettingsKind
from portal.forms import Form
from portal.settings_forms import SECTIONS, document_from, fields_shown

DOCUMENTS: dict[SettingsKind, dict[str, Any]] = {
    SettingsKind.PORTAL_SETTINGS: parse_portal_settings(
        {
            "require_fee": True,
            "fee": {"amount_minor": 4050, "currency": "usd"},
            "cancel_notice_minutes": 90,
            "max_upcoming_appointments": 5,
            "website_origins": ["https://a.example", "https://b.example"],
            "send_greeting": True,
        }
    ).as_document(),
    SettingsKind.PAGE: {"name": "Dr. Reyes", "title": "", "intro": "Hello", "contact": ""},
    SettingsKind.AVAILABILITY: {
        "timezone": "America/New_York",
        "weekly": [
            {"weekday": "monday", "start": "09:00", "end": "12:00"},
            {"weekday": "monday", "start": "13:00", "end": "17:00"},
            {"weekday": "sunday", "start": "20:00", "end": "24:00"},
        ],
        "overrides": [
            {"date": "2026-12-24", "intervals": []},
            {"date": "2026-12-31", "intervals": [{"start": "09:00", "end": "12:00"}]},
        ],
    },
    SettingsKind.GREETING: {"subject": "Hi", "body": "Welcome\n\nyou", "attachments": []},
}


def form(**values: str) -> Form:
    return Form({name: [value] for name, value in values.items()})


@pytest.mark.parametrize("section", SECTIONS)
def test_saving_what_is_shown_changes_nothing(section: str) -> None:
    document = DOCUMENTS[SECTIONS[section]]
    saved = document_from(section, form(**fields_shown(section, document)))
    assert saved == {name: document[name] for name in saved}
    assert saved


def test_the_sections_together_hold_every_setting_of_the_contract() -> None:
    document = DOCUMENTS[SettingsKind.PORTAL_SETTINGS]
    covered: set[str] = set()
    for section, kind in SECTIONS.items():
        if kind is SettingsKind.PORTAL_SETTINGS:
            covered |= set(document_from(section, form(**fields_shown(section, document))))
    assert covered == set(PortalPolicy().as_document())


def test_an_unchecked_box_is_false() -> None:
    assert document_from("anonymous-signup", form()) == {"allow_anonymous_signup": False}


def test_days_and_hours_become_minutes() -> None:
    saved = document_from("cancelling", form(cancel_notice_minutes="2", cancel_notice_minutes_unit="days"))
    assert saved == {"clients_can_cancel": False, "cancel_notice_minutes": 2880}


@pytest.mark.parametrize("amount", ["4x", "1.005", "NaN", "Infinity", "1e400"])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(ValidationFailed):
        document_from("fee", form(amount=amount, hold_minutes="30"))


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "²", "99999999999"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValidationFailed):
        document_from("invitations", form(invitation_days=number))


def test_short_hours_are_understood_and_wrong_ones_named() -> None:
    saved = document_from("availability", form(timezone="UTC", monday="9:00-12:30, 13:00 to 17:00"))
    assert parse_availability(saved).weekly[0].interval.start == 540
    with pytest.raises(ValidationFailed) as refused:
        document_from("availability", form(timezone="UTC", monday="noon", overrides="2026-12-24 soon"))
    assert [one.field for one in refused.value.errors] == ["monday", "overrides"]
