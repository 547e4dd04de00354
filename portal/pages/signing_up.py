"""Signing up by a form, on our own page or inside a website: shown, taken, refused in plain words, never emptied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.signup_limits import SIGNUPS_PER_PERSON, count_signup
from commands.signups import sign_up, trapped
from domain.errors import Conflict, DomainError, RateLimited, ValidationFailed
from portal.contact_fields import answers_given, labels_of
from portal.forms import Form
from portal.pages.doors import Door, form_sections
from portal.rendering import errors_by_field, render
from web.problems import status_of


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Where a form is handed in: its own address, and how the token of a form is made and believed.

    `read_token` answers the idempotency key, None for a form that has to be shown again.
    """

    path: str
    new_token: Callable[[], str]
    read_token: Callable[[str], str | None]


def form_page(
    request: Request, door: Door, counter: Counter, form: Form | None = None, refusal: DomainError | None = None
) -> Response:
    """With a form: what was typed, and why it wasn't taken."""
    if door.closed is not None:
        status = status_of(refusal) if refusal else 200
        return render(request, "public/signup_closed.html", status=status, door=door, practice=door.practice)
    answer = render(
        request,
        "public/signup.html",
        status=status_of(refusal) if refusal else 200,
        door=door,
        practice=door.practice,
        action=counter.path,
        labels=labels_of(door.form),
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        # Corrected answers are another request: a key belongs to the answers that it came with.
        form_token=counter.new_token(),
        **form_sections(door.form) | ({"values": form.flat(), "chosen": form.values} if form else {}),
    )
    if refusal is not None and "retry_after_seconds" in refusal.data:
        answer.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
    return answer


async def take(
    request: Request, session: AsyncSession, office: Office, door: Door, counter: Counter, address: str, form: Form
) -> Response:
    """The sign-up, or the form again with everything that was typed."""
    try:
        await _count(office, door, address, form)
        if not trapped(form.first("website")):
            await _accept(session, office, door, counter, form)
    except DomainError as refusal:
        return form_page(request, door, counter, form, refusal)
    return RedirectResponse(f"{counter.path}/done", 303)


async def _count(office: Office, door: Door, address: str, form: Form) -> None:
    try:
        await count_signup(office.database, address, door.provider.slug, form.first("email"))
    except RateLimited as refusal:
        raise RateLimited(_too_often(door, refusal), **refusal.data) from None


def _too_often(door: Door, refusal: RateLimited) -> str:
    phone = door.practice.phone
    if refusal.data.get("limit") == SIGNUPS_PER_PERSON.name:
        return (
            "You have sent this form many times with this email address. Please look for our mail, in the spam folder "
            f"too, or call us at {phone}."
        )
    seconds = refusal.data.get("retry_after_seconds")
    minutes = max(1, -(-seconds // 60)) if isinstance(seconds, int) else 1
    return (
        "We are getting more forms than we can take right now. Yours isn't lost: everything you typed is below. "
        f"Please press Send again in {'a minute' if minutes == 1 else f'{minutes} minutes'}, or call us at {phone}."
    )


async def _accept(session: AsyncSession, office: Office, door: Door, counter: Counter, form: Form) -> None:
    """Raises what `sign_up` raises, with nothing written."""
    if door.closed is not None:
        raise door.closed
    key = counter.read_token(form.first("form_token"))
    if key is None:
        raise Conflict(
            "This form was open for a long time. Everything you typed is below: please press Send once more."
        )
    try:
        async with session.begin_nested():
            await sign_up(session, office, door.here, answers_given(door.form, form), idempotency_key=key)
    except Conflict:
        raise Conflict(
            "This form has been sent before, with other answers. To sign up another person, press Send once more."
        ) from None
