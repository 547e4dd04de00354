"""A lean HTTP load: keep-alive connections that send prepared requests, so that the driver takes little of the machine.

Every figure counts answers of the expected status only; another one ends the measurement.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Load:
    """How long all of it took, and each request's latency, in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def post(path: str, body: object, headers: Mapping[str, str]) -> bytes:
    """A request as it goes over the wire; `body` is JSON, or bytes that are sent as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def hammer(port: int, requests: Sequence[bytes], *, connections: int, status: int) -> Load:
    """Send them all, each connection the next one as soon as it has its answer."""
    waiting = iter(requests)
    latencies: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            sent = time.perf_counter()
            writer.write(request)
            answered = await _answer(reader)
            latencies.append(time.perf_counter() - sent)
            assert answered[0] == status, answered
        writer.close()
        await writer.wait_closed()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(one_connection())
    return Load(seconds=time.perf_counter() - begun, latencies=latencies)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length:")[2].partition("\r\n")[0]
    return int(head.split(" ", 2)[1]), await reader.readexactly(int(length or 0))
