"""What the simulator is started with: port, data directory, key and the endpoints that its webhooks go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KEY_PREFIX = "sk_test_sim_"
PLATFORM_ACCOUNT = "acct_sim_platform"
ENDPOINTS = ("fees", "subscriptions")


class ConfigurationError(Exception):
    """The simulator can't be started like this; the message is one clear line."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where one family of events goes, and the secret that signs them."""

    name: str
    url: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """`base_url` is what the addresses of hosted pages are made of; `webhooks` by endpoint name."""

    data_dir: Path
    base_url: str
    api_key: str
    webhooks: Mapping[str, Endpoint]

    def __post_init__(self) -> None:
        if not self.api_key.startswith(KEY_PREFIX):
            raise ConfigurationError(f"the simulator's API key must start with {KEY_PREFIX}")


def read_endpoints(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, Endpoint]:
    """Read `name=url,secret` or `name=url` with the secret in `PORTICO_SIM_WEBHOOK_SECRET_<NAME>`."""
    endpoints: dict[str, Endpoint] = {}
    for argument in arguments:
        name, _, target = argument.partition("=")
        # The secret has no comma; a URL may.
        url, comma, secret = target.rpartition(",")
        if not comma:
            url, secret = target, environment.get(f"PORTICO_SIM_WEBHOOK_SECRET_{name.upper()}", "")
        # Plain http: the far side is a stack on the same machine.
        if name not in ENDPOINTS or not url.startswith("http://"):
            raise ConfigurationError(f"--webhook must be one of {', '.join(ENDPOINTS)} as name=http://...,secret")
        if not secret:
            raise ConfigurationError(f"--webhook {name} has no secret")
        endpoints[name] = Endpoint(name=name, url=url, secret=secret)
    return endpoints
