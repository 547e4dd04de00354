"""The rehearsal, as /openapi.json tells of it."""

from __future__ import annotations

from typing import Annotated, Any

from typing_extensions import TypedDict

from domain.rehearsal import MomentKind, RehearsedTrack, SeenBy, What
from domain.rehearsal_script import Variant
from portal.described import words as w
from portal.described.answers import Money
from web.described import Told


class SettingBehind(TypedDict):
    name: str
    value: Any
    source: w.SourceWord


class RehearsedMail(TypedDict):
    letter: str
    subject: str
    text: str
    html: str
    attachments: list[str]
    calendar: str | None


class RehearsedMoment(TypedDict):
    at: w.Instant
    kind: Annotated[str, w.one_of(MomentKind)]
    what: Annotated[str, w.one_of(What)]
    seen_by: Annotated[str, w.one_of(SeenBy)]
    title: str
    why: str
    settings: list[SettingBehind]
    mail: RehearsedMail | None
    amount: Money | None


class RehearsalTotals(TypedDict):
    client_mails: int
    practice_mails: int
    pages: int
    charges: list[Money]
    refunds: list[Money]


class RehearsedType(TypedDict):
    id: str
    name: str


class RehearsalAnswer(TypedDict):
    track: Annotated[str, w.one_of(RehearsedTrack)]
    variant: Annotated[str, w.one_of(Variant)]
    week: str
    type: RehearsedType
    clock_change: str | None
    timezone: str
    clients_timezone: str
    begins_at: w.Instant
    starts_at: w.Instant | None
    totals: RehearsalTotals
    closed: list[RehearsedMoment]
    moments: list[RehearsedMoment]


REHEARSAL_SIDE = {"GET /api/v1/providers/{provider}/rehearsal": Told(gives=RehearsalAnswer)}
