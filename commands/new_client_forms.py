"""*Send New Client Forms*: recorded and answered here, sent by the journey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.invitations import check_there
from commands.office import Office
from db.declined_mails import declined
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client
from db.settings_store import load
from db.timeline import tell
from domain.errors import GreetingMissing, MailDeclined
from domain.stages import Actor
from domain.states import SettingsKind, TimelineKind

# A second press within a minute is the same wish.
_SAME_WISH = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class FormsAnswer:
    """`sent` is False where they had just been sent; `last_sent_at` is when. `request_id` names what was asked."""

    sent: bool
    last_sent_at: datetime | None
    request_id: str | None = None


async def send_new_client_forms(
    session: AsyncSession, office: Office, client: Client, *, source: str = "staff", external_id: str | None = None
) -> FormsAnswer:
    """For the locked client: before or after the account, on either track, also when the journey has closed.

    Raises ProviderLeft, GreetingMissing while no greeting has been written, and MailDeclined where the client wants
    none.
    """
    await check_there(session, client.provider_id)
    if (await load(session, client.provider_id, SettingsKind.GREETING)).document is None:
        raise GreetingMissing("Write a greeting first: that is what goes out. (Settings, Send email greeting)")
    wish = await declined(session, client.practice_id, client.email)
    if wish is not None:
        raise MailDeclined(
            "This client has unsubscribed from greetings and reminders, so the forms can't go out by mail. Hand them "
            "over in another way, or let the mails go out again when the client asks for it.",
            declined_at=wish.declined_at.isoformat(),
        )
    now = await office.clock.now(session)
    if client.forms_requested_at is not None and now - client.forms_requested_at < _SAME_WISH:
        return FormsAnswer(sent=False, last_sent_at=client.forms_sent_at or client.forms_requested_at)
    client.forms_requested_at = now
    request_id = new_id("frm")
    await tell(session, client.id, TimelineKind.FORMS_REQUESTED, at=now, actor=Actor.STAFF, ref=request_id)
    await record_event(
        session,
        source=source,
        tenant=client.provider_id,
        external_id=external_id or request_id,
        kind=EventKind.NEW_CLIENT_FORMS_REQUESTED,
        subject=client_subject(client.id),
        payload={"request_id": request_id},
    )
    return FormsAnswer(sent=True, last_sent_at=now, request_id=request_id)
