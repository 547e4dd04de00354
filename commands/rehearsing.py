"""A rehearsal under the settings in force: read, planned on virtual time, and its mails written; nothing leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from activities.greeting_letter import SAMPLE, Addressee
from activities.post import Letterhead, letterhead
from commands.office import Office
from db.appointment_types import load_types
from db.models import Provider
from db.policy_store import PolicyInForce, load_policy
from db.settings_store import list_attachments, load, load_availability, practice_standing
from domain.appointment_types import AppointmentType, AppointmentTypes
from domain.attachments import distinct_names
from domain.availability import is_timezone
from domain.errors import FieldError, ValidationFailed
from domain.ports import Letter
from domain.rehearsal import Circumstances, Moment, Rehearsal, RehearsedTrack, Script
from domain.rehearsal_notes import NOWHERE
from domain.rehearsal_script import Variant, script_for
from domain.rehearsal_way import rehearse
from domain.rehearsal_weeks import Week, named_week, next_clock_change, next_week
from domain.states import SettingsKind

_Word = TypeVar("_Word", bound=StrEnum)
# Beside the names of weeks.
NEXT, CLOCK_CHANGE, AFTER_CHANGE = "next", "clock-change", "after-clock-change"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be rehearsed; `week` is a name or one of the words; `zone` the client's (None: as here).

    `kind` is the appointment type that is booked, by its id or its name (None: the default one).
    """

    track: RehearsedTrack
    variant: Variant
    week: str = NEXT
    zone: str | None = None
    kind: str | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is in force at the provider, and what the mails are written with."""

    around: Circumstances
    policy: PolicyInForce
    types: AppointmentTypes
    kind: AppointmentType
    head: Letterhead
    greeting: Mapping[str, Any] | None
    reader: Addressee

    def letter(self, office: Office, moment: Moment) -> Letter | None:
        """The mail as it would arrive."""
        if moment.mail is None:
            return None
        if moment.mail.letter == "greeting":
            assert self.greeting is not None
            unsubscribe = f"{office.base_url}/unsubscribe/{NOWHERE}"
            return office.greeting_writer.write(self.head, self.greeting, self.reader, unsubscribe=unsubscribe)
        return office.letters.write(moment.mail.letter, self.head.context() | moment.mail.facts)


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """`clock_change` is the week in which the provider's clock changes next; None where it never does."""

    wish: Wish
    week: Week
    clock_change: Week | None
    script: Script
    rehearsal: Rehearsal
    letters: tuple[Letter | None, ...]
    here: Surroundings

    @property
    def timezone(self) -> str:
        return self.here.around.availability.timezone

    @property
    def clients_zone(self) -> str:
        return self.here.around.clients_zone


def read_wish(
    track: str | None, variant: str | None, week: str | None, zone: str | None, kind: str | None = None
) -> Wish:
    """What isn't said is the ordinary: who signs up, does everything at once, next week. Raises ValidationFailed."""
    errors: list[FieldError] = []
    wish = Wish(
        track=_word("track", track, RehearsedTrack.ANONYMOUS, errors),
        variant=_word("variant", variant, Variant.PROMPT, errors),
        week=(week or "").strip() or NEXT,
        zone=(zone or "").strip() or None,
        kind=(kind or "").strip() or None,
    )
    if wish.week not in (NEXT, CLOCK_CHANGE, AFTER_CHANGE):
        try:
            named_week(wish.week)
        except ValidationFailed as refusal:
            errors += refusal.errors
    if wish.zone is not None and not (len(wish.zone) <= 60 and is_timezone(wish.zone)):
        errors.append(FieldError(field="zone", message="must be a time zone such as America/Chicago"))
    if errors:
        raise ValidationFailed(errors)
    return wish


def _word(field: str, said: str | None, otherwise: _Word, errors: list[FieldError]) -> _Word:
    kind = type(otherwise)
    try:
        return kind(said) if said else otherwise
    except ValueError:
        errors.append(FieldError(field=field, message=f"must be one of {', '.join(kind)}"))
        return otherwise


async def rehearse_with(session: AsyncSession, office: Office, provider: Provider, wish: Wish) -> Rehearsed:
    """Only reads. Raises ValidationFailed for an unknown type, and where a clock that never changes is asked for."""
    here = await surroundings(session, office, provider, wish.track, zone=wish.zone, kind=wish.kind)
    zone, now = here.around.availability.zone, await office.clock.now(session)
    change = next_clock_change(now, zone)
    week = _week(wish.week, change, next_week(now, zone))
    script = script_for(here.around, wish.variant, week)
    rehearsal = rehearse(here.around, script)
    return Rehearsed(
        wish=wish,
        week=week,
        clock_change=change,
        script=script,
        rehearsal=rehearsal,
        letters=tuple(here.letter(office, moment) for moment in rehearsal.moments),
        here=here,
    )


def _week(wanted: str, change: Week | None, following: Week) -> Week:
    if wanted == NEXT:
        return following
    if wanted not in (CLOCK_CHANGE, AFTER_CHANGE):
        return named_week(wanted)
    if change is None:
        raise ValidationFailed.of("week", "can't be that: the provider's clock doesn't change")
    return change if wanted == CLOCK_CHANGE else change.following


async def surroundings(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    track: RehearsedTrack,
    *,
    zone: str | None = None,
    kind: str | None = None,
    reader: Addressee = SAMPLE,
) -> Surroundings:
    """Of a client without settings of their own who books this type, or the default one. Raises ValidationFailed."""
    in_force = await load_policy(session, provider.id)
    types = await load_types(session, provider.id)
    chosen = _chosen(types, kind)
    availability = await load_availability(session, provider.id)
    greeting = (await load(session, provider.id, SettingsKind.GREETING)).document
    around = Circumstances(
        track=track,
        policy=chosen.under(in_force.policy, in_force.sources),
        standing=await practice_standing(session, provider),
        availability=availability,
        clients_zone=zone or availability.timezone,
        site=office.base_url,
        first_name=reader.first_name,
        greeting_files=await _files(session, provider, greeting),
        settings_version=in_force.versions,
    )
    return Surroundings(
        around=around,
        policy=in_force,
        types=types,
        kind=chosen,
        head=await letterhead(session, provider.id),
        greeting=greeting,
        reader=reader,
    )


def _chosen(types: AppointmentTypes, wanted: str | None) -> AppointmentType:
    if wanted is None:
        return types.default
    for one in types.open:
        if wanted == one.id or wanted.casefold() == one.name.casefold():
            return one
    raise ValidationFailed.of("type", "isn't one of the appointment types that can be booked")


async def _files(
    session: AsyncSession, provider: Provider, greeting: Mapping[str, Any] | None
) -> tuple[str, ...] | None:
    if greeting is None:
        return None
    files = await list_attachments(session, provider.id, [one["id"] for one in greeting["attachments"]])
    return tuple(distinct_names([file.name for file in files]))
