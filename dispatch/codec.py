"""Encryption of payloads and failure messages on their way into Temporal's histories (AES-256-GCM)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

_ENCODING = b"binary/encrypted"
_NONCE = 12


class EncryptionCodec(PayloadCodec):
    """`keys` maps key id to 32 bytes, newest first: the first one encrypts, all of them decrypt.

    What isn't encrypted passes through decoding unchanged, so that histories from before the codec stay readable.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = next(iter(keys))

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._newest].encrypt(nonce, payload.SerializeToString(), None)
        metadata = {"encoding": _ENCODING, "encryption-key-id": self._newest.encode()}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        cipher = self._ciphers[payload.metadata["encryption-key-id"].decode()]
        return Payload.FromString(cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], None))


def data_converter(keys: Mapping[str, bytes] | None) -> DataConverter:
    """Pydantic's converter, with the codec and encrypted failure messages; without keys, in the clear (tests)."""
    if not keys:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
