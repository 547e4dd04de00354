"""What the house needs of the world outside: ports, implemented in `gateways/` and plugged in by the roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from domain.disputes import SeenDispute
from domain.money import Money


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail; `content_type` is a full media type (`application/pdf`)."""

    name: str
    content_type: str
    content: bytes


class CalendarMethod(StrEnum):
    """iTIP's (RFC 5546 1.4): REQUEST puts an appointment in or replaces an older revision, CANCEL takes it out."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """One appointment as the calendar of one client is told of it. Times are aware; their zone doesn't matter.

    `uid` stays the same for all revisions of the appointment. `sequence` is the revision: a calendar believes a higher
    one, and of equal ones the younger `stamped_at`, which is the command's `now`.
    """

    method: CalendarMethod
    uid: str
    sequence: int
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    organizer_name: str
    organizer_email: str
    attendee_email: str


@dataclass(frozen=True, kw_only=True)
class CalendarPart:
    """What goes with a mail so that the client's calendar follows: `content` is UTF-8 with CRLF, and says `method`."""

    method: CalendarMethod
    content: bytes


class Calendars(Protocol):
    def write(self, event: CalendarEvent) -> CalendarPart:
        """The event as an iTIP message (RFC 5546); the same event makes the same bytes."""


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One message to one person. `message_id` (RFC 5322, with angle brackets) is fixed by business identity."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    from_name: str
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    calendar: CalendarPart | None = None
    unsubscribe: str | None = None  # the address that a mail program posts to when its reader wants no more of these


class Mailer(Protocol):
    async def send(self, mail: OutgoingMail) -> None:
        """Hand the message to the mail server.

        Raises `MailRefused` on a final refusal (5xx) and `MailUnavailable` on anything that may pass: the message was
        certainly not taken, unless it is a `MailUnanswered`.
        """


class CheckoutStatus(StrEnum):
    """Of the hosted checkout, by the session and its payment intent (never by `payment_status`)."""

    OPEN = "open"
    AUTHORIZED = "authorized"  # payment_intent.status == requires_capture
    CAPTURED = "captured"  # payment_intent.status == succeeded
    VOIDED = "voided"  # payment_intent.status == canceled
    EXPIRED = "expired"
    PROCESSING = "processing"  # complete, the intent still on its way


@dataclass(frozen=True, kw_only=True)
class CheckoutRequest:
    """A hosted checkout to open on the merchant's account.

    `merchant_account` is None in the restricted-key mode of a single practice. `fee_reference` is opaque. `purpose` is
    neutral words ("Appointment fee"). `idempotency_key` is business identity and attempt.
    `expires_at` at least 30 minutes ahead.
    """

    merchant_account: str | None
    fee_reference: str
    amount: Money
    purpose: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    idempotency_key: str


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What the processor says of a checkout right now; ids are the processor's own."""

    session_id: str
    url: str | None
    status: CheckoutStatus
    amount: Money
    fee_reference: str | None
    payment_intent_id: str | None


@dataclass(frozen=True, kw_only=True)
class ListedCheckout:
    """A checkout found at the processor, with what has been given back of it."""

    checkout: Checkout
    created_at: datetime
    refunded_minor: int
    disputed: bool  # once, however it ended


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OVERTAKEN = "overtaken"  # in the ledger only: the money went back another way first


@dataclass(frozen=True, kw_only=True)
class MadeRefund:
    """A refund as the processor has it, whoever made it; `reference` is what its metadata claims, never authority."""

    refund_id: str
    status: RefundStatus
    amount: Money
    reference: str | None


class Payments(Protocol):
    """The payment processor. Every method raises `PaymentRefused` (final) or `PaymentUnavailable` (weather)."""

    async def open_checkout(self, request: CheckoutRequest) -> Checkout: ...

    async def read_checkout(self, merchant_account: str | None, session_id: str) -> Checkout: ...

    async def expire_checkout(self, merchant_account: str | None, session_id: str) -> Checkout:
        """Close an open checkout; one that isn't open is re-read and returned as it stands."""

    async def capture(self, merchant_account: str | None, session_id: str) -> Checkout:
        """Take the authorised money; already captured is fine, anything else is returned as it stands."""

    async def void(self, merchant_account: str | None, session_id: str, *, duplicate: bool = False) -> Checkout:
        """Let the authorisation go; already voided is fine, a captured one is returned as it stands.

        `duplicate`: because the fee was paid twice.
        """

    async def list_checkouts(self, merchant_account: str | None, created_since: datetime) -> list[ListedCheckout]:
        """Every checkout that was opened at this account since then, ours or not."""

    async def refund(
        self,
        merchant_account: str | None,
        payment_intent_id: str,
        amount: Money,
        refund_reference: str,
        *,
        duplicate: bool = False,
    ) -> MadeRefund:
        """Give back (part of) a captured payment; `refund_reference` makes repeats one refund.

        `duplicate`: because the fee was paid twice.
        """

    async def list_refunds(self, merchant_account: str | None, payment_intent_id: str) -> list[MadeRefund]:
        """Every refund of a captured payment, ours or made past us; the oldest first."""

    async def list_disputes(self, merchant_account: str | None, payment_intent_id: str) -> list[SeenDispute]: ...


@dataclass(frozen=True, kw_only=True)
class ProcessorEvent:
    """The envelope of a verified webhook. The body isn't kept: the object is read again."""

    event_id: str
    type: str
    merchant_account: str | None
    object_id: str
    livemode: bool
    related: dict[str, str] = field(default_factory=dict)  # e.g. {"payment_intent": "pi_..."}


class WebhookVerifier(Protocol):
    def verify(self, payload: bytes, signature: str, now: datetime) -> ProcessorEvent:
        """Check the signature against every active secret.

        Raises `SignatureInvalid` for a wrong, stale (over 5 min) or future (over 1 min) one, `ValidationFailed` for a
        body that isn't an event.
        """


class SecondFactor(Protocol):
    """Time-based one-time passwords (RFC 6238), as authenticator apps make them."""

    def new_secret(self) -> str:
        """Base32, as a person types it where the picture can't be scanned."""

    def picture(self, secret: str, account: str, issuer: str) -> str:
        """What an app scans, as an SVG element."""

    def step_of(self, secret: str, code: str, at: datetime, *, after: int) -> int | None:
        """The time step that the code belongs to, if it is of now or next to it and later than `after`."""


class Vault(Protocol):
    """Encryption of what must be unreadable at rest: data keys are wrapped by the newest of the encryption keys."""

    def new_data_key(self) -> bytes:
        """A fresh data key, wrapped; what is stored beside the client."""

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes:
        """Encrypt under the data key; `context` (an id) is authenticated with it."""

    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class RecordForm:
    """One version of a form as the record system keeps it; `key` is the same for all versions of the form."""

    id: str
    key: str
    title: str
    version: int
    selectable: bool


@dataclass(frozen=True, kw_only=True)
class Filing:
    """A completed FHIR QuestionnaireResponse for a client's record, under an identifier of business identity."""

    identifier: str
    provider_id: str
    client_id: str
    form_id: str
    response: Mapping[str, Any]
    filed_at: datetime


class RecordSystem(Protocol):
    """Where a provider's forms are kept, and where answers are filed. Raises `RecordsUnavailable` where it is away."""

    async def forms(self, provider_id: str) -> Sequence[RecordForm]:
        """Every version of every form, oldest first. Only what is marked `selectable` there can be chosen."""

    async def file(self, filing: Filing) -> str:
        """The record's id. A conditional create (FHIR's If-None-Exist on the identifier): a repeat finds the first."""


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """A heading (`answers` is None) or a question with what was answered, as a document shows it."""

    text: str
    depth: int
    answers: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class AnswerSheet:
    """A client's answers to one form, to be read on paper: `facts` are pairs of a label and its value."""

    title: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[AnswerLine, ...]
    closing: tuple[str, ...] = ()


class Documents(Protocol):
    def pdf(self, sheet: AnswerSheet) -> bytes:
        """The sheet as a PDF file, its text selectable."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A written message, before it is addressed."""

    subject: str
    text: str
    html: str


class Letters(Protocol):
    """The practice's wording: `email/<name>/{subject.txt,body.txt,body.html}`."""

    def write(self, name: str, context: Mapping[str, object]) -> Letter: ...


class Tokens(Protocol):
    """Capability links: derived from an id and a secret, so nothing secret is stored and a repeat is the same link."""

    def mint(self, purpose: str, subject_id: str) -> str: ...

    def read(self, purpose: str, token: str) -> str | None:
        """The id, or None where the token isn't one of ours."""


class Passwords(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password_hash: str, password: str) -> bool: ...


class ContactChecks(Protocol):
    """Both return the normalised form, and raise ValueError with a message for the person who typed it."""

    def email(self, value: str) -> str: ...

    def phone(self, value: str, country: str) -> str:
        """`country` (ISO 3166) is that of numbers without a country code."""
