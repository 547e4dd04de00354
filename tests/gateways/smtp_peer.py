"""A mail server that keeps to its script: it falls silent, hangs up or refuses at one stage of the conversation."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Stage(StrEnum):
    GREETING = "greeting"
    EHLO = "EHLO"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"  # the message itself: its first bytes are there, its end isn't
    END = "end"
    RSET = "RSET"
    QUIT = "QUIT"


SILENT, HANGS_UP = "silent", "hangs up"
_REPLIES = {
    Stage.GREETING: "220 peer.example ESMTP",
    Stage.EHLO: "250-peer.example\r\n250-AUTH PLAIN\r\n250 8BITMIME",
    Stage.AUTH: "235 welcome",
    Stage.DATA: "354 go on",
    Stage.QUIT: "221 bye",
}


@dataclass(kw_only=True)
class Peer:
    """`does` is SILENT, HANGS_UP or a reply, at the stage `at`. `messages` were received with their end."""

    at: Stage | None = None
    does: str = ""
    tls: ssl.SSLContext | None = None
    messages: list[bytes] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _conversations: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(writer, Stage.GREETING)
            while line := await reader.readline():
                stage = Stage(line.split()[0].decode())
                await self._answer(writer, stage)
                if stage is Stage.DATA and not self._scripted(Stage.DATA).startswith(("4", "5")):
                    await self._take(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.at is Stage.BODY:
            await reader.readexactly(1000)
            await self._answer(writer, Stage.BODY)
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line)
        self.messages.append(b"".join(lines))
        await self._answer(writer, Stage.END)

    def _scripted(self, stage: Stage) -> str:
        return self.does if stage is self.at else _REPLIES.get(stage, "250 OK")

    async def _answer(self, writer: asyncio.StreamWriter, stage: Stage) -> None:
        reply = self._scripted(stage)
        if reply == HANGS_UP:
            writer.transport.abort()
            raise ConnectionResetError
        if reply == SILENT:
            await asyncio.Event().wait()  # Until the test is over.
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()


def certificate(directory: Path) -> Path:
    """A self-signed one for `localhost`, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / "localhost.pem"
    path.write_bytes(private + signed.public_bytes(encoding))
    return path
