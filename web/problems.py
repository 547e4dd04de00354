"""Refusals as RFC 9457 problem+json: one table from slug to status, one shape for all of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException

from domain.errors import (
    DomainError,
    EngineUnavailable,
    FieldError,
    PaymentUnavailable,
    RecordsUnavailable,
    ValidationFailed,
)

_STATUS = {
    "validation": 422,
    "unauthorized": 401,
    "signature-invalid": 401,
    "forbidden": 403,
    "not-found": 404,
    "invitation-expired": 410,
    "invitation-used": 410,
    "offer-over": 410,
    "payload-too-large": 413,
    "rate-limited": 429,
    "fee-required": 402,
}
_HTTP_SLUGS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
}


def status_of(error: DomainError | type[DomainError]) -> int:
    """Every refusal by a rule that the table doesn't name is a 409."""
    return _STATUS.get(error.slug, 409)


def problem(slug: str, title: str, status: int, detail: str, /, **data: Any) -> JSONResponse:
    """RFC 9457; `data` is what the refusal adds, and never replaces the standard's own members."""
    body = {**data, "type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}
    headers: dict[str, str] = {}
    if "retry_after_seconds" in data:
        headers["Retry-After"] = str(data["retry_after_seconds"])
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refused(error: DomainError) -> JSONResponse:
    data: dict[str, Any] = dict(error.data)
    if isinstance(error, ValidationFailed):
        data["errors"] = [{"field": one.field, "message": one.message} for one in error.errors]
    return problem(error.slug, error.title, status_of(error), error.detail, **data)


def malformed(error: RequestValidationError) -> ValidationFailed:
    """FastAPI's own complaints, in our shape; the values that were sent aren't echoed."""
    errors = []
    for one in error.errors():
        path = ".".join(str(part) for part in one["loc"] if part not in ("body", "query", "path", "header"))
        errors.append(FieldError(field=path or "body", message=str(one["msg"])))
    return ValidationFailed(errors)


def install_problem_handlers(app: FastAPI) -> None:
    """For the machine-facing side. The pages put their own handlers in front (portal.errors)."""

    async def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)
        return refused(error)

    async def on_malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return refused(malformed(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        slug = _HTTP_SLUGS.get(error.status_code, "http")
        return problem(slug, str(error.detail), error.status_code, str(error.detail))

    async def on_weather(request: Request, error: Exception) -> Response:
        return problem(
            "engine-unavailable", "Please try again in a moment", 503, _weather(error), retry_after_seconds=5
        )

    app.add_exception_handler(DomainError, on_refusal)
    app.add_exception_handler(RequestValidationError, on_malformed)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(EngineUnavailable, on_weather)
    app.add_exception_handler(PaymentUnavailable, on_weather)
    app.add_exception_handler(RecordsUnavailable, on_weather)
    app.add_exception_handler(SQLAlchemyError, on_weather)


def _weather(error: Exception) -> str:
    part = "database" if isinstance(error, DBAPIError) else getattr(error, "part", EngineUnavailable.part)
    return f"The {part} can't be reached right now. Nothing was changed; please try again."
