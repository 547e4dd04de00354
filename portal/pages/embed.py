"""The sign-up inside a practice's own website: the script that its pages load, and the form that it shows there."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from commands.office import Office
from portal.forms import PublicForm
from portal.framing import framed, mint_form_token, read_form_token
from portal.pages.doors import Door, door_at
from portal.pages.signing_up import Counter, form_page, take
from portal.rendering import render, render_text
from web.transactions import RemoteAddress, TheOffice, Transaction

embed_script_router = APIRouter(prefix="/embed", tags=["embed"])  # read by machines, also when it is refused
embed_router = APIRouter(prefix="/embed", tags=["pages: public"], dependencies=[Depends(framed)])


@embed_script_router.get("/{provider}.js", summary="What a website loads to show a button or the sign-up form")
async def script(provider: str, session: Transaction, office: TheOffice) -> Response:
    """For any website: it says nothing that the provider's page doesn't. A copy may be a few minutes old."""
    door = await door_at(session, provider)
    gone = _gone(door) if door.left else None
    content = render_text("embed.js", portal=office.base_url, slug=door.provider.slug, name=door.page.name, gone=gone)
    headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(content, media_type="text/javascript", headers=headers)


def _gone(door: Door) -> str:
    """What stands in the place of the button when the provider has left."""
    words = f" {door.provider.left_words}" if door.provider.left_words else ""
    return f"{door.page.name} has left {door.practice.name}.{words} Please call us: {door.practice.phone}"


def _counter(office: Office, slug: str) -> Counter:
    return Counter(
        path=f"/embed/{slug}/signup",
        new_token=lambda: mint_form_token(office, slug),
        read_token=lambda token: read_form_token(office, slug, token),
    )


@embed_router.get("/{provider}/signup", summary="The sign-up form, for a frame in the provider's website")
async def embedded_form(request: Request, provider: str, session: Transaction, office: TheOffice) -> Response:
    door = await door_at(session, provider)
    return form_page(request, door, _counter(office, door.provider.slug))


@embed_router.post("/{provider}/signup", summary="Sign up in the provider's website")
async def embedded_signup(
    request: Request,
    provider: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    form: PublicForm,
) -> Response:
    door = await door_at(session, provider)
    return await take(request, session, office, door, _counter(office, door.provider.slug), address, form)


@embed_router.get("/{provider}/signup/done", summary="Check your mail, for a frame in the provider's website")
async def embedded_done(request: Request, provider: str, session: Transaction) -> Response:
    door = await door_at(session, provider)
    return render(request, "public/signup_done.html", door=door, practice=door.practice)
