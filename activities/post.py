"""How activities send mail: the ledger first, then the mail server, then the ledger again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import effects
from db.engine import Database
from db.models import Client, Practice, Provider
from db.tenancy import still_here
from domain.errors import MailRefused, MailUnanswered, MailUnavailable, MailUnconfirmed, NotFound
from domain.ports import Attachment, CalendarPart, Letter, Letters, Mailer, OutgoingMail, Tokens
from domain.recipients import recipient_hash
from domain.states import EffectState


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """What each mail says of its sender."""

    practice_name: str
    practice_phone: str
    reply_to: str
    provider_name: str
    provider_slug: str = ""  # a practice's own mails name none

    def context(self) -> dict[str, object]:
        """Without a link to unsubscribe: mails that can be declined say so themselves."""
        return {
            "practice_name": self.practice_name,
            "practice_phone": self.practice_phone,
            "provider_name": self.provider_name,
            "unsubscribe_link": "",
        }


async def letterhead(session: AsyncSession, provider_id: str) -> Letterhead:
    query = select(Practice.name, Practice.phone, Practice.email, Provider.name.label("provider_name"), Provider.slug)
    query = query.join(Provider, Provider.practice_id == Practice.id).where(Provider.id == provider_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no such provider.")
    return Letterhead(
        practice_name=row.name,
        practice_phone=row.phone,
        reply_to=row.email,
        provider_name=row.provider_name,
        provider_slug=row.slug,
    )


def letterhead_for(practice: Practice, provider: Provider | None = None) -> Letterhead:
    """For what is about the practice, which may have no provider yet, or about the one named."""
    return Letterhead(
        practice_name=practice.name,
        practice_phone=practice.phone,
        reply_to=practice.email,
        provider_name=provider.name if provider is not None else practice.name,
    )


UNSUBSCRIBE, ATTENDING = "unsubscribe", "attending"  # the purposes of tokens

Done = Callable[[AsyncSession], Awaitable[None]]


class Post:
    """Sends one message per key. `host` is the right-hand side of the Message-ID."""

    def __init__(
        self, database: Database, mailer: Mailer, letters: Letters, tokens: Tokens, *, base_url: str, host: str
    ) -> None:
        self.database = database
        self._tokens = tokens
        self._mailer = mailer
        self._letters = letters
        self._host = host
        self._base_url = base_url

    def link(self, path: str) -> str:
        return f"{self._base_url}{path}"

    def unsubscribe_link(self, client: Client) -> str:
        """For greetings and nudges. It holds the address's hash: it goes on meaning that address, and names nobody."""
        subject = f"{client.practice_id}:{recipient_hash(client.email)}"
        return self.link(f"/unsubscribe/{self._tokens.mint(UNSUBSCRIBE, subject)}")

    def attending_link(self, appointment_id: str, revision: int) -> str:
        """To confirm that the client comes at the time of that revision."""
        return self.link(f"/attend/{self._tokens.mint(ATTENDING, f'{appointment_id}:{revision}')}")

    def write(self, name: str, head: Letterhead, context: dict[str, object]) -> Letter:
        return self._letters.write(name, head.context() | context)

    async def send(
        self,
        key: str,
        *,
        kind: str,
        client: Client | None,
        to: str,
        head: Letterhead,
        letter: Letter,
        now: datetime,
        done: Done,
        attachments: tuple[Attachment, ...] = (),
        calendar: CalendarPart | None = None,
        asks_at: str | None = None,
        unsubscribe: str | None = None,
    ) -> None:
        """Send the letter once (`client` is None for mail to an account); `unsubscribe` is the link to decline it by.

        `done` writes, in the same transaction as the ledger, that it has been sent. Where that is uncertain, a repeat
        is sent as the same message; with `asks_at`, the journey's step, only once a person has asked for it there.
        Raises MailRefused and MailUnconfirmed (final), MailUnavailable (retried), NotFound for a client who was erased.
        """
        message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{self._host}>"
        async with self.database.transaction() as session:
            if client is not None and not await still_here(session, client.id):
                raise NotFound("There is no such client.")
            intention = await effects.intend(
                session,
                key,
                kind=kind,
                provider_id=client.provider_id if client else None,
                client_id=client.id if client else None,
                message_id=message_id,
                recipient_hash=recipient_hash(to),
                at=now,
                asks_at=asks_at,
            )
        if intention is effects.Intention.DONE:
            return
        if intention is effects.Intention.ASK:
            raise MailUnconfirmed("uncertain")
        mail = OutgoingMail(
            message_id=message_id,
            to=to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            from_name=head.practice_name,
            reply_to=head.reply_to,
            attachments=attachments,
            calendar=calendar,
            unsubscribe=unsubscribe,
        )
        try:
            await self._mailer.send(mail)
        except MailRefused:
            await self._conclude(key, EffectState.REFUSED, now)
            raise
        except MailUnanswered:
            await self._conclude(key, EffectState.UNCERTAIN, now)
            if asks_at is not None:
                raise MailUnconfirmed("uncertain") from None
            raise
        except MailUnavailable:
            await self._conclude(key, EffectState.RESERVED, now)
            raise
        async with self.database.transaction() as session:
            if client is not None and not await still_here(session, client.id, lock=False):
                return  # Erased while it was on its way: nothing is written down of it.
            await effects.conclude(session, key, EffectState.DONE, now)
            await done(session)

    async def _conclude(self, key: str, state: EffectState, now: datetime) -> None:
        async with self.database.transaction() as session:
            await effects.conclude(session, key, state, now)
