"""Counting what there is, for metrics and `portico doctor`: one query, closed words and numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.clock import Clock
from db.holds import SWEEP

_COUNT = text("""
    SELECT 'clients' AS figure, stage AS one, track AS other, count(*) AS n, NULL::timestamptz AS oldest
      FROM client WHERE erased_at IS NULL GROUP BY stage, track
    UNION ALL
    SELECT 'effects', kind, state, count(*), NULL FROM effect GROUP BY kind, state
    UNION ALL
    SELECT 'uncertain', kind, '', sum(uncertain_attempts), NULL FROM effect GROUP BY kind
    UNION ALL
    SELECT 'payments', state, '', count(*), NULL FROM payment WHERE state IN ('requested', 'authorized') GROUP BY state
    UNION ALL
    SELECT 'attention', '', '', count(*), min(raised_at) FROM attention_item WHERE settled_at IS NULL
    UNION ALL
    SELECT 'waiting', '', '', count(*), min(received_at) FROM external_event
      WHERE handled_at IS NULL AND parked_reason IS NULL
    UNION ALL
    SELECT 'parked', '', '', count(*), min(received_at) FROM external_event
      WHERE handled_at IS NULL AND parked_reason IS NOT NULL
    UNION ALL
    SELECT 'holds', '', '', count(*), min(hold_expires_at) FROM appointment
      WHERE status = 'pending' AND hold_expires_at < :now
    UNION ALL
    SELECT 'compared', '', '', coalesce(sum(left_over), 0), min(compared_at) FROM money_comparison
    UNION ALL
    SELECT 'silent', '', '', count(*), NULL FROM attention_item WHERE step = 'processor_silent' AND settled_at IS NULL
    UNION ALL
    SELECT 'undelivered', '', '', count(*), NULL FROM external_event
      WHERE undelivered AND subject NOT LIKE 'processor:%' AND received_at > now() - interval '1 day'
    UNION ALL
    SELECT 'unanswered', '', '', count(*), min(unanswered_since) FROM event_question WHERE unanswered_since IS NOT NULL
    UNION ALL
    SELECT 'swept', '', '', count(*), NULL FROM external_event WHERE source = :sweep
""")


@dataclass(frozen=True, kw_only=True)
class Census:
    """Counts as of one moment; ages are seconds, and 0 where there is nothing to be old."""

    clients: Mapping[tuple[str, str], int]  # by stage and track
    effects: Mapping[tuple[str, str], int]  # by kind and state
    uncertain_attempts: Mapping[str, int]  # by kind
    open_payments: Mapping[str, int]  # by state
    attention: int
    attention_age_seconds: float
    events_waiting: int
    relay_lag_seconds: float
    events_parked: int
    holds_ended: int  # pending all the same
    holds_ended_age_seconds: float
    holds_swept: int  # since ever
    money_differences: int
    money_compared_age_seconds: float  # of the practice that was compared the longest ago
    processor_silent: int  # practices
    events_undelivered: int  # found by asking within a day, and not delivered since
    accounts_unanswered: int  # that couldn't be asked for such events
    accounts_unanswered_age_seconds: float


async def take_census(session: AsyncSession, clock: Clock) -> Census:
    """Attention and holds age by business time, as they are stamped; recorded events are on wall time."""
    clients: dict[tuple[str, str], int] = {}
    effects: dict[tuple[str, str], int] = {}
    uncertain: dict[str, int] = {}
    payments: dict[str, int] = {}
    single: dict[str, tuple[int, datetime | None]] = {}
    now = await clock.now(session)
    for figure, one, other, count, oldest in await session.execute(_COUNT, {"now": now, "sweep": SWEEP}):
        match figure:
            case "clients":
                clients[one, other] = count
            case "effects":
                effects[one, other] = count
            case "uncertain":
                uncertain[one] = int(count)
            case "payments":
                payments[one] = count
            case _:
                single[figure] = (count, oldest)
    return Census(
        clients=clients,
        effects=effects,
        uncertain_attempts=uncertain,
        open_payments=payments,
        attention=single["attention"][0],
        attention_age_seconds=_age(single["attention"][1], now),
        events_waiting=single["waiting"][0],
        relay_lag_seconds=_age(single["waiting"][1], datetime.now(UTC)),
        events_parked=single["parked"][0],
        holds_ended=single["holds"][0],
        holds_ended_age_seconds=_age(single["holds"][1], now),
        holds_swept=single["swept"][0],
        money_differences=int(single["compared"][0]),
        money_compared_age_seconds=_age(single["compared"][1], now),
        processor_silent=single["silent"][0],
        events_undelivered=single["undelivered"][0],
        accounts_unanswered=single["unanswered"][0],
        accounts_unanswered_age_seconds=_age(single["unanswered"][1], now),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
