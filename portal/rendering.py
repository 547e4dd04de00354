"""Pages: the Jinja environment, its filters, and the one function that renders a template into an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from domain.errors import FieldError
from domain.questionnaire_instances import most_instances
from domain.wording import spoken_clock, spoken_date, spoken_day, spoken_time
from portal import (
    batch_words,
    called_off_words,
    dispute_words,
    duplicate_words,
    greeting_words,
    invitation_words,
    money_words,
    outlook_words,
    payment_words,
    policy_words,
    refund_words,
    rehearsal_words,
    staff_words,
    wording,
)
from portal.answers import condition_data, condition_note, input_type, limit_note
from portal.done_words import DONE
from portal.framing import LEADING_AWAY, framed_of
from portal.paths import identifier, with_query
from portal.repeating import instances_note, removable, whole_group
from portal.zones import clock_beside

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        when=spoken_time,
        clock=spoken_clock,
        day=spoken_day,
        date=spoken_date,
        zone=_zone_name,
        short=wording.short_time,
        city=_city,
        iso=lambda instant: instant.isoformat(),
        money=wording.money,
        identifier=identifier,
        phone_link=_phone_link,
    )
    environment.globals.update(
        static=_static_address,
        with_query=with_query,
        clock_beside=clock_beside,
        words=wording,
        batch_words=batch_words,
        called_off_words=called_off_words,
        dispute_words=dispute_words,
        duplicate_words=duplicate_words,
        invitation_words=invitation_words,
        outlook_words=outlook_words,
        staff_words=staff_words,
        payment_words=payment_words,
        money_words=money_words,
        policy_words=policy_words,
        refund_words=refund_words,
        rehearsal_words=rehearsal_words,
        greeting_words=greeting_words,
        condition_note=condition_note,
        condition_data=condition_data,
        input_type=input_type,
        limit_note=limit_note,
        most_instances=most_instances,
        removable=removable,
        instances_note=instances_note,
        whole_group=whole_group,
    )
    return environment


@cache
def _static_address(name: str) -> str:
    """With a fingerprint of the content, so that browsers may keep the file for good."""
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def _zone_name(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(wording.zone(timezone)):%Z}"


def _city(timezone: str) -> str:
    """For example "New York", of "America/New_York"."""
    return timezone.rpartition("/")[2].replace("_", " ")


def _phone_link(phone: str) -> str:
    return "tel:" + "".join(character for character in phone if character.isdigit() or character == "+")


def render_text(template: str, **context: Any) -> str:
    defaults: dict[str, Any] = {
        "flash": None,
        "csrf": None,
        "nav": None,
        "errors": {},
        "refresh": None,
        "practice": None,
        "layout": "base.html",
        "framed": None,
        "away": "",
        "page_name": template.removesuffix(".html"),
    }
    return _environment().get_template(template).render(defaults | context)


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page; `?done=<code>` shows the fixed sentence that belongs to the code.

    Inside a website it has another layout, and its links lead to a tab of their own.
    """
    context.setdefault("flash", DONE.get(request.query_params.get("done", "")))
    framed = framed_of(request)
    if framed is not None:
        context |= {"layout": "framed.html", "framed": framed, "away": LEADING_AWAY}
    return HTMLResponse(render_text(template, **context), status)


def errors_by_field(errors: Sequence[FieldError]) -> dict[str, str]:
    """The first message for each field, in the order they were found."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error.field, error.message[:1].upper() + error.message[1:])
    return found


def refresh_after(seconds: int, address: str | None = None) -> str:
    """The content of a refresh: pages that wait for a machine look again by themselves, also without JavaScript."""
    return f"{seconds}; url={address}" if address else str(seconds)


def spoken_until(instant: datetime, timezone: str, now: datetime) -> str:
    """For example "2:30 PM EST"; with its date where that isn't today's."""
    zone = ZoneInfo(timezone)
    if instant.astimezone(zone).date() != now.astimezone(zone).date():
        return spoken_time(instant, timezone)
    return f"{spoken_clock(instant, timezone)} {_zone_name(instant, timezone)}"


def mount_static(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
