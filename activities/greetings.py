"""Greeting email: the provider's own words and attachments, on each track at its own moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.greeting_letter import Addressee, GreetingWriter
from activities.post import Letterhead, Post, letterhead
from db import effects
from db.declined_mails import declined
from db.models import Client
from db.policy_store import load_policy
from db.settings_store import load, load_attachments
from db.tenancy import client_by_id
from db.timeline import tell
from domain.attachments import distinct_names
from domain.greetings import GreetingResult, Occasion, greeting_refusal
from domain.ports import Attachment, Letter
from domain.recipients import recipient_hash
from domain.stages import Actor
from domain.states import SettingsKind, TimelineKind


@dataclass(frozen=True, kw_only=True)
class SendGreetingEmail:
    """`request_id` identifies one press of the button, or the client for the automatic greeting."""

    client_id: str
    occasion: Occasion
    request_id: str
    now: datetime


def greeting_step(request_id: str) -> str:
    """What the journey calls its step: there a person says whether an uncertain greeting is sent again."""
    return f"greeting:{request_id}"


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    client: Client
    head: Letterhead
    letter: Letter
    attachments: tuple[Attachment, ...]


class Greetings:
    def __init__(self, post: Post, writer: GreetingWriter) -> None:
        self._post = post
        self._writer = writer

    @activity.defn
    async def send_greeting_email(self, command: SendGreetingEmail) -> GreetingResult:
        """Mail the greeting with its attachments, or say why not.

        The automatic one goes to an address that nobody has verified yet: at most one per address and day.
        """
        key = f"greeting:{command.occasion}:{command.request_id}"
        forms = command.occasion is Occasion.NEW_CLIENT_FORMS
        async with self._post.database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=forms)
            result = await self._reason_not_to(session, client, command, key)
            if result is not None:
                if forms:
                    client.forms_requested_at = client.forms_sent_at  # nothing is on its way any more
                kind = TimelineKind.GREETING_SKIPPED
                await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=f"{key}:{result}")
                return result
            prepared = await self._prepare(session, client)

        async def done(session: AsyncSession) -> None:
            kind = TimelineKind.FORMS_SENT if forms else TimelineKind.GREETING_SENT
            if forms:
                (await client_by_id(session, client.id, for_update=True)).forms_sent_at = command.now
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=command.request_id)

        await self._post.send(
            key,
            kind="greeting",
            client=client,
            to=client.email,
            head=prepared.head,
            letter=prepared.letter,
            now=command.now,
            done=done,
            attachments=prepared.attachments,
            unsubscribe=self._post.unsubscribe_link(client),
            # An address that nobody has verified gets one greeting a day: a second one isn't risked unasked.
            asks_at=None if forms else greeting_step(command.request_id),
        )
        return GreetingResult.SENT

    async def _reason_not_to(
        self, session: AsyncSession, client: Client, command: SendGreetingEmail, key: str
    ) -> GreetingResult | None:
        refusal = greeting_refusal(
            command.occasion,
            written=(await load(session, client.provider_id, SettingsKind.GREETING)).document is not None,
            send_greeting=(await load_policy(session, client.provider_id, client.id)).policy.send_greeting,
            declined=await declined(session, client.practice_id, client.email) is not None,
        )
        if refusal is not None or command.occasion is Occasion.NEW_CLIENT_FORMS:
            return refusal
        # Check and intention are one transaction under the address's lock: two journeys can't both pass.
        digest = recipient_hash(client.email)
        await effects.lock_recipient(session, client.provider_id, digest)
        if await effects.done_lately(
            session,
            provider_id=client.provider_id,
            kind="greeting",
            recipient_hash=digest,
            since=command.now - effects.A_DAY,
            but_for=key,
        ):
            return GreetingResult.SENT_TO_ADDRESS_TODAY
        await effects.reserve(
            session,
            key,
            kind="greeting",
            provider_id=client.provider_id,
            client_id=client.id,
            recipient_hash=digest,
            at=command.now,
        )
        return None

    async def _prepare(self, session: AsyncSession, client: Client) -> _Prepared:
        greeting = (await load(session, client.provider_id, SettingsKind.GREETING)).document
        assert greeting is not None
        head = await letterhead(session, client.provider_id)
        reader = Addressee(
            first_name=client.first_name, last_name=client.last_name, preferred_name=client.preferred_name
        )
        return _Prepared(
            client=client,
            head=head,
            letter=self._writer.write(head, greeting, reader, unsubscribe=self._post.unsubscribe_link(client)),
            attachments=await files_of(session, greeting),
        )


async def files_of(session: AsyncSession, greeting: Mapping[str, Any]) -> tuple[Attachment, ...]:
    files = await load_attachments(session, [one["id"] for one in greeting["attachments"]])
    names = distinct_names([file.name for file in files])
    return tuple(
        Attachment(name=name, content_type=file.content_type, content=file.content)
        for name, file in zip(names, files, strict=True)
    )
