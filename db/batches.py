"""Batches: what has to be known to decide about each client, and what has become of each part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.declined_mails import declined_by_hash
from db.invitations import newest_of_each, state_of
from db.models import BatchItem, Client, ClientBatch, SettingsVersion
from domain.batches import BatchAction, Facts, ItemState, LeftOut, Outcome
from domain.errors import NotFound
from domain.recipients import recipient_hash
from domain.roles import Reach
from domain.stages import JourneyOutcome
from domain.states import SettingsKind

_MOST_SHOWN = 50

# What became of the mail of each part that has been asked of a journey: sent, stuck, dropped or skipped.
_MAILS = text("""
    SELECT i.position,
           CASE WHEN :forms THEN EXISTS (SELECT FROM timeline_entry t WHERE t.client_id = i.client_id
                  AND t.kind = 'new_client_forms_sent' AND t.ref = i.ref)
                ELSE EXISTS (SELECT FROM invitation v WHERE (v.id = i.ref OR :first AND v.client_id = i.client_id)
                  AND v.sent_at IS NOT NULL) END AS sent,
           EXISTS (SELECT FROM attention_item a WHERE a.client_id = i.client_id AND a.settled_at IS NULL
                  AND strpos(a.step, i.ref) > 0) AS stuck,
           EXISTS (SELECT FROM timeline_entry t WHERE t.client_id = i.client_id
                  AND t.kind IN ('mail_dropped', 'greeting_skipped') AND strpos(t.ref, i.ref) > 0)
             OR EXISTS (SELECT FROM attention_item a WHERE a.client_id = i.client_id AND a.settled_at IS NOT NULL
                  AND a.resolution NOT IN ('retry', 'correct_email', 'recovered') AND strpos(a.step, i.ref) > 0)
             OR EXISTS (SELECT FROM invitation v WHERE (v.id = i.ref OR :first AND v.client_id = i.client_id)
                  AND v.sent_at IS NULL AND v.revoked_at IS NOT NULL) AS given_up
      FROM batch_item i WHERE i.batch_id = :batch_id AND i.state = 'done'
""")


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    client: Client
    outcome: Outcome
    reason: LeftOut | None


async def batch_of(session: AsyncSession, reach: Reach, batch_id: str) -> ClientBatch:
    """Raises NotFound."""
    batch = await session.get(ClientBatch, batch_id)
    if batch is None or batch.practice_id != reach.practice_id:
        raise NotFound("There is no such batch.")
    if reach.provider_id is not None and batch.provider_id != reach.provider_id:
        raise NotFound("There is no such batch.")
    return batch


async def newest_batches(session: AsyncSession, reach: Reach) -> list[tuple[ClientBatch, int]]:
    """The last fifty, newest first, with how many clients each is about."""
    query = select(ClientBatch, func.count(BatchItem.position)).outerjoin(
        BatchItem, BatchItem.batch_id == ClientBatch.id
    )
    query = query.where(ClientBatch.practice_id == reach.practice_id)
    if reach.provider_id is not None:
        query = query.where(ClientBatch.provider_id == reach.provider_id)
    query = query.group_by(ClientBatch.id).order_by(ClientBatch.created_at.desc(), ClientBatch.id).limit(_MOST_SHOWN)
    return [(batch, count) for batch, count in (await session.execute(query)).tuples()]


async def items_of(session: AsyncSession, batch: ClientBatch) -> list[ItemRow]:
    """In the order in which they were chosen."""
    action = BatchAction(batch.action)
    values = {"batch_id": batch.id, "forms": action is BatchAction.SEND_FORMS, "first": action is BatchAction.INVITE}
    mails: dict[int, Outcome] = {}
    if action is not BatchAction.REVOKE:
        for row in await session.execute(_MAILS, values):
            mails[row.position] = _of_mail(sent=row.sent, stuck=row.stuck, given_up=row.given_up)
    query = select(BatchItem, Client).join(Client, Client.id == BatchItem.client_id)
    rows = await session.execute(query.where(BatchItem.batch_id == batch.id).order_by(BatchItem.position))
    return [
        ItemRow(
            client=client,
            outcome=_outcome(item, mails.get(item.position, Outcome.REVOKED)),
            reason=LeftOut(item.reason) if item.reason else None,
        )
        for item, client in rows.tuples()
    ]


def _of_mail(*, sent: bool, stuck: bool, given_up: bool) -> Outcome:
    if sent:
        return Outcome.SENT
    if stuck:
        return Outcome.NEEDS_ATTENTION
    return Outcome.NOT_SENT if given_up else Outcome.ON_ITS_WAY


def _outcome(item: BatchItem, done: Outcome) -> Outcome:
    match ItemState(item.state):
        case ItemState.WAITING:
            return Outcome.WAITING
        case ItemState.LEFT_OUT:
            return Outcome.LEFT_OUT
        case ItemState.DONE:
            return done


def counted(rows: Sequence[ItemRow]) -> dict[Outcome, int]:
    return dict(Counter(row.outcome for row in rows))


async def waiting_in(session: AsyncSession, batch_id: str) -> int:
    query = select(func.count()).where(BatchItem.batch_id == batch_id, BatchItem.state == str(ItemState.WAITING))
    return (await session.scalar(query)) or 0


async def next_waiting(session: AsyncSession, batch_id: str) -> BatchItem | None:
    query = select(BatchItem).where(BatchItem.batch_id == batch_id, BatchItem.state == str(ItemState.WAITING))
    return await session.scalar(query.order_by(BatchItem.position).limit(1))


async def still_waiting(session: AsyncSession, item: BatchItem) -> BatchItem | None:
    """The item, locked; None where it isn't waiting any more."""
    query = select(BatchItem).where(BatchItem.batch_id == item.batch_id, BatchItem.position == item.position)
    query = query.where(BatchItem.state == str(ItemState.WAITING)).with_for_update()
    return await session.scalar(query.execution_options(populate_existing=True))


async def facts_of(session: AsyncSession, clients: Sequence[Client], now: datetime) -> dict[str, Facts]:
    """By client, of one practice, in a fixed number of queries."""
    if not clients:
        return {}
    newest = await newest_of_each(session, [one.id for one in clients])
    hashes = {one.id: recipient_hash(one.email) for one in clients}
    wishes = await declined_by_hash(session, clients[0].practice_id, set(hashes.values()))
    written = await session.scalars(
        select(SettingsVersion.provider_id).where(
            SettingsVersion.provider_id.in_({one.provider_id for one in clients}),
            SettingsVersion.kind == str(SettingsKind.GREETING),
        )
    )
    greeting_of = set(written)
    return {
        one.id: Facts(
            has_account=one.account_id is not None,
            withdrawn=one.outcome == JourneyOutcome.WITHDRAWN,
            duplicate=one.duplicate_of_id is not None,
            invitation=state_of(newest[one.id], now) if one.id in newest else None,
            greeting_written=one.provider_id in greeting_of,
            declines_mail=hashes[one.id] in wishes,
        )
        for one in clients
    }
