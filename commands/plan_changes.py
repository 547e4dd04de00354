"""Another plan of the portal subscription: what it would cost from now on, and the wish to have it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from commands.subscriptions import SubscriptionRecord, subscription_record
from db.models import PortalSubscription
from db.subscriptions import notice_subscription, subscription_row
from domain.audit import AuditKind
from domain.billing import PlanChange
from domain.errors import Conflict, ValidationFailed
from domain.subscriptions import PlanBlock

# What was shown for a moment is charged so; an hour is long enough to make up one's mind.
_PRICE_HOLDS = timedelta(hours=1)
PLAN_REFUSALS = {
    PlanBlock.NONE_RUNNING: "There is no subscription to change.",
    PlanBlock.UNPAID: "The last payment was refused. Please settle that first: then the plan can be changed.",
    PlanBlock.NOT_RENEWED: "It isn't renewed. Renew it after all first: then the plan can be changed.",
    PlanBlock.UNDER_WAY: "What was asked for before is still on its way. Please look again in a moment.",
    PlanBlock.SAME_PLAN: "That is the plan that the practice has.",
}


async def what_a_change_costs(office: Office, practice_id: str, price: str) -> tuple[PlanChange, datetime]:
    """What this plan would cost from this moment on, and the moment. Nothing is changed.

    Raises Conflict, ValidationFailed, PaymentRefused and PaymentUnavailable.
    """
    async with office.database.transaction() as session:
        record = await subscription_record(session, practice_id)
        row = await session.get(PortalSubscription, practice_id)
        now = (await office.clock.now(session)).replace(microsecond=0)
    _refuse_plan(office, record, price)
    assert row is not None
    assert row.subscription is not None
    return await office.billing.preview_change(row.subscription, price=price, at=now), now


async def wish_plan(session: AsyncSession, office: Office, who: Who, price: str, at: datetime) -> None:
    """Have this plan, at what was shown for the moment `at`; the workflow tells the processor.

    Raises Conflict (also where what was shown is out of date) and ValidationFailed.
    """
    now = await office.clock.now(session)
    row = await subscription_row(session, who.practice_id, now)
    _refuse_plan(office, await subscription_record(session, who.practice_id), price)
    if not now - _PRICE_HOLDS <= at <= now:
        raise Conflict("What the change costs was shown a while ago. Please look at it again.")
    row.plan_wish, row.plan_wish_at, row.plan_refusal = price, at, None
    row.plan_revision += 1
    await note(session, office, who, AuditKind.SUBSCRIPTION_PLAN_CHANGED, who.practice_id)
    external_id = f"{row.subscription}:{row.plan_revision}"
    await notice_subscription(session, who.practice_id, source="plan", external_id=external_id)


def _refuse_plan(office: Office, record: SubscriptionRecord, price: str) -> None:
    if price not in office.prices:
        raise ValidationFailed.of("price", "Please choose one of the plans.")
    block = record.plan_block(price)
    if block is not None:
        raise Conflict(PLAN_REFUSALS[block])
