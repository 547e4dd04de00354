"""Erasing a client: everything that says who they were goes in one transaction, and their journeys after it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind, sign_in_name
from commands.audit import Who, note
from commands.office import Office
from commands.rate_limits import forget
from db.calendar import lock_calendar
from db.events import EventKind, client_subject, event_seen, record_event
from db.held import Fate, Holding, Whose
from db.models import Appointment, AttentionItem, Client, Payment, Refund
from db.record_of_client import count_record, park_events, remove_record, whose
from db.waitlist import time_freed
from domain.audit import AuditKind
from domain.erasing import InTheWay, Standing, confirmed_by, in_the_way
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.ports import RefundStatus
from domain.roles import Reach
from domain.stages import Stage
from domain.states import AppointmentStatus, AttentionAction, PaymentState
from workflows.naming import booking_id

logger = logging.getLogger("portico.erasing")

_SOURCE = "staff"
_PARKED = "the client was erased"


@dataclass(frozen=True, kw_only=True)
class ErasurePreview:
    """What would go and what stays, in numbers, and what stands in the way.

    `same_person` are clients who are known to be the same person: they are erased by themselves.
    """

    counts: dict[Fate, dict[Holding, int]]
    obstacles: Sequence[InTheWay]
    same_person: Sequence[Client]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """`finished` once the journeys have ended, too."""

    client_id: str
    erased_at: datetime
    finished: bool


async def preview_erasure(session: AsyncSession, office: Office, client: Client) -> ErasurePreview:
    of = await whose(session, client)
    now = await office.clock.now(session)
    return ErasurePreview(
        counts=await count_record(session, of),
        obstacles=in_the_way(await _standings(session, client.id), now),
        same_person=await _same_person(session, client),
    )


async def _same_person(session: AsyncSession, client: Client) -> list[Client]:
    person = client.duplicate_of_id or client.id
    query = select(Client).where(or_(Client.id == person, Client.duplicate_of_id == person), Client.id != client.id)
    return list(await session.scalars(query.where(Client.erased_at.is_(None)).order_by(Client.created_at)))


async def erasure_of(session: AsyncSession, reach: Reach, client_id: str) -> Erased | None:
    """None for a client who is there, and for one whom nobody here may reach."""
    client = await session.get(Client, client_id)
    if client is None or client.erased_at is None or not reach.covers(client.practice_id, client.provider_id):
        return None
    event = await event_seen(session, _SOURCE, client.provider_id, _event_id(client_id))
    return Erased(
        client_id=client.id,
        erased_at=client.erased_at,
        finished=event is not None and event.handled_at is not None and event.parked_reason is None,
    )


async def erase(
    session: AsyncSession, office: Office, reach: Reach, client_id: str, *, who: Who, confirmation: str
) -> Erased:
    """Erase the client; asked again, the same erasure. `confirmation` is their name, typed.

    Raises NotFound, ValidationFailed (another name) and Conflict, with every `obstacle` that stands in the way.
    """
    earlier = await erasure_of(session, reach, client_id)
    if earlier is not None:
        return earlier
    client = await _locked(session, reach, client_id)
    if not confirmed_by(confirmation, client.first_name, client.last_name):
        raise ValidationFailed.of("confirm", "Please type the client's first and last name as they stand above.")
    now = await office.clock.now(session)
    obstacles = in_the_way(await _standings(session, client.id), now)
    if obstacles:
        data = [{"rule": str(one.obstacle), "appointment_id": one.appointment_id} for one in obstacles]
        raise Conflict("An appointment is ahead, or money is under way. End that first.", obstacles=data)
    await _erase(session, client, await whose(session, client), now)
    await note(session, office, who, AuditKind.CLIENT_ERASED, client_id)
    logger.info("client %s was erased", client_id)
    return Erased(client_id=client_id, erased_at=now, finished=False)


async def _erase(session: AsyncSession, client: Client, of: Whose, now: datetime) -> None:
    """All in the caller's transaction; what Temporal still runs is ended by the recorded event, however late."""
    client_id, provider_id, email = client.id, client.provider_id, client.email
    appointments = list(await session.scalars(select(Appointment.id).where(Appointment.client_id == client_id)))
    await _close_visits(session, client_id, now)
    client.stage = str(Stage.CLOSED)
    client.erased_at = now
    await session.flush()
    duplicates = update(Client).where(Client.duplicate_of_id == client_id).values(duplicate_of_id=None)
    await session.execute(duplicates, execution_options={"synchronize_session": False})
    await park_events(session, client_subject(client_id), _PARKED)
    await remove_record(session, of)
    await time_freed(session, provider_id, f"erased:{client_id}")
    session.expire(client)
    await forget(session, email, sign_in_name(SessionKind.CLIENT, email), of.account_id or "")
    await record_event(
        session,
        source=_SOURCE,
        tenant=provider_id,
        external_id=_event_id(client_id),
        kind=EventKind.CLIENT_ERASED,
        subject=client_subject(client_id),
        payload={"appointment_ids": appointments},
    )


async def _close_visits(session: AsyncSession, client_id: str, now: datetime) -> None:
    """A visit that is over and isn't noted as kept yet: its booking won't note it any more."""
    over = Appointment.client_id == client_id, Appointment.status == str(AppointmentStatus.BOOKED)
    for appointment in await session.scalars(select(Appointment).where(*over, Appointment.ends_at <= now)):
        appointment.status = str(AppointmentStatus.FULFILLED)


async def _locked(session: AsyncSession, reach: Reach, client_id: str) -> Client:
    """The calendar first, as a claim does: nobody books for somebody who is being erased."""
    provider = select(Client.provider_id).where(Client.id == client_id, Client.practice_id == reach.practice_id)
    provider_id = await session.scalar(provider)
    if provider_id is None or not reach.covers(reach.practice_id, provider_id):
        raise NotFound("There is no such client.")
    await lock_calendar(session, provider_id)
    query = select(Client).where(Client.id == client_id, Client.erased_at.is_(None)).with_for_update()
    client = await session.scalar(query.execution_options(populate_existing=True))
    if client is None:
        raise Conflict("This client is being erased at this moment.")
    return client


async def _standings(session: AsyncSession, client_id: str) -> list[Standing]:
    payments: dict[str, list[tuple[PaymentState, bool]]] = {}
    for one in await session.scalars(select(Payment).where(Payment.client_id == client_id)):
        known = payments.setdefault(one.appointment_id, [])
        known.append((PaymentState(one.state), one.session_id is not None))
    owed = await _owed(session, client_id)
    query = select(Appointment).where(Appointment.client_id == client_id).order_by(Appointment.starts_at)
    return [
        Standing(
            appointment_id=one.id,
            status=AppointmentStatus(one.status),
            ends_at=one.ends_at,
            choose_until=one.choose_until,
            payments=payments.get(one.id, ()),
            refund_owed=one.id in owed,
        )
        for one in await session.scalars(query)
    ]


async def _owed(session: AsyncSession, client_id: str) -> set[str]:
    """Appointments with a refund that isn't paid out, unless somebody answered its step with "skip"."""
    query = select(Payment.appointment_id).join(Refund, Refund.payment_id == Payment.id)
    query = query.where(Payment.client_id == client_id, Refund.status == str(RefundStatus.PENDING))
    found = set(await session.scalars(query))
    skipped = exists().where(AttentionItem.step == "refund", AttentionItem.resolution == str(AttentionAction.SKIP))
    return {
        one
        for one in found
        if not await session.scalar(select(skipped.where(AttentionItem.workflow_id == booking_id(one))))
    }


def _event_id(client_id: str) -> str:
    return f"erase:{client_id}"
