"""*Send to myself*: what the editor shows, mailed to whoever is signed in, by the way that all mails go."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.greetings import checked_greeting
from commands.office import Office
from commands.rate_limits import TESTS_PER_MEMBER, count_request
from db.events import EventKind, greeting_test_subject, record_event
from db.ids import new_id
from db.models import GreetingTest, Provider, StaffMember


async def send_to_myself(
    session: AsyncSession, office: Office, provider: Provider, document: Mapping[str, object], *, staff_id: str
) -> str:
    """Keep what is to be tried, and record the wish; the address that it goes to.

    Raises ValidationFailed where it couldn't be saved either, and RateLimited.
    """
    checked = await checked_greeting(session, office, provider, document)
    await count_request(office.database, (TESTS_PER_MEMBER, staff_id))
    member = (await session.scalars(select(StaffMember).where(StaffMember.id == staff_id))).one()
    test = GreetingTest(
        id=new_id("tst"),
        provider_id=provider.id,
        staff_id=member.id,
        document=checked,
        requested_at=await office.clock.now(session),
    )
    session.add(test)
    await session.flush()
    await record_event(
        session,
        source="portal",
        tenant=provider.id,
        external_id=test.id,
        kind=EventKind.GREETING_TEST_REQUESTED,
        subject=greeting_test_subject(test.id),
        payload={"test_id": test.id},
    )
    return member.email


async def last_test(session: AsyncSession, provider_id: str, staff_id: str | None) -> GreetingTest | None:
    query = select(GreetingTest).where(GreetingTest.provider_id == provider_id, GreetingTest.staff_id == staff_id)
    newest = query.order_by(GreetingTest.requested_at.desc(), GreetingTest.id).limit(1)
    return (await session.scalars(newest)).one_or_none()
