"""The rehearsal's page: one client, one week, and everything that they would get, on one line of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from commands.rehearsing import AFTER_CHANGE, CLOCK_CHANGE, NEXT, Rehearsed, Wish, read_wish, rehearse_with
from db.models import Provider
from domain.errors import ValidationFailed
from domain.policy_levels import Source
from domain.ports import Letter
from domain.rehearsal import Moment, RehearsedTrack
from domain.rehearsal_script import Variant
from domain.roles import Permission
from domain.wording import spoken_clock, spoken_date
from portal.framing import MAIL_IN_A_FRAME
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import TheStaffFrame
from portal.rehearsal_shapes import settings_behind
from portal.rehearsal_words import preview_link, setting_in_words, setting_link, why
from portal.rendering import errors_by_field
from portal.shapes import Json
from portal.type_preview import previews
from portal.zones import clock_beside, zone_choices
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_rehearsal_router = APIRouter(
    prefix="/console/settings/{provider}/rehearsal",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One moment as the page shows it; `beside` is what the client's clock shows, where that differs."""

    moment: Moment
    letter: Letter | None
    clock: str
    beside: str | None
    why: str
    settings: list[tuple[str, str]]  # in words, and where it is changed
    preview: tuple[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Day:
    title: str
    moments: list[Shown]


@console_rehearsal_router.get("", summary="Rehearse: every mail, page and charge that a client would get")
async def rehearsal_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    provider: OwnProvider,
    track: Annotated[str | None, Query(max_length=40)] = None,
    variant: Annotated[str | None, Query(max_length=40)] = None,
    week: Annotated[str | None, Query(max_length=40)] = None,
    zone: Annotated[str | None, Query(max_length=60)] = None,
    kind: Annotated[str | None, Query(alias="type", max_length=100)] = None,
) -> Response:
    """Looking changes nothing: nothing is sent, charged or kept."""
    errors: dict[str, str] = {}
    try:
        rehearsed = await rehearse_with(session, office, provider, read_wish(track, variant, week, zone, kind))
    except ValidationFailed as refusal:
        errors = errors_by_field(refusal.errors)
        ordinary = Wish(track=RehearsedTrack.ANONYMOUS, variant=Variant.PROMPT)
        rehearsed = await rehearse_with(session, office, provider, ordinary)
    answer = frame.render(
        "console/rehearsal.html",
        status=422 if errors else 200,
        provider=provider,
        rehearsed=rehearsed,
        typed={"week": week or "", "zone": zone or ""},
        errors=errors,
        weeks=_weeks(rehearsed),
        zones=zone_choices(),
        types=_types(rehearsed) if rehearsed.here.types.several or "type" in errors else [],
        days=[] if errors else _days(provider, rehearsed),
    )
    answer.headers.update(MAIL_IN_A_FRAME)
    return answer


def _weeks(rehearsed: Rehearsed) -> list[tuple[str, str]]:
    """Quick choices."""
    change = [(CLOCK_CHANGE, "Week of the next clock change"), (AFTER_CHANGE, "The week after it")]
    return [(NEXT, "Next week"), *(change if rehearsed.clock_change is not None else [])]


def _types(rehearsed: Rehearsed) -> list[tuple[str, str]]:
    """What can be booked, in words."""
    here = rehearsed.here
    return [(one.kind.id, one.said) for one in previews(here.types, here.policy.policy, here.policy.sources)]


def _days(provider: Provider, rehearsed: Rehearsed) -> list[Day]:
    days: list[Day] = []
    for moment, letter in zip(rehearsed.rehearsal.moments, rehearsed.letters, strict=True):
        local = moment.at.astimezone(rehearsed.here.around.availability.zone)
        title = f"{local:%A}, {spoken_date(moment.at, rehearsed.timezone)}"
        if not days or days[-1].title != title:
            days.append(Day(title=title, moments=[]))
        days[-1].moments.append(_shown(provider, rehearsed, moment, letter))
    return days


def _shown(provider: Provider, rehearsed: Rehearsed, moment: Moment, letter: Letter | None) -> Shown:
    local = moment.at.astimezone(rehearsed.here.around.availability.zone)
    behind = settings_behind(rehearsed, moment)
    return Shown(
        moment=moment,
        letter=letter,
        clock=f"{spoken_clock(moment.at, rehearsed.timezone)} {local:%Z}",
        beside=clock_beside(moment.at, rehearsed.timezone, rehearsed.clients_zone),
        why=why(moment),
        settings=[(_in_words(one), setting_link(provider.slug, one["name"])) for one in behind],
        preview=preview_link(provider.slug, moment, rehearsed.here.around.policy.intake_form_id),
    )


def _in_words(setting: Json) -> str:
    return setting_in_words(setting["name"], setting["value"], Source(setting["source"]))
