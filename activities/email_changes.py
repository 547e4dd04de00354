"""Another address for signing in: the new one is asked to confirm, the old one is told and can stop it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.accounts import account_letterhead
from activities.post import Letterhead, Post
from db.models import EmailChange, PortalAccount
from domain.errors import NotFound
from domain.ports import Tokens

# The purposes of the two tokens.
EMAIL_CONFIRM = "email-confirm"
EMAIL_STOP = "email-stop"


@dataclass(frozen=True, kw_only=True)
class SendEmailChange:
    change_id: str


@dataclass(frozen=True, kw_only=True)
class _Asked:
    change: EmailChange
    present: str
    taken: bool  # the new address has an account already
    head: Letterhead


class EmailChanges:
    def __init__(self, post: Post, tokens: Tokens) -> None:
        self._post = post
        self._tokens = tokens

    @activity.defn
    async def send_email_confirmation(self, command: SendEmailChange) -> None:
        """To the new address, which nobody has verified: no name, and no link where it has an account already."""
        asked = await self._asked(command)
        if asked is None:
            return
        letter = "email_in_use" if asked.taken else "email_confirm"
        path = "/portal/sign-in" if asked.taken else f"/email/confirm/{self._token(EMAIL_CONFIRM, command)}"
        await self._send("confirm", letter, asked, asked.change.email, {"link": self._post.link(path)})

    @activity.defn
    async def send_email_change_notice(self, command: SendEmailChange) -> None:
        """To the present address, which isn't told the new one: it may be read by somebody else by now."""
        asked = await self._asked(command)
        if asked is None:
            return
        link = self._post.link(f"/email/stop/{self._token(EMAIL_STOP, command)}")
        await self._send("notice", "email_change_notice", asked, asked.present, {"link": link})

    async def _asked(self, command: SendEmailChange) -> _Asked | None:
        """None where it has been taken back since, or asked for anew."""
        async with self._post.database.transaction() as session:
            change = await session.get(EmailChange, command.change_id)
            if change is None:
                raise NotFound("There is no such request.")
            if change.ended_at is not None:
                return None
            account = (await session.scalars(select(PortalAccount).where(PortalAccount.id == change.account_id))).one()
            taken = select(PortalAccount.id).where(PortalAccount.email == change.email)
            return _Asked(
                change=change,
                present=account.email,
                taken=await session.scalar(taken) is not None,
                head=await account_letterhead(session, account.id),
            )

    def _token(self, purpose: str, command: SendEmailChange) -> str:
        return self._tokens.mint(purpose, command.change_id)

    async def _send(self, what: str, letter: str, asked: _Asked, to: str, context: Mapping[str, object]) -> None:
        async def done(session: AsyncSession) -> None:
            """The ledger says enough."""

        await self._post.send(
            mail_key(asked.change.id, what),
            kind=letter,
            client=None,
            to=to,
            head=asked.head,
            letter=self._post.write(letter, asked.head, dict(context)),
            now=asked.change.created_at,
            done=done,
        )


def mail_key(change_id: str, what: str) -> str:
    return f"email-change:{change_id}:{what}"
