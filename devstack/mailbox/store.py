"""Messages on disk: one file each, written whole before the sender is told that it was taken."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from devstack.mailbox.reading import header, headers_of

# Not `.json`, `.eml`: what kill -9 left half written must never be taken for a message.
_PARTIAL = ".partial"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the list; `received_at` is RFC 3339."""

    id: str
    to: str
    subject: str
    message_id: str
    received_at: str


class Store:
    """Raises OSError when the directory can't be used."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob(f"*{_PARTIAL}"):
            leftover.unlink()
        found = [Entry(**json.loads(path.read_text())) for path in directory.glob("*.json")]
        self._entries = {entry.id: entry for entry in found}

    def keep(self, to: str, raw: bytes) -> None:
        """Raises OSError when it can't be written: the sender has to hear of it."""
        headers = headers_of(raw)
        entry = Entry(
            id=f"{time.time_ns():020d}-{secrets.token_hex(4)}",
            to=to,
            subject=header(headers, "Subject"),
            message_id=header(headers, "Message-ID"),
            received_at=datetime.now(UTC).isoformat(),
        )
        # The entry last: a message counts as taken from then on, and never without its text.
        self._write(f"{entry.id}.eml", raw)
        self._write(f"{entry.id}.json", json.dumps(asdict(entry)).encode())
        self._entries[entry.id] = entry

    def entries(self, to: str | None = None) -> list[Entry]:
        """Newest first; `to` is one whole address, in any case."""
        wanted = to.strip().lower() if to else None
        # By id, which begins with the time: writers finish in any order.
        newest_first = sorted(self._entries.values(), key=lambda entry: entry.id, reverse=True)
        return [one for one in newest_first if wanted is None or one.to.lower() == wanted]

    def entry(self, message_id: str) -> Entry | None:
        return self._entries.get(message_id)

    def raw(self, entry: Entry) -> bytes:
        return (self._directory / f"{entry.id}.eml").read_bytes()

    def _write(self, name: str, content: bytes) -> None:
        partial = self._directory / f"{name}{_PARTIAL}"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._directory / name)
