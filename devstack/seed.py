"""The demo practice: seeded once, with credentials derived from the stack's own secret, so that they stay the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who
from commands.forms import choose_form, import_form
from commands.greetings import add_attachment
from commands.office import Office
from commands.policies import Change, change_level, owner_of_provider
from commands.settings import save_settings
from db.ids import new_id
from db.models import (
    ApiKey,
    MerchantAccount,
    PortalSubscription,
    Practice,
    Provider,
    ProviderCalendar,
    ProviderWebhookSecret,
    StaffMember,
)
from domain.signup_form import default_signup_form
from domain.states import MerchantStatus, SettingsKind, SubscriptionStatus

_DATA = Path(__file__).parent / "seed_data"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True, kw_only=True)
class SeededProvider:
    """One provider of one practice; `merchant_account` is the processor's id."""

    practice_id: str
    practice_name: str
    phone: str
    front_desk: str
    slug: str
    name: str
    title: str
    email: str
    merchant_account: str


HARBOR = SeededProvider(
    practice_id="prc_harborcounseling",
    practice_name="Harbor Counseling",
    phone="+1 555-010-0199",
    front_desk="frontdesk@harbor-counseling.example",
    slug="maya-reyes",
    name="Dr. Maya Reyes",
    title="Psychotherapist",
    email="maya@harbor-counseling.example",
    merchant_account="acct_simharbor0001",
)
LAKESIDE = SeededProvider(
    practice_id="prc_lakesidetherapy",
    practice_name="Lakeside Therapy",
    phone="+1 555-010-0142",
    front_desk="frontdesk@lakeside-therapy.example",
    slug="jordan-lake",
    name="Jordan Lake",
    title="Counselor",
    email="jordan@lakeside-therapy.example",
    merchant_account="acct_simlakeside01",
)


class Credentials:
    """Derived, so that they need not be stored and don't change; `secret` is the stack's newest secret key."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def password(self, seeded: SeededProvider) -> str:
        return f"{seeded.slug}-{self._derive('password', seeded)[:10]}"

    def api_key(self, seeded: SeededProvider) -> str:
        return f"pk_demo_{self._derive('api-key', seeded)}"

    def webhook_secret(self, seeded: SeededProvider) -> str:
        digest = hmac.new(self._secret, f"webhook:{seeded.slug}".encode(), hashlib.sha256).digest()
        return f"whsec_{base64.b64encode(digest[:24]).decode()}"

    def _derive(self, what: str, seeded: SeededProvider) -> str:
        return hmac.new(self._secret, f"{what}:{seeded.slug}".encode(), hashlib.sha256).hexdigest()[:32]


async def seed_demo(office: Office, secret: bytes) -> dict[str, Any]:
    """Make both practices if they aren't there; what `endpoints.json` tells of them."""
    credentials = Credentials(secret)
    async with office.database.transaction() as session:
        seeded = await session.get(Practice, HARBOR.practice_id) is not None
    if not seeded:
        await make_practice(office, HARBOR, credentials)
        async with office.database.transaction() as session:
            other = await _practice(session, office, LAKESIDE, credentials)
            await _availability(session, office, other)
    return {
        "practice": HARBOR.practice_id,
        "provider": HARBOR.slug,
        "provider_email": HARBOR.email,
        "provider_password": credentials.password(HARBOR),
        "api_key": credentials.api_key(HARBOR),
        "provider_webhook_secret": credentials.webhook_secret(HARBOR),
        "merchant_account": HARBOR.merchant_account,
        "merchant_accounts": [HARBOR.merchant_account, LAKESIDE.merchant_account],
        "other_practice": {
            "provider": LAKESIDE.slug,
            "api_key": credentials.api_key(LAKESIDE),
            "provider_email": LAKESIDE.email,
            "provider_password": credentials.password(LAKESIDE),
        },
    }


async def make_practice(office: Office, seeded: SeededProvider, credentials: Credentials) -> None:
    """A practice with one provider and everything switched on."""
    async with office.database.transaction() as session:
        provider = await _practice(session, office, seeded, credentials)
        await _everything_switched_on(session, office, provider)


async def _practice(
    session: AsyncSession, office: Office, seeded: SeededProvider, credentials: Credentials
) -> Provider:
    now = datetime.now(UTC)
    session.add(
        Practice(
            id=seeded.practice_id,
            name=seeded.practice_name,
            phone=seeded.phone,
            email=seeded.front_desk,
            created_at=now,
        )
    )
    await session.flush()
    provider = Provider(
        id=new_id("prv"), practice_id=seeded.practice_id, slug=seeded.slug, name=seeded.name, created_at=now
    )
    session.add(provider)
    await session.flush()
    wrapped_key = office.vault.new_data_key()
    secret_id = new_id("whs")
    secret = credentials.webhook_secret(seeded).encode()
    session.add_all(
        [
            ProviderCalendar(provider_id=provider.id),
            PortalSubscription(practice_id=seeded.practice_id, status=str(SubscriptionStatus.ACTIVE), changed_at=now),
            MerchantAccount(
                provider_id=provider.id,
                account=seeded.merchant_account,
                status=str(MerchantStatus.ACTIVE),
                changed_at=now,
            ),
            StaffMember(
                id=new_id("stf"),
                practice_id=seeded.practice_id,
                email=seeded.email,
                name=seeded.name,
                password_hash=await office.passwords.hash(credentials.password(seeded)),
                created_at=now,
            ),
            ApiKey(
                id=new_id("key"),
                practice_id=seeded.practice_id,
                key_hash=hashlib.sha256(credentials.api_key(seeded).encode()).hexdigest(),
                label="demo",
                created_at=now,
            ),
            ProviderWebhookSecret(
                id=secret_id,
                provider_id=provider.id,
                wrapped_key=wrapped_key,
                sealed_secret=office.vault.seal(wrapped_key, secret, secret_id),
                created_at=now,
            ),
        ]
    )
    page = {
        "name": seeded.name,
        "title": seeded.title,
        "intro": "Welcome. Starting something new takes courage, and we make the first step an easy one.",
        "contact": f"Call {seeded.phone}, Monday to Friday.",
    }
    await save_settings(session, office, provider, SettingsKind.PAGE, page, saved_by="seed")
    return provider


async def _everything_switched_on(session: AsyncSession, office: Office, provider: Provider) -> None:
    await _availability(session, office, provider)
    signup_form = default_signup_form().as_document()
    for field in signup_form["fields"]:
        field["enabled"] = True
    await save_settings(session, office, provider, SettingsKind.SIGNUP_FORM, signup_form, saved_by="seed")
    source = (_DATA / "intake_form.json").read_text()
    imported = await import_form(session, office, provider, json.loads(source), source=source)
    await choose_form(session, office, provider, imported.form, saved_by="seed")
    welcome = await add_attachment(
        session,
        office,
        provider,
        name="Welcome.pdf",
        content=(_DATA / "welcome.pdf").read_bytes(),
        who=Who(practice_id=provider.practice_id, name="seed"),
        no_phi=True,
    )
    greeting = {
        "subject": "Welcome to {{practice_name}}, {{first_name}}",
        "body": "Dear {{first_name}},\n\nthank you for getting in touch. The attached sheet tells you what to expect "
        "of your first visit, how to find us, and whom to call.\n\nWe look forward to meeting you.\n\n"
        "{{provider_name}}",
        "attachments": [{"id": welcome.id}],
    }
    await save_settings(session, office, provider, SettingsKind.GREETING, greeting, saved_by="seed")
    settings = {
        "require_fee": True,
        "fee": {"amount_minor": 4000, "currency": "usd"},
        "require_intake": True,
        "send_greeting": True,
    }
    owner = await owner_of_provider(session, provider)
    await change_level(session, office, owner, Change(values=settings), saved_by="seed")


async def _availability(session: AsyncSession, office: Office, provider: Provider) -> None:
    hours = (("09:00", "12:00"), ("13:00", "17:00"))
    weekly = [{"weekday": day, "start": start, "end": end} for day in _WEEK for start, end in hours]
    document = {"timezone": "America/New_York", "weekly": weekly, "overrides": []}
    await save_settings(session, office, provider, SettingsKind.AVAILABILITY, document, saved_by="seed")
