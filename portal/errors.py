"""Refusals as pages: what people see has the same status and the same words as the API's problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from domain.errors import (
    DomainError,
    EngineUnavailable,
    PaymentUnavailable,
    RecordsUnavailable,
    SecondFactorNeeded,
    Unauthorized,
    ValidationFailed,
)
from portal.paths import local_path, with_query
from portal.rendering import render
from web.problems import install_problem_handlers, malformed, problem, status_of

Handler = Callable[[Request, Any], Awaitable[Response]]

MACHINES = ("/api/", "/webhooks", "/codec", "/healthz", "/readyz", "/metrics", "/openapi.json")
_TITLES = {
    403: "That isn't possible from here",
    404: "We couldn't find that page",
    405: "That isn't possible here",
    413: "That is too large",
    422: "Something needs correcting",
    429: "Please wait a little",
    503: "Please try again in a moment",
}


def install_page_handlers(app: FastAPI) -> None:
    """People get pages, machines get problem+json."""
    install_problem_handlers(app)
    handlers: dict[Any, Handler] = {
        DomainError: _on_refusal,
        RequestValidationError: _on_malformed,
        HTTPException: _on_http,
        EngineUnavailable: _on_weather,
        PaymentUnavailable: _on_weather,
        RecordsUnavailable: _on_weather,
        SQLAlchemyError: _on_weather,
    }
    for kind, on_page in handlers.items():
        app.add_exception_handler(kind, _either(app.exception_handlers[kind], on_page))
    app.add_exception_handler(Exception, _on_defect)


def is_for_machines(request: Request) -> bool:
    path = request.url.path
    return path.startswith(MACHINES) or (path.startswith("/embed/") and path.endswith(".js"))


def _either(for_machines: Any, for_people: Handler) -> Any:
    async def handler(request: Request, error: Exception) -> Response:
        if is_for_machines(request):
            answer: Response = await for_machines(request, error)
            return answer
        return await for_people(request, error)

    return handler


def refusal_page(request: Request, status: int, title: str, detail: str, **context: Any) -> Response:
    home = next((side for side in ("/console", "/portal") if request.url.path.startswith(side)), "/")
    return render(request, "error.html", status=status, title=title, detail=detail, home=home, **context)


async def _on_refusal(request: Request, error: DomainError) -> Response:
    if isinstance(error, Unauthorized):
        return _to_sign_in(request)
    if isinstance(error, SecondFactorNeeded):
        return RedirectResponse("/console/account/two-factor", 303)
    status = status_of(error)
    detail = error.detail
    if isinstance(error, ValidationFailed):
        detail = " ".join(f"{one.field}: {one.message}" for one in error.errors[:5])
    answer = refusal_page(request, status, _TITLES.get(status, error.title), detail)
    if "retry_after_seconds" in error.data:
        answer.headers["Retry-After"] = str(error.data["retry_after_seconds"])
    return answer


def _to_sign_in(request: Request) -> Response:
    """After signing in, back to the page; a form goes back to the page that it was on."""
    side = "/console" if request.url.path.startswith("/console") else "/portal"
    if request.method in ("GET", "HEAD"):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:
        referer = urlsplit(request.headers.get("referer", ""))
        query = f"?{referer.query}" if referer.query else ""
        back = referer.path + query if referer.netloc == request.headers.get("host") else side
    back = local_path(back, side)
    return RedirectResponse(with_query(f"{side}/sign-in", next=None if back == side else back), 303)


async def _on_malformed(request: Request, error: RequestValidationError) -> Response:
    return await _on_refusal(request, malformed(error))


async def _on_http(request: Request, error: HTTPException) -> Response:
    status = error.status_code
    detail = {404: "The address may be mistyped, or the page may have moved."}.get(status, str(error.detail))
    answer = refusal_page(request, status, _TITLES.get(status, "That didn't work"), detail)
    answer.headers.update(error.headers or {})
    return answer


async def _on_weather(request: Request, error: Exception) -> Response:
    detail = "A part of our system can't be reached right now. Nothing was changed. Please load the page again shortly."
    answer = refusal_page(request, 503, _TITLES[503], detail)
    answer.headers["Retry-After"] = "5"
    return answer


async def _on_defect(request: Request, error: Exception) -> Response:
    """Our own mistake; it is logged after this answer."""
    if is_for_machines(request):
        return problem("internal", "Something went wrong", 500, "Something went wrong on our side.")
    detail = "The mistake is on our side. Please go back and try again; if it stays like this, call the practice."
    return refusal_page(request, 500, "Something went wrong", detail)
