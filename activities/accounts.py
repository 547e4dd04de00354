"""Accounts: the mail with which somebody chooses a new password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Letterhead, Post, letterhead, letterhead_for
from db.models import Client, PasswordReset, PortalAccount, Practice, StaffMember
from domain.errors import NotFound
from domain.ports import Tokens

PASSWORD_RESET = "password-reset"  # the purpose of the token


@dataclass(frozen=True, kw_only=True)
class SendPasswordReset:
    reset_id: str


class Accounts:
    def __init__(self, post: Post, tokens: Tokens) -> None:
        self._post = post
        self._tokens = tokens

    @activity.defn
    async def send_password_reset(self, command: SendPasswordReset) -> None:
        """Mail the link; the request itself is in the database, and names no address here."""
        async with self._post.database.transaction() as session:
            reset = await session.get(PasswordReset, command.reset_id)
            if reset is None:
                raise NotFound("There is no such request.")
            if reset.expires_at <= reset.created_at:
                return  # taken back before it went out
            to, head = await _addressee(session, reset)
        letter = "staff_invitation" if reset.purpose == "invitation" else "password_reset"
        link = self._post.link(f"/password/{self._tokens.mint(PASSWORD_RESET, reset.id)}")

        async def done(session: AsyncSession) -> None:
            """The ledger says enough."""

        await self._post.send(
            f"password-reset:{reset.id}",
            kind=letter,
            client=None,
            to=to,
            head=head,
            letter=self._post.write(letter, head, {"link": link}),
            now=reset.created_at,
            done=done,
        )


async def _addressee(session: AsyncSession, reset: PasswordReset) -> tuple[str, Letterhead]:
    """The address, and the practice in whose name the mail goes out."""
    if reset.kind == "staff":
        member = (await session.scalars(select(StaffMember).where(StaffMember.id == reset.subject_id))).one()
        return member.email, letterhead_for(await session.get_one(Practice, member.practice_id))
    account = (await session.scalars(select(PortalAccount).where(PortalAccount.id == reset.subject_id))).one()
    return account.email, await account_letterhead(session, account.id)


async def account_letterhead(session: AsyncSession, account_id: str) -> Letterhead:
    """An account may have clients at several practices: the one it was opened for speaks."""
    client = select(Client.provider_id).where(Client.account_id == account_id).order_by(Client.created_at, Client.id)
    return await letterhead(session, (await session.scalars(client.limit(1))).one())
