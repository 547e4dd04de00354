"""Pages for everybody: the front door, the provider's page with its picture, and the sign-up."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from commands.page import picture_in_force
from commands.rate_limits import SIGNUPS_PER_ADDRESS, SIGNUPS_PER_PROVIDER, count_request
from commands.signups import trapped
from db.models import Provider
from domain.errors import NotFound, ValidationFailed
from portal.forms import Form, PublicForm, new_form_token
from portal.pages.doors import Door, accept, door_at, form_sections, picture_answer, shown_picture
from portal.rendering import errors_by_field, render
from web.transactions import RemoteAddress, TheOffice, Transaction

public_router = APIRouter(tags=["pages: public"])


@public_router.get("/", summary="The front door")
async def landing(request: Request, session: Transaction, office: TheOffice) -> Response:
    """Practice-neutral; the demo also leads to its providers' pages."""
    providers: list[Provider] = []
    if office.environment == "demo":
        providers = list(await session.scalars(select(Provider).order_by(Provider.created_at).limit(10)))
    return render(request, "public/landing.html", providers=providers)


@public_router.get("/p/{provider}", summary="A provider's page")
async def provider_page(request: Request, provider: str, session: Transaction, office: TheOffice) -> Response:
    door = await door_at(session, provider)
    if not door.published:
        return render(request, "public/unpublished.html", status=404, door=door, practice=door.practice)
    return render(
        request,
        "public/provider.html",
        door=door,
        practice=door.practice,
        picture=await shown_picture(session, door.provider, door.page),
        base_url=office.base_url,
    )


@public_router.get("/p/{provider}/picture/{picture_id}", summary="The picture on a provider's page")
async def provider_picture(provider: str, picture_id: str, session: Transaction) -> Response:
    """Only the one in force, of a page that is published."""
    door = await door_at(session, provider)
    if not door.published:
        raise NotFound("There is no such picture.")
    return picture_answer(await picture_in_force(session, door.provider, picture_id), "public, max-age=86400")


@public_router.get("/p/{provider}/signup", summary="The sign-up form")
async def signup_form(request: Request, provider: str, session: Transaction) -> Response:
    return _signup_page(request, await door_at(session, provider))


@public_router.post("/p/{provider}/signup", summary="Sign up")
async def signup(
    request: Request,
    provider: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    form: PublicForm,
) -> Response:
    door = await door_at(session, provider)
    counted = (SIGNUPS_PER_ADDRESS, address), (SIGNUPS_PER_PROVIDER, door.provider.id)
    await count_request(office.database, *counted)
    done = RedirectResponse(f"/p/{door.provider.slug}/signup/done", 303)
    if trapped(form.first("website")):
        return done
    if door.closed is not None:
        return _signup_page(request, door, status=409)
    try:
        await accept(session, office, door, form, form.first("form_token")[:100] or None)
    except ValidationFailed as refusal:
        return _signup_page(request, door, form, status=422, refusal=refusal)
    return done


def _signup_page(
    request: Request,
    door: Door,
    form: Form | None = None,
    *,
    status: int = 200,
    refusal: ValidationFailed | None = None,
) -> Response:
    if door.closed is not None:
        return render(request, "public/signup_closed.html", status=status, door=door, practice=door.practice)
    # Corrected answers are another request: a key belongs to the answers that it came with.
    return render(
        request,
        "public/signup.html",
        status=status,
        door=door,
        practice=door.practice,
        errors=errors_by_field(refusal.errors) if refusal else {},
        form_token=new_form_token(),
        **form_sections(door.form) | ({"values": form.flat(), "chosen": form.values} if form else {}),
    )


@public_router.get("/p/{provider}/signup/done", summary="Check your mail")
async def signup_done(request: Request, provider: str, session: Transaction) -> Response:
    door = await door_at(session, provider)
    return render(request, "public/signup_done.html", door=door, practice=door.practice)
