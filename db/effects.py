"""The ledger of effects: intended before the world is touched, done after; a key is done once, or it is uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.locks import lock_name
from db.models import AttentionItem, Effect
from domain.states import AttentionAction, EffectState


class Intention(StrEnum):
    """What is to be done about an effect."""

    ATTEMPT = "attempt"
    DONE = "done"  # already: nothing
    ASK = "ask"  # it may have happened, and isn't to be repeated unless a person says so


async def intend(
    session: AsyncSession,
    key: str,
    *,
    kind: str,
    provider_id: str | None,
    client_id: str | None,
    message_id: str | None,
    recipient_hash: str | None,
    at: datetime,
    asks_at: str | None = None,
) -> Intention:
    """Write the intention, where there is something to be done.

    An intention found without its outcome means that a process died in between: that attempt is *uncertain*. Doing it
    again has to be harmless (same Message-ID, same idempotency key), or `asks_at` names the step at which a person says
    whether to.
    """
    statement = insert(Effect).values(
        key=key,
        kind=kind,
        provider_id=provider_id,
        client_id=client_id,
        state=str(EffectState.INTENDED),
        message_id=message_id,
        recipient_hash=recipient_hash,
        attempts=1,
        at=at,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["key"])
    if await session.scalar(statement.returning(Effect.key)) is not None:
        return Intention.ATTEMPT
    effect = (await session.scalars(select(Effect).where(Effect.key == key).with_for_update())).one()
    if effect.state == EffectState.DONE:
        return Intention.DONE
    if effect.state == EffectState.INTENDED:
        effect.uncertain_attempts += 1
        effect.state = str(EffectState.UNCERTAIN)
    if effect.uncertain_attempts and asks_at is not None and not await _allowed_again(session, effect, asks_at):
        return Intention.ASK
    effect.attempts += 1
    effect.message_id = message_id
    effect.recipient_hash = recipient_hash
    effect.state = str(EffectState.INTENDED)
    effect.at = at
    return Intention.ATTEMPT


async def _allowed_again(session: AsyncSession, effect: Effect, step: str) -> bool:
    """Whether a person has asked for this step again since the last attempt."""
    query = select(AttentionItem.id).where(
        AttentionItem.client_id == effect.client_id,
        AttentionItem.step == step,
        AttentionItem.resolution.in_(_AGAIN),
        AttentionItem.settled_at > effect.at,
    )
    return (await session.scalar(query.limit(1))) is not None


_AGAIN = (str(AttentionAction.RETRY), str(AttentionAction.CORRECT_EMAIL))


async def lock_recipient(session: AsyncSession, provider_id: str, recipient_hash: str) -> None:
    """Hold, until commit, the right to decide what this address is sent by this provider."""
    await lock_name(session, f"recipient:{provider_id}:{recipient_hash}")


async def reserve(
    session: AsyncSession,
    key: str,
    *,
    kind: str,
    provider_id: str,
    client_id: str,
    recipient_hash: str,
    at: datetime,
) -> None:
    """Take the place of a message that is about to be intended, where a cap counts such messages."""
    statement = insert(Effect).values(
        key=key,
        kind=kind,
        provider_id=provider_id,
        client_id=client_id,
        state=str(EffectState.RESERVED),
        recipient_hash=recipient_hash,
        attempts=0,
        at=at,
    )
    await session.execute(statement.on_conflict_do_nothing(index_elements=["key"]))


async def conclude(session: AsyncSession, key: str, outcome: EffectState, at: datetime) -> None:
    """Write down what became of an attempt. What may have happened isn't undone by a later attempt that didn't."""
    values: dict[str, object] = {"state": str(outcome), "at": at}
    if outcome is EffectState.UNCERTAIN:
        values["uncertain_attempts"] = Effect.uncertain_attempts + 1
    elif outcome is not EffectState.DONE:
        values["state"] = case((Effect.uncertain_attempts > 0, str(EffectState.UNCERTAIN)), else_=str(outcome))
    statement = update(Effect).where(Effect.key == key, Effect.state != str(EffectState.DONE)).values(**values)
    # Nobody of this session holds the row as an object.
    await session.execute(statement, execution_options={"synchronize_session": False})


async def concluded_keys(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    """Those of the keys of which nothing more is to be done: it happened, or was refused for good."""
    over = (str(EffectState.DONE), str(EffectState.REFUSED))
    return set(await session.scalars(select(Effect.key).where(Effect.key.in_(keys), Effect.state.in_(over))))


async def done_lately(
    session: AsyncSession, *, provider_id: str, kind: str, recipient_hash: str, since: datetime, but_for: str
) -> bool:
    """Whether this recipient has had (or is being sent) such a message since then, `but_for` this one's own key."""
    query = select(Effect.key).where(
        Effect.provider_id == provider_id,
        Effect.kind == kind,
        Effect.recipient_hash == recipient_hash,
        Effect.at > since,
        Effect.key != but_for,
    )
    return (await session.scalar(query.limit(1))) is not None


async def may_have_arrived(session: AsyncSession, key: str) -> bool:
    """Whether this message has arrived, for all that is known: confirmed, uncertain, or being sent right now."""
    effect = await session.get(Effect, key)
    if effect is None:
        return False
    return effect.uncertain_attempts > 0 or effect.state in (EffectState.DONE, EffectState.INTENDED)


A_DAY = timedelta(days=1)
