"""What /openapi.json says beyond what FastAPI reads from the code: bodies, answers, and every refusal by its slug.

Each room keeps a table from route to `Told`. What all routes of a kind share (401 with a key, 404 with an id in the
path, 422 with a body, 503, the answers of pages) is added here, so that a route tells only what is its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import TypeAdapter, WithJsonSchema

from domain.errors import DomainError, Forbidden, NotFound, PayloadTooLarge, Unauthorized, ValidationFailed
from web.problems import status_of

Described = dict[str, Any]
PROBLEM_JSON = "application/problem+json"
_COMPONENTS = "#/components/schemas/{model}"
_PAGES = "pages:"
_HTML = {"text/html": {"schema": {"type": "string"}}}
_FORM = {"type": "object", "additionalProperties": {"type": "string"}}

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
_SAYS = {
    401: "Nobody that we know is asking",
    402: "A fee comes first",
    403: "Not theirs to see or do",
    404: "There is nothing here",
    409: "A rule says no",
    410: "The link is over",
    412: "Somebody else has saved meanwhile (If-Match)",
    413: "Too large",
    422: "Some of it needs correcting",
    429: "Too many requests",
    503: "A part that is needed can't be reached; nothing was changed",
}


@dataclass(frozen=True)
class File:
    """An answer that is no object of ours."""

    media: str
    shape: Any = str


@dataclass(frozen=True, kw_only=True)
class Told:
    """One route: what it takes, what it gives (by status where there are several), and who may say no.

    `may_take` is a body that can be left out. `headers` are those of a success.
    """

    takes: Any = None
    may_take: Any = None
    gives: Any = None
    headers: tuple[str, ...] = ()
    refuses: tuple[type[DomainError], ...] = ()
    refuses_with: Mapping[int, tuple[type[DomainError], ...]] = field(default_factory=dict)
    example: Any = None


Table = Mapping[str, Told]


def listed(shape: Any) -> Any:
    """A page of a list, as `portal.shapes.listed` makes it."""
    items = {"type": "array", "items": schema_of(shape)}
    schema = {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {"items": items, "next_cursor": {"type": ["string", "null"]}},
    }
    return Annotated[dict[str, Any], WithJsonSchema(schema)]


def one_word(name: str) -> Any:
    """An object with one text."""
    schema = {"type": "object", "required": [name], "properties": {name: {"type": "string"}}}
    return Annotated[dict[str, Any], WithJsonSchema(schema)]


def schema_of(shape: Any) -> Described:
    """JSON Schema with everything in place: one that can stand within another."""
    schema = TypeAdapter(shape).json_schema()
    found = _in_place(schema, schema.pop("$defs", {}))
    assert isinstance(found, dict)
    return found


def _in_place(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _in_place(definitions[value["$ref"].rpartition("/")[2]], definitions)
        return {name: _in_place(one, definitions) for name, one in value.items()}
    return [_in_place(one, definitions) for one in value] if isinstance(value, list) else value


def describe(app: FastAPI, *tables: Table) -> None:
    """Make the application's document complete."""
    read = app.openapi
    table = {route: told for one in tables for route, told in one.items()}
    made: list[Described] = []

    def document() -> Described:
        if not made:
            made.append(read())
            _complete(made[0], table)
        return made[0]

    app.openapi = document  # type: ignore[method-assign]


def _complete(document: Described, table: Table) -> None:
    components: Described = document["components"]
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM_SCHEMA
    components["responses"] = _pages()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            told = table.get(f"{method.upper()} {path}")
            if operation.get("tags", [""])[0].startswith(_PAGES):
                _tell_of_page(method, operation, told)
            elif told is not None:
                _Operation(operation, components, path, method).tell(told)
    for left_over in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left_over, None)


class _Operation:
    """One operation of the document, being completed."""

    def __init__(self, operation: Described, components: Described, path: str, method: str) -> None:
        self._operation = operation
        self._components = components
        self._path = path
        self._method = method
        self._answers: Described = operation["responses"]

    def tell(self, told: Told) -> None:
        self._answers.pop("422", None)
        if told.takes is not None or told.may_take is not None:
            content: Described = {"schema": self._schema(told.takes or told.may_take)}
            if told.example is not None:
                content["example"] = told.example
            body = {"required": told.takes is not None, "content": {"application/json": content}}
            self._operation["requestBody"] = body
        self._tell_success(told)
        by_status: dict[int, list[type[DomainError]]] = {}
        for error in (*self._shared(), *told.refuses):
            by_status.setdefault(status_of(error), []).append(error)
        for status, errors in told.refuses_with.items():
            by_status.setdefault(status, []).extend(errors)
        for status in sorted(by_status):
            self._refuse(status, {error.slug: error.title for error in by_status[status]})
        if "503" not in self._answers:
            self._refuse(503, {"engine-unavailable": "Please try again in a moment"})

    def _tell_success(self, told: Told) -> None:
        first = next(iter(self._answers))
        gives = told.gives if isinstance(told.gives, dict) else {int(first): told.gives}
        del self._answers[first]
        for status, shape in gives.items():
            answer: Described = {"description": "Done"}
            if isinstance(shape, File):
                answer["content"] = {shape.media: {"schema": self._schema(shape.shape)}}
            elif shape is not None:
                answer["content"] = {"application/json": {"schema": self._schema(shape)}}
            if told.headers:
                answer["headers"] = {name: {"schema": {"type": "string"}} for name in told.headers}
            self._answers[str(status)] = answer

    def _schema(self, shape: Any) -> Described:
        """Named shapes become components."""
        schema = TypeAdapter(shape).json_schema(ref_template=_COMPONENTS)
        self._components["schemas"].update(schema.pop("$defs", {}))
        name = getattr(shape, "__name__", "")
        if schema.get("type") != "object" or schema.get("title") != name or not name:
            return schema
        self._components["schemas"][name] = schema
        return {"$ref": _COMPONENTS.format(model=name)}

    def _shared(self) -> list[type[DomainError]]:
        """What may be answered by how the route is guarded, named and fed."""
        found: list[type[DomainError]] = []
        schemes = {name for one in self._operation.get("security", []) for name in one}
        if schemes & {"apiKey", "clientSession", "operatorToken"}:
            found.append(Unauthorized)
        if "clientSession" in schemes:
            found += [NotFound, Forbidden] if self._method != "get" else [NotFound]
        if "{" in self._path:
            found.append(NotFound)
        if "requestBody" in self._operation:
            found += [PayloadTooLarge, ValidationFailed]
        elif self._operation.get("parameters"):
            found.append(ValidationFailed)
        return found

    def _refuse(self, status: int, titles: Mapping[str, str]) -> None:
        """By slugs and their titles; what refuses alike is said once."""
        name = ".".join([str(status), *sorted(titles)])
        self._components["responses"].setdefault(name, _refusal(status, titles))
        self._answers[str(status)] = {"$ref": f"#/components/responses/{name}"}


def _refusal(status: int, titles: Mapping[str, str]) -> Described:
    types = [f"/problems/{slug}" for slug in sorted(titles)]
    properties: Described = {"type": {"enum": types}, "status": {"const": status}}
    if ValidationFailed.slug in titles:
        properties["errors"] = _ERRORS_SCHEMA
    problem = {"$ref": _COMPONENTS.format(model="Problem")}
    content: Described = {"schema": {"allOf": [problem, {"type": "object", "properties": properties}]}}
    content["examples"] = {
        slug: {"value": {"type": f"/problems/{slug}", "title": title, "status": status, "detail": title}}
        for slug, title in titles.items()
    }
    answer: Described = {"description": _SAYS[status], "content": {PROBLEM_JSON: content}}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "string"}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer


def _tell_of_page(method: str, operation: Described, told: Told | None) -> None:
    """Pages answer people: with a page, whatever the status, or by leading on to one. Some are files."""
    answers = operation["responses"]
    answers.pop("422", None)
    for status in (200, *_SAYS):
        answers[str(status)] = {"$ref": f"#/components/responses/Page{status}"}
    answers["303"] = {"$ref": "#/components/responses/OnToAnotherPage"}
    if told is not None and told.gives is not None:
        gives = told.gives if isinstance(told.gives, File) else File("application/json", told.gives)
        content = {media: {"schema": schema_of(gives.shape)} for media in gives.media.split(", ")}
        answers["200"] = {"description": "Done", "content": content}
    if method != "get" and "requestBody" not in operation:
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": _FORM}}}


def _pages() -> Described:
    """What every page may answer."""
    location = {"Location": {"schema": {"type": "string"}}}
    found: Described = {"OnToAnotherPage": {"description": "On to another page", "headers": location}}
    for status in (200, *_SAYS):
        found[f"Page{status}"] = {"description": _SAYS.get(status, "The page"), "content": _HTML}
    return found
