"""The evidence about a disputed payment as a sheet of paper, for the PDF file that goes to the bank."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from commands.evidence import Agreed, Evidence, Happened, evidence_about
from commands.office import Office
from db.fees import amount_of, quote_of
from db.models import Dispute, Payment
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, client_by_id, practice_of
from domain.ports import AnswerLine, AnswerSheet
from domain.states import AppointmentStatus, TimelineKind
from portal.dispute_words import mail, reason
from portal.refund_words import rule
from portal.wording import APPOINTMENT, TIMELINE, short_time

Spoken = Callable[[Happened], str]


async def evidence_pdf(session: AsyncSession, office: Office, dispute: Dispute, payment: Payment) -> bytes:
    """Nothing clinical: no answers, no forms, and of a visit its time and whether it was kept."""
    client = await client_by_id(session, payment.client_id)
    practice = await practice_of(session, payment.practice_id)
    appointment = await appointment_by_id(session, payment.appointment_id)
    timezone = (await load_availability(session, payment.provider_id)).timezone
    kept = APPOINTMENT[AppointmentStatus(appointment.status)]
    evidence = await evidence_about(session, office.vault, client)
    facts = (
        ("Merchant", f"{practice.name}, {practice.email}, {practice.phone}"),
        ("Cardholder's claim", reason(dispute.reason)),
        ("Disputed amount", str(amount_of(payment)) if dispute.amount_minor == payment.amount_minor else "in part"),
        ("Client", f"{client.first_name} {client.last_name}, {client.email}".strip(" ,")),
        ("Payment", f"{amount_of(payment)}, {payment.purpose}, asked {short_time(payment.created_at, timezone)}"),
        ("References", f"{payment.id}, {payment.payment_intent_id}, {dispute.processor_dispute_id}"),
        ("Appointment", f"{short_time(appointment.starts_at, timezone)}, {kept.lower()}"),
        ("Times", f"in {timezone.replace('_', ' ')} time"),
    )
    shown = rule(quote_of(payment), appointment.cancel_notice_minutes)
    lines = [
        AnswerLine(text="Cancellation and refund policy", depth=0, answers=None),
        AnswerLine(text="As shown to the client before paying", depth=0, answers=(shown,)),
        *_lines(evidence, timezone),
    ]
    return office.documents.pdf(AnswerSheet(title="Evidence about a payment", facts=facts, lines=tuple(lines)))


def _lines(evidence: Evidence, timezone: str) -> list[AnswerLine]:
    return [
        *_agreements(evidence.agreed, timezone),
        *_section("What the client did, and what became of it", evidence.acts, timezone, _act),
        *_section("Mails that were sent to the client", evidence.mails, timezone, _mail),
        *_section("When the client used the portal", evidence.visits, timezone, lambda one: one.what),
    ]


def _agreements(agreed: Sequence[Agreed], timezone: str) -> list[AnswerLine]:
    found = [
        AnswerLine(
            text=f"{short_time(one.at, timezone)} · SHA-256 {one.sha256}",
            depth=0,
            answers=(one.text or "Signed with a form whose words aren't shown here",),
        )
        for one in agreed
    ]
    return [AnswerLine(text="What the client agreed to", depth=0, answers=None), *(found or [_NONE])]


def _section(title: str, happened: Sequence[Happened], timezone: str, spoken: Spoken) -> list[AnswerLine]:
    found = [AnswerLine(text=short_time(one.at, timezone), depth=0, answers=(spoken(one),)) for one in happened]
    return [AnswerLine(text=title, depth=0, answers=None), *(found or [_NONE])]


_NONE = AnswerLine(text="Nothing is known of that", depth=0, answers=())


def _act(one: Happened) -> str:
    return TIMELINE[TimelineKind(one.what)]


def _mail(one: Happened) -> str:
    return mail(one.what)
