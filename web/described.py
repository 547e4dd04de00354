"""What /openapi.json says beyond what FastAPI reads from the code: bodies that we parse ourselves, and every refusal.

Beside each route: `takes(Shape)` for the body, `gives(Shape)` where the answer is built by hand, `refuses(SlotTaken, ...)`
for the rules that may say no. What every route of a kind shares (401 with a key, 404 with an id, 422 with a body, ...)
is added for all of them when the document is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from domain.errors import (
    DomainError,
    EngineUnavailable,
    Forbidden,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
    ValidationFailed,
)
from web.problems import status_of

Described = dict[str, Any]
PROBLEM_JSON = "application/problem+json"
_REFUSALS = "x-refusals"
_PROBLEM = "#/components/schemas/Problem"
_PAGES = "pages:"

_PROBLEM_SCHEMA: Described = {
    "type": "object",
    "description": "RFC 9457: why something was refused; beside these members, the datum that failed.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^/problems/[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_ERRORS_SCHEMA: Described = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    },
}
_WORDS = {
    401: "Nobody that we know is asking",
    402: "A fee comes first",
    403: "Not theirs to see or do",
    404: "There is nothing here",
    409: "A rule says no",
    410: "The link is over",
    412: "Somebody else has saved meanwhile (If-Match)",
    413: "Too large",
    422: "Something of it needs correcting",
    429: "Too many requests",
    503: "A part that is needed can't be reached; nothing was changed",
}


def takes(
    shape: Any, *, required: bool = True, example: Any = None, media: str = "application/json", **more: Any
) -> Described:
    """For `openapi_extra` of a route that reads its body itself."""
    content: Described = {"schema": schema_of(shape)}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": required, "content": {media: content}}, **more}


def gives(shape: Any, status: int = 200, *, says: str = "Done", headers: tuple[str, ...] = ()) -> Described:
    """For `responses` of a route that builds its answer itself."""
    answer: Described = {"description": says, "model": shape}
    if headers:
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return {status: answer}


def gives_file(media: str, status: int = 200, *, schema: Described | None = None) -> Described:
    """For `responses` of a route whose answer isn't an object of ours."""
    return {status: {"description": "The file", "content": {media: {"schema": schema or {"type": "string"}}}}}


def refuses(*errors: type[DomainError], status: int | None = None) -> Described:
    """For `responses` of a route: the rules that may say no. `status` is for the one that differs (412)."""
    found: Described = {}
    for error in errors:
        code = status or status_of(error)
        answer = found.setdefault(code, {"description": _WORDS[code], _REFUSALS: []})
        answer[_REFUSALS].append((error.slug, error.title))
    return found


def both(*responses: Mapping[int | str, Described]) -> Described:
    """Several of the above; two that refuse with the same status are put together."""
    found: Described = {}
    for one in responses:
        for status, answer in one.items():
            refusals = [*found.get(status, {}).get(_REFUSALS, []), *answer.get(_REFUSALS, [])]
            found[status] = {**found.get(status, {}), **answer, **({_REFUSALS: refusals} if refusals else {})}
    return found


def schema_of(shape: Any) -> Described:
    """JSON Schema, with what it refers to put in place: for where FastAPI doesn't gather components."""
    if isinstance(shape, dict):
        return shape
    schema = TypeAdapter(shape).json_schema()
    return _in_place(schema, schema.pop("$defs", {}))


def _in_place(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _in_place(definitions[value["$ref"].rpartition("/")[2]], definitions)
        return {name: _in_place(one, definitions) for name, one in value.items()}
    return [_in_place(one, definitions) for one in value] if isinstance(value, list) else value


def describe(app: FastAPI) -> None:
    """Make the application's document complete."""
    made = app.openapi

    @cache
    def document() -> Described:
        found = made()
        components = found["components"].setdefault("schemas", {})
        components["Problem"] = _PROBLEM_SCHEMA
        for left_over in ("HTTPValidationError", "ValidationError"):
            components.pop(left_over, None)
        for path, operations in found["paths"].items():
            for method, operation in operations.items():
                if operation["tags"][0].startswith(_PAGES):
                    _complete_page(method, operation)
                else:
                    _complete(path, method, operation)
        return found

    app.openapi = document  # type: ignore[method-assign]


def _complete(path: str, method: str, operation: Described) -> None:
    answers = operation["responses"]
    answers.pop("422", None) if "x-refusals" not in answers.get("422", {}) else None
    for error in _shared(path, method, operation):
        answer = answers.setdefault(str(status_of(error)), {"description": _WORDS[status_of(error)]})
        answer.setdefault(_REFUSALS, [])
        if (error.slug, error.title) not in [tuple(one) for one in answer[_REFUSALS]]:
            answer[_REFUSALS].append((error.slug, error.title))
    weather = answers.setdefault("503", {"description": _WORDS[503]})
    weather.setdefault(_REFUSALS, [("engine-unavailable", EngineUnavailable.part)])
    for status, answer in answers.items():
        if _REFUSALS in answer:
            answer["content"] = {PROBLEM_JSON: _problems(int(status), answer.pop(_REFUSALS))}
            if status in ("429", "503"):
                answer["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}


def _shared(path: str, method: str, operation: Described) -> list[type[DomainError]]:
    """What may be answered by how the route is guarded, named and fed."""
    found: list[type[DomainError]] = []
    schemes = {name for one in operation.get("security", []) for name in one}
    if schemes & {"apiKey", "clientSession", "operatorToken"}:
        found.append(Unauthorized)
    if "clientSession" in schemes:
        found.append(NotFound)
        if method != "get":
            found.append(Forbidden)
    if "{" in path:
        found.append(NotFound)
    if "requestBody" in operation:
        found += [PayloadTooLarge, ValidationFailed]
    elif operation.get("parameters"):
        found.append(ValidationFailed)
    return found


def _problems(status: int, refusals: list[tuple[str, str]]) -> Described:
    types = sorted({f"/problems/{slug}" for slug, _ in refusals})
    properties: Described = {"type": {"enum": types}, "status": {"const": status}}
    if "/problems/validation" in types:
        properties["errors"] = _ERRORS_SCHEMA
    examples = {
        slug: {"value": {"type": f"/problems/{slug}", "title": title, "status": status, "detail": title}}
        for slug, title in refusals
        if slug != ValidationFailed.slug
    }
    schema = {"allOf": [{"$ref": _PROBLEM}, {"type": "object", "properties": properties}]}
    return {"schema": schema, **({"examples": examples} if examples else {})}


def _complete_page(method: str, operation: Described) -> None:
    """Pages answer people: with a page, whatever the status, or by leading on to one."""
    answers = operation["responses"]
    answers.pop("422", None)
    page = {"text/html": {"schema": {"type": "string"}}}
    for status in (200, 402, 403, 404, 409, 410, 413, 422, 429, 503):
        answers.setdefault(str(status), {"description": _WORDS.get(status, "The page"), "content": page})
    answers["303"] = {
        "description": "On to another page",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
    if method != "get" and "requestBody" not in operation:
        form = {"type": "object", "additionalProperties": {"type": "string"}}
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}


__all__ = ["RateLimited", "both", "describe", "gives", "gives_file", "refuses", "schema_of", "takes"]
