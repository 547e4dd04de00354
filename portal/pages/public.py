"""Pages for everybody: the front door, the provider's page with its picture, and the sign-up."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select

from commands.page import picture_in_force
from db.models import Provider
from domain.errors import NotFound
from portal.forms import PublicForm, new_form_token
from portal.pages.doors import door_at, picture_answer, shown_picture
from portal.pages.signing_up import Counter, form_page, take
from portal.rendering import render
from web.transactions import RemoteAddress, TheOffice, Transaction

public_router = APIRouter(tags=["pages: public"])


@public_router.get("/", summary="The front door")
async def landing(request: Request, session: Transaction, office: TheOffice) -> Response:
    """Practice-neutral; the demo also leads to its providers' pages."""
    providers: list[Provider] = []
    if office.environment == "demo":
        providers = list(
            await session.scalars(
                select(Provider).where(Provider.left_at.is_(None)).order_by(Provider.created_at).limit(10)
            )
        )
    return render(request, "public/landing.html", providers=providers)


@public_router.get("/p/{provider}", summary="A provider's page")
async def provider_page(request: Request, provider: str, session: Transaction, office: TheOffice) -> Response:
    door = await door_at(session, provider)
    if door.left:
        return render(request, "public/left.html", status=410, door=door, practice=door.practice)
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


def _counter(slug: str) -> Counter:
    """Any token will do, and none: the form stands on our own page, which browsers vouch for."""
    return Counter(
        path=f"/p/{slug}/signup",
        new_token=new_form_token,
        read_token=lambda token: token[:100] or new_form_token(),
    )


@public_router.get("/p/{provider}/signup", summary="The sign-up form")
async def signup_form(request: Request, provider: str, session: Transaction) -> Response:
    door = await door_at(session, provider)
    return form_page(request, door, _counter(door.provider.slug))


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
    return await take(request, session, office, door, _counter(door.provider.slug), address, form)


@public_router.get("/p/{provider}/signup/done", summary="Check your mail")
async def signup_done(request: Request, provider: str, session: Transaction) -> Response:
    door = await door_at(session, provider)
    return render(request, "public/signup_done.html", door=door, practice=door.practice)
