"""Addresses where only their identity counts."""

from __future__ import annotations

import hashlib


def recipient_hash(address: str) -> str:
    """So that what an address was sent, or wants no more, can be known without holding the address."""
    return hashlib.sha256(address.lower().encode()).hexdigest()
