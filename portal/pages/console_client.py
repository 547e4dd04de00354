"""One client on the console: where they stand, what has happened, what the front desk can do."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.attention import actions_for, open_items, resolve
from commands.audit import note
from commands.booking import why_not
from commands.declining import want_mails_again
from commands.intake import intake_standing, look_at_intake
from commands.new_client_forms import send_new_client_forms
from commands.office import Office
from commands.outlook import look_ahead
from commands.withdrawing import may_withdraw
from db.appointment_types import load_types
from db.declined_mails import declined
from db.invitations import newest_issued
from db.models import Client
from db.policy_store import versions_of_level
from db.settings_store import load_availability
from db.tenancy import client_of_practice, provider_of
from db.timeline import timeline_of
from db.waitlist import open_wish_of
from db.waivers import open_waiver, waivers_of
from domain.audit import AuditKind
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.policy_levels import Source
from domain.questionnaire import parse_questionnaire
from domain.recipients import recipient_hash
from domain.roles import Permission, require
from domain.states import AttentionAction, SubmissionStatus
from portal.answer_sheet import answers_pdf
from portal.answers import answers_shown
from portal.api.attention import TheEngine
from portal.duplicate_sheet import duplicate_sheet
from portal.forms import StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.policy_levels import own_settings
from portal.pages.queries import appointments_of, split_by_time
from portal.shapes import FHIR_JSON, client_shape, filled_in
from portal.signup_sheet import signup_shown
from portal.wording import zone
from web.fields import opaque_id
from web.identity import SignedInStaff, permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction
from workflows.naming import client_journey_id

console_client_router = APIRouter(
    prefix="/console/clients/{client_id}", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)


async def own_client(client_id: str, session: Transaction, staff: SignedInStaff) -> Client:
    return await client_of_practice(session, staff.reach, opaque_id(client_id))


async def locked_client(client_id: str, session: Transaction, staff: SignedInStaff) -> Client:
    return await client_of_practice(session, staff.reach, opaque_id(client_id), for_update=True)


OwnClient = Annotated[Client, Depends(own_client)]
LockedClient = Annotated[Client, Depends(locked_client)]


@console_client_router.get("", summary="One client")
async def client_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    client: OwnClient,
    intake: Annotated[bool, Query()] = False,
) -> Response:
    """The intake answers are shown on demand only (`?intake=true`)."""
    if intake:
        require(frame.staff.role, Permission.READ_ANSWERS)
        await note(session, office, frame.staff.who, AuditKind.ANSWERS_READ, client.id)
    return await page_of(session, office, frame, client, with_intake=intake)


async def page_of(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    client: Client,
    *,
    refusal: DomainError | None = None,
    with_intake: bool = False,
) -> Response:
    provider = await provider_of(session, client.provider_id)
    now = await office.clock.now(session)
    blocks, in_force = await why_not(session, office, client, None)
    upcoming, past = split_by_time(await appointments_of(session, client.id), now)
    items = await open_items(session, frame.staff.reach, client.id)
    return frame.render(
        "console/client.html",
        status=status_of(refusal) if refusal else 200,
        refusal=refusal.errors[0].message if isinstance(refusal, ValidationFailed) else refusal and refusal.detail,
        client=client,
        # Before the shape: one that is issued meanwhile would be there, and have no state.
        invitation=await newest_issued(session, client.id),
        shape=await client_shape(session, office, client),
        declined=await declined(session, client.practice_id, client.email),
        duplicates=await duplicate_sheet(session, client),
        provider=provider,
        waits=await open_wish_of(session, client.id) is not None,
        timezone=(await load_availability(session, provider.id)).timezone,
        now=now,
        outlook=await look_ahead(session, office, client),
        may_withdraw=(await may_withdraw(session, office, client)).refusal is None,
        blocks=blocks,
        in_force=in_force,
        values=in_force.policy.as_document(),
        own_settings=own_settings(await versions_of_level(session, Source.CLIENT, client.id)),
        types=await load_types(session, provider.id),
        waivers=await waivers_of(session, client.id),
        waiver=await open_waiver(session, client.id),
        upcoming=upcoming,
        past=past,
        items=[(item, actions_for(item)) for item in items],
        timeline=(await timeline_of(session, client.id))[::-1],
        journey=journey_address(office, client.id),
        signup=await signup_shown(session, office.vault, client, everything=frame.staff.may(Permission.READ_ANSWERS)),
        **await _intake(session, office, client, with_intake),
    )


def journey_address(office: Office, client_id: str) -> str:
    return f"{office.temporal_ui_url.rstrip('/')}/namespaces/default/workflows/{client_journey_id(client_id)}"


async def _intake(session: AsyncSession, office: Office, client: Client, opened: bool) -> dict[str, Any]:
    standing = await intake_standing(session, client)
    # A draft isn't the practice's to read yet.
    if not opened or standing.form is None or standing.status is not SubmissionStatus.SUBMITTED:
        return {"intake": standing, "intake_answers": None}
    view = await look_at_intake(session, office, client)
    timezone = zone((await load_availability(session, client.provider_id)).timezone)
    answers = answers_shown(parse_questionnaire(standing.form.questionnaire), view.response, timezone)
    return {"intake": view, "intake_answers": answers, "signature": view.signature}


@console_client_router.get(
    "/intake.pdf",
    summary="The client's intake answers as a PDF file",
    dependencies=[permitted(Permission.READ_ANSWERS)],
)
async def intake_pdf(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    file = await answers_pdf(session, office, client)
    await note(session, office, frame.staff.who, AuditKind.ANSWERS_EXPORTED, client.id)
    return file


@console_client_router.get(
    "/intake.json",
    summary="The client's intake answers as a FHIR R4 QuestionnaireResponse",
    dependencies=[permitted(Permission.READ_ANSWERS)],
)
async def intake_json(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    response = filled_in(client.id, await look_at_intake(session, office, client))
    if response is None:
        raise NotFound("No intake form has been submitted.")
    await note(session, office, frame.staff.who, AuditKind.ANSWERS_EXPORTED, client.id)
    headers = {"Content-Disposition": f'attachment; filename="intake-{client.id}.json"'}
    return Response(json.dumps(response, ensure_ascii=False), media_type=FHIR_JSON, headers=headers)


@console_client_router.post(
    "/send-new-client-forms", summary="Send New Client Forms", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def send_forms(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        answer = await send_new_client_forms(session, office, client)
    except DomainError as refusal:
        return await page_of(session, office, frame, client, refusal=refusal)
    if answer.sent:
        await note(session, office, frame.staff.who, AuditKind.FORMS_SENT, client.id)
    return go(f"/console/clients/{client.id}", "forms-sent" if answer.sent else "forms-already")


@console_client_router.post(
    "/mails-again",
    summary="Let greetings and reminders go out again, as the client has asked",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def mails_again(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    digest = recipient_hash(client.email)
    if await want_mails_again(session, office, client.practice_id, digest, staff_id=frame.staff.id):
        await note(session, office, frame.staff.who, AuditKind.MAILS_ALLOWED_AGAIN, client.id)
    return go(f"/console/clients/{client.id}", "mails-again")


@console_client_router.post(
    "/attention", summary="Answer a step that waits for a person", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def answer_attention(
    office: TheOffice,
    relay: TheRelay,
    engine: TheEngine,
    form: StaffForm,
    frame: TheStaffFrame,
    client: OwnClient,
) -> Response:
    try:
        action = _action(form.first("action"))
        subjects = await resolve(
            office,
            engine,
            frame.staff.reach,
            client.id,
            action,
            who=frame.staff.who,
            item_id=form.first("item") or None,
            email=form.text("email") or None,
        )
    except DomainError as refusal:
        async with office.database.transaction() as session:
            return await page_of(session, office, frame, client, refusal=refusal)
    relay.nudge(subjects)
    return go(f"/console/clients/{client.id}", "answered")


def _action(value: str) -> AttentionAction:
    try:
        return AttentionAction(value)
    except ValueError:
        raise ValidationFailed.of("action", "Please choose what to do.") from None
