"""The error tree: every answer "no" that Portico gives, and the weather it has to wait out.

::

    DomainError                 an answer: never retried, shown to whoever asked
    ├── ValidationFailed        422, names each field
    ├── NotFound, Unauthorized, Forbidden, RateLimited, Conflict, ...
    ├── SignupClosed, SlotTaken, LimitReached, CancelWindowClosed, ...   the rules said no
    └── FinalRefusal            the far side said no for good (a mailbox that doesn't exist, a closed account)
        ├── MailRefused
        ├── MailUnconfirmed
        └── PaymentRefused
    Unavailable                 weather: retried with back-off
    ├── MailUnavailable
    │   └── MailUnanswered      nobody knows whether it was taken
    ├── PaymentUnavailable
    ├── RecordsUnavailable
    └── EngineUnavailable

Errors carry codes and small facts, never an address, a name or a parameter: they end up in histories and logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class DomainError(Exception):
    """A refusal with its reason; `slug` is the problem type of the contract, `data` the datum that failed."""

    slug: ClassVar[str] = "conflict"
    title: ClassVar[str] = "That isn't possible right now"

    def __init__(self, detail: str = "", **data: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.data = data


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One field of a request that didn't pass, and why, in words for the person who filled it in."""

    field: str
    message: str


class ValidationFailed(DomainError):
    slug = "validation"
    title = "Some of what was sent needs correcting"

    def __init__(self, errors: Sequence[FieldError], detail: str = "") -> None:
        names = ", ".join(error.field for error in errors)
        super().__init__(detail or f"Please check: {names}")
        self.errors = tuple(errors)

    @classmethod
    def of(cls, field: str, message: str) -> ValidationFailed:
        """The common case of one field."""
        return cls([FieldError(field=field, message=message)])


class NotFound(DomainError):
    slug = "not-found"
    title = "There is nothing here"


class Unauthorized(DomainError):
    slug = "unauthorized"
    title = "Please sign in"


class Forbidden(DomainError):
    slug = "forbidden"
    title = "This isn't yours to see or do"


class SecondFactorNeeded(Forbidden):
    """The practice asks all staff for a second factor, and this one has none yet."""

    title = "Please turn on two-factor sign-in first"


class RateLimited(DomainError):
    """`retry_after_seconds` is in `data`."""

    slug = "rate-limited"
    title = "Too many requests; please wait a little"


class Conflict(DomainError):
    slug = "conflict"
    title = "This has changed in the meantime"


class SignupClosed(DomainError):
    slug = "signup-closed"
    title = "Online sign-up is closed"


class InvitationExpired(DomainError):
    slug = "invitation-expired"
    title = "This invitation has expired"


class InvitationRevoked(InvitationExpired):
    """The practice took it back: unlike one that has run out, the client can't renew it."""

    title = "This invitation has been taken back"


class InvitationUsed(DomainError):
    slug = "invitation-used"
    title = "This invitation has been used"


class IntakeRequired(DomainError):
    slug = "intake-required"
    title = "The intake form comes first"


class GreetingMissing(DomainError):
    slug = "greeting-missing"
    title = "No greeting has been written yet"


class MailDeclined(DomainError):
    slug = "mail-declined"
    title = "The client wants no more mails like this"


class SelfScheduleOff(DomainError):
    slug = "self-schedule-off"
    title = "Appointments are made by the practice"


class SlotTaken(DomainError):
    slug = "slot-taken"
    title = "That time has just been taken"


class SlotUnavailable(DomainError):
    slug = "slot-unavailable"
    title = "That time isn't offered"


class WaitlistOff(DomainError):
    slug = "waitlist-off"
    title = "There is no waitlist here"


class TimesFree(DomainError):
    """`slots` in `data` are their starts."""

    slug = "times-free"
    title = "Times that fit are free already"


class OfferOver(DomainError):
    slug = "offer-over"
    title = "This time isn't held for you any more"


class LimitReached(DomainError):
    slug = "limit-reached"
    title = "The limit of upcoming appointments is reached"


class CancelWindowClosed(DomainError):
    slug = "cancel-window-closed"
    title = "It is too late to cancel online"


class CancelNotAllowed(DomainError):
    slug = "cancel-not-allowed"
    title = "Appointments can't be cancelled online"


class FeeRequired(DomainError):
    slug = "fee-required"
    title = "A fee has to be paid first"


class SubscriptionInactive(DomainError):
    slug = "subscription-inactive"
    title = "The practice's portal subscription isn't active"


class ProviderLeft(DomainError):
    slug = "provider-left"
    title = "This provider has left the practice"


class MerchantAccountMissing(DomainError):
    slug = "merchant-account-missing"
    title = "No active merchant account is connected"


class PayloadTooLarge(DomainError):
    slug = "payload-too-large"
    title = "That is too large"


class SignatureInvalid(DomainError):
    slug = "signature-invalid"
    title = "The signature doesn't match"


class FinalRefusal(DomainError):
    """The far side said no for good; `code` is its own short code, without any personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{self.title} ({code})", code=code)
        self.code = code


class MailRefused(FinalRefusal):
    slug = "mail-refused"
    title = "The mail was refused"


class MailUnconfirmed(FinalRefusal):
    """Nobody knows whether the mail went out, and it isn't one to send twice unasked."""

    slug = "mail-unconfirmed"
    title = "It isn't certain whether the mail went out"


class PaymentRefused(FinalRefusal):
    slug = "payment-refused"
    title = "The payment processor refused"


class Unavailable(Exception):
    """Weather: the far side didn't answer, or answered "later". `code` is short and free of personal data."""

    part: ClassVar[str] = "service"

    def __init__(self, code: str) -> None:
        super().__init__(f"{self.part} unavailable ({code})")
        self.code = code


class MailUnavailable(Unavailable):
    """The mail was not taken: that is certain."""

    part = "mail server"


class MailUnanswered(MailUnavailable):
    """The whole mail was handed over and no answer came: it may have been taken."""


class PaymentUnavailable(Unavailable):
    part = "payment processor"


class RecordsUnavailable(Unavailable):
    part = "record system"


class EngineUnavailable(Unavailable):
    part = "workflow engine"
