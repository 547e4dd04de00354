"""The practice itself: its name and how it is reached, and a new provider."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.practices import add_provider, change_practice
from domain.errors import DomainError, ValidationFailed
from domain.practices import LONGEST_NAME, LONGEST_PHONE, LONGEST_SLUG
from domain.roles import Permission
from portal.forms import Form, StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from portal.rendering import errors_by_field
from portal.zones import zone_choices
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_practice_router = APIRouter(tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PRACTICE)])

_DETAILS = ("name", "phone", "email", "country")
_PROVIDER = ("name", "slug", "timezone")


@console_practice_router.get("/console/practice", summary="The practice's name and how it is reached")
async def practice_page(frame: TheStaffFrame) -> Response:
    return _details(frame, {name: getattr(frame.practice, name) for name in _DETAILS})


@console_practice_router.post("/console/practice", summary="Change the practice's name and how it is reached")
async def save_practice(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    typed = _typed(form, _DETAILS)
    try:
        async with session.begin_nested():
            await change_practice(session, office, typed, frame.staff.who)
    except ValidationFailed as refusal:
        return _details(frame, typed, refusal)
    return go("/console/practice", "saved")


@console_practice_router.get("/console/providers/new", summary="Before adding a provider")
async def new_provider_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    return _new_provider(
        frame, office.base_url, {"timezone": await timezone_of_practice(session, frame.staff.reach)}, None
    )


@console_practice_router.post("/console/providers/new", summary="Add a provider")
async def save_new_provider(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    typed = _typed(form, _PROVIDER)
    try:
        async with session.begin_nested():
            provider = await add_provider(session, office, typed, frame.staff.who)
    except ValidationFailed as refusal:
        return _new_provider(frame, office.base_url, typed, refusal)
    return go(f"/console/providers/{provider.slug}/availability", "provider-added")


def _typed(form: Form, names: tuple[str, ...]) -> dict[str, str]:
    return {name: form.text(name) for name in names}


def _details(frame: StaffFrame, values: dict[str, str], refusal: DomainError | None = None) -> Response:
    return frame.render(
        "console/practice.html",
        status=status_of(refusal) if refusal else 200,
        values=values,
        errors=_errors(refusal),
        longest={"name": LONGEST_NAME, "phone": LONGEST_PHONE},
    )


def _new_provider(frame: StaffFrame, base_url: str, values: dict[str, str], refusal: DomainError | None) -> Response:
    return frame.render(
        "console/new_provider.html",
        status=status_of(refusal) if refusal else 200,
        values=values,
        errors=_errors(refusal),
        base_url=base_url,
        longest={"name": LONGEST_NAME, "slug": LONGEST_SLUG},
        zone_choices=zone_choices(),
    )


def _errors(refusal: DomainError | None) -> dict[str, str]:
    return errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {}
