"""A client's submitted answers as a sheet of paper, for the PDF file."""

from __future__ import annotations

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.intake import IntakeView, look_at_intake
from commands.office import Office
from db.models import Client
from db.settings_store import load_availability
from db.tenancy import practice_of, provider_of
from domain.errors import NotFound
from domain.ports import AnswerLine, AnswerSheet
from domain.questionnaire import parse_questionnaire
from domain.wording import spoken_time
from portal.answers import answers_shown
from portal.wording import zone


async def answers_pdf(session: AsyncSession, office: Office, client: Client) -> Response:
    """Raises NotFound before the form is submitted. The file's name is an id: names are for inside."""
    content = await pdf_of(session, office, client, await look_at_intake(session, office, client))
    name = f"intake-{client.id}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def pdf_of(session: AsyncSession, office: Office, client: Client, view: IntakeView) -> bytes:
    """Raises NotFound before the form is submitted."""
    return office.documents.pdf(await _sheet(session, client, view))


async def _sheet(session: AsyncSession, client: Client, view: IntakeView) -> AnswerSheet:
    submission = view.submission
    if view.form is None or submission is None or submission.submitted_at is None:
        raise NotFound("No intake form has been submitted.")
    questionnaire = parse_questionnaire(view.form.questionnaire)
    timezone = (await load_availability(session, client.provider_id)).timezone
    practice, provider = await practice_of(session, client.practice_id), await provider_of(session, client.provider_id)
    facts = [
        ("Client", f"{client.first_name} {client.last_name}"),
        *([("Date of birth", client.date_of_birth.isoformat())] if client.date_of_birth else []),
        ("Provider", f"{provider.name}, {practice.name}"),
        ("Submitted", spoken_time(submission.submitted_at, timezone)),
        ("Form", f"{view.form.title}, version {view.form.version}"),
    ]
    closing: list[str] = []
    if view.signature is not None:
        signed = view.signature.signed_at.astimezone(zone(timezone))
        closing = [view.signature.consent, f"Signed: {view.signature.name}, {spoken_time(signed, timezone)}"]
    shown = answers_shown(questionnaire, view.response, zone(timezone))
    return AnswerSheet(
        title=view.form.title,
        facts=tuple(facts),
        lines=tuple(
            AnswerLine(text=one.text, depth=one.depth, answers=None if one.answers is None else tuple(one.answers))
            for one in shown
        ),
        closing=tuple(closing),
    )
