"""The practice's portal subscription: read at the processor, and the gates opened or closed by what is decided."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.subscription_notices import owners_to_tell
from db.engine import Database
from db.models import PortalSubscription
from db.subscriptions import standing_of, subscription_row
from domain.billing import Billing
from domain.errors import PaymentRefused
from domain.states import SubscriptionStatus
from domain.subscriptions import (
    Ending,
    Standing,
    SubscriptionNotice,
    SubscriptionState,
    SubscriptionTerms,
    SubscriptionView,
    chosen,
    decide,
    doubled,
    next_look,
    notices_due,
)

logger = logging.getLogger("portico.subscriptions")

# A checkout lives for a day. While one is open it is looked after more and more rarely.
_CHECKOUT_LIVES = timedelta(hours=25)
_SOONEST_LOOK, _LATEST_LOOK = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ReadSubscription:
    practice_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ChangeRenewal:
    practice_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ChangePlan:
    practice_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class DueMail:
    """One notice to one owner; `about` is the moment that names it."""

    notice: SubscriptionNotice
    about: datetime
    not_after: datetime
    staff_id: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionLook:
    """How the practice stands, what is to be told of it now, and when to look again though nobody rings."""

    status: SubscriptionStatus
    ending: Ending | None
    closes_at: datetime | None
    mails: tuple[DueMail, ...]
    look_again_at: datetime | None
    renewal_asked: bool
    doubled: bool
    plan_asked: bool = False


class PortalSubscriptions:
    """`environment` is part of each idempotency key, as with fees."""

    def __init__(self, database: Database, billing: Billing, terms: SubscriptionTerms, *, environment: str) -> None:
        self._database = database
        self._billing = billing
        self._terms = terms
        self._environment = environment

    @activity.defn
    async def read_portal_subscription(self, command: ReadSubscription) -> SubscriptionLook:
        """Ask the processor, decide, and write down what the gates read from now on."""
        async with self._database.transaction() as session:
            customer = (await subscription_row(session, command.practice_id, command.now)).customer
        views = await self._billing.subscriptions(customer) if customer is not None else []
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            view = chosen(views)
            standing = decide(view, standing_of(row), command.now, self._terms)
            _write_down(row, view, standing, command.now)
            return await self._look(session, row, views, standing, command.now)

    @activity.defn
    async def change_renewal(self, command: ChangeRenewal) -> bool:
        """Tell the processor whether it is to be renewed, as an owner has asked; the newest wish counts."""
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            wish, revision, subscription = row.renewal_wish, row.wish_revision, row.subscription
        if wish is None or subscription is None:
            return True
        key = f"{self._environment}:{subscription}:renewal:{revision}"
        await self._billing.set_renewal(subscription, renews=wish, idempotency_key=key)
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            if row.wish_revision == revision:
                # What was read before isn't how it stands any more.
                row.renewal_wish = row.read_at = None
        return True

    @activity.defn
    async def leave_renewal(self, command: ChangeRenewal) -> None:
        """A person has decided that the wish isn't to be followed."""
        async with self._database.transaction() as session:
            (await subscription_row(session, command.practice_id, command.now)).renewal_wish = None

    @activity.defn
    async def change_plan(self, command: ChangePlan) -> bool:
        """Tell the processor that an owner has asked for another plan; False where it, or the bank, refused.

        What came of it is read afterwards: a plan that was changed before a crash isn't changed twice.
        """
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            wish, at, revision, subscription = row.plan_wish, row.plan_wish_at, row.plan_revision, row.subscription
        if wish is None or subscription is None:
            return True
        refusal: str | None = None
        try:
            key = f"{self._environment}:{subscription}:plan:{revision}"
            await self._billing.change_plan(subscription, price=wish, at=at or command.now, idempotency_key=key)
        except PaymentRefused as error:
            # An answer for whoever asked: they choose another card, or leave it. Nothing is stuck.
            refusal = error.code
            logger.info("practice %s: another plan was refused (%s)", command.practice_id, error.code)
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            if row.plan_revision == revision:
                row.plan_wish = row.plan_wish_at = row.read_at = None
                row.plan_refusal = refusal
        return refusal is None

    @activity.defn
    async def leave_plan(self, command: ChangePlan) -> None:
        """A person has decided that the wish isn't to be followed."""
        async with self._database.transaction() as session:
            row = await subscription_row(session, command.practice_id, command.now)
            row.plan_wish = row.plan_wish_at = None

    async def _look(
        self,
        session: AsyncSession,
        row: PortalSubscription,
        views: Sequence[SubscriptionView],
        standing: Standing,
        now: datetime,
    ) -> SubscriptionLook:
        mails: list[DueMail] = []
        for due in notices_due(standing, row.changed_at, now, self._terms, row.plan_changed_at) if views else ():
            for staff_id in await owners_to_tell(session, row.practice_id, due.notice, due.about):
                mail = DueMail(notice=due.notice, about=due.about, not_after=due.not_after, staff_id=staff_id)
                mails.append(mail)
        looks = [next_look(standing, chosen(views), now, self._terms), _checkout_look(row, now)]
        return SubscriptionLook(
            status=standing.status,
            ending=standing.ending,
            closes_at=standing.closes_at,
            mails=tuple(mails),
            look_again_at=min((one for one in looks if one is not None), default=None),
            renewal_asked=row.renewal_wish is not None,
            plan_asked=row.plan_wish is not None,
            doubled=doubled(views),
        )


def _write_down(row: PortalSubscription, view: SubscriptionView | None, standing: Standing, now: datetime) -> None:
    if standing.status != row.status:
        logger.info("practice %s: portal subscription %s -> %s", row.practice_id, row.status, standing.status)
        row.status, row.changed_at = str(standing.status), now
    row.ending = str(standing.ending) if standing.ending else None
    row.closes_at, row.told_at, row.read_at = standing.closes_at, standing.told_at, now
    living = view is not None and view.state in (SubscriptionState.PAID, SubscriptionState.PAST_DUE)
    if view is not None and view.state is not SubscriptionState.BEGUN:
        if row.subscription == view.subscription and row.price is not None and row.price != view.price:
            # By us, or in the processor's dashboard.
            row.plan_changed_at, row.plan_refusal = now, None
        row.subscription, row.price, row.period_end = view.subscription, view.price, view.period_end
    if not living:
        row.renewal_wish = row.plan_wish = row.plan_wish_at = None
    asked_at = row.checkout_asked_at
    if asked_at is not None and (living or now - asked_at > _CHECKOUT_LIVES):
        row.checkout_session = row.checkout_url = row.checkout_asked_at = row.checkout_price = None


def _checkout_look(row: PortalSubscription, now: datetime) -> datetime | None:
    """While somebody may be paying: the webhook wakes us, and where it is lost, looking finds out."""
    if row.checkout_asked_at is None:
        return None
    age = now - row.checkout_asked_at
    return now + min(max(age / 2, _SOONEST_LOOK), _LATEST_LOOK)
