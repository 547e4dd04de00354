"""Where a client stands by the records: whose turn it is, and what comes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.attention import actions_for, open_items
from commands.office import Office
from db.declined_mails import declined
from db.duplicates import told_of_account
from db.invitations import that_counts
from db.models import Appointment, AttentionItem, Client, Invitation, TimelineEntry
from db.policy_store import load_policy
from db.settings_store import load_availability
from domain.invitations import RevokedBecause
from domain.outlook import Ahead, OpenLink, Stuck, Turn, Visit, Whereabouts, ahead, whose_turn
from domain.roles import Reach
from domain.stages import Stage
from domain.states import AppointmentStatus, AttentionAction, AttentionOwner, TimelineKind


@dataclass(frozen=True, kw_only=True)
class Outlook:
    turn: Turn
    ahead: Sequence[Ahead]


async def look_ahead(session: AsyncSession, office: Office, client: Client) -> Outlook:
    """What is waited for, and what happens and when if nobody does anything. Asks the records only, not Temporal."""
    where = await _whereabouts(session, client)
    now = await office.clock.now(session)
    return Outlook(turn=whose_turn(where, now), ahead=ahead(where, now))


async def _whereabouts(session: AsyncSession, client: Client) -> Whereabouts:
    invitation = await that_counts(session, client.id)
    told = await _last_told(session, client.id)
    ready_since = max((at for kind, at in told.items() if kind != TimelineKind.INTAKE_ASSIGNED), default=None)
    items = await open_items(session, Reach(practice_id=client.practice_id), client.id)
    return Whereabouts(
        stage=Stage(client.stage),
        has_account=client.account_id is not None,
        policy=(await load_policy(session, client.provider_id, client.id)).policy,
        invitation=await _link(session, client, invitation) if invitation is not None else None,
        intake_since=told.get(TimelineKind.INTAKE_ASSIGNED),
        ready_since=ready_since,
        visits=await _visits(session, client.id),
        clients_zone=client.timezone or (await load_availability(session, client.provider_id)).timezone,
        stuck=[_stuck(item) for item in items],
        declines_nudges=await declined(session, client.practice_id, client.email) is not None,
    )


async def _link(session: AsyncSession, client: Client, invitation: Invitation) -> OpenLink:
    by_practice = invitation.revoked_because == RevokedBecause.PRACTICE
    return OpenLink(
        issued_at=invitation.issued_at,
        expires_at=invitation.expires_at,
        replaced=invitation.revoked_at is not None and not by_practice,
        reminds=not await told_of_account(session, client),
        taken_back_at=invitation.revoked_at if by_practice else None,
        reminder_days=invitation.reminder_days,
    )


async def _last_told(session: AsyncSession, client_id: str) -> dict[str, datetime]:
    kinds = (TimelineKind.ACCOUNT_OPENED, TimelineKind.INTAKE_ASSIGNED, TimelineKind.INTAKE_SUBMITTED)
    query = (
        select(TimelineEntry.kind, func.max(TimelineEntry.at).label("at"))
        .where(TimelineEntry.client_id == client_id, TimelineEntry.kind.in_([str(kind) for kind in kinds]))
        .group_by(TimelineEntry.kind)
    )
    return {row.kind: row.at for row in await session.execute(query)}


async def _visits(session: AsyncSession, client_id: str) -> list[Visit]:
    """Every appointment; those that are over and done say only that there was one."""
    query = select(Appointment).where(Appointment.client_id == client_id).order_by(Appointment.starts_at)
    return [
        Visit(
            appointment_id=one.id,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            status=AppointmentStatus(one.status),
            hold_expires_at=one.hold_expires_at,
            choose_until=one.choose_until,
            reminder_hours=one.reminder_hours,
        )
        for one in await session.scalars(query)
    ]


def _stuck(item: AttentionItem) -> Stuck:
    actions = actions_for(item)
    return Stuck(
        item_id=item.id,
        owner=AttentionOwner(item.owner),
        raised_at=item.raised_at,
        # What is only noted for a person's eye is passed on to nobody.
        due_at=item.due_at if AttentionAction.RETRY in actions else None,
        lapses=AttentionAction.CORRECT_EMAIL in actions,
    )
