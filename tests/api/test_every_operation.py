"""Every operation of /openapi.json, asked with made-up requests: no 500, and no answer that isn't described."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server import build_app
from tests.api.visitors import Visitors, visitors_of
from tests.driver import World
from tests.meta.test_the_code import some_settings

# A long look: PORTICO_EXAMPLES=200 finds more than CI has time for.
EXAMPLES = int(os.environ.get("PORTICO_EXAMPLES", "3"))
# They would move the whole stack's clock, years at a time.
NOT_ASKED = ("/api/v1/demo/advance", "/console/demo/advance")
DESCRIBED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_CONFIG = {
    "seed": 1,
    "generation": {"max-examples": EXAMPLES, "mode": "all"},
    "phases": {"coverage": {"enabled": False}, "stateful": {"enabled": False}},
}

document = build_app(some_settings()).openapi()
schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(_CONFIG))
asked = schema.exclude(path=list(NOT_ASKED))


@pytest.fixture(scope="module")
async def visitors(world: World) -> Visitors:
    return await visitors_of(world, await world.new_provider())


async def test_the_document_is_the_one_that_the_server_shows(world: World) -> None:
    shown = (await world.http.get(f"{world.base_url}/openapi.json")).json()
    assert shown == json.loads(json.dumps(document))
    assert shown["openapi"].startswith("3.1")


@pytest.fixture(autouse=True)
def arrived(visitors: Visitors) -> None:
    visitors.arrive()


@asked.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_operation_breaks_or_answers_what_is_not_described(case: Case[Any], visitors: Visitors) -> None:
    path = case.operation.path
    case.path_parameters.update(_known(case, visitors))
    if isinstance(case.body, dict) and case.media_type == "application/x-www-form-urlencoded":
        case.body["csrf"] = visitors.token(path)
    answer = case.call(
        base_url=visitors.base_url,
        headers=visitors.headers(case.operation.definition.raw, path),
        cookies=visitors.cookies(path),
        allow_redirects=False,
    )
    case.validate_response(answer, checks=[not_a_server_error, *DESCRIBED])


def _known(case: Case[Any], visitors: Visitors) -> dict[str, Any]:
    """Three of four requests name what is there: the rest has to be refused for what it names."""
    if len(repr(case.path_parameters)) % 4 == 0:
        return {}
    return {name: visitors.facts[name] for name in case.path_parameters if name in visitors.facts}
