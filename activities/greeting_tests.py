"""A greeting that its writer sends to themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.greeting_letter import SAMPLE, GreetingWriter
from activities.greetings import files_of
from activities.post import Post, letterhead
from db.models import GreetingTest, StaffMember
from domain.errors import MailRefused, NotFound


@dataclass(frozen=True, kw_only=True)
class SendGreetingTest:
    test_id: str


class GreetingTests:
    def __init__(self, post: Post, writer: GreetingWriter) -> None:
        self._post = post
        self._writer = writer

    @activity.defn
    async def send_greeting_test(self, command: SendGreetingTest) -> bool:
        """Mail it as a client would get it, marked as a test; False where the address refuses it."""
        async with self._post.database.transaction() as session:
            test = await session.get(GreetingTest, command.test_id)
            if test is None:
                raise NotFound("There is no such request.")
            member = (await session.scalars(select(StaffMember).where(StaffMember.id == test.staff_id))).one()
            head = await letterhead(session, test.provider_id)
            files = await files_of(session, test.document)
        letter = self._writer.write(head, test.document, SAMPLE, unsubscribe="", test=True)

        async def done(session: AsyncSession) -> None:
            await _note(session, test.id, sent_at=test.requested_at)

        try:
            await self._post.send(
                f"greeting-test:{test.id}",
                kind="greeting_test",
                client=None,
                to=member.email,
                head=head,
                letter=letter,
                now=test.requested_at,
                done=done,
                attachments=files,
            )
        except MailRefused:
            async with self._post.database.transaction() as session:
                await _note(session, test.id, refused_at=test.requested_at)
            return False
        return True


async def _note(
    session: AsyncSession, test_id: str, *, sent_at: datetime | None = None, refused_at: datetime | None = None
) -> None:
    test = await session.get_one(GreetingTest, test_id)
    test.sent_at, test.refused_at = sent_at, refused_at
