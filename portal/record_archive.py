"""All data of one client as a ZIP file: an index to read, JSON of every row, the forms they answered, and PDF files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.intake import IntakeView, all_intake_views
from commands.office import Office
from db.held import Holding
from db.models import Client
from db.record_of_client import Document, read_record, whose
from db.settings_store import load_availability
from db.signups import form_of_version
from db.tenancy import practice_of, provider_of
from domain.questionnaire import parse_questionnaire
from domain.states import SubmissionStatus
from portal.answer_sheet import pdf_of
from portal.answers import answers_shown
from portal.holding_words import HOLDING
from portal.rendering import render_text
from portal.shapes import filled_in
from portal.signup_sheet import signup_shown
from portal.wording import zone

Files = dict[str, bytes]

_STYLE = Path(__file__).parent / "static" / "export.css"


async def archive_of(session: AsyncSession, office: Office, client: Client) -> bytes:
    """Names inside are ids; whoever holds the file can read all of it."""
    record = await read_record(session, office.vault, await whose(session, client))
    views = await all_intake_views(session, office, client)
    files: Files = {}
    for holding, rows in record.items():
        if rows:
            files[f"data/{holding}.json"] = _json(rows)
    for row in record[Holding.SIGNUP]:
        form = await form_of_version(session, client.provider_id, row["form_version"])
        files[f"forms/sign-up-version-{row['form_version']}.json"] = _json(form.as_document())
    for view in views:
        files |= await _intake_files(session, office, client, view)
    now = await office.clock.now(session)
    index = await _index(session, office, client, record, views, sorted(files), now)
    return _zip({"index.html": index.encode(), "style.css": _STYLE.read_bytes(), **files}, now)


def zip_answer(client_id: str, content: bytes) -> Response:
    """The file's name is an id: names are for inside."""
    headers = {"Content-Disposition": f'attachment; filename="client-{client_id}.zip"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)


async def _intake_files(session: AsyncSession, office: Office, client: Client, view: IntakeView) -> Files:
    assert view.form is not None
    assert view.submission is not None
    found = {f"forms/intake-{view.form.id}.json": _json(view.form.questionnaire)}
    if view.status is SubmissionStatus.SUBMITTED:
        name = f"documents/intake-{view.submission.id}"
        found[f"{name}.pdf"] = await pdf_of(session, office, client, view)
        found[f"{name}.json"] = _json(filled_in(client.id, view))
    return found


async def _index(
    session: AsyncSession,
    office: Office,
    client: Client,
    record: dict[Holding, list[Document]],
    views: Sequence[IntakeView],
    files: Sequence[str],
    now: datetime,
) -> str:
    timezone = (await load_availability(session, client.provider_id)).timezone
    rows = {str(holding): [_dated(one) for one in found] for holding, found in record.items()}
    return render_text(
        "export/index.html",
        client=client,
        practice=await practice_of(session, client.practice_id),
        provider=await provider_of(session, client.provider_id),
        timezone=timezone,
        now=now,
        rows=rows,
        address=record[Holding.CONTACT][0]["address"] or _said_address(record),
        signup=await signup_shown(session, office.vault, client, everything=True),
        intake=[
            (view, answers_shown(parse_questionnaire(view.form.questionnaire), view.response, zone(timezone)))
            for view in views
            if view.form is not None
        ],
        files=[(name, _described(name)) for name in files],
    )


def _said_address(record: dict[Holding, list[Document]]) -> dict[str, str]:
    answers = [row["answers"] or {} for row in record[Holding.SIGNUP]]
    return next((one["details"].get("address", {}) for one in answers if "details" in one), {})


def _dated(document: Document) -> Document:
    """Instants as such again, for the templates' ways of saying them."""
    return {name: _moment(value) for name, value in document.items()}


def _moment(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("Z") and len(value) > len("2026-01-01T00:00Z"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _described(name: str) -> str:
    folder, _, file = name.partition("/")
    if folder == "data":
        return HOLDING[Holding(file.removesuffix(".json"))]
    if folder == "forms":
        return "The questions, as they were asked"
    return "Submitted answers, to print" if name.endswith(".pdf") else "Submitted answers (FHIR QuestionnaireResponse)"


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _zip(files: Files, now: datetime) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()
