"""The mail that offers a freed time, with a link that takes or declines it; and the one that takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Letterhead, Post, letterhead
from db.ids import new_id
from db.models import AttentionItem, Client, WaitlistOffer, WaitlistWish
from db.settings_store import load_availability
from db.tenancy import client_by_id, still_here
from db.timeline import tell
from db.waitlist import end_offer, end_wish, offer_by_id, wish_by_id
from domain.cadence import ANSWER_WITHIN
from domain.errors import MailRefused, NotFound
from domain.ports import Tokens
from domain.stages import Actor
from domain.states import AttentionOwner, TimelineKind
from domain.waitlist import OfferState, WishEnd
from domain.wording import spoken_time

OFFER = "waitlist-offer"  # the purpose of the token
STEP = "waitlist_offer:"  # on the attention list, with the offer's id


@dataclass(frozen=True, kw_only=True)
class SendWaitlistOffer:
    """`workflow_id` is whose step it is, for the attention list."""

    offer_id: str
    workflow_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class SendWaitlistApology:
    offer_id: str
    workflow_id: str
    now: datetime


class OfferMail(StrEnum):
    SENT = "sent"
    OVERTAKEN = "overtaken"  # it went out, and the offer was taken back in the same moment
    NOT_NEEDED = "not_needed"  # the offer is over
    REFUSED = "refused"  # by the mailbox: its time is free for the next one


_Mail = SendWaitlistOffer | SendWaitlistApology


@dataclass(frozen=True, kw_only=True)
class _About:
    offer: WaitlistOffer
    wish: WaitlistWish
    client: Client
    head: Letterhead
    timezone: str


class WaitlistOffers:
    def __init__(self, post: Post, tokens: Tokens) -> None:
        self._post = post
        self._tokens = tokens

    @activity.defn
    async def send_waitlist_offer(self, command: SendWaitlistOffer) -> OfferMail:
        """Neutral: a time at the practice, and until when it is kept.

        A mailbox that doesn't exist is nobody to keep times for: the offer ends, the client leaves the list, and the
        front desk has it on the attention list.
        """
        try:
            about = await self._about(command.offer_id)
            if about.offer.state != OfferState.OPEN:
                return OfferMail.NOT_NEEDED
            await self._send(about, command)
            since = await self._about(command.offer_id)
        except MailRefused as refusal:
            await self._give_up(command, str(refusal), OfferState.OPEN)
            return OfferMail.REFUSED
        except NotFound:  # erased meanwhile
            return OfferMail.NOT_NEEDED
        return OfferMail.OVERTAKEN if since.offer.state == OfferState.TAKEN_BACK else OfferMail.SENT

    @activity.defn
    async def send_waitlist_apology(self, command: SendWaitlistApology) -> None:
        """The time that was offered is closed after all: said to whoever had the offer, and to nobody else."""
        try:
            about = await self._about(command.offer_id)
            if about.offer.state == OfferState.TAKEN_BACK and about.offer.told_at is not None:
                await self._apologise(about, command)
        except MailRefused as refusal:
            await self._give_up(command, str(refusal), OfferState.TAKEN_BACK)
        except NotFound:  # erased meanwhile
            return

    async def _about(self, offer_id: str) -> _About:
        async with self._post.database.transaction() as session:
            offer = await offer_by_id(session, offer_id)
            return _About(
                offer=offer,
                wish=await wish_by_id(session, offer.wish_id),
                client=await client_by_id(session, offer.client_id),
                head=await letterhead(session, offer.provider_id),
                timezone=(await load_availability(session, offer.provider_id)).timezone,
            )

    async def _send(self, about: _About, command: SendWaitlistOffer) -> None:
        offer = about.offer
        context: dict[str, object] = {
            "first_name": about.client.first_name,
            "when": spoken_time(offer.starts_at, about.timezone),
            "until": spoken_time(offer.expires_at, about.timezone),
            "earlier": about.wish.replaces_id is not None,
            "link": self._post.link(f"/offers/{self._tokens.mint(OFFER, offer.id)}"),
        }

        async def done(session: AsyncSession) -> None:
            if not await still_here(session, offer.client_id):
                return
            (await offer_by_id(session, offer.id, lock=True)).told_at = command.now
            kind = TimelineKind.WAITLIST_OFFER_SENT
            await tell(session, offer.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=offer.id)

        await self._post.send(
            f"waitlist_offer:{offer.id}",
            kind="waitlist_offer",
            client=about.client,
            to=about.client.email,
            head=about.head,
            letter=self._post.write("waitlist_offer", about.head, context),
            now=command.now,
            done=done,
        )

    async def _apologise(self, about: _About, command: SendWaitlistApology) -> None:
        offer = about.offer
        context: dict[str, object] = {
            "first_name": about.client.first_name,
            "when": spoken_time(offer.starts_at, about.timezone),
            "waits": about.wish.ended_at is None,
            "link": self._post.link("/portal/waitlist"),
        }

        async def done(session: AsyncSession) -> None:
            if not await still_here(session, offer.client_id):
                return
            (await offer_by_id(session, offer.id, lock=True)).apologised_at = command.now
            kind = TimelineKind.WAITLIST_APOLOGY_SENT
            await tell(session, offer.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=offer.id)

        await self._post.send(
            f"waitlist_taken_back:{offer.id}",
            kind="waitlist_taken_back",
            client=about.client,
            to=about.client.email,
            head=about.head,
            letter=self._post.write("waitlist_taken_back", about.head, context),
            now=command.now,
            done=done,
        )

    async def _give_up(self, command: _Mail, reason: str, state: OfferState) -> None:
        async with self._post.database.transaction() as session:
            offer = await offer_by_id(session, command.offer_id)
            await client_by_id(session, offer.client_id, for_update=True)
            wish = await wish_by_id(session, offer.wish_id, lock=True)
            offer = await offer_by_id(session, offer.id, lock=True)
            if offer.state != state or wish.ended_at is not None:
                return
            if state is OfferState.OPEN:
                await end_offer(session, offer, OfferState.REFUSED, command.now, actor=Actor.SYSTEM, ringing=False)
            await end_wish(session, wish, WishEnd.UNREACHABLE, command.now, actor=Actor.SYSTEM)
            await self._ask_for_help(session, offer, command, reason)

    async def _ask_for_help(self, session: AsyncSession, offer: WaitlistOffer, command: _Mail, reason: str) -> None:
        item = AttentionItem(
            id=new_id("att"),
            client_id=offer.client_id,
            workflow_id=command.workflow_id,
            step=f"{STEP}{offer.id}",
            reason=reason,
            owner=str(AttentionOwner.FRONT_DESK),
            due_at=command.now + ANSWER_WITHIN,
            raised_at=command.now,
        )
        session.add(item)
        kind = TimelineKind.ATTENTION_RAISED
        await tell(session, offer.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=item.id)
