"""Steps that wait for a person: the list, and the answer that lets the journey go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement
from temporalio.client import Client as Engine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from commands.addresses import correct_email
from commands.audit import Who, note
from commands.office import Office
from db.events import client_subject
from db.models import AttentionItem, Client, ExternalEvent
from db.tenancy import client_of_practice
from db.timeline import tell
from domain.audit import AuditKind
from domain.errors import Conflict, EngineUnavailable, ValidationFailed
from domain.roles import Reach
from domain.stages import Actor
from domain.states import AttentionAction, TimelineKind
from workflows.messages import ResolveAttention

_ANSWER_WITHIN = timedelta(seconds=8)
# Steps that talk to the client's mailbox: there a wrong address may be the reason.
_INVITATION_STEPS = ("portal_invitation", "invitation:")
_MAIL_STEPS = (
    *_INVITATION_STEPS,
    *("invitation_reminder:", "greeting:", "intake_reminder:"),
    *("booking_confirmation", "move_notice:", "appointment_reminder:", "cancellation_notice"),
)
# Noted for a person's eye; no workflow waits for an answer.
_NOTES = (
    *("pre_payment", "capture_pre_payment", "void_pre_payment", "subscription_doubled"),
    *("refunds_differ", "refunded_past_us", "refund_failed:", "dispute:", "busy_calendar"),
    *("money_compared", "money_out_of_reach:", "processor_silent", "webhooks_lost", "waitlist_offer:"),
)


def actions_for(item: AttentionItem) -> list[AttentionAction]:
    if _is_note(item):
        return [AttentionAction.SKIP]
    if item.step.startswith(_MAIL_STEPS):
        return [AttentionAction.CORRECT_EMAIL, AttentionAction.RETRY, AttentionAction.SKIP]
    return [AttentionAction.RETRY, AttentionAction.SKIP]


def _is_note(item: AttentionItem) -> bool:
    return item.step in _NOTES or item.step.startswith(tuple(one for one in _NOTES if one.endswith(":")))


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


async def resolve(
    office: Office,
    engine: Engine,
    reach: Reach,
    client_id: str,
    action: AttentionAction,
    *,
    who: Who,
    item_id: str | None = None,
    email: str | None = None,
    invite: bool = False,
) -> list[str]:
    """Answer the client's open items (or the one named); subjects to nudge.

    The address can be corrected at any time, whether or not a step waits for it (`invite`: with a new invitation).
    Raises NotFound, Conflict (nothing waits), ValidationFailed (a wrong address) and EngineUnavailable.
    """
    correcting = action is AttentionAction.CORRECT_EMAIL
    async with office.database.transaction() as session:
        items = await open_items(session, reach, client_id)
        if item_id is not None:
            items = [item for item in items if item.id == item_id]
        items = [item for item in items if action in actions_for(item)]
        if not items and (item_id is not None or not correcting):
            raise Conflict("Nothing waits for this answer.")
        if correcting:
            client = await client_of_practice(session, reach, client_id, for_update=True)
            await _correct(session, office, client, email, items, invite=invite)
        kind = AuditKind.EMAIL_CORRECTED if correcting else AuditKind.ATTENTION_ANSWERED
        await note(session, office, who, kind, client_id)
    subjects: list[str] = session.info.pop("event_subjects", [])
    for item in items:
        subjects += await _answer(office, engine, item, action, who.name)
    return subjects


async def _correct(
    session: AsyncSession,
    office: Office,
    client: Client,
    email: str | None,
    items: Sequence[AttentionItem],
    *,
    invite: bool,
) -> None:
    if email is None:
        raise ValidationFailed.of("email", "is needed")
    if not items and email.strip().lower() == client.email:
        raise ValidationFailed.of("email", "This is the address that we have.")
    on_its_way = any(item.step.startswith(_INVITATION_STEPS) for item in items)
    await correct_email(session, office, client, email, on_its_way=on_its_way, invite=invite)


async def resolve_affair(
    office: Office, engine: Engine, reach: Reach, item_id: str, action: AttentionAction, *, who: Who
) -> None:
    """Answer an open item that is about no client. Raises Conflict (nothing waits) and EngineUnavailable."""
    async with office.database.transaction() as session:
        items = [item for item in await open_items(session, reach) if item.id == item_id and item.client_id is None]
        if not items or action not in actions_for(items[0]):
            raise Conflict("Nothing waits for this answer.")
        await note(session, office, who, AuditKind.ATTENTION_ANSWERED, item_id)
    await _answer(office, engine, items[0], action, who.name)


async def _answer(
    office: Office, engine: Engine, item: AttentionItem, action: AttentionAction, resolved_by: str
) -> list[str]:
    if item.step.startswith("event:") or _is_note(item):
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
