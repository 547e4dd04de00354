"""Production's guards: nothing that guards something has a default, and nothing of the simulator gets in."""

from __future__ import annotations

import base64

import pytest

from settings import SettingsError, load_settings

GOOD = {
    "PORTICO_ENV": "production",
    "PORTICO_BASE_URL": "https://portal.example.com",
    "PORTICO_DATABASE_URL": "postgresql://portico:x@db/portico",
    "PORTICO_TEMPORAL_ADDRESS": "temporal:7233",
    "PORTICO_SMTP_URL": "smtp+starttls://u:p@mail.example.com",
    "PORTICO_MAIL_FROM": "portal@example.com",
    "PORTICO_STRIPE_KEY": "rk_live_x",
    "PORTICO_STRIPE_FEES_WEBHOOK_SECRETS": "whsec_new,whsec_old",
    "PORTICO_STRIPE_SUBSCRIPTIONS_WEBHOOK_SECRETS": "whsec_other",
    "PORTICO_SECRET_KEYS": "k1:" + base64.b64encode(bytes(32)).decode(),
    "PORTICO_ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(32)).decode(),
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_collector_is_named_by_opentelemetrys_own_variable(production: pytest.MonkeyPatch) -> None:
    assert load_settings().otlp_endpoint == ""
    production.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")
    assert load_settings().otlp_endpoint == "http://collector:4318"
    production.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_ENDPOINT: must begin with http"):
        load_settings()


def test_a_complete_production_is_accepted(production: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.stripe_fees_webhook_secrets == ("whsec_new", "whsec_old")
    assert list(settings.secret_keys) == ["k1"]


@pytest.mark.parametrize("name", [name for name in GOOD if name != "PORTICO_ENV"])
def test_nothing_that_guards_something_has_a_default(production: pytest.MonkeyPatch, name: str) -> None:
    production.delenv(name)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_calendars_of_this_machine_are_for_tests(production: pytest.MonkeyPatch) -> None:
    production.setenv("PORTICO_LOCAL_CALENDARS", "true")
    with pytest.raises(SettingsError, match="PORTICO_LOCAL_CALENDARS"):
        load_settings()


def test_payloads_are_encrypted_in_production(production: pytest.MonkeyPatch) -> None:
    assert load_settings().codec_keys
    production.setenv("PORTICO_PAYLOAD_CODEC", "off")
    with pytest.raises(SettingsError, match="PORTICO_PAYLOAD_CODEC"):
        load_settings()
    production.setenv("PORTICO_ENV", "test")
    production.setenv("PORTICO_STRIPE_KEY", "sk_test_x")
    assert load_settings().codec_keys is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTICO_STRIPE_API_BASE", "http://127.0.0.1:12111"),
        ("PORTICO_STRIPE_KEY", "sk_test_x"),
        ("PORTICO_STRIPE_KEY", "sk_test_sim_x"),
        ("PORTICO_STRIPE_FEES_WEBHOOK_SECRETS", "whsec_sim_x"),
        ("PORTICO_STRIPE_SUBSCRIPTIONS_WEBHOOK_SECRETS", "whsec_a,whsec_sim_x"),
        ("PORTICO_SUBSCRIPTION_PRICES", "price_1,price_simportalmonthly"),
        ("PORTICO_BASE_URL", "http://portal.example.com"),
    ],
)
def test_the_simulator_stays_out_of_production(production: pytest.MonkeyPatch, name: str, value: str) -> None:
    production.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTICO_STRIPE_KEY", "sk_live_x"),
        ("PORTICO_STRIPE_KEY", "rk_live_x"),
        ("PORTICO_STRIPE_API_BASE", "http://payments.example.com"),
        ("PORTICO_STRIPE_KEY", "sk_test_real"),
    ],
)
def test_production_stays_out_of_the_demo(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("PORTICO_STRIPE_KEY", "sk_test_sim_x")
    monkeypatch.setenv("PORTICO_STRIPE_API_BASE", "http://127.0.0.1:1")
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()
