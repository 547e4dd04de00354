"""Merchant accounts: what the processor says of one is read, and written down with what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.practice_notices import MerchantNotice, still_to_be_told
from db.engine import Database
from db.merchant_accounts import merchant_row, payments_under_way
from db.models import MerchantAccount
from db.waking import wake_booking
from domain.merchant_accounts import TROUBLED, AccountView, Merchants, merchant_status
from domain.states import MerchantStatus


@dataclass(frozen=True, kw_only=True)
class ReadMerchantAccount:
    provider_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class MerchantStanding:
    """How the account stands, since when, and which staff (ids) are still to be told what of it."""

    status: MerchantStatus
    since: datetime
    notice: MerchantNotice | None = None
    staff: tuple[str, ...] = ()


_NOTICES = {
    MerchantStatus.RESTRICTED: MerchantNotice.RESTRICTED,
    MerchantStatus.DISCONNECTED: MerchantNotice.DISCONNECTED,
}
_NEWS_WHEN_ACTIVE = frozenset({MerchantStatus.PENDING, *TROUBLED})


class MerchantAccounts:
    """`own_account`: the installation's key is a single practice's own, and there are no connected accounts."""

    def __init__(self, database: Database, merchants: Merchants, *, own_account: bool) -> None:
        self._database = database
        self._merchants = merchants
        self._own_account = own_account

    @activity.defn
    async def read_merchant_account(self, command: ReadMerchantAccount) -> MerchantStanding:
        """Ask the processor, and write down how the account stands; bookings that need a lost one look at their fee."""
        async with self._database.transaction() as session:
            account = (await merchant_row(session, command.provider_id, command.now)).account
        if account is None and not self._own_account:
            view = None
        else:
            view = await self._merchants.read_account(account)
        async with self._database.transaction() as session:
            row = await merchant_row(session, command.provider_id, command.now)
            # Another one was connected meanwhile: its own news is on the way. Or none was ever asked for.
            if row.account == account and (account is not None or self._own_account):
                await _write_down(session, row, view, command.now)
            status = MerchantStatus(row.status)
            notice = _notice(row)
            staff = await still_to_be_told(session, row.provider_id, notice, row.changed_at) if notice else ()
            return MerchantStanding(status=status, since=row.changed_at, notice=notice, staff=staff)


async def _write_down(session: AsyncSession, row: MerchantAccount, view: AccountView | None, now: datetime) -> None:
    before = MerchantStatus(row.status)
    status = merchant_status(view, before)
    row.read_at = now
    row.due = view.due if view is not None else 0
    row.disabled_reason = view.disabled_reason if view is not None else None
    if status is before:
        return
    row.status, row.status_before, row.changed_at = str(status), str(before), now
    if status in TROUBLED:
        await session.flush()
        await _wake_bookings(session, row)


async def _wake_bookings(session: AsyncSession, row: MerchantAccount) -> None:
    """Whoever is about to pay at this account: their booking finds out now, and asks a person."""
    for payment in await payments_under_way(session, row):
        await wake_booking(
            session,
            source="merchant-account",
            external_id=f"{row.status}:{row.changed_at:%Y%m%d%H%M%S}:{payment.id}",
            provider_id=payment.provider_id,
            client_id=payment.client_id,
            appointment_id=payment.appointment_id,
            payment_id=payment.id,
            of_money=False,
        )


def _notice(row: MerchantAccount) -> MerchantNotice | None:
    """What the provider is told of this state; that it works only where it didn't before."""
    status = MerchantStatus(row.status)
    if status is MerchantStatus.ACTIVE:
        return MerchantNotice.ACTIVE if row.status_before in _NEWS_WHEN_ACTIVE else None
    return _NOTICES.get(status)
