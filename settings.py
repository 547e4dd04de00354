"""Settings from the environment (and `.env`), read by the composition roots only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PORTICO_"
# Told to a process by the launcher; not settings of the installation.
_PROCESS_VARIABLES = {"PORTICO_WORKER_READY_FILE"}


class SettingsError(Exception):
    """One line for the person who starts Portico, naming the variable."""


class Settings(BaseSettings):
    """Every field is the environment variable of the same name in capitals, with the prefix PORTICO_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    env: Literal["demo", "test", "production"] = "demo"
    state_dir: Path = Path(".portico")
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = ""
    database_url: str = ""
    temporal_address: str = ""
    temporal_namespace: str = "default"
    temporal_api_key: str | None = None
    temporal_tls_cert: Path | None = None
    temporal_tls_key: Path | None = None
    temporal_port: int = Field(default=7233, ge=1, le=65535)
    temporal_ui_port: int = Field(default=8233, ge=1, le=65535)
    temporal_ui_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    mailbox_port: int = Field(default=8025, ge=1, le=65535)
    stripe_key: str = ""
    stripe_api_base: str | None = None
    # Whose accounts fees go to: connected ones of the providers' own, or the one of the key (a single practice's).
    stripe_accounts: Literal["connect", "own"] = "connect"
    # What practices can subscribe to: prices of the key's account.
    subscription_prices: Annotated[tuple[str, ...], NoDecode] = ()
    subscription_grace_days: int = Field(default=14, ge=0, le=90)
    stripe_fees_webhook_secrets: Annotated[tuple[str, ...], NoDecode] = ()
    stripe_subscriptions_webhook_secrets: Annotated[tuple[str, ...], NoDecode] = ()
    simulator_port: int = Field(default=12111, ge=1, le=65535)
    secret_keys: Annotated[dict[str, bytes], NoDecode] = Field(default_factory=dict)
    encryption_keys: Annotated[dict[str, bytes], NoDecode] = Field(default_factory=dict)
    payload_codec: Literal["on", "off"] = "on"
    operator_tokens: Annotated[tuple[str, ...], NoDecode] = ()
    metrics_tokens: Annotated[tuple[str, ...], NoDecode] = ()
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=9464, ge=1, le=65535)
    # A day, to one e-mail address, by all practices together.
    invitations_per_address: int = Field(default=10, ge=1, le=1000)
    payment_poll_seconds: int = Field(default=10, ge=1, le=600)
    # Moves that follow one another within it are told once, as their result; 0 tells each.
    change_grace_seconds: int = Field(default=180, ge=0, le=900)
    sweep_minutes: int = Field(default=5, ge=1, le=1440)
    calendar_minutes: int = Field(default=10, ge=1, le=1440)
    # Tests: calendars elsewhere are on this machine, and nowhere else.
    local_calendars: bool = False
    silence_minutes: int = Field(default=120, ge=1, le=10080)
    hold_grace_minutes: int = Field(default=10, ge=1, le=1440)
    build_id: str | None = None
    # OpenTelemetry's own name for it, so that one variable serves a whole installation.
    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @field_validator(
        "subscription_prices",
        "stripe_fees_webhook_secrets",
        "stripe_subscriptions_webhook_secrets",
        "operator_tokens",
        "metrics_tokens",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(one.strip() for one in value.split(",") if one.strip())
        return value

    @field_validator("secret_keys", "encryption_keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        return parse_keys(value) if isinstance(value, str) else value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("smtp", "smtp+starttls", "smtps"):
            raise ValueError("must begin with smtp://, smtp+starttls:// or smtps://")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://")
        return value.replace("postgres://", "postgresql://", 1)

    @field_validator("base_url", "temporal_ui_url", "otlp_endpoint")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _guarded(self) -> Settings:
        from_env = _production if self.env == "production" else _outside_production
        from_env(self)
        return self

    @property
    def codec_keys(self) -> dict[str, bytes] | None:
        """What payloads for Temporal are encrypted with; None where that is switched off."""
        return self.encryption_keys if self.payload_codec == "on" else None

    @property
    def temporal_tls_cert_pem(self) -> bytes | None:
        return self.temporal_tls_cert.read_bytes() if self.temporal_tls_cert else None

    @property
    def temporal_tls_key_pem(self) -> bytes | None:
        return self.temporal_tls_key.read_bytes() if self.temporal_tls_key else None


def parse_keys(value: str) -> dict[str, bytes]:
    """`id:base64,id:base64`, newest first, 32 bytes each; without an id, it is taken from the key's hash."""
    keys: dict[str, bytes] = {}
    for one in (part.strip() for part in value.split(",") if part.strip()):
        key_id, _, encoded = one.rpartition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError("must be base64, as id:base64 or base64 alone") from None
        if len(key) != 32:
            raise ValueError("must hold 32 bytes per key")
        keys[key_id or hashlib.sha256(key).hexdigest()[:8]] = key
    return keys


_NEEDED_IN_PRODUCTION = (
    "base_url",
    "database_url",
    "temporal_address",
    "smtp_url",
    "mail_from",
    "stripe_key",
    "stripe_fees_webhook_secrets",
    "stripe_subscriptions_webhook_secrets",
    "secret_keys",
    "encryption_keys",
)


def _production(settings: Settings) -> None:
    """Nothing is defaulted that guards something, and nothing of the simulator gets in."""
    for name in _NEEDED_IN_PRODUCTION:
        if not getattr(settings, name):
            raise SettingsError(f"{_variable(name)} has to be set in production")
    if not settings.base_url.startswith("https://"):
        raise SettingsError("PORTICO_BASE_URL has to begin with https:// in production")
    if settings.payload_codec != "on":
        raise SettingsError("PORTICO_PAYLOAD_CODEC has to be on in production")
    if settings.stripe_api_base is not None:
        raise SettingsError("PORTICO_STRIPE_API_BASE must not be set in production")
    if settings.local_calendars:
        raise SettingsError("PORTICO_LOCAL_CALENDARS must not be set in production")
    if not settings.stripe_key.startswith(("sk_live_", "rk_live_")):
        raise SettingsError("PORTICO_STRIPE_KEY has to be a live key in production")
    if any(price.startswith("price_sim") for price in settings.subscription_prices):
        raise SettingsError("PORTICO_SUBSCRIPTION_PRICES holds a price of the simulator")
    for name in ("stripe_fees_webhook_secrets", "stripe_subscriptions_webhook_secrets"):
        if any(secret.startswith("whsec_sim_") for secret in getattr(settings, name)):
            raise SettingsError(f"{_variable(name)} holds a secret of the simulator")


def _outside_production(settings: Settings) -> None:
    if settings.stripe_key.startswith(("sk_live_", "rk_live_")):
        raise SettingsError("PORTICO_STRIPE_KEY is a live key: set PORTICO_ENV=production, or use another key")
    if settings.stripe_api_base is None:
        return
    if urlsplit(settings.stripe_api_base).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsError("PORTICO_STRIPE_API_BASE has to be a loopback address")
    if not settings.stripe_key.startswith("sk_test_sim_"):
        raise SettingsError("PORTICO_STRIPE_KEY has to begin with sk_test_sim_ where PORTICO_STRIPE_API_BASE is set")


def load_settings() -> Settings:
    """Raises SettingsError with one line that names the variable."""
    known = {_variable(name) for name in Settings.model_fields} | _PROCESS_VARIABLES
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{name} isn't a setting of Portico")
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = _variable(str(first["loc"][0])) if first["loc"] else "the settings"
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None
    if settings.otlp_endpoint and not _can_trace():
        raise SettingsError("OTEL_EXPORTER_OTLP_ENDPOINT is set, but Portico's extra `otel` isn't installed")
    return settings


def _can_trace() -> bool:
    try:
        return all(find_spec(f"opentelemetry.{name}") for name in ("sdk.trace", "exporter.otlp.proto.http"))
    except ModuleNotFoundError:
        return False


def _variable(name: str) -> str:
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else name if name.startswith("OTEL_") else None
    return alias if isinstance(alias, str) else f"{PREFIX}{name.upper()}"
