"""Connecting a provider's merchant account: made once, finished at the processor, and believed only when it is read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.ids import new_id
from db.merchant_accounts import merchant_row, notice_merchant_account
from db.models import MerchantAccount, Provider
from db.tenancy import practice_of
from domain.audit import AuditKind
from domain.errors import Conflict
from domain.states import MerchantStatus

_LOOK_EVERY_SECONDS = 0.05
# The processor forgets keys after a day: from then on an account that we may have asked for is looked for first.
_KEY_KEPT = timedelta(hours=20)
_CLOCKS_APART = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class MerchantView:
    """How a provider's account stands in our records; `own` is the installation's own, which is never connected."""

    status: MerchantStatus
    own: bool
    account: str | None = None
    since: datetime | None = None
    read_at: datetime | None = None
    due: int = 0
    disabled_reason: str | None = None


async def merchant_view(session: AsyncSession, office: Office, provider: Provider) -> MerchantView:
    row = await session.get(MerchantAccount, provider.id)
    if row is None:
        return MerchantView(status=MerchantStatus.NONE, own=office.own_account)
    return MerchantView(
        status=MerchantStatus(row.status),
        own=office.own_account,
        account=row.account,
        since=row.changed_at,
        read_at=row.read_at,
        due=row.due,
        disabled_reason=row.disabled_reason,
    )


async def connect(office: Office, who: Who, provider: Provider) -> str:
    """An address at the processor where the provider goes on; a new account only where there is none to go on with.

    Holds no transaction while the processor is asked. A crash in between loses nothing: the next call finds the account
    that was made. Raises Conflict, PaymentRefused and PaymentUnavailable.
    """
    if office.own_account:
        raise Conflict("Fees go to the account of this installation; there is nothing to connect.")
    account = await _account_to_go_on_with(office, who, provider)
    # By id: the slug is mostly somebody's name, and the processor is told none.
    page = f"{office.base_url}/console/merchant-account/{provider.id}"
    return await office.merchants.onboarding_link(account, return_url=f"{page}/return", refresh_url=f"{page}/refresh")


async def _account_to_go_on_with(office: Office, who: Who, provider: Provider) -> str:
    async with office.database.transaction() as session:
        now = await office.clock.now(session)
        row = await merchant_row(session, provider.id, now)
        await note(session, office, who, AuditKind.MERCHANT_ACCOUNT_ASKED, provider.id)
        if row.account is not None and row.status != MerchantStatus.DISCONNECTED:
            return row.account
        if row.account is not None or row.asked_at is None:
            row.account, row.attempt, row.asked_at = None, row.attempt + 1, now
        if row.status != MerchantStatus.PENDING:
            row.status_before, row.status, row.changed_at = row.status, str(MerchantStatus.PENDING), now
        attempt, asked_at = row.attempt, row.asked_at
        country = (await practice_of(session, provider.practice_id)).country
    reference = f"{provider.id}:{attempt}"
    account = None
    if now - asked_at > _KEY_KEPT:
        account = await office.merchants.find_account(reference, asked_at - _CLOCKS_APART)
    if account is None:
        account = await office.merchants.create_account(reference, country, f"{office.environment}:{reference}:account")
    async with office.database.transaction() as session:
        row = await merchant_row(session, provider.id, now)
        if row.attempt != attempt:
            raise Conflict("Somebody else has connected an account in the meantime. Please look again.")
        row.account = account
    return account


async def look_again(session: AsyncSession, office: Office, provider: Provider, source: str) -> datetime | None:
    """Have the account read again; when it was last read before that."""
    row = await merchant_row(session, provider.id, await office.clock.now(session))
    await notice_merchant_account(session, provider, source=source, external_id=f"{provider.id}:{new_id('ret')}")
    return row.read_at


async def wait_until_read(office: Office, provider: Provider, before: datetime | None, seconds: float = 2.0) -> bool:
    """A moment, for the processor's answer; whether it has come. Short transactions, no lock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with office.database.transaction() as session:
            if await has_been_read(session, provider, before):
                return True
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return False


async def has_been_read(session: AsyncSession, provider: Provider, before: datetime | None) -> bool:
    row = await session.get(MerchantAccount, provider.id)
    if row is None or row.read_at is None:
        return False
    return before is None or row.read_at > before
