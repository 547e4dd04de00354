"""The simulator's memory: one SQLite file, so that what was made stays payable after a restart or a `kill -9`."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, due_at INTEGER);
CREATE INDEX IF NOT EXISTS objects_due ON objects (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_kind ON objects (account, kind, seq);
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    stored_at INTEGER NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, payload TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, first_at REAL NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, next_at);
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS planned_payments (session TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class Store:
    """Objects as JSON by id; used from one thread only, in transactions that never cross an `await`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one it is simply a part of that."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only this part when it fails; the transaction around it goes on."""
        with self.transaction():
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO part")
                raise
            finally:
                self._connection.execute("RELEASE part")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)

    def put(self, body: Json, account: str, due_at: int | None = None) -> Json:
        """Keep an object under its id; `due_at` (simulator's clock) is when something happens to it by itself."""
        self.change(
            "INSERT INTO objects (id, account, kind, body, due_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body, due_at = excluded.due_at",
            body["id"],
            account,
            body["object"],
            json.dumps(body),
            due_at,
        )
        return body

    def get(self, kind: str, id_: str, account: str | None = None) -> Json | None:
        """An object of this account (of any, when None)."""
        rows = self.rows("SELECT body, account FROM objects WHERE id = ? AND kind = ?", id_, kind)
        if not rows or (account is not None and rows[0][1] != account):
            return None
        body: Json = json.loads(rows[0][0])
        return body

    def owner(self, id_: str) -> str:
        return str(self.rows("SELECT account FROM objects WHERE id = ?", id_)[0][0])

    def every(self, kind: str, account: str) -> list[Json]:
        """All of a kind, newest first."""
        rows = self.rows("SELECT body FROM objects WHERE account = ? AND kind = ? ORDER BY seq DESC", account, kind)
        return [json.loads(body) for (body,) in rows]

    def newest(self, kind: str, count: int) -> list[Json]:
        """Of all accounts."""
        rows = self.rows("SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC LIMIT ?", kind, count)
        return [json.loads(body) for (body,) in rows]

    def due(self, now: int) -> list[tuple[str, Json]]:
        """`(account, object)` of what should have happened by now, oldest first."""
        rows = self.rows("SELECT account, body FROM objects WHERE due_at <= ? ORDER BY due_at, seq", now)
        return [(account, json.loads(body)) for account, body in rows]

    def setting(self, name: str, default: Any) -> Any:
        rows = self.rows("SELECT body FROM settings WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else default

    def set(self, name: str, value: Any) -> None:
        self.change("INSERT OR REPLACE INTO settings (name, body) VALUES (?, ?)", name, json.dumps(value))


class Clock:
    """The stack's virtual time: the wall clock plus a stored offset."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = float(store.setting("clock_offset_seconds", 0))

    @property
    def offset_seconds(self) -> float:
        return self._offset

    def now(self) -> int:
        return int(time.time() + self._offset)

    def set_offset(self, seconds: float) -> None:
        self._store.set("clock_offset_seconds", seconds)
        self._offset = seconds
