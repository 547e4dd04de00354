"""A web server elsewhere that publishes a calendar: what it answers, and what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Elsewhere:
    """`answers` by path: status, further header lines, body. What isn't there is a 404."""

    port: int = 0
    answers: dict[str, tuple[int, tuple[str, ...], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # the head of each request

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/my.ics"

    def publish(self, content: bytes, *headers: str, status: int = 200) -> None:
        self.answers["/my.ics"] = (status, headers, content)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        status, headers, body = self.answers.get(head.split(" ")[1], (404, (), b""))
        etag = next((one.removeprefix("ETag: ") for one in headers if one.startswith("ETag: ")), None)
        if status == 200 and etag is not None and f"If-None-Match: {etag}\r\n" in head:
            status, body = 304, b""
        lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    there = Elsewhere()
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    async with server:
        yield there


def calendar_of(*events: str) -> bytes:
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{index}@elsewhere\r\n{one}\r\nEND:VEVENT\r\n" for index, one in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{body}END:VCALENDAR\r\n".encode()
