"""What a mail program needs to unsubscribe by one click (RFC 8058), as it goes over the wire."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.mailbox.reading import message_of
from devstack.mailbox.smtp import Handler, listen
from devstack.mailbox.store import Store
from gateways.smtp import SmtpMailer
from tests.gateways.test_mail_structure import FROM, PDF, PLAIN

LINK = f"https://portal.example.org/unsubscribe/prc_harborcounseling:{'a1' * 32}.{'S' * 43}"


@pytest.mark.parametrize("files", [(), (PDF,)])
async def test_the_headers_arrive_in_one_piece(tmp_path: Path, files: tuple[object, ...]) -> None:
    handler = Handler(Store(tmp_path))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = await listen(handler, bound)
    try:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{bound.getsockname()[1]}", FROM)
        await mailer.send(replace(PLAIN, unsubscribe=LINK, attachments=files))  # type: ignore[arg-type]
        await mailer.send(PLAIN)
    finally:
        server.close()
        await server.wait_closed()
    plain, declinable = [handler.store.raw(entry) for entry in handler.store.entries(PLAIN.to)]

    assert f"\nList-Unsubscribe: <{LINK}>\r\n".encode() in declinable
    assert b"\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in declinable
    assert message_of(declinable)["List-Unsubscribe"] == f"<{LINK}>"
    assert b"List-Unsubscribe" not in plain
