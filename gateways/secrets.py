"""Secrets: capability links (HMAC-SHA-256), sealed data (AES-256-GCM, wrapped keys), passwords (Argon2id)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_SEPARATOR = "."


class HmacTokens:
    """`keys`, newest first: the first mints, all of them read."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = list(keys)

    def mint(self, purpose: str, subject_id: str) -> str:
        return f"{subject_id}{_SEPARATOR}{self._sign(self._keys[0], purpose, subject_id)}"

    def read(self, purpose: str, token: str) -> str | None:
        subject_id, _, signature = token.partition(_SEPARATOR)
        for key in self._keys:
            if hmac.compare_digest(self._sign(key, purpose, subject_id).encode(), signature.encode()):
                return subject_id
        return None

    @staticmethod
    def _sign(key: bytes, purpose: str, subject_id: str) -> str:
        digest = hmac.new(key, f"{purpose}:{subject_id}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class AesVault:
    """`keys` maps key id to 32 bytes, newest first. A wrapped data key names the key that wraps it."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._newest = next(iter(keys))

    def new_data_key(self) -> bytes:
        nonce = os.urandom(_NONCE)
        key_id = self._newest.encode()
        wrapped = AESGCM(self._keys[self._newest]).encrypt(nonce, AESGCM.generate_key(256), key_id)
        return key_id + b"\0" + nonce + wrapped

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._unwrap(wrapped_key).encrypt(nonce, plaintext, context.encode())

    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes:
        """Raises ValueError when the data was sealed under another key or for another context."""
        try:
            return self._unwrap(wrapped_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise ValueError("sealed under another key or for another context") from None

    def _unwrap(self, wrapped_key: bytes) -> AESGCM:
        key_id, _, rest = wrapped_key.partition(b"\0")
        return AESGCM(AESGCM(self._keys[key_id.decode()]).decrypt(rest[:_NONCE], rest[_NONCE:], key_id))


class Argon2Passwords:
    """Hashing takes tens of milliseconds of CPU on purpose: in a thread, so that the event loop goes on."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's minimum

    async def hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password_hash: str, password: str) -> bool:
        return await asyncio.to_thread(self._verify, password_hash, password)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
