"""One SMTP conversation that knows how far it came: before its message's end, silence means that nothing was taken."""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Literal, cast

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.typing import Default

_LINE_ENDING = re.compile(rb"\r\n|\n|\r")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_END = b".\r\n"
_PIECE = 64 * 1024


class Conversation(aiosmtplib.SMTP):
    """aiosmtplib's client, with the end of the message sent apart from the message.

    Until the end has gone out the server may take nothing (RFC 5321 4.1.1.4), whatever goes wrong. From then on only
    its reply tells what became of the message: `unanswered` is true where that reply is owed.
    """

    unanswered = False
    _writer: asyncio.StreamWriter | None = None

    async def data(
        self, message: str | bytes, /, *, timeout: float | Literal[Default.token] | None = Default.token
    ) -> aiosmtplib.SMTPResponse:
        """Hand the message over.

        Raises SMTPDataError (the server's reply), SMTPServerDisconnected, ConnectionResetError and TimeoutError.
        """
        patience = self.timeout if timeout is Default.token else timeout
        ready = await self.execute_command(b"DATA", timeout=patience)
        if ready.code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(ready.code, ready.message)
        protocol = self.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        await self._write(protocol, _stuffed(message), patience)
        protocol.write(_END)  # Raises where the connection is known to be gone: then the end wasn't sent.
        self.unanswered = True
        reply = await protocol.read_response(timeout=patience)
        if 200 <= reply.code < 300:
            self.unanswered = False
            return reply
        # Anything but a refusal leaves it open.
        self.unanswered = not 400 <= reply.code < 600
        raise aiosmtplib.SMTPDataError(reply.code, reply.message)

    async def _write(self, protocol: SMTPProtocol, message: bytes, patience: float | None) -> None:
        """Until the message is out of our hands; a server that doesn't read it is found out before the end is sent.

        Piece by piece: below TLS there is a buffer of asyncio's own, which would swallow a whole message at once. What
        it may still hold at the end errs towards not knowing.
        """
        transport = cast(asyncio.WriteTransport, protocol.transport)
        transport.set_write_buffer_limits(high=1, low=0)  # With 0, asyncio's TLS pauses for ever.
        # StreamWriter is asyncio's public way to a protocol's flow control. It is kept: one that is let go closes.
        self._writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
        for start in range(0, len(message), _PIECE):
            protocol.write(message[start : start + _PIECE])
            async with asyncio.timeout(patience):
                await self._writer.drain()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc, asyncio.CancelledError):
            self.close()  # No polite end: it would wait for the server.
            return
        await super().__aexit__(exc_type, exc, traceback)


def _stuffed(message: str | bytes) -> bytes:
    """As DATA wants it (RFC 5321 4.5.2): lines end with CRLF, and a leading dot is doubled."""
    lines = _LINE_ENDING.sub(b"\r\n", message.encode("ascii") if isinstance(message, str) else message)
    return _LEADING_DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")
