"""Messages on disk: one file each, written whole before the sender is told that it was taken."""

from __future__ import annotations

import email
import email.policy
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the list; `received_at` is RFC 3339."""

    id: str
    to: str
    subject: str
    message_id: str
    received_at: str


class Store:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._entries = [Entry(**json.loads(path.read_text())) for path in sorted(directory.glob("*.json"))]

    def keep(self, to: str, raw: bytes) -> None:
        """Raises OSError when it can't be written: the sender has to hear of it."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        entry = Entry(
            id=f"{time.time_ns():020d}-{secrets.token_hex(4)}",
            to=to,
            subject=str(message["Subject"] or ""),
            message_id=str(message["Message-ID"] or ""),
            received_at=datetime.now(UTC).isoformat(),
        )
        self._write(f"{entry.id}.eml", raw)
        self._write(f"{entry.id}.json", json.dumps(asdict(entry)).encode())
        self._entries.append(entry)

    def entries(self, to: str | None = None) -> list[Entry]:
        """Newest first."""
        wanted = to.strip().lower() if to else None
        return [one for one in reversed(self._entries) if wanted is None or one.to.lower() == wanted]

    def entry(self, message_id: str) -> Entry | None:
        return next((one for one in self._entries if one.id == message_id), None)

    def raw(self, entry: Entry) -> bytes:
        return (self._directory / f"{entry.id}.eml").read_bytes()

    def message(self, entry: Entry) -> EmailMessage:
        return email.message_from_bytes(self.raw(entry), policy=email.policy.default)

    def _write(self, name: str, content: bytes) -> None:
        partial = self._directory / f".{name}"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._directory / name)
