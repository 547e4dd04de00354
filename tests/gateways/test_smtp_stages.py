"""How far a mail came decides what is known of it: sure not to have gone, refused, taken, or nobody knows."""

from __future__ import annotations

import asyncio
import ssl
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from devstack.stack import free_port
from domain.errors import MailRefused, MailUnanswered, MailUnavailable
from domain.ports import Attachment, OutgoingMail
from gateways.smtp import SmtpMailer
from tests.driver import until
from tests.gateways.smtp_peer import HANGS_UP, SILENT, Peer, Stage, certificate

BEFORE_THE_END = (Stage.GREETING, Stage.EHLO, Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY)
# More than two sockets' buffers hold: the end can't have gone out while nobody reads.
LARGE = b"\0" * 12_000_000


def mail(text: str = "Hello", attached: bytes = b"") -> OutgoingMail:
    file = Attachment(name="Welcome.pdf", content_type="application/pdf", content=attached)
    return OutgoingMail(
        message_id="<one@practice.example>",
        to="ann@example.com",
        subject="Hello",
        text=text,
        html="<p>Hello</p>",
        from_name="Practice",
        attachments=(file,) if attached else (),
    )


def mailer(peer: Peer, *, timeout: float = 0.5, longest: float = 20.0) -> SmtpMailer:
    url = f"smtp://someone:secret@127.0.0.1:{peer.port}"
    return SmtpMailer(url, "portal@practice.example", timeout_seconds=timeout, longest_seconds=longest)


@pytest.mark.parametrize("does", [SILENT, HANGS_UP])
async def test_before_the_end_of_the_message_nothing_can_have_been_taken(does: str) -> None:
    async def fails_at(stage: Stage) -> tuple[type[Exception], int]:
        async with Peer(at=stage, does=does) as peer:
            with pytest.raises(MailUnavailable) as weather:
                await mailer(peer).send(mail(attached=LARGE if stage is Stage.BODY else b""))
            return weather.type, len(peer.messages)

    outcomes = await asyncio.gather(*map(fails_at, BEFORE_THE_END))
    assert dict(zip(BEFORE_THE_END, outcomes, strict=True)) == dict.fromkeys(BEFORE_THE_END, (MailUnavailable, 0))


@pytest.mark.parametrize("does", [SILENT, HANGS_UP, "hello there", "354 more", "199 well"])
async def test_after_the_end_anything_but_an_answer_leaves_it_open(does: str) -> None:
    async with Peer(at=Stage.END, does=does) as peer:
        with pytest.raises(MailUnanswered, match="unanswered"):
            await mailer(peer).send(mail())
        assert len(peer.messages) == 1


@pytest.mark.parametrize("reply", ["451 later", "421 closing", "550 no such <ann@example.com>", "554 no"])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END])
async def test_a_refusal_is_sure_at_each_stage(stage: Stage, reply: str) -> None:
    async with Peer(at=stage, does=reply) as peer:
        with pytest.raises((MailRefused, MailUnavailable)) as refused:
            await mailer(peer).send(mail())
    assert type(refused.value) is (MailRefused if reply.startswith("5") else MailUnavailable)
    assert refused.value.code == reply[:3]
    assert "ann" not in str(refused.value)


async def test_a_connection_that_is_refused_has_taken_nothing() -> None:
    with pytest.raises(MailUnavailable) as weather:
        await mailer(Peer(port=free_port())).send(mail())
    assert type(weather.value) is MailUnavailable


async def test_a_server_that_refuses_our_password_is_weather() -> None:
    async with Peer(at=Stage.AUTH, does="535 wrong") as peer:
        with pytest.raises(MailUnavailable, match="535"):
            await mailer(peer).send(mail())


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for() -> None:
    async with Peer() as peer:
        url = f"smtp+starttls://127.0.0.1:{peer.port}"
        with pytest.raises(MailUnavailable) as weather:
            await SmtpMailer(url, "portal@practice.example", timeout_seconds=0.5).send(mail())
        assert type(weather.value) is MailUnavailable
        assert peer.messages == []


async def test_over_tls_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)

    async def send(peer: Peer, *, attached: bytes = b"") -> None:
        url = f"smtps://localhost:{peer.port}"
        await SmtpMailer(url, "portal@practice.example", timeout_seconds=2).send(mail(attached=attached))

    async with Peer(tls=context) as peer:
        await send(peer, attached=LARGE)
        assert len(peer.messages[0]) > len(LARGE)
    for stage, error in ((Stage.BODY, MailUnavailable), (Stage.END, MailUnanswered)):
        async with Peer(at=stage, does=HANGS_UP, tls=context) as peer:
            with pytest.raises(MailUnavailable) as weather:
                await send(peer, attached=LARGE)
            assert weather.type is error
    monkeypatch.delenv("SSL_CERT_FILE")
    async with Peer(tls=context) as peer:
        with pytest.raises(MailUnavailable) as weather:
            await send(peer)
        assert (weather.type, peer.messages) == (MailUnavailable, [])


@pytest.mark.parametrize("does", [SILENT, HANGS_UP, "500 what?"])
async def test_what_was_taken_stays_taken_whatever_the_farewell(does: str) -> None:
    async with Peer(at=Stage.QUIT, does=does) as peer:
        await mailer(peer).send(mail())
        await mailer(peer, timeout=5, longest=0.5).send(mail())
        assert len(peer.messages) == 2


async def test_one_attempt_ends_before_the_next_one_begins() -> None:
    async with Peer(at=Stage.END, does=SILENT) as peer:
        with pytest.raises(MailUnanswered, match="timeout"):
            await mailer(peer, timeout=60, longest=0.5).send(mail())
    async with Peer(at=Stage.RCPT, does=SILENT) as peer:
        with pytest.raises(MailUnavailable, match="timeout") as weather:
            await mailer(peer, timeout=60, longest=0.5).send(mail())
        assert type(weather.value) is MailUnavailable


async def _taken(peer: Peer) -> bool:
    return bool(peer.messages)


async def test_a_worker_that_stops_does_not_wait_for_a_silent_server() -> None:
    async with Peer(at=Stage.END, does=SILENT) as peer:
        sending = asyncio.create_task(mailer(peer, timeout=60, longest=60).send(mail()))
        await until(lambda: _taken(peer), "the message being with the peer")
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(sending, 5)


async def test_lines_that_begin_with_a_dot_and_odd_line_endings_arrive() -> None:
    async with Peer() as peer:
        await mailer(peer).send(mail(text=".one\n..two\n.\nthree", attached=bytes(range(256)) * 400))
    (raw,) = peer.messages
    assert all(line.startswith(b"..") for line in raw.split(b"\r\n") if line.startswith(b"."))
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in raw.split(b"\r\n"))
    message = message_from_bytes(unstuffed, policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == ".one\n..two\n.\nthree\n"
    (file,) = message.iter_attachments()
    assert file.get_content() == bytes(range(256)) * 400
