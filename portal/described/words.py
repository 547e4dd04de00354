"""Kinds of value that shapes share: instants, ids, closed words, FHIR documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from domain.appointment_types import FeeRule
from domain.audit import AuditKind
from domain.consequences import Consequence
from domain.decisions import Lifter
from domain.disputes import DisputeStatus
from domain.duplicates import Resemblance
from domain.fees import FeePurpose, RefundCause
from domain.invitations import InvitationState
from domain.outlook import AheadKind, Turn
from domain.policy_levels import Source
from domain.roles import Role
from domain.signup_fields import FieldType
from domain.stages import Actor, JourneyOutcome, PortalStatus, Stage, Track
from domain.states import (
    AppointmentStatus,
    AttentionAction,
    AttentionOwner,
    FormOrigin,
    MerchantStatus,
    PaymentState,
    SubmissionStatus,
    SubscriptionStatus,
    TimelineKind,
)

CLOSED = ConfigDict(extra="forbid")  # of a body: another field is refused by its name


def one_of(words: Iterable[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [str(one) for one in words]})


def _example(value: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [value], **more})


Instant = Annotated[str, _example("2026-12-01T14:00:00Z", format="date-time")]
Day = Annotated[str, _example("2026-12-24", format="date")]
Clock = Annotated[str, _example("09:00", pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Address = Annotated[str, _example("ana@example.com")]
Slug = Annotated[str, _example("maya-reyes")]
Sha256 = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Minor = Annotated[int, Field(ge=0, description="In the currency's smallest unit, such as cents.")]
Currency = Annotated[str, _example("usd")]

TypeToBook = Annotated[str | None, Field(description="The id of an appointment type; without it the default one.")]

Questionnaire = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "A FHIR R4 Questionnaire.",
            "required": ["resourceType"],
            "properties": {"resourceType": {"const": "Questionnaire"}},
            "additionalProperties": True,
        }
    ),
]
QuestionnaireResponse = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "A FHIR R4 QuestionnaireResponse.",
            "required": ["resourceType"],
            "properties": {"resourceType": {"const": "QuestionnaireResponse"}},
            "additionalProperties": True,
        }
    ),
]

ActorWord = Annotated[str, one_of(Actor)]
AheadWord = Annotated[str, one_of(AheadKind)]
AlikeWord = Annotated[str, one_of(Resemblance)]
AppointmentWord = Annotated[str, one_of(AppointmentStatus)]
AttentionActionWord = Annotated[str, one_of(AttentionAction)]
AttentionOwnerWord = Annotated[str, one_of(AttentionOwner)]
AuditWord = Annotated[str, one_of(AuditKind)]
ConsequenceWord = Annotated[str, one_of(Consequence)]
DisputeWord = Annotated[str, one_of(DisputeStatus)]
FeeRuleWord = Annotated[str, one_of(FeeRule)]
FeePurposeWord = Annotated[str, one_of(FeePurpose)]
FieldTypeWord = Annotated[str, one_of(FieldType)]
FormOriginWord = Annotated[str, one_of(FormOrigin)]
InvitationWord = Annotated[str, one_of(InvitationState)]
LifterWord = Annotated[str, one_of(Lifter)]
MerchantWord = Annotated[str, one_of(MerchantStatus)]
OutcomeWord = Annotated[str, one_of(JourneyOutcome)]
PaymentWord = Annotated[str, one_of(PaymentState)]
PortalStatusWord = Annotated[str, one_of(PortalStatus)]
RefundCauseWord = Annotated[str, one_of(RefundCause)]
RoleWord = Annotated[str, one_of(Role)]
SourceWord = Annotated[str, one_of(Source)]
StageWord = Annotated[str, one_of(Stage)]
SubmissionWord = Annotated[str, one_of(SubmissionStatus)]
SubscriptionWord = Annotated[str, one_of(SubscriptionStatus)]
TimelineWord = Annotated[str, one_of(TimelineKind)]
TrackWord = Annotated[str, one_of(Track)]
TurnWord = Annotated[str, one_of(Turn)]
NextStepWord = Literal["offer", "intake", "book", "pay", "wait", "none"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
