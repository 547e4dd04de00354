"""Mending what a comparison of money has found: doorbells about a payment, and nothing else."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from activities.comparing_money import Moments
from db.models import Payment
from db.waking import notice_payment, notice_taken_payment
from domain.reconciliation import Finding, Remedy

BY_DOORBELL = frozenset({Remedy.ADOPT_CHECKOUT, Remedy.NOTICE_PAYMENT, Remedy.FOLLOW_PAYMENT})


async def mend(
    session: AsyncSession, finding: Finding, moments: Moments, checkout_url: str | None, *, source: str
) -> None:
    """Ring once in each pass; it proves nothing. A booking that is over is started again for it."""
    payment = await session.get_one(Payment, finding.subject, with_for_update=True)
    external_id = f"payment:{payment.id}:{moments.settled.isoformat()}"
    if finding.remedy is Remedy.FOLLOW_PAYMENT:
        await notice_taken_payment(
            session,
            source=source,
            external_id=external_id,
            provider_id=payment.provider_id,
            client_id=payment.client_id,
            payment_id=payment.id,
        )
        return
    if finding.remedy is Remedy.ADOPT_CHECKOUT and payment.session_id is None:
        payment.session_id, payment.checkout_url = finding.facts["session"], checkout_url
    await notice_payment(session, payment, source=source, external_id=external_id, of_money=True)
