"""Which level a setting's value comes from: the most special one that says something."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consequences import Consequence, Touched, consequences_of, told
from domain.errors import ValidationFailed
from domain.money import Money
from domain.policy import DEFAULTS, PortalPolicy, checked_settings, contradictions
from domain.policy_levels import CLIENT_SETTINGS, PRACTICE_SETTINGS, PROVIDER_SETTINGS, SETTINGS_AT, Source, resolve

_ORDER = (Source.DEFAULT, Source.PRACTICE, Source.PROVIDER, Source.CLIENT)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    name: st.booleans() for name, value in DEFAULTS.as_document().items() if isinstance(value, bool)
} | {
    "cancel_notice_minutes": st.integers(0, 129_600),
    "website_origins": st.lists(st.sampled_from(["https://a.example", "http://b.example:8080"]), max_size=3),
    "max_simultaneous_appointments": st.integers(1, 1000),
    "max_upcoming_appointments": st.none() | st.integers(1, 1000),
    "fee": st.none()
    | st.fixed_dictionaries({"amount_minor": st.integers(0, 10_000_000), "currency": st.sampled_from(["usd", "jpy"])}),
    "fee_deposit_percent": st.integers(1, 100),
    "refund_full_minutes": st.integers(0, 129_600),
    "refund_part_percent": st.integers(0, 99),
    "refund_part_minutes": st.integers(0, 129_600),
    "intake_form_id": st.none() | st.text("abc", min_size=1, max_size=10),
    "min_notice_minutes": st.integers(0, 129_600),
    "booking_horizon_days": st.integers(1, 730),
    "appointment_minutes": st.integers(5, 1440),
    "slot_step_minutes": st.integers(5, 1440),
    "buffer_minutes": st.integers(0, 480),
    "hold_minutes": st.integers(1, 22 * 60),
    "waitlist_offer_minutes": st.just(0) | st.integers(5, 1440),
    "invitation_days": st.integers(1, 90),
    "invitation_reminder_days": st.lists(st.integers(1, 90), max_size=10),
    "reminder_hours": st.lists(st.integers(1, 336), max_size=10),
}


def documents(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: _VALUES[name] for name in names})


def test_the_strategies_know_every_setting() -> None:
    assert set(_VALUES) == set(PROVIDER_SETTINGS)
    assert set(CLIENT_SETTINGS) < set(PRACTICE_SETTINGS) < set(PROVIDER_SETTINGS)


@given(practice=documents(PRACTICE_SETTINGS), provider=documents(PROVIDER_SETTINGS), client=documents(CLIENT_SETTINGS))
def test_the_most_special_level_that_names_a_setting_wins(
    practice: dict[str, Any], provider: dict[str, Any], client: dict[str, Any]
) -> None:
    found = resolve(practice=practice, provider=provider, client=client)
    values = found.policy.as_document()
    levels = dict(zip(_ORDER, (DEFAULTS.as_document(), practice, provider, client), strict=True))
    for name in PROVIDER_SETTINGS:
        saying = [source for source in _ORDER if name in levels[source]]
        assert found.sources[name] is saying[-1]
        assert values[name] == levels[saying[-1]][name]


@given(practice=documents(PRACTICE_SETTINGS), provider=documents(PROVIDER_SETTINGS))
def test_a_level_that_says_nothing_changes_nothing(practice: dict[str, Any], provider: dict[str, Any]) -> None:
    assert resolve(practice=practice, provider=provider, client={}) == resolve(practice=practice, provider=provider)
    assert resolve(practice={}, provider=provider) == resolve(provider=provider)


@pytest.mark.parametrize("name", sorted(set(PROVIDER_SETTINGS) - set(CLIENT_SETTINGS)))
def test_what_is_everybodys_cannot_be_a_clients_own(name: str) -> None:
    value = DEFAULTS.as_document()[name]
    with pytest.raises(ValidationFailed) as refusal:
        checked_settings({name: value}, SETTINGS_AT[Source.CLIENT])
    assert [(one.field, one.message) for one in refusal.value.errors] == [(name, "can't be set at this level")]
    assert resolve(client={name: value}).sources[name] is Source.DEFAULT


@given(documents(PROVIDER_SETTINGS))
def test_nothing_follows_from_a_change_of_nothing(document: dict[str, Any]) -> None:
    policy = resolve(provider=document).policy
    assert consequences_of(policy, policy) == []


@given(before=documents(PROVIDER_SETTINGS), after=documents(PROVIDER_SETTINGS))
def test_every_consequence_names_a_setting_that_was_changed(before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = resolve(provider=before).policy, resolve(provider=after).policy
    for _, setting in consequences_of(old, new):
        assert getattr(old, setting) != getattr(new, setting)


@pytest.mark.parametrize("consequence", Consequence)
def test_every_consequence_is_said_for_one_and_for_several(consequence: Consequence) -> None:
    one, several = (told(Touched(consequence=consequence, setting="fee", count=count)) for count in (1, 3))
    assert "1" in one
    assert "3" in several
    assert "{" not in one + several


def test_contradictions_name_the_setting_that_is_missing() -> None:
    fee = Money(amount_minor=4000, currency="usd")
    assert [one.field for one in contradictions(PortalPolicy(require_fee=True))] == ["fee"]
    assert contradictions(PortalPolicy(require_fee=True, fee=fee)) == []
    assert [one.field for one in contradictions(PortalPolicy(require_intake=True))] == ["intake_form_id"]
    assert [one.field for one in contradictions(PortalPolicy(invitation_days=7))] == ["invitation_reminder_days"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("HTTPS://WWW.Example.com", "https://www.example.com"),
        # As browsers write it: without the usual port.
        ("https://www.example.com:443", "https://www.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://www.example.com:8443", "https://www.example.com:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(sent: str, kept: str) -> None:
    assert checked_settings({"website_origins": [sent]}) == {"website_origins": (kept,)}


@pytest.mark.parametrize(
    "sent",
    [
        *(
            "https://a.example/",
            "https://a.example/x",
            "a.example",
            "ftp://a.example",
            "*",
            "https://*.example",
            "null",
        ),
        *(
            "https://a.example\n",
            "https://a.example; script-src *",
            "https://a b.example",
            "https://a.example:",
            7,
            None,
        ),
    ],
)
def test_what_is_no_origin_never_gets_into_a_header(sent: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_settings({"website_origins": [sent]})
    assert [one.field for one in refused.value.errors] == ["website_origins"]
