"""Errors as Stripe words them: a status, and a body with type, code, param and message.

Source: https://docs.stripe.com/api/errors
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx; `body` is what goes on the wire."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"type": kind, "message": message, **facts}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def resource_missing(kind: str, id_: str, param: str = "id") -> ApiError:
    return ApiError(f"No such {kind}: '{id_}'", status=404, code="resource_missing", param=param)


def missing_param(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def not_simulated(what: str, param: str | None = None) -> ApiError:
    """Stripe would take this; the simulator says that it doesn't, rather than pretending."""
    message = f"{what} is not simulated: see docs/simulator.md"
    return ApiError(message, code="simulator_unsupported", param=param)


def no_access(account: str) -> ApiError:
    message = (
        f"The provided key does not have access to account '{account}' (or that account does not exist). Application "
        "access may have been revoked."
    )
    return ApiError(message, status=403, code="account_invalid")


def server_error() -> ApiError:
    return ApiError("An unknown error occurred (simulated)", status=500, kind="api_error")


class CardDeclined(ApiError):
    """The bank said no: unlike another refusal, what was tried stays (the intent, its charge, their events)."""

    def __init__(self, **facts: Any) -> None:
        shown: Any = {name: {key: one for key, one in fact.items() if key[0] != "_"} for name, fact in facts.items()}
        super().__init__("Your card was declined.", status=402, kind="card_error", code="card_declined", **shown)


def rate_limited() -> ApiError:
    return ApiError("Too many requests (simulated)", status=429, code="rate_limit")
