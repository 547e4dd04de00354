"""Waiving a fee: by staff, with a reason, for a client's next appointment; taken back until that is booked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.calendar import held_unpaid
from db.ids import new_id
from db.models import Client, FeeWaiver
from db.tenancy import payment_of_appointment
from db.timeline import tell
from db.waivers import open_waiver
from db.waking import notice_payment
from domain.audit import AuditKind
from domain.errors import Conflict, ValidationFailed
from domain.stages import Actor
from domain.states import PaymentState, TimelineKind
from domain.texts import clean_text

LONGEST_REASON = 500


async def waive_fee(
    session: AsyncSession, office: Office, client: Client, *, reason: str | None, who: Who
) -> FeeWaiver:
    """The locked client's next appointment has no fee: the one that they hold while its fee is due, if they do.

    Its booking closes the checkout, and it stands. Raises ValidationFailed (no reason), Conflict (waived).
    """
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
    await _let_off(session, waiver, now)
    await tell(session, client.id, TimelineKind.FEE_WAIVED, at=now, actor=Actor.STAFF, ref=waiver.id)
    await note(session, office, who, AuditKind.FEE_WAIVED, client.id)
    return waiver


async def _let_off(session: AsyncSession, waiver: FeeWaiver, now: datetime) -> None:
    """With the payment locked: paid before, it is paid, and the waiver is for the appointment after."""
    held = await held_unpaid(session, waiver.client_id, now)
    payment = await payment_of_appointment(session, held, for_update=True) if held is not None else None
    if payment is not None and payment.state == PaymentState.REQUESTED:
        waiver.appointment_id = payment.appointment_id
        await notice_payment(session, payment, source="waiver", external_id=waiver.id)


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
