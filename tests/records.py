"""What is really in the database."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import dict_row


class Records:
    """Asked over one connection: opening one costs more than most questions. PostgreSQL may be restarted meanwhile."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def ask(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        return self._run(query, parameters).fetchall()

    def change(self, statement: str) -> None:
        self._run(statement, None)  # what isn't given any parameters may say %

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _run(self, query: str, parameters: tuple[object, ...] | None) -> psycopg.Cursor[dict[str, Any]]:
        if self._connection is not None:
            with suppress(psycopg.OperationalError):
                return self._connection.execute(query, parameters)
            self._connection.close()
        self._connection = psycopg.connect(self._url, row_factory=dict_row, autocommit=True)
        return self._connection.execute(query, parameters)
