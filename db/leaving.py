"""What a provider has to do with, as somebody asks who wants to let them go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.models import Appointment, BusyCalendar, CalendarFeed, Client, Payment, Refund, StaffMember, WaitlistWish
from domain.leaving import Affairs
from domain.ports import RefundStatus
from domain.roles import Role
from domain.stages import Stage
from domain.states import BLOCKING, AppointmentStatus, PaymentState

_ARRIVED = [str(Stage.BOOKED), str(Stage.CLOSED)]
_VISITS = [str(one) for one in (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)]
_ON_THE_WAY = [str(PaymentState.REQUESTED), str(PaymentState.AUTHORIZED)]


async def affairs_of(session: AsyncSession, provider_id: str, now: datetime) -> Affairs:
    pending = exists().where(Refund.payment_id == Payment.id, Refund.status == str(RefundStatus.PENDING))
    unsettled = or_(Payment.state.in_(_ON_THE_WAY), Payment.disputed.is_(True), pending)
    return Affairs(
        ahead=await _count(session, Appointment.id, _ahead(provider_id, now)),
        under_way=await _count(session, Client.id, _under_way(provider_id)),
        waiting=await _count(
            session, WaitlistWish.id, and_(WaitlistWish.provider_id == provider_id, WaitlistWish.ended_at.is_(None))
        ),
        payments=await _count(session, Payment.id, and_(Payment.provider_id == provider_id, unsettled)),
        sign_ins=len(await sign_ins_of(session, provider_id)),
        feed=await session.get(CalendarFeed, provider_id) is not None,
        busy_calendar=await session.get(BusyCalendar, provider_id) is not None,
    )


async def ahead_of(
    session: AsyncSession, provider_id: str, now: datetime, most: int
) -> list[tuple[Appointment, Client]]:
    """The first of the appointments that keep a provider from leaving, by start."""
    query = select(Appointment, Client).join(Client, Client.id == Appointment.client_id)
    query = query.where(_ahead(provider_id, now)).order_by(Appointment.starts_at, Appointment.id).limit(most)
    return [(appointment, client) for appointment, client in (await session.execute(query)).all()]


async def lock_clients_under_way(session: AsyncSession, provider_id: str) -> Sequence[Client]:
    """By id, the order in which everybody locks several."""
    query = select(Client).where(_under_way(provider_id)).order_by(Client.id).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def sign_ins_of(session: AsyncSession, provider_id: str) -> Sequence[StaffMember]:
    """Those by which the provider signs in themselves, as far as they can."""
    theirs = StaffMember.provider_id == provider_id, StaffMember.role == str(Role.PROVIDER)
    query = select(StaffMember).where(*theirs, StaffMember.deactivated_at.is_(None)).order_by(StaffMember.id)
    return (await session.scalars(query)).all()


def _ahead(provider_id: str, now: datetime) -> ColumnElement[bool]:
    """What takes time that isn't over, and what was paid for and is owed another time."""
    standing = and_(Appointment.status.in_([str(one) for one in BLOCKING]), Appointment.ends_at > now)
    return and_(Appointment.provider_id == provider_id, or_(standing, Appointment.choose_until.is_not(None)))


def _under_way(provider_id: str) -> ColumnElement[bool]:
    """Whoever can still be withdrawn (`domain.withdrawing`), as long as nothing of the provider's is ahead."""
    been = exists().where(Appointment.client_id == Client.id, Appointment.status.in_(_VISITS))
    stands = Client.stage.not_in(_ARRIVED), Client.erased_at.is_(None)
    return and_(Client.provider_id == provider_id, *stands, ~been)


async def _count(session: AsyncSession, what: InstrumentedAttribute[str], which: ColumnElement[bool]) -> int:
    query: Select[int] = select(func.count(what)).where(which)
    return (await session.scalar(query)) or 0
