"""The collaborators that commands are handed by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from activities.busy_calendars import BusyCalendars
from activities.greeting_letter import GreetingWriter
from db.clock import Clock
from db.engine import Database
from domain.billing import Billing
from domain.calendar_feed import CalendarFeeds
from domain.errors import FieldError
from domain.merchant_accounts import Merchants
from domain.pictures import Pictures
from domain.ports import (
    ContactChecks,
    Documents,
    Letters,
    Passwords,
    RecordSystem,
    SecondFactor,
    Tokens,
    Vault,
    WebhookVerifier,
)


@dataclass(frozen=True, kw_only=True)
class Office:
    """`validate_questionnaire` checks a form at the FHIR edge, and names what is wrong where nobody looks."""

    environment: str  # demo | test | production
    base_url: str
    temporal_ui_url: str
    database: Database
    clock: Clock
    vault: Vault
    tokens: Tokens
    passwords: Passwords
    second_factor: SecondFactor
    checks: ContactChecks
    validate_questionnaire: Callable[[Mapping[str, object]], list[FieldError]]
    records: RecordSystem
    documents: Documents
    greeting_writer: GreetingWriter
    letters: Letters
    pictures: Pictures
    calendar_feeds: CalendarFeeds
    busy_calendars: BusyCalendars
    fee_webhooks: WebhookVerifier
    subscription_webhooks: WebhookVerifier
    merchants: Merchants
    billing: Billing
    prices: tuple[str, ...]  # what practices can subscribe to; none: this installation sells no subscription
    invitations_per_address: int  # a day, over all practices
    own_account: bool  # fees go to the account of the installation's key: one practice, no connected accounts
    # Where time travels, the payment simulator goes along; None in production.
    shift_processor_clock: Callable[[int], Awaitable[None]] | None = None
