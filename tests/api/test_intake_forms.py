"""Intake by API: forms in and out with named refusals, saves that overwrite nothing newer, signatures that count."""

from __future__ import annotations

from typing import Any

import pytest

from devstack.demo import required_answers
from tests.domain.questionnaires import document, extension, item
from tests.driver import Person, Provider, World, ok, problem


def path(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/intake-forms"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (item("q", "attachment"), "attachment"),
        (item("q", "reference"), "reference"),
        (item("q", "choice", answerValueSet="http://elsewhere.example/ValueSet/x"), "kept elsewhere"),
        (item("q", modifierExtension=[{"url": "http://x.example/y", "valueBoolean": True}]), "modifierExtension"),
        (
            item("q.outer", "group", repeats=True, item=[item("q", "group", repeats=True, item=[item("inner")])]),
            "repeats within another one",
        ),
        (
            item("q", extension=[extension("sdc-questionnaire-enableWhenExpression", "String", "x")]),
            "enableWhenExpression",
        ),
    ],
)
async def test_what_cannot_be_asked_is_named_with_its_link_id(
    world: World, provider: Provider, question: dict[str, Any], reason: str
) -> None:
    refused = await provider.request("POST", path(provider), json=document(item("fine"), question))
    errors = problem(refused, "validation", 422)["errors"]
    assert any(reason in one["message"] for one in errors), errors
    assert {one["field"].startswith(("q", "item[1]")) for one in errors} == {True}


async def test_an_own_forms_url_cannot_be_imported_over(world: World, provider: Provider) -> None:
    own = document(item("a")) | {"url": f"{world.base_url}/forms/form_somebodys"}
    errors = problem(await provider.request("POST", path(provider), json=own), "validation", 422)["errors"]
    assert [one["field"] for one in errors] == ["url"]


async def test_another_practice_sees_no_form(world: World, provider: Provider) -> None:
    form = ok(await provider.request("POST", path(provider), json=document(item("a"))), 201)
    stranger = await world.new_provider()
    problem(await stranger.request("GET", f"{path(stranger)}/{form['id']}"), "not-found", 404)
    problem(await stranger.request("GET", f"{path(provider)}/{form['id']}"), "not-found", 404)


async def body_of(person: Person, **more: Any) -> tuple[Any, dict[str, Any]]:
    view = await person.get("/api/v1/portal/intake")
    response = {"resourceType": "QuestionnaireResponse", "item": required_answers(view["form"]["item"])}
    return view, {"response": response, "submit": False, **more}


async def test_a_save_that_saw_an_older_revision_changes_nothing(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    view, body = await body_of(person)
    first = ok(await person.request("POST", "/api/v1/portal/intake", json=body | {"revision": view["revision"]}))
    assert first["revision"] == view["revision"] + 1
    emptied = {"resourceType": "QuestionnaireResponse"}
    late = {"response": emptied, "submit": False, "revision": view["revision"]}
    assert problem(await person.request("POST", "/api/v1/portal/intake", json=late), "conflict", 409)["revision"] == 1
    assert (await person.get("/api/v1/portal/intake"))["draft"] == body["response"]


async def test_a_signature_needs_a_name_and_the_words_that_were_shown(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    view, body = await body_of(person, submit=True)
    right = view["consent"]["sha256"]
    nameless = body | {"signature": {"name": " . ", "consent_sha256": right}}
    refused = problem(await person.request("POST", "/api/v1/portal/intake", json=nameless), "validation", 422)
    assert [one["field"] for one in refused["errors"]] == ["signature"]
    other_words = body | {"signature": {"name": "Ana Anonymous", "consent_sha256": "0" * 64}}
    problem(await person.request("POST", "/api/v1/portal/intake", json=other_words), "conflict", 409)
    assert (await person.get("/api/v1/portal/intake"))["status"] == "none"
    signed = body | {"signature": {"name": "Ana Anonymous", "consent_sha256": right}}
    assert ok(await person.request("POST", "/api/v1/portal/intake", json=signed))["status"] == "submitted"
    problem(await person.request("POST", "/api/v1/portal/intake", json=signed), "conflict", 409)
    row = world.rows("SELECT * FROM intake_submission WHERE client_id = %s", person.client_id)[0]
    assert row["consent_sha256"] == right
    assert b"Anonymous" not in row["sealed_signature"]


async def test_the_practice_reads_no_draft(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    _, body = await body_of(person)
    ok(await person.request("POST", "/api/v1/portal/intake", json=body))
    seen = await provider.get(f"/api/v1/clients/{person.client_id}/intake")
    assert (seen["status"], seen["draft"], seen["response"], seen["signature"]) == ("draft", None, None, None)
    problem(await provider.request("GET", f"/api/v1/clients/{person.client_id}/intake.pdf"), "not-found", 404)
