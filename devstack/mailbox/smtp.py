"""The SMTP side: takes anything for anybody, unless a fault says otherwise."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass, field
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack.mailbox.reading import header, headers_of
from devstack.mailbox.store import Store

_SIZE_LIMIT = 25 * 1024 * 1024
_LOG = logging.getLogger(__name__)


Reply = Literal[451, 550, "hang", "hold", "drop"]


@dataclass
class Fault:
    """`to` is an address, or "*" for anybody; it is used `times` times.

    With a `subject` (part of it) it waits for the message itself. `hang`: nothing is taken; `hold`: the message is kept
    and the answer waits; both until the faults are replaced. `drop`: kept, and the connection ends without an answer.
    """

    to: str
    reply: Reply
    times: int
    subject: str = ""

    @property
    def needs_message(self) -> bool:
        return bool(self.subject) or self.reply in ("hold", "drop")

    def meets(self, address: str) -> bool:
        return self.times > 0 and self.to in ("*", address.lower())


@dataclass
class Handler:
    """What aiosmtpd asks at each step of a conversation."""

    store: Store
    faults: list[Fault] = field(default_factory=list)
    replaced: asyncio.Event = field(default_factory=asyncio.Event)

    def replace(self, faults: list[Fault]) -> None:
        """Whoever is held by an earlier fault goes on."""
        self.faults = faults
        self.replaced.set()
        self.replaced = asyncio.Event()

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        for fault in self.faults:
            if fault.meets(address) and not fault.needs_message:
                fault.times -= 1
                return await _fail(fault, address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        assert isinstance(raw, bytes)
        fault = self._fault_of(envelope.rcpt_tos, raw)
        while fault is not None and fault.reply == "hang":
            await self.replaced.wait()
            # Of the new faults, those that would have met the recipient count too.
            fault = self._fault_of(envelope.rcpt_tos, raw, late=True)
        if fault is not None and fault.reply in (451, 550):
            return await _fail(fault, envelope.rcpt_tos[0])
        try:
            for address in envelope.rcpt_tos:
                await asyncio.to_thread(self.store.keep, address, raw)
        except OSError as error:
            # Not aiosmtpd's 500: a full disk passes, and the sender should come again.
            _LOG.error("a message could not be written: %s", error)
            return "452 4.3.1 Insufficient system storage"
        if fault is not None and fault.reply == "hold":
            await self.replaced.wait()
        if fault is not None and fault.reply == "drop":
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            # The end of the connection cancels this.
            await asyncio.Event().wait()
        return "250 OK: kept"

    def _fault_of(self, addresses: list[str], raw: bytes, *, late: bool = False) -> Fault | None:
        subject = header(headers_of(raw), "Subject").lower()
        for fault in self.faults:
            due = late or fault.needs_message
            if due and fault.subject in subject and any(fault.meets(one) for one in addresses):
                fault.times -= 1
                return fault
        return None


async def _fail(fault: Fault, address: str) -> str:
    if fault.reply == "hang":
        # Until the client gives up: the end of its connection cancels this.
        await asyncio.Event().wait()
    if fault.reply == 550:
        # Real servers echo the address: what becomes of it is tested.
        return f"550 5.1.1 <{address}>: Recipient address rejected: mailbox unavailable"
    return "451 4.3.0 Temporary failure, please try again later"


async def listen(handler: Handler, bound: socket.socket) -> asyncio.Server:
    loop = asyncio.get_running_loop()

    def conversation() -> Any:
        return SMTP(
            handler,
            data_size_limit=_SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname="mailbox.portico.example",
            ident="Portico mailbox",
            loop=loop,
        )

    return await loop.create_server(conversation, sock=bound)
