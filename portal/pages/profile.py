"""The client's profile: what they keep up to date themselves."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.contact import change_contact, look_at_contact
from db.tenancy import client_by_id
from domain.errors import Conflict, ValidationFailed
from domain.stages import Actor
from portal.contact_fields import answers_given, contact_context
from portal.forms import ClientForm
from portal.pages.client_account import account_context
from portal.pages.frames import TheClientFrame
from web.problems import status_of
from web.transactions import TheOffice, Transaction

profile_router = APIRouter(prefix="/portal/profile", tags=["pages: client portal"])


@profile_router.get("", summary="The client's profile")
async def profile(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    sheet = await look_at_contact(session, office, frame.client, Actor.CLIENT)
    return frame.render("portal/profile.html", sheet=sheet, **await account_context(session, office, frame))


@profile_router.get("/contact", summary="The client's contact data")
async def contact_page(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    sheet = await look_at_contact(session, office, frame.client, Actor.CLIENT)
    return frame.render("portal/contact.html", **contact_context(sheet))


@profile_router.post("/contact", summary="Change contact data")
async def write_contact(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    client = await client_by_id(session, frame.client.id, for_update=True)
    sheet = await look_at_contact(session, office, client, Actor.CLIENT)
    given = answers_given(sheet.form, form)
    try:
        changed = await change_contact(
            session, office, client, given, actor=Actor.CLIENT, seen=form.first("seen") or None
        )
    except (Conflict, ValidationFailed) as refusal:
        context = contact_context(sheet, form, refusal)
        return frame.render("portal/contact.html", status=status_of(refusal), **context)
    return frame.go("/portal/profile", "contact" if changed else "contact-same")
