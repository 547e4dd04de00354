"""The files among the pages, and what their scripts ask; all else there is HTML."""

from __future__ import annotations

from typing_extensions import TypedDict

from portal.described import words as w
from portal.shapes import FHIR_JSON
from web.described import File, Told


class SecondsLeft(TypedDict):
    seconds_left: int


_PICTURE = Told(gives=File("image/jpeg, image/png, image/webp"))
_ANY_FILE = Told(gives=File("application/pdf, image/jpeg, image/png, application/octet-stream"))

PAGE_SIDE = {
    "GET /portal/session": Told(gives=SecondsLeft),
    "GET /console/session": Told(gives=SecondsLeft),
    "GET /p/{provider}/picture/{picture_id}": _PICTURE,
    "GET /console/providers/{provider}/page/pictures/{picture_id}": _PICTURE,
    "GET /console/providers/{provider}/greeting/files/{file_id}": _ANY_FILE,
    "GET /embed/{provider}.js": Told(gives=File("text/javascript")),
    "GET /calendar/{token}.ics": Told(gives=File("text/calendar")),
    "GET /console/clients/{client_id}/export.zip": Told(gives=File("application/zip")),
    "GET /console/payments/disputes/{dispute_id}/evidence.pdf": Told(gives=File("application/pdf")),
    "GET /console/payments/export.csv": Told(gives=File("text/csv")),
    "GET /console/audit/export.csv": Told(gives=File("text/csv")),
    "GET /console/clients/{client_id}/intake.json": Told(gives=File(FHIR_JSON, w.QuestionnaireResponse)),
    "GET /console/clients/{client_id}/intake.pdf": Told(gives=File("application/pdf")),
    "GET /console/forms/{provider}/{form_id}/questionnaire.json": Told(gives=File(FHIR_JSON, w.Questionnaire)),
}
