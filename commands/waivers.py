"""Waiving a fee: by staff, with a reason, for a client's next appointment; taken back until that is booked."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.ids import new_id
from db.models import Client, FeeWaiver
from db.timeline import tell
from db.waivers import open_waiver
from domain.audit import AuditKind
from domain.errors import Conflict, ValidationFailed
from domain.stages import Actor
from domain.states import TimelineKind
from domain.texts import clean_text

LONGEST_REASON = 500


async def waive_fee(
    session: AsyncSession, office: Office, client: Client, *, reason: str | None, who: Who
) -> FeeWaiver:
    """The locked client's next appointment has no fee. Raises ValidationFailed (no reason), Conflict (waived)."""
    try:
        checked = clean_text(reason or "", LONGEST_REASON)
    except ValueError as error:
        raise ValidationFailed.of("reason", str(error)) from None
    if not checked:
        raise ValidationFailed.of("reason", "Please give a reason: it is kept with the waiver.")
    if await open_waiver(session, client.id) is not None:
        raise Conflict("The fee of this client's next appointment is waived already.")
    now = await office.clock.now(session)
    waiver = FeeWaiver(
        id=new_id("wvr"),
        practice_id=client.practice_id,
        provider_id=client.provider_id,
        client_id=client.id,
        reason=checked,
        waived_by=who.name,
        waived_at=now,
    )
    session.add(waiver)
    await session.flush()
    await tell(session, client.id, TimelineKind.FEE_WAIVED, at=now, actor=Actor.STAFF, ref=waiver.id)
    await note(session, office, who, AuditKind.FEE_WAIVED, client.id)
    return waiver


async def take_back_waiver(session: AsyncSession, office: Office, client: Client, *, who: Who) -> FeeWaiver:
    """A fee is asked of the locked client again. Raises Conflict where there is nothing to take back (any more)."""
    waiver = await open_waiver(session, client.id)
    if waiver is None:
        raise Conflict("There is no waiver to take back: what was booked with one stands without a fee.")
    now = await office.clock.now(session)
    waiver.taken_back_at = now
    waiver.taken_back_by = who.name
    kind = TimelineKind.FEE_WAIVER_TAKEN_BACK
    await tell(session, client.id, kind, at=now, actor=Actor.STAFF, ref=waiver.id)
    await note(session, office, who, AuditKind.FEE_WAIVER_TAKEN_BACK, client.id)
    return waiver
