"""Mails to a practice's owners about its portal subscription: before anything closes, when it has, when it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Post, letterhead_for
from activities.practice_notices import address_of, people_to_tell
from db.effects import concluded_keys
from db.models import PortalSubscription, Practice, Provider
from db.settings_store import load_availability
from db.subscriptions import standing_of, subscription_row
from db.tenancy import practice_of
from domain.states import SubscriptionStatus
from domain.subscriptions import SubscriptionNotice
from domain.wording import spoken_date

_FIRST_WORDS = (SubscriptionNotice.PAYMENT_FAILED, SubscriptionNotice.ENDING)


@dataclass(frozen=True, kw_only=True)
class SendSubscriptionNotice:
    """`about` is the moment that names the notice: when the portal closes, or when it was opened."""

    practice_id: str
    notice: SubscriptionNotice
    about: datetime
    staff_id: str
    now: datetime


class SubscriptionNotices:
    def __init__(self, post: Post) -> None:
        self._post = post

    @activity.defn
    async def send_subscription_notice(self, command: SendSubscriptionNotice) -> bool:
        """Tell one owner; False when it isn't so any more."""
        async with self._post.database.transaction() as session:
            practice = await practice_of(session, command.practice_id)
            row = await subscription_row(session, practice.id, command.now)
            if not _still_so(row, command):
                return False
            to = await address_of(session, practice, command.staff_id)
            day = spoken_date(command.about, await _timezone(session, practice))
        context: dict[str, object] = {
            "notice": str(command.notice),
            "day": day,
            "link": self._post.link("/console/subscription"),
        }
        head = letterhead_for(practice)

        async def done(session: AsyncSession) -> None:
            """From the first word on the practice has time to do something, and not before."""
            if command.notice in _FIRST_WORDS:
                told = await subscription_row(session, practice.id, command.now)
                if told.told_at is None and told.closes_at == command.about:
                    told.told_at = command.now

        await self._post.send(
            notice_key(practice.id, command.notice, command.about, command.staff_id),
            kind="portal_subscription",
            client=None,
            to=to,
            head=head,
            letter=self._post.write("portal_subscription", head, context),
            now=command.now,
            done=done,
        )
        return True


def notice_key(practice_id: str, notice: SubscriptionNotice, about: datetime, staff_id: str) -> str:
    return f"portal-subscription:{notice}:{practice_id}:{about:%Y%m%d%H%M%S}:{staff_id}"


async def owners_to_tell(
    session: AsyncSession, practice_id: str, notice: SubscriptionNotice, about: datetime
) -> list[str]:
    """The owners who haven't been told of it (and can be); the front desk's mailbox where there is nobody."""
    keys = {one: notice_key(practice_id, notice, about, one) for one in await people_to_tell(session, practice_id)}
    known = await concluded_keys(session, list(keys.values()))
    return [one for one, key in keys.items() if key not in known]


def _still_so(row: PortalSubscription, command: SendSubscriptionNotice) -> bool:
    standing = standing_of(row)
    match command.notice:
        case SubscriptionNotice.OPENED:
            return standing.status is SubscriptionStatus.ACTIVE and row.changed_at == command.about
        case SubscriptionNotice.PLAN_CHANGED:
            return standing.open and row.plan_changed_at == command.about
        case SubscriptionNotice.CLOSED:
            return not standing.open
    return standing.open and standing.closes_at == command.about


async def _timezone(session: AsyncSession, practice: Practice) -> str:
    """In which the practice's days are told: its first provider's."""
    query = select(Provider.id).where(Provider.practice_id == practice.id).order_by(Provider.name, Provider.id)
    provider_id = await session.scalar(query.limit(1))
    return (await load_availability(session, provider_id)).timezone if provider_id else "UTC"
