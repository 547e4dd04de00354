"""Looking at one wish of the waitlist: why it is passed over just now, and which free time would be offered for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.moving import may_move
from commands.office import Office
from commands.standpoint import standpoint
from db.busy_times import elsewhere
from db.calendar import busy_intervals
from db.in_force import InForce, in_force_for
from db.models import Appointment, Client, WaitlistWish
from db.waitlist import as_wish, standing_appointment
from domain.errors import DomainError, WaitlistOff
from domain.policy import PortalPolicy
from domain.slots import Slot, SlotRules, generate_slots
from domain.stages import Actor
from domain.waitlist import OfferLimits, Wish, first_fit

_MARGIN = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """The rule that keeps somebody from being offered anything; the same ones as of booking and moving."""

    rule: str
    detail: str

    @classmethod
    def by(cls, refusal: DomainError) -> PassedOver:
        return cls(rule=refusal.slug, detail=refusal.detail)


@dataclass(frozen=True, kw_only=True)
class Look:
    """`needless`: the appointment that it would replace doesn't stand any more."""

    row: WaitlistWish
    wish: Wish
    here: InForce
    rules: SlotRules
    limits: OfferLimits
    passed_over: PassedOver | None
    needless: bool
    now: datetime


async def look_at_wish(session: AsyncSession, office: Office, row: WaitlistWish, client: Client, now: datetime) -> Look:
    """As the rules are at this moment, for whoever books by themselves: gates, and what shapes the times."""
    here = await in_force_for(session, row.provider_id, client.id)
    policy = here.policy.policy
    replaced = await standing_appointment(session, row)
    latest = None
    try:
        if policy.waitlist_offer_minutes == 0:
            raise WaitlistOff("The waitlist is switched off: nobody is offered anything.")
        if replaced is not None:
            latest = await _check_move(session, office, replaced, now)
        elif row.replaces_id is None:
            policy = await _check_booking(session, office, client, row.type_id, now)
        passed_over = None
    except DomainError as refusal:
        passed_over = PassedOver.by(refusal)
    rules = policy.slot_rules() if replaced is None else policy.slot_rules().lasting(_length(replaced))
    return Look(
        row=row,
        wish=as_wish(row, replaced.starts_at if replaced is not None else None),
        here=here,
        rules=rules,
        limits=OfferLimits(
            minutes=policy.waitlist_offer_minutes, min_notice_minutes=policy.min_notice_minutes, latest=latest
        ),
        passed_over=passed_over,
        needless=row.replaces_id is not None and replaced is None,
        now=now,
    )


def _length(appointment: Appointment) -> timedelta:
    return appointment.ends_at - appointment.starts_at


async def _check_move(
    session: AsyncSession, office: Office, appointment: Appointment, now: datetime
) -> datetime | None:
    """Until when it may be moved. Raises what keeps the client from it."""
    decision = await may_move(session, office, appointment, Actor.CLIENT, now=now)
    if decision.refusal is not None:
        raise decision.refusal
    return decision.until


async def _check_booking(
    session: AsyncSession, office: Office, client: Client, type_id: str, now: datetime
) -> PortalPolicy:
    """The settings as they are for the type. Raises what keeps the client from booking it."""
    point = await standpoint(session, office, client, Actor.CLIENT, type_id=type_id, now=now)
    if point.blocks:
        raise point.blocks[0].as_error()
    return point.policy


async def free_times(session: AsyncSession, here: InForce, rules: SlotRules, wish: Wish, now: datetime) -> list[Slot]:
    """What is offered to anybody within the wish's days. Their own time isn't free: nobody overlaps themselves."""
    start, end = wish.window(now)
    if end <= start:
        return []
    busy = await busy_intervals(session, here.provider_id, start - _MARGIN, end + _MARGIN)
    away = await elsewhere(session, here.provider_id, start - _MARGIN, end + _MARGIN)
    return generate_slots(here.availability, rules, busy, start, end, now, elsewhere=away)


async def fit_for(session: AsyncSession, look: Look, offered_before: set[datetime]) -> tuple[Slot, datetime] | None:
    """The time that would be offered now, and until when; None where nothing fits, or they are passed over."""
    if look.passed_over is not None:
        return None
    slots = await free_times(session, look.here, look.rules, look.wish, look.now)
    return first_fit(look.wish, look.limits, slots, offered_before, look.now)
