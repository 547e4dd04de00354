"""The shapes of documents that are read and written alike: settings, page, form, greeting, hours."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from domain.policy import PortalPolicy
from domain.policy_levels import SETTINGS_AT, Source
from portal.described import words as w
from portal.described.answers import Money
from web.described import schema_of

_SETTING: dict[str, Any] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "int | None": {"type": ["integer", "null"]},
    "str | None": {"type": ["string", "null"]},
    "tuple[str, ...]": {"type": "array", "items": {"type": "string"}},
    "tuple[int, ...]": {"type": "array", "items": {"type": "integer"}},
    "Money | None": {"anyOf": [schema_of(Money), {"type": "null"}]},
}


def _settings(level: Source, *, complete: bool) -> WithJsonSchema:
    """The portal settings that may be set at a level, from the policy's own fields."""
    kinds = {field.name: _SETTING[str(field.type)] for field in fields(PortalPolicy)}
    names = [name for name in kinds if name in SETTINGS_AT[level]]
    schema = {"type": "object", "properties": {name: kinds[name] for name in names}}
    return WithJsonSchema(schema | ({"required": names} if complete else {}))


PracticeSettings = Annotated[dict[str, Any], _settings(Source.PRACTICE, complete=True)]
ProviderSettings = Annotated[dict[str, Any], _settings(Source.PROVIDER, complete=True)]
SomePracticeSettings = Annotated[dict[str, Any], _settings(Source.PRACTICE, complete=False)]
SomeProviderSettings = Annotated[dict[str, Any], _settings(Source.PROVIDER, complete=False)]
ClientSettings = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "What is different for this client; PUT replaces it as a whole.",
            "properties": {
                "reason": {"type": ["string", "null"]},
                **schema_of(Annotated[dict[str, Any], _settings(Source.CLIENT, complete=False)])["properties"],
            },
        }
    ),
]


class Provider(TypedDict):
    provider: w.Slug
    name: str
    timezone: str
    left_at: w.Instant | None


class Leaving(TypedDict):
    """What a provider has to do with; in the answer to leaving, what has ended with it."""

    left_at: w.Instant | None
    words: str | None
    appointments_ahead: int
    clients_under_way: int
    waiting: int
    payments_open: int
    sign_ins: int
    calendar_feed: bool
    busy_calendar: bool


class SettingsSource(TypedDict):
    name: str
    value: Any
    source: w.SourceWord
    inherited: Any
    inherited_source: w.SourceWord


class SettingsVersion(TypedDict):
    version: int
    saved_at: w.Instant
    saved_by: str
    reason: str | None
    settings: dict[str, Any]


class Touched(TypedDict):
    kind: w.ConsequenceWord
    setting: str
    count: int
    text: str


class SignupField(TypedDict):
    key: str
    type: w.FieldTypeWord
    label: str
    enabled: bool
    required: bool
    options: NotRequired[list[str]]
    help: NotRequired[str]
    section: NotRequired[str]
    min: NotRequired[float]
    max: NotRequired[float]


class SignupForm(TypedDict):
    version: NotRequired[int]
    fields: list[SignupField]


class PictureChoice(TypedDict):
    id: str
    alt: str


class Picture(PictureChoice):
    url: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]


class Page(TypedDict):
    name: str
    title: str
    intro: str
    contact: str
    picture: Picture | None


class PageToSave(TypedDict):
    name: str
    title: NotRequired[str]
    intro: NotRequired[str]
    contact: NotRequired[str]
    picture: NotRequired[Picture | None]


class File(TypedDict):
    id: str
    name: str


class FileChoice(TypedDict):
    id: str
    name: NotRequired[str]


class Greeting(TypedDict):
    subject: str
    body: str
    attachments: list[File]


class GreetingToSave(TypedDict):
    subject: str
    body: Annotated[str, Field(description="With merge fields such as {{first_name}}.")]
    attachments: NotRequired[list[FileChoice]]


class Interval(TypedDict):
    start: w.Clock
    end: w.Clock


class WeeklyOpening(Interval):
    weekday: w.Weekday


class DateOverride(TypedDict):
    date: w.Day
    intervals: list[Interval]


class TimeOff(TypedDict):
    first_day: w.Day
    last_day: w.Day
    note: NotRequired[str]


class Availability(TypedDict):
    timezone: str
    weekly: list[WeeklyOpening]
    overrides: list[DateOverride]
    time_off: NotRequired[list[TimeOff]]
    open_on_holidays: NotRequired[list[w.Day]]


class AppointmentTypeToSave(TypedDict):
    id: NotRequired[Annotated[str | None, Field(description="Of one that is there already; left out for a new one.")]]
    name: Annotated[str, Field(description="Shown to clients in the portal, and nowhere else.")]
    minutes: NotRequired[Annotated[int | None, Field(description="null: as the portal settings say.")]]
    fee_rule: NotRequired[w.FeeRuleWord]
    fee: NotRequired[Annotated[Money | None, Field(description="For the rule `own`, and for no other.")]]
    archived: NotRequired[bool]


class AppointmentTypesToSave(TypedDict):
    types: Annotated[
        list[AppointmentTypeToSave],
        Field(description="In the order that clients see. The first is the default. What isn't named is archived."),
    ]


class AppointmentType(TypedDict):
    id: str
    name: str
    minutes: int | None
    fee_rule: w.FeeRuleWord
    fee: Money | None
    archived: bool


class AppointmentTypes(TypedDict):
    types: list[AppointmentType]


class Holiday(TypedDict):
    date: w.Day
    name: str


class Holidays(TypedDict):
    holidays: list[Holiday]


class IntakeForm(TypedDict):
    id: str
    title: str
    version: int
    selectable: bool
    origin: w.FormOriginWord
    questionnaire: w.Questionnaire


class Warned(TypedDict):
    field: str
    message: str


class ImportedForm(IntakeForm):
    warnings: list[Warned]


class UploadedPicture(TypedDict):
    id: str
    url: str
    width: int
    height: int


class MerchantAccount(TypedDict):
    status: w.MerchantWord
    account: str | None
    since: w.Instant | None
    due: Annotated[int, Field(description="How many things the processor asks for.")]
    disabled_reason: str | None
    read_at: w.Instant | None


class Onboarding(TypedDict):
    url: str


class ContactField(TypedDict):
    key: str
    type: w.FieldTypeWord
    label: str
    required: bool
    options: NotRequired[list[str]]


class ContactSheet(TypedDict):
    fields: list[ContactField]
    values: dict[str, Any]


class Waiver(TypedDict):
    id: str
    reason: str
    waived_by: str
    waived_at: w.Instant


class WaiverNow(TypedDict):
    waiver: Annotated[Waiver | None, Field(description="null where none is open.")]
