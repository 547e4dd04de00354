"""Every answer of the API that any test gets is held against /openapi.json: what isn't described there fails."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from portal.errors import MACHINES
from server import build_app

# Answered before any route is reached.
_OF_NO_ROUTE = {405}
_JSON = ("application/json", "application/problem+json")


async def check_described(response: httpx.Response) -> None:
    """A hook for clients: raises AssertionError."""
    request = response.request
    if not request.url.path.startswith(MACHINES) or response.status_code in _OF_NO_ROUTE:
        return
    route = _route_of(request.method, request.url.path)
    if route is None:
        return
    await response.aread()
    what = f"{request.method} {route} answered {response.status_code} {response.text[:300]}"
    answers = _answers_of(request.method, route)
    assert str(response.status_code) in answers, f"{what}: tell it in portal/described, webhooks/described or web"
    media = response.headers.get("content-type", "").partition(";")[0]
    content = answers[str(response.status_code)].get("content", {})
    assert media in content or not (media or content), f"{what}: as {media}, described are {list(content)}"
    if media in _JSON:
        validator = _validator(request.method, route, str(response.status_code), media)
        wrong = [one for error in validator.iter_errors(response.json()) for one in _reasons(error)]
        assert wrong == [], f"{what}: {wrong[:3]}"


def _reasons(error: Any) -> list[str]:
    """With those within: "none of these" alone helps nobody."""
    within = [one for branch in getattr(error.kind, "context", []) for one in branch]
    place = "/".join(str(part) for part in error.instance_path)
    return [reason for one in within for reason in _reasons(one)] or [f"{place}: {error.message[:200]}"]


@cache
def _document() -> Any:
    from tests.meta.test_the_code import some_settings

    return build_app(some_settings()).openapi()


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The routes, those without parameters first."""
    paths = sorted(_document()["paths"], key=lambda path: (path.count("{"), path))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in paths]


def _route_of(method: str, path: str) -> str | None:
    for pattern, route in _patterns():
        if pattern.fullmatch(path) and method.lower() in _document()["paths"][route]:
            return route
    return None


def _answers_of(method: str, route: str) -> dict[str, Any]:
    answers = _document()["paths"][route][method.lower()]["responses"]
    return {status: _resolved(answer) for status, answer in answers.items()}


def _resolved(answer: Any) -> Any:
    return _document()["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


@cache
def _strict_components() -> Any:
    """Stricter than the document is for its readers: a member that isn't told is one that somebody forgot to tell."""
    components = copy.deepcopy(_document()["components"])
    components["schemas"] = {
        name: schema if name == "Problem" else _closed(schema) for name, schema in components["schemas"].items()
    }
    return components


def _closed(value: Any) -> Any:
    if isinstance(value, dict):
        closed = {name: _closed(one) for name, one in value.items()}
        if value.get("type") == "object" and "properties" in value and "additionalProperties" not in value:
            closed["additionalProperties"] = False
        return closed
    return [_closed(one) for one in value] if isinstance(value, list) else value


@cache
def _validator(method: str, route: str, status: str, media: str) -> Any:
    schema = _answers_of(method, route)[status]["content"][media]["schema"]
    if media == "application/json":
        schema = _closed(schema)
    return jsonschema_rs.Draft202012Validator({**schema, "components": _strict_components()}, validate_formats=True)
