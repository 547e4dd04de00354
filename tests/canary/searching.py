"""Searches what is kept or shown outside PostgreSQL: Temporal's database, logs, figures, the processor's requests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.driver import World
from tests.telemetry.reading import server_metrics, worker_metrics


def found_in_temporal(world: World, words: Iterable[str]) -> set[str]:
    """By columns of each table: in the file itself a long value is cut into pages."""
    wanted = {word: word.lower().encode() for word in words}
    found: set[str] = set()
    for value in _values(world.stack.plan.state_dir / "temporal.db"):
        found |= {word for word, sought in wanted.items() if sought in value}
    return found


def _values(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table.decode()}"'):
                yield b"\n".join(value for value in row if isinstance(value, bytes)).lower()
    database.close()


def found_in_database(world: World, words: Iterable[str]) -> set[tuple[str, str]]:
    """(table, word) over all our own tables; what is sealed is found by nobody, what is only bytes is."""
    wanted = {word: (word.lower(), word.encode().hex()) for word in words}
    tables = world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found: set[tuple[str, str]] = set()
    for table in (one["tablename"] for one in tables):
        text = "\n".join(one["row"] for one in world.rows(f'SELECT t::text AS row FROM "{table}" t')).lower()
        found |= {(table, word) for word, (plain, raw) in wanted.items() if plain in text or raw in text}
    return found


def found_in_logs(world: World, words: Iterable[str]) -> set[tuple[str, str]]:
    """(log, word)."""
    logs = {path.stem: path.read_text(errors="replace").lower() for path in _logs(world)}
    assert logs.keys() >= {"server", "worker", "temporal", "postgres", "mailbox", "simulator"}
    return {(name, word) for name, text in logs.items() for word in words if word.lower() in text}


def _logs(world: World) -> list[Path]:
    return sorted((world.stack.plan.state_dir / "logs").glob("*"))


async def shown(world: World) -> dict[str, str]:
    """What metrics and the payment processor have been told."""
    requests = json.dumps(await world.simulator_requests(), ensure_ascii=False)
    return {
        "the server's metrics": (await server_metrics(world)).text,
        "the worker's metrics": (await worker_metrics(world)).text,
        "the processor's requests": requests,
    }
