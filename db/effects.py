"""The ledger of effects: intended before the world is touched, done after; a key is done once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.locks import lock_name
from db.models import Effect
from domain.states import EffectState


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
) -> bool:
    """Write the intention; False when it has been done before.

    An intention found without its outcome means that a process died in between: the effect is *uncertain*, and doing it
    again has to be harmless (same Message-ID, same idempotency key).
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
        return True
    effect = (await session.scalars(select(Effect).where(Effect.key == key).with_for_update())).one()
    if effect.state == EffectState.DONE:
        return False
    effect.attempts += 1
    effect.message_id = message_id
    effect.recipient_hash = recipient_hash
    effect.state = str(EffectState.UNCERTAIN if effect.state in _UNFINISHED else EffectState.INTENDED)
    return True


_UNFINISHED = (EffectState.INTENDED, EffectState.UNCERTAIN)


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


async def conclude(session: AsyncSession, key: str, state: EffectState, at: datetime) -> None:
    statement = update(Effect).where(Effect.key == key).values(state=str(state), at=at).returning(Effect.key)
    # Nobody of this session holds the row as an object.
    (await session.scalars(statement, execution_options={"synchronize_session": False})).one()


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


A_DAY = timedelta(days=1)
