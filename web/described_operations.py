"""What the doors for operations give, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from domain.errors import Unauthorized
from web.described import File, Told

State = Literal["ok", "unreachable"]


class Parts(TypedDict):
    database: State
    temporal: State


class Ready(TypedDict):
    ready: bool
    parts: Parts


class Payloads(TypedDict):
    """Temporal's `temporal.api.common.v1.Payloads` as JSON."""

    payloads: NotRequired[list[dict[str, Any]]]


_CODEC = Told(takes=Payloads, gives=Payloads, refuses=(Unauthorized,))

OPERATIONS = {
    "GET /healthz": Told(gives=File("text/plain")),
    "GET /readyz": Told(gives={200: Ready, 503: Ready}),
    "GET /metrics": Told(gives=File("text/plain"), refuses=(Unauthorized,)),
    "POST /codec/decode": _CODEC,
    "POST /codec/encode": _CODEC,
}
