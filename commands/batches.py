"""One action for many clients: looked at, confirmed, and done client by client, whatever interrupts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.idempotency import earlier_result, keep_result
from commands.invitations import issue_again, revoke
from commands.new_client_forms import send_new_client_forms
from commands.office import Office
from db.batches import batch_of, facts_of, next_waiting, still_waiting, waiting_in
from db.events import EventKind, batch_subject, record_event
from db.ids import new_id
from db.models import BatchItem, Client, ClientBatch
from db.tenancy import client_by_id
from domain.audit import AuditKind
from domain.batches import MOST_CLIENTS, BatchAction, ItemState, LeftOut, Part, left_out
from domain.errors import Conflict, DomainError, GreetingMissing, MailDeclined, NotFound, RateLimited, ValidationFailed
from domain.roles import Reach, Role

_AUDITED = {
    BatchAction.SEND_FORMS: AuditKind.FORMS_SENT,
    BatchAction.INVITE_AGAIN: AuditKind.INVITATION_SENT_AGAIN,
    BatchAction.REVOKE: AuditKind.INVITATION_REVOKED,
    BatchAction.INVITE: AuditKind.CLIENT_INVITED,
}
_REASONS: dict[type[DomainError], LeftOut] = {
    GreetingMissing: LeftOut.NO_GREETING,
    MailDeclined: LeftOut.DECLINED,
    Conflict: LeftOut.ACCOUNT_OPEN,
    RateLimited: LeftOut.TOO_MANY,
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """One of those who were chosen, and why nothing is done for them (None where something is)."""

    client: Client
    reason: LeftOut | None


async def look_at_batch(
    session: AsyncSession, office: Office, reach: Reach, action: BatchAction, client_ids: Sequence[str]
) -> list[Chosen]:
    """In the order given, each once. Raises ValidationFailed (nobody, too many) and NotFound."""
    ids = list(dict.fromkeys(client_ids))
    if not ids:
        raise ValidationFailed.of("client_ids", "Please choose at least one client.")
    if len(ids) > MOST_CLIENTS:
        raise ValidationFailed.of("client_ids", f"At most {MOST_CLIENTS} clients at once. Please narrow the list.")
    query = select(Client).where(
        Client.id.in_(ids), Client.practice_id == reach.practice_id, Client.erased_at.is_(None)
    )
    if reach.provider_id is not None:
        query = query.where(Client.provider_id == reach.provider_id)
    known = {client.id: client for client in await session.scalars(query)}
    if len(known) < len(ids):
        raise NotFound("One of these clients isn't there.")
    clients = [known[one] for one in ids]
    facts = await facts_of(session, clients, await office.clock.now(session))
    return [Chosen(client=client, reason=left_out(action, facts[client.id])) for client in clients]


async def confirm_batch(
    session: AsyncSession,
    office: Office,
    reach: Reach,
    who: Who,
    action: BatchAction,
    client_ids: Sequence[str],
    *,
    idempotency_key: str | None = None,
) -> ClientBatch:
    """Write down what is to be done; a workflow does it, client by client. Raises what `look_at_batch` does."""
    scope, request = f"client-batch:{reach.practice_id}", {"action": str(action), "client_ids": list(client_ids)}
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await batch_of(session, reach, earlier["batch_id"])
    chosen = await look_at_batch(session, office, reach, action, client_ids)
    now = await office.clock.now(session)
    batch = ClientBatch(
        id=new_id("bat"),
        practice_id=reach.practice_id,
        provider_id=reach.provider_id,
        action=str(action),
        who=asdict(who),
        created_at=now,
    )
    session.add(batch)
    await session.flush()
    await session.execute(insert(BatchItem), [_item(batch.id, number, one, now) for number, one in enumerate(chosen)])
    await record_event(
        session,
        source="staff",
        tenant=reach.practice_id,
        external_id=batch.id,
        kind=EventKind.BATCH_CONFIRMED,
        subject=batch_subject(batch.id),
        payload={"batch_id": batch.id},
    )
    await keep_result(session, scope, idempotency_key, request, {"batch_id": batch.id})
    return batch


def _item(batch_id: str, position: int, one: Chosen, now: datetime) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "position": position,
        "client_id": one.client.id,
        "state": str(ItemState.LEFT_OUT if one.reason else ItemState.WAITING),
        "reason": str(one.reason) if one.reason else None,
        "at": now if one.reason else None,
    }


class BatchRun:
    """`domain.batches.BatchWork`: the commands that a single click uses, for one client after the other."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def do_part(self, batch_id: str, most: int) -> Part:
        """Each client in a transaction of its own, with what is written down about it: nobody is done twice."""
        done = 0
        while done < most:
            one = await self._do_one(batch_id)
            if one is None:
                break
            done += one
        async with self._office.database.statements() as session:
            return Part(done=done, left=await waiting_in(session, batch_id))

    async def _do_one(self, batch_id: str) -> bool | None:
        """False where somebody else has done it meanwhile, None where nobody waits any more.

        The client is locked first, as everywhere: erasing one takes the item along.
        """
        async with self._office.database.transaction() as session:
            found = await next_waiting(session, batch_id)
            if found is None:
                return None
            try:
                client = await client_by_id(session, found.client_id, for_update=True)
            except NotFound:
                return False
            item = await still_waiting(session, found)
            if item is None:
                return False
            batch = await session.get_one(ClientBatch, batch_id)
            item.at = await self._office.clock.now(session)
            item.reason, item.ref = await self._decide(session, batch, client)
            item.state = str(ItemState.LEFT_OUT if item.reason else ItemState.DONE)
        return True

    async def _decide(self, session: AsyncSession, batch: ClientBatch, client: Client) -> tuple[str | None, str | None]:
        """Looked at once more: what was confirmed may be old by now. The reason, or the reference of what was done."""
        action = BatchAction(batch.action)
        facts = await facts_of(session, [client], await self._office.clock.now(session))
        reason = left_out(action, facts[client.id])
        if reason is not None:
            return str(reason), None
        try:
            async with session.begin_nested():
                ref = await self._act(session, action, client)
        except DomainError as refusal:
            return str(_REASONS.get(type(refusal), LeftOut.REFUSED)), None
        if ref is None:
            return str(LeftOut.JUST_SENT), None
        await note(session, self._office, _who(batch), _AUDITED[action], client.id)
        return None, ref

    async def _act(self, session: AsyncSession, action: BatchAction, client: Client) -> str | None:
        match action:
            case BatchAction.SEND_FORMS:
                return (await send_new_client_forms(session, self._office, client)).request_id
            case BatchAction.INVITE_AGAIN:
                return (await issue_again(session, self._office, client)).id
            case BatchAction.REVOKE:
                return (await revoke(session, self._office, client))[0].id
            case BatchAction.INVITE:
                raise AssertionError("a list is written in one transaction, and never waits")


def _who(batch: ClientBatch) -> Who:
    role = batch.who["role"]
    return Who(**(batch.who | {"role": Role(role) if role else None}))
