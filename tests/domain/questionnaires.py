"""Builders of questionnaires and responses, in FHIR's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domain.errors import FieldError
from domain.questionnaire import Questionnaire, parse_questionnaire

SEED = json.loads((Path(__file__).parents[2] / "devstack" / "seed_data" / "intake_form.json").read_text("utf-8"))
FHIR = "http://hl7.org/fhir/StructureDefinition/"


def item(link_id: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "text": f"Question {link_id}", "type": kind} | more


def document(*items: object) -> dict[str, Any]:
    return {"resourceType": "Questionnaire", "status": "active", "title": "A form", "item": list(items)}


def read(*items: object) -> Questionnaire:
    return parse_questionnaire(document(*items))


def response(*items: object) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": list(items)}


def answered(link_id: str, *values: Any, kind: str = "String") -> dict[str, Any]:
    return {"linkId": link_id, "answer": [{f"value{kind}": value} for value in values]}


def fields(errors: list[FieldError]) -> list[str]:
    return [error.field for error in errors]


def when(question: str, operator: str, **answer: Any) -> dict[str, Any]:
    return {"question": question, "operator": operator} | answer


def extension(name: str, kind: str, value: object) -> dict[str, Any]:
    return {"url": FHIR + name, f"value{kind}": value}


def codes(*some: str) -> list[dict[str, Any]]:
    return [{"valueCoding": {"system": "urn:x", "code": code, "display": code.title()}} for code in some]
