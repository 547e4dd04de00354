"""Steps that wait for a person: the list, and the answer that lets the journey go on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement
from temporalio.client import Client as Engine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from commands.office import Office
from db.events import client_subject
from db.models import AttentionItem, Client, ExternalEvent
from db.timeline import tell
from domain.errors import Conflict, EngineUnavailable, NotFound, ValidationFailed
from domain.roles import Reach
from domain.stages import Actor
from domain.states import AttentionAction, TimelineKind
from workflows.messages import ResolveAttention

_ANSWER_WITHIN = timedelta(seconds=8)
# Steps that talk to the client's mailbox: there a wrong address may be the reason.
_MAIL_STEPS = (
    *("portal_invitation", "invitation:", "invitation_reminder:", "greeting:", "intake_reminder:"),
    *("booking_confirmation", "move_notice:", "appointment_reminder:", "cancellation_notice"),
)
# Noted for a person's eye; no workflow waits for an answer.
_NOTES = ("pre_payment", "capture_pre_payment", "void_pre_payment")


def actions_for(item: AttentionItem) -> list[AttentionAction]:
    if item.step in _NOTES:
        return [AttentionAction.SKIP]
    if item.step.startswith(_MAIL_STEPS):
        return [AttentionAction.CORRECT_EMAIL, AttentionAction.RETRY, AttentionAction.SKIP]
    return [AttentionAction.RETRY, AttentionAction.SKIP]


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    theirs = or_(Client.practice_id == reach.practice_id, AttentionItem.practice_id == reach.practice_id)
    found: list[ColumnElement[bool]] = [theirs, AttentionItem.settled_at.is_(None)]
    if reach.provider_id is not None:
        mine = (Client.provider_id == reach.provider_id, AttentionItem.provider_id == reach.provider_id)
        found.append(or_(*mine))
    return found


async def open_items(session: AsyncSession, reach: Reach, client_id: str | None = None) -> list[AttentionItem]:
    """The open items of those whom somebody may reach, the oldest first."""
    query = (
        select(AttentionItem)
        .outerjoin(Client, Client.id == AttentionItem.client_id)
        .where(*_within(reach))
        .order_by(AttentionItem.raised_at, AttentionItem.id)
    )
    if client_id is not None:
        query = query.where(AttentionItem.client_id == client_id)
    return list(await session.scalars(query))


async def count_open(session: AsyncSession, reach: Reach) -> int:
    query = (
        select(func.count(AttentionItem.id))
        .outerjoin(Client, Client.id == AttentionItem.client_id)
        .where(*_within(reach))
    )
    return (await session.scalar(query)) or 0


async def correct_email(session: AsyncSession, office: Office, client: Client, email: str) -> None:
    """Write the right address down (in a transaction that is committed before the journey is told)."""
    try:
        client.email = office.checks.email(email)
    except ValueError as error:
        raise ValidationFailed.of("email", str(error)) from None
    now = await office.clock.now(session)
    ref = f"{client.id}:{now.timestamp():.0f}"
    await tell(session, client.id, TimelineKind.EMAIL_CORRECTED, at=now, actor=Actor.STAFF, ref=ref)


async def resolve(
    office: Office,
    engine: Engine,
    reach: Reach,
    client_id: str | None,
    action: AttentionAction,
    *,
    item_id: str | None = None,
    email: str | None = None,
    resolved_by: str,
) -> list[str]:
    """Answer the client's open items (or the one named, which may be of the practice's own); subjects to nudge.

    Raises NotFound, Conflict (nothing waits), ValidationFailed (a wrong address) and EngineUnavailable.
    """
    async with office.database.transaction() as session:
        items = await open_items(session, reach, client_id)
        if client_id is None:
            items = [item for item in items if item.client_id is None and item.id == item_id]
        if item_id is not None:
            items = [item for item in items if item.id == item_id]
        items = [item for item in items if action in actions_for(item)]
        if not items:
            raise Conflict("Nothing waits for this answer.")
        if action is AttentionAction.CORRECT_EMAIL:
            if email is None or client_id is None:
                raise ValidationFailed.of("email", "is needed")
            client = await session.get(Client, client_id, with_for_update=True)
            if client is None:
                raise NotFound("There is no such client.")
            await correct_email(session, office, client, email)
    subjects: list[str] = []
    for item in items:
        subjects += await _answer(office, engine, item, action, resolved_by)
    return subjects


async def _answer(
    office: Office, engine: Engine, item: AttentionItem, action: AttentionAction, resolved_by: str
) -> list[str]:
    if item.step.startswith("event:") or item.step in _NOTES:
        return await _settle_here(office, item, action, resolved_by)
    handle = engine.get_workflow_handle(item.workflow_id)
    try:
        await handle.execute_update(
            "resolve_attention", ResolveAttention(step=item.step, action=action), rpc_timeout=_ANSWER_WITHIN
        )
    except WorkflowUpdateFailedError:
        raise Conflict("This step has gone on in the meantime.", step=item.step) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return await _settle_here(office, item, AttentionAction.SKIP, resolved_by)
        raise EngineUnavailable(error.status.name.lower()) from None
    except RuntimeError:
        raise EngineUnavailable("no connection") from None
    async with office.database.transaction() as session:
        row = await session.get(AttentionItem, item.id, with_for_update=True)
        if row is not None:
            row.settled_by = resolved_by
    return []


async def _settle_here(office: Office, item: AttentionItem, action: AttentionAction, resolved_by: str) -> list[str]:
    """No workflow waits for this one: an event that couldn't be told is told again, or put away."""
    async with office.database.transaction() as session:
        row = await session.get(AttentionItem, item.id, with_for_update=True)
        if row is None or row.settled_at is not None:
            return []
        now = await office.clock.now(session)
        row.settled_at = now
        row.settled_by = resolved_by
        row.resolution = str(action)
        if row.client_id is None:
            return []
        await tell(session, row.client_id, TimelineKind.ATTENTION_SETTLED, at=now, actor=Actor.STAFF, ref=row.id)
        event = await session.get(ExternalEvent, item.step.removeprefix("event:"), with_for_update=True)
        if event is not None and action is AttentionAction.RETRY:
            event.parked_reason = None
            event.attempts = 0
            event.next_attempt_at = None
        elif event is not None:
            event.handled_at = now
        return [client_subject(row.client_id)]
