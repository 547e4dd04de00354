"""Plugging in: settings become gateways, gateways become the collaborators of server and worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from temporalio.client import Client

from activities.accounts import Accounts
from activities.batches import Batches
from activities.bookings import Bookings
from activities.busy_calendars import BusyCalendars
from activities.calendar_part import CalendarParts
from activities.called_off_days import CallingOffDays
from activities.comparisons import Comparisons
from activities.email_changes import EmailChanges
from activities.fee_notices import FeeNotices
from activities.greeting_letter import GreetingWriter
from activities.greeting_tests import GreetingTests
from activities.greetings import Greetings
from activities.intake import Intake
from activities.invitations import Invitations
from activities.late_fees import LateFees
from activities.lost_events import LostEvents
from activities.merchant_accounts import MerchantAccounts
from activities.notices import Notices
from activities.portal_subscriptions import PortalSubscriptions
from activities.post import Post
from activities.practice_notices import PracticeNotices
from activities.pre_payment import PrePayments
from activities.refunds import Refunds
from activities.signups import Signups
from activities.standing import Standings
from activities.subscription_notices import SubscriptionNotices
from activities.sweeps import Sweeps
from activities.taken_payments import TakenPayments
from activities.waitlist import Waitlists
from activities.waitlist_offers import WaitlistOffers
from commands.batches import BatchRun
from commands.calling_off import CalledOffRun
from commands.office import Office
from commands.payment_events import UndeliveredEvents
from commands.waitlist_desk import WaitlistDesk
from db.clock import Clock
from db.engine import Database
from db.migrate import at_head
from db.record_system import BuiltInRecords
from dispatch.connection import EngineAddress
from dispatch.delivery import Delivery
from domain.billing import Billing
from domain.errors import FieldError
from domain.lost_events import EventLog
from domain.merchant_accounts import Merchants
from domain.ports import Payments
from domain.subscriptions import SubscriptionTerms
from gateways.calendar_feed import ICalendarFeeds
from gateways.calendar_mail import ICalendars
from gateways.calendar_reading import CalendarReader
from gateways.contact_checks import LibraryContactChecks
from gateways.letters import JinjaLetters
from gateways.markdown_mail import MarkdownMail
from gateways.outside_calendars import HttpsCalendars
from gateways.pdf_documents import PdfDocuments
from gateways.pictures import PillowPictures
from gateways.second_factor import AuthenticatorApps
from gateways.secrets import AesVault, Argon2Passwords, HmacTokens
from gateways.smtp import SmtpMailer
from gateways.stripe_billing import StripeBilling
from gateways.stripe_event_log import StripeEventLog
from gateways.stripe_merchants import StripeMerchants
from gateways.stripe_payments import StripePayments
from gateways.stripe_webhooks import StripeWebhooks
from settings import Settings
from telemetry.tracing import Tracing, start_tracing

logger = logging.getLogger("portico")


def clock_of(settings: Settings) -> Clock:
    return Clock(travels=settings.env != "production")


def hold_grace(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.hold_grace_minutes)


def engine_address(settings: Settings) -> EngineAddress:
    return EngineAddress(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        api_key=settings.temporal_api_key,
        tls_cert=settings.temporal_tls_cert_pem,
        tls_key=settings.temporal_tls_key_pem,
    )


def delivery_of(settings: Settings, engine: Client) -> Delivery:
    return Delivery(
        engine,
        payment_poll_seconds=settings.payment_poll_seconds,
        change_grace_seconds=settings.change_grace_seconds,
    )


def office_of(settings: Settings, database: Database) -> Office:
    vault = AesVault(settings.encryption_keys)
    return Office(
        environment=settings.env,
        base_url=settings.base_url,
        temporal_ui_url=settings.temporal_ui_url,
        database=database,
        clock=clock_of(settings),
        vault=vault,
        tokens=HmacTokens(list(settings.secret_keys.values())),
        passwords=Argon2Passwords(),
        second_factor=AuthenticatorApps(),
        checks=LibraryContactChecks(test_domains=settings.env != "production"),
        validate_questionnaire=_validate_questionnaire,
        records=BuiltInRecords(database, vault),
        documents=PdfDocuments(),
        greeting_writer=greeting_writer_of(settings),
        letters=JinjaLetters(),
        pictures=PillowPictures(),
        calendar_feeds=ICalendarFeeds(),
        busy_calendars=busy_calendars_of(settings, database),
        fee_webhooks=StripeWebhooks(settings.stripe_fees_webhook_secrets, livemode=settings.env == "production"),
        subscription_webhooks=StripeWebhooks(
            settings.stripe_subscriptions_webhook_secrets, livemode=settings.env == "production"
        ),
        merchants=merchants_of(settings),
        billing=billing_of(settings),
        prices=settings.subscription_prices,
        invitations_per_address=settings.invitations_per_address,
        own_account=settings.stripe_accounts == "own",
        shift_processor_clock=_simulator_clock(settings),
    )


def busy_calendars_of(settings: Settings, database: Database) -> BusyCalendars:
    return BusyCalendars(
        database,
        AesVault(settings.encryption_keys),
        clock_of(settings),
        HttpsCalendars(local=settings.local_calendars),
        CalendarReader(urlsplit(settings.base_url).hostname or "portico"),
        every=timedelta(minutes=settings.calendar_minutes),
    )


def greeting_writer_of(settings: Settings) -> GreetingWriter:
    return GreetingWriter(JinjaLetters(), MarkdownMail(), base_url=settings.base_url)


def _simulator_clock(settings: Settings) -> Callable[[int], Awaitable[None]] | None:
    if settings.env == "production":
        return None

    async def shift(offset_seconds: int) -> None:
        if settings.stripe_api_base is not None:
            async with httpx.AsyncClient(timeout=10) as http:
                clock = f"{settings.stripe_api_base}/_sim/clock"
                (await http.put(clock, json={"offset_seconds": offset_seconds})).raise_for_status()

    return shift


def _validate_questionnaire(document: Any) -> list[FieldError]:
    # FHIR's models take a second to import: only a form's import pays for it.
    from gateways.fhir_forms import validate_questionnaire

    return validate_questionnaire(document)


def payments_of(settings: Settings) -> StripePayments:
    return StripePayments(settings.stripe_key, settings.stripe_api_base)


def merchants_of(settings: Settings) -> StripeMerchants:
    return StripeMerchants(settings.stripe_key, settings.stripe_api_base)


def billing_of(settings: Settings) -> StripeBilling:
    return StripeBilling(settings.stripe_key, settings.stripe_api_base)


def event_log_of(settings: Settings) -> StripeEventLog:
    return StripeEventLog(settings.stripe_key, settings.stripe_api_base)


@dataclass(frozen=True, kw_only=True)
class Processor:
    """All that Portico asks of the payment processor, over connections of one process."""

    payments: StripePayments
    merchants: StripeMerchants
    billing: StripeBilling
    events: StripeEventLog

    async def aclose(self) -> None:
        for one in (self.payments, self.merchants, self.billing, self.events):
            await one.aclose()


def processor_of(settings: Settings) -> Processor:
    return Processor(
        payments=payments_of(settings),
        merchants=merchants_of(settings),
        billing=billing_of(settings),
        events=event_log_of(settings),
    )


def subscription_terms(settings: Settings) -> SubscriptionTerms:
    return SubscriptionTerms(grace=timedelta(days=settings.subscription_grace_days))


def activities_of(
    settings: Settings,
    database: Database,
    payments: Payments,
    merchants: Merchants | None = None,
    billing: Billing | None = None,
    events: EventLog | None = None,
) -> Sequence[Callable[..., Any]]:
    """Every activity of the house, bound to its collaborators."""
    tokens = HmacTokens(list(settings.secret_keys.values()))
    vault = AesVault(settings.encryption_keys)
    host = urlsplit(settings.base_url).hostname or "portico"
    mailer = SmtpMailer(settings.smtp_url, settings.mail_from)
    post = Post(database, mailer, JinjaLetters(), tokens, base_url=settings.base_url, host=host)
    writer = greeting_writer_of(settings)
    calendar = CalendarParts(ICalendars(), base_url=settings.base_url, host=host)
    pre_payments = PrePayments(database, payments, base_url=settings.base_url, environment=settings.env)
    rooms: list[object] = [
        Signups(database),
        Standings(database),
        Invitations(post, tokens),
        Greetings(post, writer),
        GreetingTests(post, writer),
        Intake(post, vault, BuiltInRecords(database, vault)),
        pre_payments,
        Refunds(database, payments),
        TakenPayments(database, payments),
        Comparisons(database, clock_of(settings), payments, silence=timedelta(minutes=settings.silence_minutes)),
        LostEvents(
            database,
            clock_of(settings),
            events or event_log_of(settings),
            UndeliveredEvents(office_of(settings, database)),
        ),
        Bookings(database),
        LateFees(database),
        Notices(post, calendar),
        FeeNotices(post),
        Accounts(post, tokens),
        EmailChanges(post, tokens),
        PracticeNotices(post),
        SubscriptionNotices(post),
        PortalSubscriptions(
            database, billing or billing_of(settings), subscription_terms(settings), environment=settings.env
        ),
        MerchantAccounts(database, merchants or merchants_of(settings), own_account=settings.stripe_accounts == "own"),
        Batches(BatchRun(office_of(settings, database))),
        CallingOffDays(CalledOffRun(office_of(settings, database))),
        Waitlists(database, clock_of(settings), WaitlistDesk(office_of(settings, database))),
        WaitlistOffers(post, tokens),
        busy_calendars_of(settings, database),
        Sweeps(database, clock_of(settings), hold_grace=hold_grace(settings)),
    ]
    return [method for room in rooms for method in _activity_methods(room)]


def _activity_methods(room: object) -> list[Callable[..., Any]]:
    methods = [getattr(room, name) for name in vars(type(room)) if not name.startswith("_")]
    return [method for method in methods if hasattr(method, "__temporal_activity_definition")]


def tracing_of(settings: Settings, service: str) -> Tracing | None:
    """Where a collector is named; otherwise nothing of it is imported."""
    if not settings.otlp_endpoint:
        return None
    return start_tracing(settings.otlp_endpoint, service=service, environment=settings.env)


async def wait_for_schema(database_url: str) -> None:
    """Until the database is there and migrated: processes start side by side, and a deploy migrates first."""
    told = False
    while not await asyncio.to_thread(_schema_ready, database_url):
        if not told:
            logger.info("waiting for the database and its newest schema")
            told = True
        await asyncio.sleep(0.2)


def _schema_ready(database_url: str) -> bool:
    from sqlalchemy.exc import OperationalError

    try:
        return at_head(database_url)
    except OperationalError:
        return False
