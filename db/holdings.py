"""All that the database holds about one client: which rows are theirs, what an export says, what an erasure does.

A table that isn't named here is a test's failure: nobody can add one and forget what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from db.contact import address_context
from db.events import client_subject
from db.held import Fate, Held, Holding, Rows, Whose
from db.models import (
    Appointment,
    AttentionItem,
    AuditEntry,
    BatchItem,
    CalledOffAppointment,
    Client,
    ClientPolicyVersion,
    DataKey,
    DeclinedMails,
    Dispute,
    Effect,
    EmailChange,
    ExternalEvent,
    FeeWaiver,
    FiledResponse,
    IdempotencyRecord,
    IntakeSubmission,
    Invitation,
    PasswordReset,
    Payment,
    PortalAccount,
    Refund,
    Signup,
    TimelineEntry,
    TwoPersons,
    WaitlistOffer,
    WaitlistWish,
    WebSession,
)
from domain.intake_signature import signature_context
from domain.recipients import recipient_hash

_SECRET = "a secret"  # the reason, not the secret
_DIGEST = "a digest, for comparing"
_SOMEBODY_ELSE = "names somebody else, too"
_BORROWED = "of the staff member, not of the client"


def _of_a_family(whose: Whose) -> bool:
    return whose.account_shared


def _own(table: Any) -> Rows:
    return lambda whose: table.client_id == whose.client_id


def _removed(holding: Holding, table: Any, order: str) -> Held:
    """Whose rows are one client's, and go with them."""
    return Held(holding=holding, table=table, theirs=_own(table), order=order, fate=Fate.REMOVED)


def _of_account(column: Any) -> Rows:
    return lambda whose: column == whose.account_id


def _appointments(whose: Whose) -> Any:
    return select(Appointment.id).where(Appointment.client_id == whose.client_id)


def _payments(whose: Whose) -> Any:
    return select(Payment.id).where(Payment.client_id == whose.client_id)


def _repeats(whose: Whose) -> ColumnElement[bool]:
    """Keys are chosen by whoever calls: they may say anything."""
    signups = select(Signup.id).where(Signup.client_id == whose.client_id)
    result = IdempotencyRecord.result
    return or_(
        IdempotencyRecord.scope == f"claim:{whose.client_id}",
        result["client_id"].astext == whose.client_id,
        result["signup_id"].astext.in_(signups),
        result["appointment_id"].astext.in_(_appointments(whose)),
    )


def _audited(whose: Whose) -> ColumnElement[bool]:
    objects = AuditEntry.object_id
    return or_(objects == whose.client_id, objects.in_(_appointments(whose)), objects.in_(_payments(whose)))


def _declined(whose: Whose) -> ColumnElement[bool]:
    mine = DeclinedMails.recipient_hash == recipient_hash(whose.email)
    return and_(DeclinedMails.practice_id == whose.practice_id, mine)


def _account_mails(whose: Whose) -> ColumnElement[bool]:
    """To the account rather than to a client: links for passwords, and changes of address."""
    links = select("password-reset:" + PasswordReset.id).where(PasswordReset.subject_id == whose.account_id)
    changes = select(EmailChange.id).where(EmailChange.account_id == whose.account_id)
    return or_(Effect.key.in_(links), func.split_part(Effect.key, ":", 2).in_(changes))


# In the order in which an erasure goes through them: what points at a row goes before it.
HELD: tuple[Held, ...] = (
    Held(
        holding=Holding.REPEATS,
        table=IdempotencyRecord,
        theirs=_repeats,
        order="created_at",
        fate=Fate.REMOVED,
        left_out={"request_hash": _DIGEST},
    ),
    Held(
        holding=Holding.SESSIONS,
        table=WebSession,
        theirs=_of_account(WebSession.subject_id),
        order="created_at",
        fate=Fate.REMOVED,
        left_out={"token_hash": _SECRET},
        shared=_of_a_family,
    ),
    Held(
        holding=Holding.ACCOUNT_MAILS,
        table=Effect,
        theirs=_account_mails,
        order="at",
        fate=Fate.REMOVED,
        left_out={"recipient_hash": _DIGEST},
        shared=_of_a_family,
    ),
    Held(
        holding=Holding.PASSWORD_LINKS,
        table=PasswordReset,
        theirs=_of_account(PasswordReset.subject_id),
        order="created_at",
        fate=Fate.REMOVED,
        shared=_of_a_family,
    ),
    Held(
        holding=Holding.ADDRESS_CHANGES,
        table=EmailChange,
        theirs=_of_account(EmailChange.account_id),
        order="created_at",
        fate=Fate.REMOVED,
        shared=_of_a_family,
    ),
    Held(
        holding=Holding.SIGNUP,
        table=Signup,
        theirs=_own(Signup),
        order="created_at",
        fate=Fate.REMOVED,
        sealed={"sealed_answers": lambda row: row.id},
    ),
    _removed(Holding.INVITATIONS, Invitation, "issued_at"),
    Held(
        holding=Holding.INTAKE,
        table=IntakeSubmission,
        theirs=_own(IntakeSubmission),
        order="updated_at",
        fate=Fate.REMOVED,
        sealed={"sealed_response": lambda row: row.id, "sealed_signature": lambda row: signature_context(row.id)},
    ),
    Held(
        holding=Holding.FILED,
        table=FiledResponse,
        theirs=_own(FiledResponse),
        order="filed_at",
        fate=Fate.REMOVED,
        sealed={"sealed_response": lambda row: row.id},
    ),
    _removed(Holding.OVERRIDES, ClientPolicyVersion, "version"),
    Held(
        holding=Holding.MAILS,
        table=Effect,
        theirs=_own(Effect),
        order="at",
        fate=Fate.REMOVED,
        left_out={"recipient_hash": _DIGEST},
    ),
    Held(
        holding=Holding.DECLINED,
        table=DeclinedMails,
        theirs=_declined,
        order="declined_at",
        fate=Fate.REMOVED,
        left_out={"recipient_hash": _DIGEST},
        shared=lambda whose: whose.address_shared,
    ),
    Held(
        holding=Holding.TWO_PERSONS,
        table=TwoPersons,
        theirs=lambda whose: or_(TwoPersons.one_id == whose.client_id, TwoPersons.other_id == whose.client_id),
        order="decided_at",
        fate=Fate.REMOVED,
        left_out={"one_id": _SOMEBODY_ELSE, "other_id": _SOMEBODY_ELSE},
    ),
    _removed(Holding.BATCHES, BatchItem, "at"),
    _removed(Holding.CALLED_OFF, CalledOffAppointment, "was_at"),
    _removed(Holding.TIMELINE, TimelineEntry, "at"),
    _removed(Holding.ATTENTION, AttentionItem, "raised_at"),
    # Whatever was kept for them is free again.
    _removed(Holding.OFFERS, WaitlistOffer, "offered_at"),
    _removed(Holding.WISHES, WaitlistWish, "asked_at"),
    Held(
        holding=Holding.APPOINTMENTS,
        table=Appointment,
        theirs=_own(Appointment),
        order="starts_at",
        fate=Fate.STRIPPED,
        # What it was may say why somebody came.
        strip={"override_reason": None, "cancel_reason": None, "type_id": ""},
    ),
    Held(
        holding=Holding.PAYMENTS,
        table=Payment,
        theirs=_own(Payment),
        order="created_at",
        fate=Fate.STRIPPED,
        left_out={"checkout_url": _SECRET},
        strip={"checkout_url": None},
    ),
    Held(
        holding=Holding.REFUNDS,
        table=Refund,
        theirs=lambda whose: Refund.payment_id.in_(_payments(whose)),
        order="created_at",
        fate=Fate.KEPT,
    ),
    _removed(Holding.WAIVERS, FeeWaiver, "waived_at"),
    Held(
        holding=Holding.DISPUTES,
        table=Dispute,
        theirs=lambda whose: Dispute.payment_id.in_(_payments(whose)),
        order="opened_at",
        fate=Fate.KEPT,
    ),
    # Ids only; a message that comes again has to be known as a repeat.
    Held(
        holding=Holding.EVENTS,
        table=ExternalEvent,
        theirs=lambda whose: ExternalEvent.subject == client_subject(whose.client_id),
        order="seq",
        fate=Fate.KEPT,
        left_out={"body_hash": _DIGEST},
    ),
    # Nobody changes the log; it holds ids and names of staff only.
    Held(
        holding=Holding.AUDIT,
        table=AuditEntry,
        theirs=_audited,
        order="seq",
        fate=Fate.KEPT,
        left_out={"address": _BORROWED, "request_id": _BORROWED},
    ),
    Held(
        holding=Holding.CONTACT,
        table=Client,
        theirs=lambda whose: Client.id == whose.client_id,
        order="created_at",
        fate=Fate.STRIPPED,
        sealed={"sealed_address": lambda row: address_context(row.id)},
        left_out={"erased_at": "nobody is exported who has been erased"},
        strip={
            "stage_before_booking": None,
            "outcome": None,
            "closed_reason": None,
            "forms_requested_at": None,
            "forms_sent_at": None,
            "account_id": None,
            "external_id": None,
            "first_name": "",
            "last_name": "",
            "email": "",
            "phone": None,
            "date_of_birth": None,
            "preferred_contact": None,
            "preferred_name": None,
            "pronouns": None,
            "sealed_address": None,
            "timezone": None,
            "intake_form_id": None,
            "duplicate_of_id": None,
        },
    ),
    Held(
        holding=Holding.ACCOUNT,
        table=PortalAccount,
        theirs=_of_account(PortalAccount.id),
        order="created_at",
        fate=Fate.REMOVED,
        left_out={"password_hash": _SECRET},
        shared=_of_a_family,
    ),
    Held(
        holding=Holding.KEY,
        table=DataKey,
        theirs=_own(DataKey),
        order="client_id",
        fate=Fate.REMOVED,
        left_out={"client_id": "names the file's own client", "wrapped_key": _SECRET},
        exported=False,
    ),
)

# Why the other tables say nothing about a client.
NOT_ABOUT_CLIENTS: Mapping[str, str] = {
    "api_key": "the practice's",
    "busy_calendar": "the provider's",
    "busy_time": "the provider's: when, and never with what",
    "calendar_feed": "the provider's",
    "called_off_days": "the provider's: which days, not whose appointments",
    "client_batch": "the practice's: what was done, not for whom",
    "demo_clock": "the demo's",
    "event_question": "how far accounts were asked, by ids of the processor",
    "event_subject": "leases, by ids",
    "greeting_attachment": "the practice's, for all clients",
    "greeting_test": "of staff, to themselves",
    "intake_form": "questions, not answers",
    "merchant_account": "the provider's",
    "money_comparison": "counts of the practice's payments",
    "page_picture": "the provider's",
    "portal_subscription": "the practice's",
    "practice": "the practice's",
    "practice_holidays_version": "the practice's",
    "practice_settings_version": "the practice's",
    "provider": "the provider's",
    "provider_calendar": "a lock",
    "provider_webhook_secret": "the provider's",
    "rate_counter": "counts by digests; an erasure takes the client's away",
    "recovery_code": "staff",
    "settings_version": "the provider's",
    "staff_member": "staff",
}
