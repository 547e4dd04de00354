"""Gates: each holds one client's effect at one place until it is let go, so that a fault strikes just there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, LiteralString

import httpx
import psycopg

from tests.chaos.effects import Call, Mail, Record
from tests.driver import World, until

OURS = "chaos"  # the application name of the tests' own connections: they outlive what the tests do to others
_SPACE = 4711

# Each of these rows passes a gate: free unless a test has closed it (an advisory lock by the client's address).
_TRIGGERS = f"""
CREATE FUNCTION chaos_pass(address text, label text) RETURNS void LANGUAGE sql SET lock_timeout = '60s' AS $$
    SELECT pg_advisory_xact_lock_shared({_SPACE}, hashtext(address || '/' || label))
$$;
CREATE FUNCTION chaos_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM chaos_pass(NEW.email, 'portal_account');
    RETURN NEW;
END $$;
CREATE FUNCTION chaos_client() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE label text := TG_TABLE_NAME;
BEGIN
    IF TG_TABLE_NAME = 'timeline_entry' THEN
        label := NEW.kind;
        IF label = 'front_desk_told' THEN
            label := label || ':' || split_part(NEW.ref, ':', 2);
        END IF;
    END IF;
    PERFORM chaos_pass((SELECT email FROM client WHERE id = NEW.client_id), label);
    RETURN NEW;
END $$;
CREATE TRIGGER chaos AFTER INSERT ON portal_account FOR EACH ROW EXECUTE FUNCTION chaos_account();
CREATE TRIGGER chaos AFTER INSERT ON signup FOR EACH ROW EXECUTE FUNCTION chaos_client();
CREATE TRIGGER chaos AFTER INSERT ON timeline_entry FOR EACH ROW EXECUTE FUNCTION chaos_client();
"""


class Ledger:
    """One connection of the tests' own; the database may go away under it, and then it is asked again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()

    async def prepare(self) -> None:
        await self.rows(_TRIGGERS)

    async def rows(self, query: LiteralString | str, *parameters: object) -> list[tuple[Any, ...]]:
        async with self._lock:
            while True:
                with suppress(psycopg.OperationalError):
                    return await self._ask(query, parameters)
                await self._drop()
                await asyncio.sleep(0.1)

    async def _ask(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self.url, autocommit=True, application_name=OURS, connect_timeout=5
            )
        cursor = await self._connection.execute(query.encode(), parameters or None)
        return await cursor.fetchall() if cursor.description else []

    async def _drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                await self._connection.close()
        self._connection = None

    async def close(self) -> None:
        await self._drop()


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Where one client is held. `acted` at a far side: it has done what was asked, and keeps the answer."""

    address: str
    desk: str
    merchant: str
    at: Record | Mail | Call
    acted: bool = True
    loses: bool = False  # the far side loses its answer by itself: the fault is this

    @property
    def mail_fault(self) -> dict[str, Any]:
        assert isinstance(self.at, Mail)
        reply = "drop" if self.loses else "hold" if self.acted else "hang"
        to = self.desk if self.at.to_desk else self.address
        return {"to": to.lower(), "reply": reply, "times": 1, "subject": self.at.subject.lower()}

    @property
    def call_fault(self) -> dict[str, Any]:
        assert isinstance(self.at, Call)
        action = "timeout" if self.loses else "hold" if self.acted else "stall"
        return {"match": f"{self.at.match} {self.merchant}", "action": action, "times": 1}


class Gates:
    """All gates of one round: closed together, and let go together."""

    def __init__(self, world: World, ledger: Ledger, gates: Iterable[Gate]) -> None:
        self._world = world
        self._ledger = ledger
        self._gates = list(gates)
        self._locks: psycopg.AsyncConnection[Any] | None = None
        self.first_held: float | None = None

    def _at(self, kind: type) -> list[Gate]:
        return [gate for gate in self._gates if isinstance(gate.at, kind)]

    async def close(self) -> None:
        records = [f"{gate.address}/{gate.at.label}" for gate in self._gates if isinstance(gate.at, Record)]
        if records:
            self._locks = await psycopg.AsyncConnection.connect(
                self._ledger.url, autocommit=True, application_name=OURS
            )
            for key in records:
                await self._locks.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_SPACE, key))
        await self._put_mail([gate.mail_fault for gate in self._at(Mail)])
        await self._put_calls([gate.call_fault for gate in self._at(Call)])

    async def all_held(self) -> None:
        """Until each of them holds its effect."""

        async def look() -> bool:
            held = await self._held()
            if held and self.first_held is None:
                self.first_held = time.monotonic()
            return held >= len(self._gates)

        await until(look, f"{len(self._gates)} effects to be held", 20)

    async def _held(self) -> int:
        query = (
            "SELECT count(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted"
        )
        held = int((await self._ledger.rows(query, _SPACE))[0][0])
        if mails := self._at(Mail):
            left = (await self._world.http.get(f"{self._world.endpoints['mailbox_url']}/api/faults")).json()
            held += sum(gate.mail_fault not in left for gate in mails)
        if calls := self._at(Call):
            listed = (await self._world.http.get(f"{self._world.endpoints['simulator_url']}/_sim/faults")).json()
            left = [one["match"] for one in listed["items"] if one["times"] != 0]
            held += sum(gate.call_fault["match"] not in left for gate in calls)
        return held

    async def open_far(self) -> None:
        """The far sides answer, if they are there."""
        with suppress(httpx.TransportError):
            if self._at(Mail):
                await self._put_mail([])
        with suppress(httpx.TransportError):
            if self._at(Call):
                await self._put_calls([])

    async def open_records(self) -> None:
        if self._locks is not None:
            with suppress(psycopg.Error):
                await self._locks.close()
            self._locks = None

    async def _put_mail(self, faults: list[dict[str, Any]]) -> None:
        url = f"{self._world.endpoints['mailbox_url']}/api/faults"
        (await self._world.http.put(url, json=faults, timeout=2)).raise_for_status()

    async def _put_calls(self, faults: list[dict[str, Any]]) -> None:
        url = f"{self._world.endpoints['simulator_url']}/_sim/faults"
        (await self._world.http.put(url, json=faults, timeout=2)).raise_for_status()
