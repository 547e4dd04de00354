"""Logging: JSON lines with their ids in production, readable in the demo; nothing private, whatever libraries say."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from telemetry.context import current_ids

# What a library could put into a message although we never do: addresses, link tokens, keys.
_PRIVATE = [
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<address>"),
    (re.compile(r"(/(?:invitations|password|calendar)/)[^\s?\"']+"), r"\1<token>"),
    (re.compile(r"\b(sk|rk|whsec)_[A-Za-z0-9_]+"), r"\1_<secret>"),
    (re.compile(r"(Bearer\s+)\S+", re.IGNORECASE), r"\1<secret>"),
]


def clean(text: str) -> str:
    for pattern, replacement in _PRIVATE:
        text = pattern.sub(replacement, text)
    return text


class _Readable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class JsonLines(logging.Formatter):
    """One object per line: what is common to all, the ids of request or activity, and the line's own `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
            **current_ids(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(environment: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    readable = _Readable("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if environment == "production" else readable)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Request lines of clients carry whole addresses, and repeat what our own lines say.
    for noisy in ("httpx", "httpcore", "stripe", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
