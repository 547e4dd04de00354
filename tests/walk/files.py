"""What a browser opens and isn't a page."""

from __future__ import annotations

FILES = {
    "/calendar/{token}.ics",
    "/console/payments/export.csv",
    "/console/payments/disputes/{dispute_id}/evidence.pdf",
    "/console/providers/{provider}/greeting/files/{file_id}",
    "/portal/session",
    "/console/session",
    "/console/providers/{provider}/page/pictures/{picture_id}",
    "/p/{provider}/picture/{picture_id}",
    "/embed/{provider}.js",
    "/console/audit/export.csv",
    "/console/clients/{client_id}/export.zip",
    "/console/clients/{client_id}/intake.json",
    "/console/clients/{client_id}/intake.pdf",
    "/console/forms/{provider}/{form_id}/questionnaire.json",
}
