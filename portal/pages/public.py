"""Pages for everybody: the front door, the provider's page, and the sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.rate_limits import SIGNUPS_PER_ADDRESS, SIGNUPS_PER_PROVIDER, count_request
from commands.settings import read_settings
from commands.signups import sign_up, trapped
from db.in_force import InForce, in_force_at
from db.models import Practice, Provider
from db.tenancy import practice_of, provider_by_slug
from domain.decisions import signup_refusal
from domain.errors import DomainError, ValidationFailed
from domain.page import Page, parse_page
from domain.signup_form import SignupForm
from domain.states import SettingsKind
from portal.contact_fields import AUTOCOMPLETE, answers_given
from portal.forms import Form, PublicForm, new_form_token
from portal.rendering import errors_by_field, render
from web.fields import opaque_id
from web.transactions import RemoteAddress, TheOffice, Transaction

public_router = APIRouter(tags=["pages: public"])


@dataclass(frozen=True, kw_only=True)
class Door:
    """The provider's page, and whether new clients can come in by it."""

    provider: Provider
    practice: Practice
    page: Page
    here: InForce
    closed: DomainError | None

    @property
    def published(self) -> bool:
        return self.here.policy.policy.page_published

    @property
    def form(self) -> SignupForm:
        return self.here.signup_form


async def _door(session: AsyncSession, slug: str) -> Door:
    provider = await provider_by_slug(session, opaque_id(slug))
    document = (await read_settings(session, provider, SettingsKind.PAGE)).document
    here = await in_force_at(session, provider.slug)
    return Door(
        provider=provider,
        practice=await practice_of(session, provider.practice_id),
        page=parse_page(document),
        here=here,
        closed=signup_refusal(here.policy.policy, here.standing),
    )


@public_router.get("/", summary="The front door")
async def landing(request: Request, session: Transaction, office: TheOffice) -> Response:
    """Practice-neutral; the demo also leads to its providers' pages."""
    providers: list[Provider] = []
    if office.environment == "demo":
        providers = list(await session.scalars(select(Provider).order_by(Provider.created_at).limit(10)))
    return render(request, "public/landing.html", providers=providers)


@public_router.get("/p/{provider}", summary="A provider's page")
async def provider_page(request: Request, provider: str, session: Transaction) -> Response:
    door = await _door(session, provider)
    if not door.published:
        return render(request, "public/unpublished.html", status=404, door=door, practice=door.practice)
    return render(request, "public/provider.html", door=door, practice=door.practice)


@public_router.get("/p/{provider}/signup", summary="The sign-up form")
async def signup_form(request: Request, provider: str, session: Transaction) -> Response:
    return _signup_page(request, await _door(session, provider))


@public_router.post("/p/{provider}/signup", summary="Sign up")
async def signup(
    request: Request,
    provider: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    form: PublicForm,
) -> Response:
    door = await _door(session, provider)
    counted = (SIGNUPS_PER_ADDRESS, address), (SIGNUPS_PER_PROVIDER, door.provider.id)
    await count_request(office.database, *counted)
    done = RedirectResponse(f"/p/{door.provider.slug}/signup/done", 303)
    if trapped(form.first("website")):
        return done
    if door.closed is not None:
        return _signup_page(request, door, status=409)
    try:
        await _accept(session, office, door, form)
    except ValidationFailed as refusal:
        return _signup_page(request, door, form, status=422, refusal=refusal)
    return done


async def _accept(session: AsyncSession, office: Office, door: Door, form: Form) -> None:
    key = form.first("form_token")[:100] or None
    async with session.begin_nested():
        await sign_up(session, office, door.here, answers_given(door.form, form), idempotency_key=key)


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
        values=form.flat() if form else {},
        chosen=form.values if form else {},
        sections=[(title, list(fields)) for title, fields in groupby(door.form.asked, lambda one: one.section)],
        complete=AUTOCOMPLETE,
        errors=errors_by_field(refusal.errors) if refusal else {},
        form_token=new_form_token(),
    )


@public_router.get("/p/{provider}/signup/done", summary="Check your mail")
async def signup_done(request: Request, provider: str, session: Transaction) -> Response:
    door = await _door(session, provider)
    return render(request, "public/signup_done.html", door=door, practice=door.practice)
