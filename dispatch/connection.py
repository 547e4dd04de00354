"""Connecting to Temporal, patiently at the start and impatiently per request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from temporalio.client import Client, Interceptor
from temporalio.runtime import Runtime
from temporalio.service import RetryConfig, RPCError, TLSConfig

from dispatch.plugin import portico_plugin


@dataclass(frozen=True, kw_only=True)
class EngineAddress:
    """Where Temporal is and how to be let in; `tls_cert` and `tls_key` are PEM, for mTLS."""

    address: str
    namespace: str = "default"
    api_key: str | None = None
    tls_cert: bytes | None = None
    tls_key: bytes | None = None

    @property
    def tls(self) -> bool | TLSConfig:
        if self.tls_cert is not None and self.tls_key is not None:
            return TLSConfig(client_cert=self.tls_cert, client_private_key=self.tls_key)
        return self.api_key is not None


# A page doesn't wait for an engine that is away: the relay will tell it later.
IMPATIENT = RetryConfig(max_elapsed_time_millis=1500, max_retries=3)


async def connect(
    engine: EngineAddress,
    keys: Mapping[str, bytes] | None,
    *,
    impatient: bool = False,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """A client that connects on its first call, so that a server can start while Temporal is away."""
    return await Client.connect(
        engine.address,
        namespace=engine.namespace,
        api_key=engine.api_key,
        tls=engine.tls,
        plugins=[portico_plugin(keys)],
        interceptors=interceptors,
        retry_config=IMPATIENT if impatient else None,
        lazy=impatient,
        runtime=runtime,
    )


async def connect_when_there(
    engine: EngineAddress,
    keys: Mapping[str, bytes] | None,
    *,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """For the worker: try again every half second for as long as it takes."""
    while True:
        try:
            return await connect(engine, keys, runtime=runtime, interceptors=interceptors)
        except (RuntimeError, RPCError):
            await asyncio.sleep(0.5)
