"""What a table can hold about a client: the kinds of holding, whose rows they are, and their fate in an erasure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement

from db.models import Base


class Fate(StrEnum):
    """What an erasure does with the rows."""

    REMOVED = "removed"
    STRIPPED = "stripped"  # the row stays, without what says who it was
    KEPT = "kept"


class Holding(StrEnum):
    """What it is, for people; the name of its file in an export, too."""

    CONTACT = "contact"
    ACCOUNT = "account"
    ADDRESS_CHANGES = "address-changes"
    SESSIONS = "sessions"
    PASSWORD_LINKS = "password-links"
    SIGNUP = "sign-up"
    INVITATIONS = "invitations"
    INTAKE = "intake"
    FILED = "filed-answers"
    OVERRIDES = "settings"
    APPOINTMENTS = "appointments"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    WAIVERS = "waived-fees"
    DISPUTES = "disputes"
    WISHES = "waitlist"
    OFFERS = "offered-times"
    MAILS = "mails"
    ACCOUNT_MAILS = "account-mails"
    DECLINED = "declined-mails"
    TWO_PERSONS = "not-the-same-person"
    BATCHES = "actions-for-many"
    CALLED_OFF = "days-called-off"
    TIMELINE = "timeline"
    ATTENTION = "attention"
    EVENTS = "events"
    REPEATS = "repeated-requests"
    KEY = "key"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class Whose:
    """`account_id` is the account that they are behind; whether somebody else is behind it, too, and whether somebody
    else at the practice has their address.
    """

    client_id: str
    practice_id: str
    email: str
    account_id: str | None = None
    account_shared: bool = False
    address_shared: bool = False


Rows = Callable[[Whose], ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True)
class Held:
    """One table. `sealed` columns are opened with the context that the function makes of a row; what is `left_out` of
    an export has its reason. Rows that are `shared` stay where they are somebody else's, too.
    """

    holding: Holding
    table: type[Base]
    theirs: Rows
    order: str
    fate: Fate
    sealed: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    strip: Mapping[str, object] = field(default_factory=dict)
    shared: Callable[[Whose], bool] = lambda whose: False
    exported: bool = True
