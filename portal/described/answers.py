"""The shapes of answers. `portal.shapes` makes them; the tests hold every answer that they get against these."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from portal.described import words as w


class Money(TypedDict):
    amount_minor: w.Minor
    currency: w.Currency


class Reference(TypedDict):
    id: str


class Attention(TypedDict):
    id: str
    step: str
    reason: str
    owner: w.AttentionOwnerWord
    due_at: w.Instant | None
    actions: list[w.AttentionActionWord]


class AttentionItem(Attention):
    client_id: str | None
    workflow_id: str | None
    raised_at: w.Instant


class Invitation(TypedDict):
    id: str
    state: w.InvitationWord
    issued_at: w.Instant
    sent_at: w.Instant | None
    expires_at: w.Instant
    accepted_at: w.Instant | None
    revoked_at: w.Instant | None


class PossibleDuplicate(TypedDict):
    client_id: str
    why: w.AlikeWord


class Client(TypedDict):
    id: str
    track: w.TrackWord
    portal_status: w.PortalStatusWord
    invitation: Annotated[Invitation | None, Field(description="The newest one.")]
    stage: w.StageWord
    outcome: w.OutcomeWord | None
    closed_reason: Annotated[str | None, Field(description="The practice's own words, where it closed the way.")]
    attention: Attention | None
    new_client_forms_sent_at: w.Instant | None
    workflow_id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    date_of_birth: w.Day | None
    preferred_contact: str | None
    preferred_name: str | None
    pronouns: str | None
    details: Annotated[dict[str, Any], Field(description="Standard fields that are sealed, by their keys.")]
    custom: dict[str, Any]
    consents: dict[str, Any]
    signup_form_version: int | None
    external_id: str | None
    created_at: w.Instant
    possible_duplicates: list[PossibleDuplicate]
    shares_address_with: list[str]
    duplicate_of: str | None
    mails_declined_at: w.Instant | None


class TimelineItem(TypedDict):
    id: str
    at: w.Instant
    kind: w.TimelineWord
    actor: w.ActorWord
    ref: str | None


class AheadItem(TypedDict):
    kind: w.AheadWord
    at: w.Instant
    ref: str | None


class Outlook(TypedDict):
    turn: w.TurnWord
    ahead: list[AheadItem]


class RuleInTheWay(TypedDict):
    rule: Annotated[str, Field(description="The slug of the refusal.")]
    value: Any
    source: w.SourceWord
    lifted_by: list[w.LifterWord]
    detail: str


class CanBook(TypedDict):
    allowed: bool
    blocks: list[RuleInTheWay]


class RefundRule(TypedDict):
    full_minutes: int
    part_percent: int
    part_minutes: int
    at_most_percent: int


class FeeQuote(TypedDict):
    reference: str
    amount_minor: w.Minor
    currency: w.Currency
    purpose: w.FeePurposeWord
    rest_minor: w.Minor
    refund_rule: RefundRule
    settings_version: str


class QuoteNow(TypedDict):
    quote: Annotated[FeeQuote | None, Field(description="null where nothing is due.")]


class Payment(TypedDict):
    id: str
    state: w.PaymentWord
    amount_minor: w.Minor
    currency: w.Currency
    refunded_minor: w.Minor
    quote: FeeQuote


class ListedPayment(Payment):
    refund_due_minor: w.Minor
    disputed: bool
    lost_minor: w.Minor
    detail: str | None
    client_id: str
    appointment_id: str
    created_at: w.Instant


class PaymentTotals(TypedDict):
    currency: w.Currency
    count: int
    taken_minor: w.Minor
    refunded_minor: w.Minor
    on_its_way_minor: w.Minor
    lost_minor: w.Minor
    kept_minor: int


class ListedPayments(TypedDict):
    items: list[ListedPayment]
    next_cursor: str | None
    totals: list[PaymentTotals]


class Refund(TypedDict):
    id: str
    amount_minor: w.Minor
    status: str
    cause: w.RefundCauseWord
    reason: str | None
    asked_by: str | None
    created_at: w.Instant
    settled_at: w.Instant | None


class Dispute(TypedDict):
    id: str
    status: w.DisputeWord
    reason: str
    amount_minor: w.Minor
    due_by: w.Instant | None
    opened_at: w.Instant


class PaymentWithRefunds(ListedPayment):
    refunds: list[Refund]
    disputes: list[Dispute]


class RefundStep(TypedDict):
    until: w.Instant | None
    refund_minor: w.Minor


class CanCancel(TypedDict):
    allowed: bool
    rule: str | None
    detail: str | None
    until: w.Instant | None
    refund_minor: w.Minor
    currency: w.Currency | None
    steps: list[RefundStep]


class TypeOnOffer(TypedDict):
    id: str
    name: str
    minutes: int
    quote: Annotated[FeeQuote | None, Field(description="null where nothing is due.")]


class Appointment(TypedDict):
    id: str
    client_id: str
    type: Annotated[str, Field(description="The id of its appointment type.")]
    starts_at: w.Instant
    ends_at: w.Instant
    revision: int
    status: w.AppointmentWord
    hold_expires_at: w.Instant | None
    checkout_url: str | None
    choose_until: w.Instant | None
    payment: Payment | None


class Slot(TypedDict):
    starts_at: w.Instant
    ends_at: w.Instant
    free: int


class Slots(TypedDict):
    slots: list[Slot]


class Signature(TypedDict):
    name: str
    consent: str
    consent_sha256: w.Sha256
    signed_at: w.Instant


class SubmittedIntake(TypedDict):
    form: w.Questionnaire | None
    form_id: str | None
    form_version: int | None
    status: w.SubmissionWord
    draft: Annotated[None, Field(description="A draft isn't the practice's to read.")]
    response: w.QuestionnaireResponse | None
    submitted_at: w.Instant | None
    filed_at: w.Instant | None
    signature: Signature | None


class WordsToSign(TypedDict):
    text: str
    sha256: w.Sha256


class Intake(TypedDict):
    form: w.Questionnaire | None
    status: w.SubmissionWord
    draft: w.QuestionnaireResponse | None
    revision: int
    consent: WordsToSign | None


class FormsSent(TypedDict):
    sent: bool
    last_sent_at: w.Instant | None


class InvitedAgain(TypedDict):
    invitation_id: str
    expires_at: w.Instant


class WayEnded(TypedDict):
    client_id: str
    appointments_called_off: list[str]


class Resolved(TypedDict):
    client_id: str
    resolution: w.AttentionActionWord


class AuditEntry(TypedDict):
    id: str
    at: w.Instant
    kind: w.AuditWord
    staff_id: str | None
    name: str
    role: w.RoleWord | None
    object_id: str | None
    address: str | None
    request_id: str | None


class SignedIn(TypedDict):
    clients: list[Reference]


class AccountOpened(SignedIn):
    client_id: Annotated[str, Field(description="Who was invited.")]


class Standing(TypedDict):
    client_id: str
    stage: w.StageWord
    portal_status: w.PortalStatusWord
    next_step: w.NextStepWord


class AskedAddress(TypedDict):
    email: w.Address
    expires_at: w.Instant


class EmailChange(TypedDict):
    email: w.Address
    asked: AskedAddress | None


class OpenSession(TypedDict):
    id: str
    device: str | None
    created_at: w.Instant
    last_used_at: w.Instant
    this_one: bool
