"""Refunds by staff: all of a fee or a part of it, with a reason; written down here, paid out by the booking."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.idempotency import earlier_result, keep_result
from commands.office import Office
from db.cancelling import owe_refund
from db.events import EventKind, client_subject, record_event
from db.fees import amount_of
from db.models import Payment, Refund
from domain.audit import AuditKind
from domain.errors import ValidationFailed
from domain.fees import RefundCause, refund_refusal, refundable
from domain.states import PaymentState

LONGEST_REASON = 500


async def refund_by_staff(
    session: AsyncSession,
    office: Office,
    payment: Payment,
    *,
    amount_minor: int | None,
    reason: str | None,
    who: Who,
    idempotency_key: str | None = None,
) -> Refund:
    """Owe so much of the locked payment back, or what is left of it; the booking gives it back.

    Raises ValidationFailed (no reason, an amount that can't be paid) and Conflict (nothing was taken, or not so much is
    left).
    """
    reason = (reason or "").strip()
    if not reason:
        raise ValidationFailed.of("reason", "is needed: it is kept with the refund")
    if len(reason) > LONGEST_REASON:
        raise ValidationFailed.of("reason", f"must be at most {LONGEST_REASON} characters")
    scope = f"refund:{payment.id}"
    request: dict[str, object] = {"amount_minor": amount_minor, "reason": reason}
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await session.get_one(Refund, earlier["refund_id"])
    state, amount = PaymentState(payment.state), amount_of(payment)
    gone = payment.refund_due_minor + payment.lost_minor
    refusal = refund_refusal(state, amount, gone, amount_minor, disputed=payment.disputed)
    if refusal is not None:
        raise refusal
    now = await office.clock.now(session)
    wanted = amount_minor or refundable(state, amount, gone).amount_minor
    refund_id = await owe_refund(
        session, payment, now, wanted, cause=RefundCause.STAFF, reason=reason, asked_by=who.name
    )
    await keep_result(session, scope, idempotency_key, request, {"refund_id": refund_id})
    await record_event(
        session,
        source="staff",
        tenant=payment.provider_id,
        external_id=f"refund:{refund_id}",
        kind=EventKind.REFUND_ASKED,
        subject=client_subject(payment.client_id),
        payload={"appointment_id": payment.appointment_id, "refund_id": refund_id},
    )
    await note(session, office, who, AuditKind.PAYMENT_REFUNDED, payment.id)
    return await session.get_one(Refund, refund_id)
