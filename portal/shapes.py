"""The shapes of the contract: what clients, appointments, payments and decisions look like in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.attention import actions_for, open_items
from commands.intake import IntakeView
from commands.office import Office
from commands.standpoint import Standpoint
from db.cancelling import due_back
from db.contact import Address, addresses_of
from db.declined_mails import declined_by_hash
from db.duplicates import Alike, alike
from db.fees import quote_of
from db.invitations import ever_sent, newest_of_each, state_of
from db.models import Appointment, AttentionItem, Client, DeclinedMails, IntakeForm, Invitation, Payment, TimelineEntry
from db.policy_store import PolicyInForce
from db.signups import Given, opened_answers
from domain.decisions import Block, CancelDecision
from domain.errors import FieldError
from domain.fees import FeeQuote
from domain.intake_signature import completed_response, consent_hash
from domain.invitations import is_invited
from domain.policy_levels import Source
from domain.recipients import recipient_hash
from domain.roles import Reach
from domain.slots import Slot
from domain.stages import portal_status
from domain.states import AppointmentStatus
from workflows.naming import client_journey_id

FHIR_JSON = "application/fhir+json"
Json = dict[str, Any]


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def listed(items: Sequence[Mapping[str, Any]], next_cursor: str | None = None) -> Json:
    return {"items": list(items), "next_cursor": next_cursor}


async def client_shape(session: AsyncSession, office: Office, client: Client) -> Json:
    return (await client_shapes(session, office, [client]))[0]


async def client_shapes(session: AsyncSession, office: Office, clients: Sequence[Client]) -> list[Json]:
    """Clients of one practice, with what belongs to them, in a fixed number of queries."""
    if not clients:
        return []
    ids = [client.id for client in clients]
    now = await office.clock.now(session)
    newest, sent = await newest_of_each(session, ids), await ever_sent(session, ids)
    signups = await opened_answers(session, office.vault, ids)
    addresses = await addresses_of(session, office.vault, clients, signups)
    reach = Reach(practice_id=clients[0].practice_id)
    others = await alike(session, reach, ids)
    hashes = {client.id: recipient_hash(client.email) for client in clients}
    wishes = await declined_by_hash(session, clients[0].practice_id, set(hashes.values()))
    only = ids[0] if len(ids) == 1 else None
    attention: dict[str, AttentionItem] = {}
    for item in await open_items(session, reach, only):
        if item.client_id is not None:
            attention.setdefault(item.client_id, item)
    return [
        _client(client, attention.get(client.id), signups.get(client.id), addresses[client.id])
        | _invited(client, newest.get(client.id), client.id in sent, now)
        | _alike(client, others.get(client.id, []))
        | {"mails_declined_at": _declined(wishes.get(hashes[client.id]))}
        for client in clients
    ]


def _alike(client: Client, others: Sequence[Alike]) -> Json:
    """Who may be the same person, and with whom the address is shared."""
    return {
        "possible_duplicates": [
            {"client_id": one.client_id, "why": str(one.why)} for one in others if one.why.possible_duplicate
        ],
        "shares_address_with": [one.client_id for one in others if not one.why.possible_duplicate],
        "duplicate_of": client.duplicate_of_id,
    }


def _declined(wish: DeclinedMails | None) -> str | None:
    return instant(wish.declined_at) if wish is not None else None


def _invited(client: Client, newest: Invitation | None, sent: bool, now: datetime) -> Json:
    """The portal status, and how the newest invitation stands."""
    state = state_of(newest, now) if newest is not None else None
    invited = is_invited(state, ever_sent=sent)
    return {
        "portal_status": str(portal_status(invited=invited, account=client.account_id is not None)),
        "invitation": invitation_shape(newest, now) if newest is not None else None,
    }


def invitation_shape(invitation: Invitation, now: datetime) -> Json:
    return {
        "id": invitation.id,
        "state": str(state_of(invitation, now)),
        "issued_at": instant(invitation.issued_at),
        "sent_at": instant(invitation.sent_at),
        "expires_at": instant(invitation.expires_at),
        "accepted_at": instant(invitation.accepted_at),
        "revoked_at": instant(invitation.revoked_at),
    }


def _client(client: Client, attention: AttentionItem | None, given: Given | None, address: Address) -> Json:
    signup, answers = given or (None, {})
    details = {key: value for key, value in answers.get("details", {}).items() if key != "address"}
    return {
        "id": client.id,
        "track": client.track,
        "stage": client.stage,
        "outcome": client.outcome,
        "closed_reason": client.closed_reason,
        "attention": attention_shape(attention) if attention else None,
        "new_client_forms_sent_at": instant(client.forms_sent_at),
        "workflow_id": client_journey_id(client.id),
        "first_name": client.first_name,
        "last_name": client.last_name,
        "email": client.email,
        "phone": client.phone,
        "date_of_birth": client.date_of_birth.isoformat() if client.date_of_birth else None,
        "preferred_contact": client.preferred_contact,
        "preferred_name": client.preferred_name,
        "pronouns": client.pronouns,
        "details": details | ({"address": dict(address)} if address else {}),
        "custom": answers.get("custom", {}),
        "consents": answers.get("consents", {}),
        "signup_form_version": signup.form_version if signup else None,
        "external_id": client.external_id,
        "created_at": instant(client.created_at),
    }


def attention_shape(item: AttentionItem) -> Json:
    return {
        "id": item.id,
        "step": item.step,
        "reason": item.reason,
        "owner": item.owner,
        "due_at": instant(item.due_at) if item.due_at else None,
        "actions": [str(action) for action in actions_for(item)],
    }


def timeline_shape(entry: TimelineEntry) -> Json:
    return {"id": entry.id, "at": instant(entry.at), "kind": entry.kind, "actor": entry.actor, "ref": entry.ref}


def block_shape(block: Block, in_force: PolicyInForce) -> Json:
    source = in_force.source(block.setting) if block.setting else Source.PRACTICE
    return {
        "rule": block.rule,
        "value": block.value,
        "source": str(source),
        "lifted_by": [str(who) for who in block.lifted_by],
        "detail": block.detail,
    }


async def appointment_shape(session: AsyncSession, appointment: Appointment) -> Json:
    return (await appointment_shapes(session, [appointment]))[0]


async def appointment_shapes(session: AsyncSession, appointments: Sequence[Appointment]) -> list[Json]:
    query = select(Payment).where(Payment.appointment_id.in_([one.id for one in appointments]))
    payments = {payment.appointment_id: payment for payment in await session.scalars(query.order_by(Payment.attempt))}
    return [_appointment(one, payments.get(one.id)) for one in appointments]


def _appointment(appointment: Appointment, payment: Payment | None) -> Json:
    pending = appointment.status == AppointmentStatus.PENDING
    return {
        "id": appointment.id,
        "client_id": appointment.client_id,
        "type": appointment.type_id,
        "starts_at": instant(appointment.starts_at),
        "ends_at": instant(appointment.ends_at),
        "revision": appointment.revision,
        "status": appointment.status,
        "hold_expires_at": instant(appointment.hold_expires_at) if payment and pending else None,
        "checkout_url": payment.checkout_url if payment and pending and not appointment.cancel_requested_at else None,
        "choose_until": instant(appointment.choose_until) if appointment.choose_until else None,
        "payment": payment_shape(payment) if payment else None,
    }


def payment_shape(payment: Payment) -> Json:
    return {
        "id": payment.id,
        "state": payment.state,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "refunded_minor": payment.refunded_minor,
        "quote": quote_shape(quote_of(payment)),
    }


def quote_shape(quote: FeeQuote) -> Json:
    """What is told before paying, and counts afterwards."""
    return {
        "reference": quote.reference,
        "amount_minor": quote.amount.amount_minor,
        "currency": quote.amount.currency,
        "purpose": str(quote.purpose),
        "rest_minor": quote.rest.amount_minor if quote.rest else 0,
        "refund_rule": {
            "full_minutes": quote.refund.full_minutes,
            "part_percent": quote.refund.part_percent,
            "part_minutes": quote.refund.part_minutes,
            "at_most_percent": quote.refund.at_most_percent,
        },
        "settings_version": quote.settings_version,
    }


def type_on_offer_shape(point: Standpoint) -> Json:
    """An appointment type as it is for one client."""
    return {
        "id": point.kind.id,
        "name": point.kind.name,
        "minutes": point.policy.appointment_minutes,
        "quote": quote_shape(point.quote) if point.quote else None,
    }


def cancel_shape(decision: CancelDecision, payment: Payment | None) -> Json:
    """May it be cancelled, until when, and what goes back; `steps` say how much until when."""
    frozen = payment is not None and payment.disputed

    def back(percent: int) -> int:
        return 0 if frozen else due_back(payment, percent)

    return {
        "allowed": decision.allowed,
        "rule": decision.refusal.slug if decision.refusal else None,
        "detail": decision.refusal.detail if decision.refusal else None,
        "until": instant(decision.until),
        "refund_minor": back(decision.refund_percent),
        "currency": payment.currency if payment is not None else None,
        "steps": [{"until": instant(step.until), "refund_minor": back(step.percent)} for step in decision.refund_steps],
    }


def slots_shape(slots: Sequence[Slot]) -> Json:
    return {
        "slots": [
            {"starts_at": instant(slot.starts_at), "ends_at": instant(slot.ends_at), "free": slot.free}
            for slot in slots
        ]
    }


def intake_shape(view: IntakeView) -> Json:
    """As the client sees it; `consent` are the words that a signature agrees to."""
    return {
        "form": view.form.questionnaire if view.form else None,
        "status": str(view.status),
        "draft": view.response,
        "revision": view.revision,
        "consent": {"text": view.consent, "sha256": consent_hash(view.consent)} if view.form else None,
    }


def submitted_intake_shape(client_id: str, view: IntakeView) -> Json:
    """As the practice sees it: a draft isn't theirs to read yet."""
    submission = view.submission
    return {
        "form": view.form.questionnaire if view.form else None,
        "form_id": view.form.id if view.form else None,
        "form_version": view.form.version if view.form else None,
        "status": str(view.status),
        "draft": None,
        "response": filled_in(client_id, view),
        "submitted_at": instant(submission.submitted_at) if submission else None,
        "filed_at": instant(submission.filed_at) if submission else None,
        "signature": view.signature.as_document() if view.signature else None,
    }


def filled_in(client_id: str, view: IntakeView) -> Json | None:
    """The QuestionnaireResponse as it is filed; None before it is submitted."""
    submission = view.submission
    if view.form is None or view.response is None or submission is None or submission.submitted_at is None:
        return None
    return completed_response(
        view.response,
        identifier=submission.id,
        form_id=view.form.id,
        client_id=client_id,
        submitted_at=submission.submitted_at,
        signature=view.signature,
    )


def form_shape(form: IntakeForm) -> Json:
    return {
        "id": form.id,
        "title": form.title,
        "version": form.version,
        "selectable": form.selectable,
        "origin": form.origin,
        "questionnaire": form.questionnaire,
    }


def warnings_shape(warnings: Sequence[FieldError]) -> list[Json]:
    return [{"field": one.field, "message": one.message} for one in warnings]
