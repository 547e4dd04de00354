"""The secrets of a one-machine stack: made once, kept in its state directory, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class StackSecrets:
    database_password: str
    stripe_key: str
    stripe_fees_webhook_secret: str
    stripe_subscriptions_webhook_secret: str
    secret_keys: str
    encryption_keys: str


def load_or_make(state_dir: Path) -> StackSecrets:
    path = state_dir / "secrets.json"
    try:
        return StackSecrets(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = _make()
    write_private(path, json.dumps(asdict(made), indent=2))
    return made


def write_private(path: Path, text: str) -> None:
    """Atomically, mode 0600."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.rename(path)


def _make() -> StackSecrets:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return StackSecrets(
        database_password=secrets.token_hex(16),
        stripe_key=f"sk_test_sim_{secrets.token_hex(16)}",
        stripe_fees_webhook_secret=f"whsec_sim_{secrets.token_hex(16)}",
        stripe_subscriptions_webhook_secret=f"whsec_sim_{secrets.token_hex(16)}",
        secret_keys=key(),
        encryption_keys=key(),
    )
