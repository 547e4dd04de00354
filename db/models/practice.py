"""The practice and its providers: settings, secrets, subscription, merchant account, forms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class Practice(Base):
    __tablename__ = "practice"

    id: Mapped[PrimaryId]
    name: Mapped[str]
    phone: Mapped[str]
    country: Mapped[str] = mapped_column(server_default="US")  # ISO 3166: of phone numbers without a country code
    email: Mapped[str]  # the front desk's: gets the notices, is the Reply-To
    two_factor_required: Mapped[bool] = mapped_column(server_default="false")  # of all staff, from their next sign-in
    created_at: Mapped[datetime]


class Provider(Base):
    __tablename__ = "provider"

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"), index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]  # the practice: every gate reads it
    left_words: Mapped[str | None]  # the practice's own, for those who come looking for them
    sign_ins_ended: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")  # by that; staff members' ids


class ProviderCalendar(Base):
    """The row that a claim locks: whoever takes a provider's time waits here."""

    __tablename__ = "provider_calendar"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)


class ApiKey(Base):
    """A bearer key of a practice; only its SHA-256 is kept."""

    __tablename__ = "api_key"

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"), index=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[datetime]


class ProviderWebhookSecret(Base):
    """A Standard Webhooks secret; symmetric, so kept sealed by the vault under a data key of its own."""

    __tablename__ = "provider_webhook_secret"

    id: Mapped[PrimaryId]
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class PortalSubscription(Base):
    """What the gates read (`status`), and the practice's own subscription at the processor, if it has one."""

    __tablename__ = "portal_subscription"

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    status: Mapped[str]
    changed_at: Mapped[datetime]
    customer: Mapped[str | None] = mapped_column(unique=True)  # whom the processor bills
    subscription: Mapped[str | None] = mapped_column(unique=True)
    price: Mapped[str | None]
    period_end: Mapped[datetime | None]
    ending: Mapped[str | None]  # why it closes (or has closed), and when
    closes_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # when somebody at the practice had the first word of that
    # The checkout that was asked for last: its number is a part of the key.
    checkout_attempt: Mapped[int] = mapped_column(server_default="0")
    checkout_price: Mapped[str | None]
    checkout_session: Mapped[str | None] = mapped_column(unique=True)
    checkout_url: Mapped[str | None]
    checkout_asked_at: Mapped[datetime | None]
    renewal_wish: Mapped[bool | None]  # what an owner has asked for, until the processor has been told
    wish_revision: Mapped[int] = mapped_column(server_default="0")
    # Another plan that an owner has asked for (its price, and from when it is reckoned), until the processor has it.
    plan_wish: Mapped[str | None]
    plan_wish_at: Mapped[datetime | None]
    plan_revision: Mapped[int] = mapped_column(server_default="0")
    plan_refusal: Mapped[str | None]  # the processor's code, where the last such wish came to nothing
    plan_changed_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class MerchantAccount(Base):
    __tablename__ = "merchant_account"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    account: Mapped[str | None] = mapped_column(index=True)  # None: not made yet, or the installation's own
    status: Mapped[str]
    status_before: Mapped[str | None]
    changed_at: Mapped[datetime]  # when it came into this status
    attempt: Mapped[int] = mapped_column(server_default="0")  # accounts asked for so far: a part of the key
    asked_at: Mapped[datetime | None]  # when the last one was
    due: Mapped[int] = mapped_column(server_default="0")  # how many things the processor still asks for
    disabled_reason: Mapped[str | None]  # the processor's code
    read_at: Mapped[datetime | None]  # when it was last asked


class SettingsVersion(Base):
    """One saved version of one settings document; the highest version is in force."""

    __tablename__ = "settings_version"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[type_document]
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]


class PracticeSettingsVersion(Base):
    """One saved version of the practice's portal settings: what its providers inherit; the highest is in force."""

    __tablename__ = "practice_settings_version"

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[type_document]
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]


class PracticeHolidaysVersion(Base):
    """One saved version of the practice's holidays; the highest is in force."""

    __tablename__ = "practice_holidays_version"

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[type_document]
    saved_by: Mapped[str]
    saved_at: Mapped[datetime]


class PagePicture(Base):
    """A picture for the provider's page, as it is served; never changed: another one is another row."""

    __tablename__ = "page_picture"

    id: Mapped[PrimaryId]
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    uploaded_by: Mapped[str]
    created_at: Mapped[datetime]


class IntakeForm(Base):
    """A FHIR R4 Questionnaire of the provider's, in the built-in record system; a changed one is a new version.

    `source` is the text as it was imported, which an export gives back; a form made here has none.
    """

    __tablename__ = "intake_form"
    __table_args__ = (UniqueConstraint("provider_id", "form_key", "version"),)

    id: Mapped[PrimaryId]
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"), index=True)
    form_key: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    selectable: Mapped[bool]
    origin: Mapped[str] = mapped_column(server_default="imported")
    questionnaire: Mapped[type_document]
    source: Mapped[str | None]
    created_at: Mapped[datetime]


class MoneyComparison(Base):
    """The last comparison of a practice's payments with the processor and with their appointments."""

    __tablename__ = "money_comparison"

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    compared_at: Mapped[datetime]
    payments: Mapped[int]
    mended: Mapped[int]
    left_over: Mapped[int]
