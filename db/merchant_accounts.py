"""Merchant accounts in the practice's records: the row of a provider, and ringing at the workflow that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, Recorded, merchant_subject, record_event
from db.models import Appointment, MerchantAccount, Payment, Provider
from domain.states import AppointmentStatus, MerchantStatus, PaymentState


async def merchant_row(session: AsyncSession, provider_id: str, now: datetime) -> MerchantAccount:
    """The provider's row, locked; made where there is none."""
    statement = insert(MerchantAccount).values(
        provider_id=provider_id, status=str(MerchantStatus.NONE), changed_at=now, attempt=0, due=0
    )
    await session.execute(statement.on_conflict_do_nothing(index_elements=["provider_id"]))
    query = select(MerchantAccount).where(MerchantAccount.provider_id == provider_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


async def providers_with_account(session: AsyncSession, account: str | None) -> Sequence[Provider]:
    """Whose merchant account it is; None is the installation's own, which several may share."""
    query = select(Provider).join(MerchantAccount, MerchantAccount.provider_id == Provider.id)
    same = MerchantAccount.account.is_(None) if account is None else MerchantAccount.account == account
    return (await session.scalars(query.where(same).order_by(Provider.id))).all()


async def providers_to_read(session: AsyncSession) -> Sequence[Provider]:
    """Those whose account is at the processor, as far as we know."""
    gone = (str(MerchantStatus.NONE), str(MerchantStatus.DISCONNECTED))
    query = select(Provider).join(MerchantAccount, MerchantAccount.provider_id == Provider.id)
    return (await session.scalars(query.where(MerchantAccount.status.not_in(gone)).order_by(Provider.id))).all()


async def notice_merchant_account(
    session: AsyncSession, provider: Provider, *, source: str, external_id: str
) -> Recorded:
    """Have the account read again; what rang proves nothing."""
    return await record_event(
        session,
        source=source,
        tenant=provider.id,
        external_id=external_id,
        kind=EventKind.MERCHANT_ACCOUNT_NOTICED,
        subject=merchant_subject(provider.id),
        payload={"provider_id": provider.id, "practice_id": provider.practice_id},
    )


async def payments_under_way(session: AsyncSession, row: MerchantAccount) -> Sequence[Payment]:
    """Payments at this account whose bookings still need it."""
    query = (
        select(Payment)
        .join(Appointment, Appointment.id == Payment.appointment_id)
        .where(
            Payment.provider_id == row.provider_id,
            Payment.merchant_account.is_(None) if row.account is None else Payment.merchant_account == row.account,
            Payment.state.in_([str(PaymentState.REQUESTED), str(PaymentState.AUTHORIZED)]),
            Appointment.status == str(AppointmentStatus.PENDING),
        )
    )
    return (await session.scalars(query)).all()
