"""A client's contact data on the console: changed by staff, the e-mail address on a page of its own."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.addresses import link_is_out
from commands.attention import actions_for, open_items, resolve
from commands.audit import note
from commands.contact import change_contact, look_at_contact
from db.invitations import newest_sent
from db.models import Client, PortalAccount
from db.settings_store import load_availability
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.roles import Permission
from domain.stages import Actor
from domain.states import AttentionAction
from portal.api.attention import TheEngine
from portal.contact_fields import answers_given, contact_context
from portal.forms import StaffForm
from portal.pages.console_client import LockedClient, OwnClient
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.rendering import errors_by_field
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_contact_router = APIRouter(
    prefix="/console/clients/{client_id}", tags=["pages: console"], dependencies=[permitted(Permission.SERVE_CLIENTS)]
)


@console_contact_router.get("/contact", summary="A client's contact data")
async def contact_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    sheet = await look_at_contact(session, office, client, Actor.STAFF)
    return frame.render("console/contact.html", client=client, **contact_context(sheet))


@console_contact_router.post("/contact", summary="Change a client's contact data")
async def write_contact(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    sheet = await look_at_contact(session, office, client, Actor.STAFF)
    given = answers_given(sheet.form, form)
    try:
        changed = await change_contact(
            session, office, client, given, actor=Actor.STAFF, seen=form.first("seen") or None
        )
    except (Conflict, ValidationFailed) as refusal:
        context = contact_context(sheet, form, refusal)
        return frame.render("console/contact.html", status=status_of(refusal), client=client, **context)
    if changed:
        await note(session, office, frame.staff.who, AuditKind.CONTACT_CHANGED, client.id)
    return go(f"/console/clients/{client.id}", "contact" if changed else "contact-same")


@console_contact_router.get("/email", summary="Correct a client's e-mail address")
async def email_page(session: Transaction, frame: TheStaffFrame, client: OwnClient) -> Response:
    return await _email_page(session, frame, client)


@console_contact_router.post("/email", summary="Correct a client's e-mail address, at any time")
async def write_email(
    office: TheOffice,
    relay: TheRelay,
    engine: TheEngine,
    form: StaffForm,
    frame: TheStaffFrame,
    client: OwnClient,
) -> Response:
    invite = form.has("invite")
    try:
        subjects = await resolve(
            office,
            engine,
            frame.staff.reach,
            client.id,
            AttentionAction.CORRECT_EMAIL,
            who=frame.staff.who,
            email=form.text("email"),
            invite=invite,
        )
    except DomainError as refusal:
        async with office.database.transaction() as session:
            typed = form.text("email")
            return await _email_page(session, frame, client, typed=typed, invite=invite, refusal=refusal)
    relay.nudge(subjects)
    return go(f"/console/clients/{client.id}", "email-invited" if invite else "email-corrected")


async def _email_page(
    session: AsyncSession,
    frame: StaffFrame,
    client: Client,
    *,
    typed: str = "",
    invite: bool = True,
    refusal: DomainError | None = None,
) -> Response:
    wrong = refusal.errors if isinstance(refusal, ValidationFailed) else ()
    items = await open_items(session, frame.staff.reach, client.id)
    return frame.render(
        "console/email.html",
        status=status_of(refusal) if refusal else 200,
        client=client,
        account=await session.get(PortalAccount, client.account_id) if client.account_id else None,
        invitation=await newest_sent(session, client.id),
        link_out=await link_is_out(session, client),
        stuck=any(AttentionAction.CORRECT_EMAIL in actions_for(item) for item in items),
        timezone=(await load_availability(session, client.provider_id)).timezone,
        typed=typed,
        invite=invite,
        errors=errors_by_field(wrong),
        refusal=refusal.detail if refusal is not None and not wrong else None,
    )
