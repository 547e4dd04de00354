"""The portal subscription in the practice's records: its row, and ringing at the workflow that looks after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, Recorded, practice_subject, record_event
from db.models import PortalSubscription
from domain.states import SubscriptionStatus
from domain.subscriptions import Ending, Standing


async def subscription_row(session: AsyncSession, practice_id: str, now: datetime) -> PortalSubscription:
    """The practice's row, locked; made where there is none."""
    statement = insert(PortalSubscription).values(
        practice_id=practice_id,
        status=str(SubscriptionStatus.NONE),
        changed_at=now,
        checkout_attempt=0,
        wish_revision=0,
    )
    await session.execute(statement.on_conflict_do_nothing(index_elements=["practice_id"]))
    query = select(PortalSubscription).where(PortalSubscription.practice_id == practice_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


def standing_of(row: PortalSubscription) -> Standing:
    return Standing(
        status=SubscriptionStatus(row.status),
        ending=Ending(row.ending) if row.ending else None,
        closes_at=row.closes_at,
        told_at=row.told_at,
    )


async def practice_billed_by(session: AsyncSession, ids: Sequence[str]) -> str | None:
    """The practice to which the processor gave one of these ids when we asked for it."""
    query = select(PortalSubscription.practice_id).where(
        or_(
            PortalSubscription.customer.in_(ids),
            PortalSubscription.subscription.in_(ids),
            PortalSubscription.checkout_session.in_(ids),
        )
    )
    return await session.scalar(query.limit(1))


async def notice_subscription(session: AsyncSession, practice_id: str, *, source: str, external_id: str) -> Recorded:
    """Have the subscription read again; what rang proves nothing."""
    return await record_event(
        session,
        source=source,
        tenant=practice_id,
        external_id=external_id,
        kind=EventKind.SUBSCRIPTION_NOTICED,
        subject=practice_subject(practice_id),
        payload={"practice_id": practice_id},
    )


async def practices_to_read(session: AsyncSession) -> Sequence[str]:
    """Those whom the processor bills, or has billed and may bill again."""
    closed = (str(SubscriptionStatus.NONE), str(SubscriptionStatus.CANCELLED))
    query = select(PortalSubscription.practice_id).where(
        PortalSubscription.customer.is_not(None),
        or_(PortalSubscription.status.not_in(closed), PortalSubscription.checkout_asked_at.is_not(None)),
    )
    return (await session.scalars(query.order_by(PortalSubscription.practice_id))).all()
