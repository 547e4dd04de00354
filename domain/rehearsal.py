"""A rehearsal's vocabulary: what would happen to one client, when, who would see it, and by which setting.

It is a plan over virtual time, made of the same decisions as the journeys; nothing is sent, stored or charged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.decisions import PracticeStanding
from domain.hours import Availability
from domain.mail_facts import Facts
from domain.money import Money
from domain.policy import PortalPolicy
from domain.ports import CalendarMethod
from domain.stages import Actor, Track


class RehearsedTrack(StrEnum):
    """How the client comes, and who books."""

    ANONYMOUS = "anonymous"
    INVITED = "invited"
    FRONT_DESK = "front-desk"  # invited, and the practice books for them

    @property
    def track(self) -> Track:
        return Track.ANONYMOUS if self is RehearsedTrack.ANONYMOUS else Track.INVITED

    @property
    def booked_by(self) -> Actor:
        return Actor.STAFF if self is RehearsedTrack.FRONT_DESK else Actor.CLIENT


class MomentKind(StrEnum):
    PAGE = "page"
    MAIL = "mail"
    CHARGE = "charge"
    REFUND = "refund"
    WAITING = "waiting"  # something ends, or begins, by itself
    REFUSAL = "refusal"


class SeenBy(StrEnum):
    CLIENT = "client"
    FRONT_DESK = "front_desk"


class What(StrEnum):
    """Everything that a rehearsal can tell."""

    SIGN_UP = "sign_up"
    INVITING = "inviting"
    ACCOUNT = "account"
    INTAKE = "intake"
    CHOOSING = "choosing"
    PAYING = "paying"
    STAFF_BOOKS = "staff_books"
    CANCELLING = "cancelling"
    INVITATION = "portal_invitation"
    INVITATION_REMINDER = "invitation_reminder"
    GREETING = "greeting"
    FORMS = "new_client_forms"
    INTAKE_REMINDER = "intake_reminder"
    CONFIRMATION = "booking_confirmation"
    REMINDER = "appointment_reminder"
    CANCELLATION = "cancellation_notice"
    TOLD_SIGNED_UP = "front_desk_signed_up"
    TOLD_BOOKED = "front_desk_booked"
    TOLD_CANCELLED = "front_desk_cancelled"
    FEE = "fee"
    FEE_BACK = "fee_back"
    INVITATION_EXPIRES = "invitation_expires"
    HOLD_ENDS = "hold_ends"
    WAY_LAPSES = "way_lapses"
    VISIT = "visit"
    # What is closed
    SIGN_UP_CLOSED = "sign_up_closed"
    GREETING_OFF = "greeting_off"
    GREETING_MISSING = "greeting_missing"
    BOOKING_CLOSED = "booking_closed"
    NO_TIMES = "no_times"
    CANCELLING_CLOSED = "cancelling_closed"
    REMINDERS_OFF = "reminders_off"


@dataclass(frozen=True, kw_only=True)
class PlannedMail:
    """Written by the letter of that name with these facts; the greeting has the provider's own words."""

    letter: str
    facts: Facts = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    calendar: CalendarMethod | None = None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`settings` are the names of the portal settings behind it; `detail` what is said beside its own words."""

    at: datetime
    what: What
    kind: MomentKind
    seen_by: SeenBy
    settings: tuple[str, ...] = ()
    detail: str = ""
    mail: PlannedMail | None = None
    money: Money | None = None


@dataclass(frozen=True, kw_only=True)
class Script:
    """When the client does each thing; None where they never do. `forms_at` is when the provider presses the button.

    `starts_at` is the time that is booked; None where none is offered.
    """

    begins_at: datetime
    books_at: datetime | None
    starts_at: datetime | None
    opens_account_at: datetime | None = None
    submits_intake_at: datetime | None = None
    pays_at: datetime | None = None
    cancels_at: datetime | None = None
    forms_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is in force at a provider, as for one of their appointment types; `first_name` is a made-up client's.

    `greeting_files` is None where no greeting has been written. `clients_zone` is by whose nights nobody is reminded.
    """

    track: RehearsedTrack
    policy: PortalPolicy
    standing: PracticeStanding
    availability: Availability
    clients_zone: str
    site: str
    first_name: str
    greeting_files: tuple[str, ...] | None = None
    settings_version: str = ""


@dataclass(frozen=True, kw_only=True)
class Totals:
    client_mails: int
    practice_mails: int
    pages: int
    charges: tuple[Money, ...]
    refunds: tuple[Money, ...]

    @property
    def mails(self) -> int:
        return self.client_mails + self.practice_mails


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """In order of time; `closed` is what the present settings keep from happening on this track at all."""

    moments: tuple[Moment, ...]

    @property
    def closed(self) -> tuple[Moment, ...]:
        return tuple(one for one in self.moments if one.kind is MomentKind.REFUSAL)

    @property
    def totals(self) -> Totals:
        mails = [one for one in self.moments if one.kind is MomentKind.MAIL]
        return Totals(
            client_mails=sum(one.seen_by is SeenBy.CLIENT for one in mails),
            practice_mails=sum(one.seen_by is SeenBy.FRONT_DESK for one in mails),
            pages=sum(one.kind is MomentKind.PAGE and one.seen_by is SeenBy.CLIENT for one in self.moments),
            charges=_money(self.moments, MomentKind.CHARGE),
            refunds=_money(self.moments, MomentKind.REFUND),
        )


def _money(moments: Sequence[Moment], kind: MomentKind) -> tuple[Money, ...]:
    return tuple(one.money for one in moments if one.kind is kind and one.money is not None)
