"""Mails to the practice about its own affairs: to its owners, and to the provider whose affair it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Letterhead, Post, letterhead_for
from db.effects import concluded_keys
from db.models import Practice, StaffMember
from db.tenancy import practice_of, provider_of
from domain.errors import NotFound
from domain.roles import Role

# In the place of a staff member's id: the practice's own mailbox.
FRONT_DESK = "front-desk"


class MerchantNotice(StrEnum):
    """What is told of a merchant account."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, kw_only=True)
class SendMerchantNotice:
    """`since` is when the account came into that state: it names the notice, with the staff member's id."""

    provider_id: str
    notice: MerchantNotice
    since: datetime
    staff_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class TellPracticeOfAttention:
    """`ref` names the call for attention once."""

    practice_id: str
    ref: str
    now: datetime


class PracticeNotices:
    def __init__(self, post: Post) -> None:
        self._post = post

    @activity.defn
    async def send_merchant_notice(self, command: SendMerchantNotice) -> None:
        """Tell one of those whom it concerns how the merchant account stands."""
        async with self._post.database.transaction() as session:
            provider = await provider_of(session, command.provider_id)
            practice = await practice_of(session, provider.practice_id)
            to = await address_of(session, practice, command.staff_id)
        context: dict[str, object] = {
            "notice": str(command.notice),
            "link": self._post.link(f"/console/merchant-account/{provider.slug}"),
        }
        key = merchant_notice_key(command.provider_id, command.notice, command.since, command.staff_id)
        await self._send(key, "merchant_account", to, letterhead_for(practice, provider), context, command.now)

    @activity.defn
    async def tell_practice_of_attention(self, command: TellPracticeOfAttention) -> None:
        """A line to the practice's own mailbox: something of its own affairs waits for an answer."""
        async with self._post.database.transaction() as session:
            practice = await practice_of(session, command.practice_id)
        context: dict[str, object] = {"ref": command.ref, "link": self._post.link("/console/attention")}
        key = f"practice-attention:{command.ref}"
        await self._send(key, "practice_attention", practice.email, letterhead_for(practice), context, command.now)

    async def _send(
        self, key: str, name: str, to: str, head: Letterhead, context: dict[str, object], now: datetime
    ) -> None:
        async def done(session: AsyncSession) -> None:
            """The ledger says enough."""

        await self._post.send(
            key,
            kind=name,
            client=None,
            to=to,
            head=head,
            letter=self._post.write(name, head, context),
            now=now,
            done=done,
        )


def merchant_notice_key(provider_id: str, notice: MerchantNotice, since: datetime, staff_id: str) -> str:
    return f"merchant-account:{notice}:{provider_id}:{since:%Y%m%d%H%M%S}:{staff_id}"


async def still_to_be_told(
    session: AsyncSession, provider_id: str, notice: MerchantNotice, since: datetime
) -> tuple[str, ...]:
    """The owners, and the provider's own sign-in, as far as they haven't been told (or can't be)."""
    provider = await provider_of(session, provider_id)
    staff = await people_to_tell(session, provider.practice_id, provider_id)
    keys = {one: merchant_notice_key(provider_id, notice, since, one) for one in staff}
    known = await concluded_keys(session, list(keys.values()))
    return tuple(one for one, key in keys.items() if key not in known)


async def people_to_tell(session: AsyncSession, practice_id: str, provider_id: str | None = None) -> list[str]:
    """Ids of the owners who can sign in, and with `provider_id` of the provider's own sign-in.

    `FRONT_DESK`, for the practice's own mailbox, where there is nobody.
    """
    theirs = [StaffMember.role == str(Role.OWNER)]
    if provider_id is not None:
        theirs.append(StaffMember.provider_id == provider_id)
    query = select(StaffMember.id).where(
        StaffMember.practice_id == practice_id,
        StaffMember.deactivated_at.is_(None),
        StaffMember.password_hash.is_not(None),
        or_(*theirs),
    )
    return list(await session.scalars(query.order_by(StaffMember.id))) or [FRONT_DESK]


async def address_of(session: AsyncSession, practice: Practice, staff_id: str) -> str:
    if staff_id == FRONT_DESK:
        return practice.email
    member = await session.get(StaffMember, staff_id)
    if member is None or member.practice_id != practice.id:
        raise NotFound("There is no such staff member.")
    return member.email
