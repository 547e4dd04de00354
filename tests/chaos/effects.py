"""What the matrix is generated from: the effects of both tracks, the parts, the kinds of fault, the moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Track(StrEnum):
    ANONYMOUS = "anonymous"
    INVITED = "invited"


class Part(StrEnum):
    WORKER = "worker"
    SERVER = "server"
    TEMPORAL = "temporal"
    POSTGRES = "postgres"
    MAILBOX = "mailbox"
    SIMULATOR = "simulator"


class Kind(StrEnum):
    KILLED = "killed"
    HUNG = "hung"
    ERRORING = "erroring"


class Moment(StrEnum):
    """Where the effect is when the fault strikes.

    Before: nothing has happened; what causes the effect is done while the part is away. During: held at the far side,
    which has acted and not answered (or, where there is none, inside our transaction). After: the far side has
    answered and our record of it is inside its transaction (where there is none: the record is committed, and the
    step that follows is held).
    """

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Step(StrEnum):
    """What a person does; everything else follows from it."""

    SIGN_UP = "sign-up"
    INVITE = "invite"
    FORMS = "forms"
    ACCEPT = "accept"
    SUBMIT = "submit"
    BOOK = "book"
    PAY = "pay"
    CANCEL = "cancel"


STEPS = {
    Track.ANONYMOUS: (Step.SIGN_UP, Step.ACCEPT, Step.SUBMIT, Step.BOOK, Step.PAY, Step.CANCEL),
    Track.INVITED: (Step.INVITE, Step.FORMS, Step.ACCEPT, Step.BOOK, Step.PAY, Step.CANCEL),
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A row of ours that is written for this client (tests/chaos/gates.py says which)."""

    label: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """To the client, or to the front desk; found by a part of its subject."""

    subject: str
    to_desk: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to the payment processor, for this client's merchant."""

    match: str


Far = Mail | Call


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`record` is ours; `far` is where it happens outside; `next` is what follows by itself."""

    name: str
    step: Step
    record: str
    far: Far | None = None
    next: Record | Far | None = None


INVITATION = Mail(subject="client portal")
GREETING = Mail(subject="welcome")
CONFIRMATION = Mail(subject="is confirmed")
CANCELLATION = Mail(subject="is cancelled")
CHECKOUT = Call(match="POST /v1/checkout/sessions")
CAPTURE = Call(match="POST /v1/payment_intents/*/capture")
REFUND = Call(match="POST /v1/refunds")


def _front_desk(word: str, step: Step, subject: str) -> Effect:
    return Effect(
        name=f"front desk: {word}", step=step, record=f"front_desk_told:{word}", far=Mail(subject=subject, to_desk=True)
    )


_PAYING = (
    Effect(name="slot claimed", step=Step.BOOK, record="slot_held", next=CHECKOUT),
    Effect(name="checkout opened", step=Step.BOOK, record="checkout_opened", far=CHECKOUT),
    Effect(name="authorised", step=Step.PAY, record="fee_authorized", next=CAPTURE),
    Effect(name="captured", step=Step.PAY, record="fee_captured", far=CAPTURE),
    Effect(name="booked", step=Step.PAY, record="appointment_booked", next=CONFIRMATION),
    Effect(name="confirmation mail", step=Step.PAY, record="confirmation_sent", far=CONFIRMATION),
    _front_desk("booked", Step.PAY, "Appointment booked"),
    Effect(name="cancelled", step=Step.CANCEL, record="appointment_cancelled", next=CANCELLATION),
    Effect(name="cancellation mail", step=Step.CANCEL, record="cancellation_sent", far=CANCELLATION),
    Effect(name="refund", step=Step.CANCEL, record="fee_refunded", far=REFUND),
    _front_desk("cancelled", Step.CANCEL, "Appointment cancelled"),
)
EFFECTS: dict[Track, tuple[Effect, ...]] = {
    Track.ANONYMOUS: (
        Effect(name="sign-up accepted", step=Step.SIGN_UP, record="signup", next=Record(label="signed_up")),
        Effect(name="sign-up recorded", step=Step.SIGN_UP, record="signed_up", next=INVITATION),
        Effect(name="invitation mail", step=Step.SIGN_UP, record="invitation_sent", far=INVITATION),
        Effect(name="greeting mail", step=Step.SIGN_UP, record="greeting_sent", far=GREETING),
        _front_desk("signed_up", Step.SIGN_UP, "New client signed up"),
        Effect(name="account accepted", step=Step.ACCEPT, record="portal_account", next=Record(label="account_opened")),
        # Both in one transaction: neither follows the other.
        Effect(name="account opened", step=Step.ACCEPT, record="account_opened"),
        Effect(name="intake assigned", step=Step.ACCEPT, record="intake_assigned"),
        Effect(name="intake submitted", step=Step.SUBMIT, record="intake_submitted", next=Record(label="intake_filed")),
        Effect(name="intake filed", step=Step.SUBMIT, record="intake_filed"),
        *_PAYING,
    ),
    Track.INVITED: (
        Effect(name="invited", step=Step.INVITE, record="invited", next=INVITATION),
        Effect(name="invitation mail", step=Step.INVITE, record="invitation_sent", far=INVITATION),
        Effect(name="forms requested", step=Step.FORMS, record="new_client_forms_requested", next=GREETING),
        Effect(name="forms mail", step=Step.FORMS, record="new_client_forms_sent", far=GREETING),
        Effect(name="account accepted", step=Step.ACCEPT, record="portal_account", next=Record(label="account_opened")),
        Effect(name="account opened", step=Step.ACCEPT, record="account_opened"),
        *_PAYING,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One scenario: this fault, at this moment of this effect."""

    part: Part
    kind: Kind
    moment: Moment
    track: Track
    effect: Effect

    @property
    def name(self) -> str:
        return f"{self.part}:{self.kind}:{self.moment}:{self.track}:{self.effect.name}"

    @property
    def no_meaning(self) -> str | None:
        """Why there is nothing to try, where that is so."""
        if self.kind is not Kind.ERRORING or self.moment is not Moment.DURING:
            return None
        if self.part is Part.MAILBOX and not isinstance(self.effect.far, Mail):
            return "no mail is under way that could be refused"
        if self.part is Part.SIMULATOR and not isinstance(self.effect.far, Call):
            return "no request to the processor is under way that could fail"
        return None


def matrix() -> Iterator[Cell]:
    """Every combination there is."""
    for part in Part:
        for kind in Kind:
            for moment in Moment:
                for track, effects in EFFECTS.items():
                    for effect in effects:
                        yield Cell(part=part, kind=kind, moment=moment, track=track, effect=effect)
