"""Ringing at what looks after a payment: it reads the payment again, and decides from what it finds."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, Recorded, client_subject, record_event
from db.models import Payment


async def wake_booking(
    session: AsyncSession,
    *,
    source: str,
    external_id: str,
    provider_id: str,
    client_id: str,
    appointment_id: str,
    payment_id: str,
    of_money: bool,
    body: Mapping[str, object] | None = None,
) -> Recorded:
    """Let the booking read this payment again; one that is over, only when it is about money."""
    return await record_event(
        session,
        source=source,
        tenant=provider_id,
        external_id=external_id,
        kind=EventKind.PAYMENT_NOTICED,
        subject=client_subject(client_id),
        payload={"appointment_id": appointment_id, "payment_id": payment_id, "of_money": of_money},
        body=body,
    )


async def notice_payment(
    session: AsyncSession, payment: Payment, *, source: str, external_id: str, of_money: bool = False
) -> None:
    """Wake the booking, so that it reads the payment again. It proves nothing by itself.

    `of_money`: the processor says that money is held or was taken. Worth a look even when the booking is over.
    """
    await wake_booking(
        session,
        source=source,
        external_id=external_id,
        provider_id=payment.provider_id,
        client_id=payment.client_id,
        appointment_id=payment.appointment_id,
        payment_id=payment.id,
        of_money=of_money,
    )


async def notice_taken_payment(
    session: AsyncSession,
    *,
    source: str,
    external_id: str,
    provider_id: str,
    client_id: str,
    payment_id: str,
    body: Mapping[str, object] | None = None,
) -> Recorded:
    """Have what went back of a payment read again; what rang proves nothing."""
    return await record_event(
        session,
        source=source,
        tenant=provider_id,
        external_id=external_id,
        kind=EventKind.TAKEN_PAYMENT_NOTICED,
        subject=client_subject(client_id),
        payload={"payment_id": payment_id},
        body=body,
    )
