"""Opaque ids: a prefix that tells what it is, and 100 random bits that tell nothing else."""

from __future__ import annotations

import base64
import secrets


def new_id(prefix: str) -> str:
    """`cli_…`, `apt_…`: 20 characters of base 32, safe in URLs, workflow ids and file names."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(13)).decode().lower().rstrip('=')[:20]}"
