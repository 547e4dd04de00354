"""What /openapi.json tells of each route: its answers and its refusals; and that the tests would notice a lie."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain import errors
from portal.described import API
from server import build_app
from tests.described import check_described
from tests.meta.test_the_code import some_settings
from web.described_operations import OPERATIONS
from webhooks.described import WEBHOOKS

TOLD = {**API, **WEBHOOKS, **OPERATIONS}
DOCUMENT: dict[str, Any] = build_app(some_settings()).openapi()
# Never said at a door: they put a journey's step on the attention list.
WITHIN_JOURNEYS = {"mail-refused", "mail-unconfirmed"}


def machine_routes() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        if not operation["tags"][0].startswith("pages:")
    }


def test_every_route_for_machines_is_told_and_no_other() -> None:
    assert set(machine_routes()) - set(TOLD) == set(), "add it to portal/described, webhooks/described or web"
    everything = {f"{method.upper()} {path}" for path, found in DOCUMENT["paths"].items() for method in found}
    assert set(TOLD) - everything == set()
    assert len(TOLD) > 90


def test_every_route_for_machines_says_what_it_gives_and_how_it_refuses() -> None:
    for route, operation in machine_routes().items():
        answers = operation["responses"]
        given = [status for status in answers if status.startswith("2")]
        assert given, route
        for status in given:
            schemas = [one.get("schema") for one in answers[status].get("content", {}).values()]
            assert status == "204" or (schemas and all(schemas)), route
        assert "503" in answers, route
        if operation.get("security") and "webhooks" not in route:
            assert "401" in answers, route
        if "requestBody" in operation:
            assert {"413", "422"} <= set(answers), route


def test_every_refusal_that_there_is_can_be_found_in_the_document() -> None:
    slugs = {
        one.slug
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.DomainError) and one is not errors.FinalRefusal
    }
    names = {slug for name in DOCUMENT["components"]["responses"] for slug in name.split(".")[1:]}
    assert slugs - names == WITHIN_JOURNEYS


def answer(status: int, body: Any, path: str = "/api/v1/clients/cli_1/outlook", **more: Any) -> httpx.Response:
    return httpx.Response(status, json=body, request=httpx.Request("GET", f"http://test{path}"), **more)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (418, {"turn": "nobody", "ahead": []}),
        (200, {"turn": "somebody's", "ahead": []}),
        (200, {"turn": "nobody"}),
        (200, {"turn": "nobody", "ahead": [], "more": 1}),
        (404, {"type": "/problems/not-found", "title": "No", "status": 404, "detail": "No"}),
    ],
    ids=["status", "word", "left out", "not told", "content type"],
)
async def test_an_answer_that_is_not_described_is_noticed(status: int, body: Any) -> None:
    with pytest.raises(AssertionError, match=r"GET /api/v1/clients/\{client_id\}/outlook"):
        await check_described(answer(status, body))


async def test_a_refusal_for_another_reason_than_is_told_is_noticed() -> None:
    body = {"type": "/problems/slot-taken", "title": "No", "status": 404, "detail": "No"}
    headers = {"content-type": "application/problem+json"}
    with pytest.raises(AssertionError, match="slot-taken"):
        await check_described(answer(404, body, headers=headers))
    await check_described(answer(404, {**body, "type": "/problems/not-found", "more": 1}, headers=headers))


async def test_what_is_described_and_pages_pass() -> None:
    await check_described(answer(200, {"turn": "nobody", "ahead": []}))
    await check_described(answer(418, {}, path="/portal"))
