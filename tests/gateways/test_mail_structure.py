"""How a mail is built with and without an invitation, and how it arrives over SMTP and is shown."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given

from devstack.mailbox.reading import message_of
from devstack.mailbox.smtp import Handler, listen
from devstack.mailbox.store import Store
from devstack.mailbox.web import build
from domain.ports import Attachment, CalendarMethod, CalendarPart, OutgoingMail
from gateways.calendar_mail import ICalendars
from gateways.smtp import SmtpMailer, compose
from tests.gateways.test_calendar_mail import TEXTS, event, parsed, raw_lines

FROM = "portal@practice.example"
PDF = Attachment(name="Welcome.pdf", content_type="application/pdf", content=b"%PDF-1.4 x")
PLAIN = OutgoingMail(
    message_id="<a@portico.example>",
    to="ann@example.com",
    subject="Confirmed",
    text="Hello\n",
    html="<p>Hello</p>\n",
    from_name="Lakeside Practice",
    reply_to="desk@practice.example",
)
BODY = ("multipart/alternative", [("text/plain", None), ("text/html", None)])
INVITING = ("multipart/alternative", [("text/plain", None), ("text/html", None), ("text/calendar", None)])


def inviting(method: CalendarMethod = CalendarMethod.REQUEST, sequence: int = 0, name: str = "Müller, Söhne") -> Any:
    part = ICalendars().write(event(method=method, sequence=sequence, name=name))
    return replace(PLAIN, calendar=part)


def tree(part: Any) -> Any:
    """Content types and file names: `(type, [parts])`, or `(type, name of the file)`."""
    if part.is_multipart():
        return part.get_content_type(), [tree(inner) for inner in part.iter_parts()]
    return part.get_content_type(), part.get_filename()


def calendar_of(message: Any) -> Any:
    (found,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return found


def test_a_mail_without_invitation_is_built_as_ever() -> None:
    written = compose(PLAIN, FROM).as_string()
    boundary = re.search(r'boundary="([^"]+)"', written)
    assert boundary is not None
    written = re.sub(r"Date: .*", "Date: D", written).replace(boundary[1], "B")
    assert written.splitlines() == [
        "From: Lakeside Practice <portal@practice.example>",
        "To: ann@example.com",
        "Subject: Confirmed",
        "Message-ID: <a@portico.example>",
        "Date: D",
        "Auto-Submitted: auto-generated",
        "Reply-To: desk@practice.example",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="B"',
        *("", "--B"),
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        *("", "Hello", "", "--B"),
        'Content-Type: text/html; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        "MIME-Version: 1.0",
        *("", "<p>Hello</p>", "", "--B--"),
    ]
    assert tree(compose(replace(PLAIN, attachments=(PDF,)), FROM)) == (
        "multipart/mixed",
        [BODY, ("application/pdf", "Welcome.pdf")],
    )


@pytest.mark.parametrize("method", list(CalendarMethod))
def test_an_invitation_is_the_last_alternative_and_a_file(method: CalendarMethod) -> None:
    message = compose(inviting(method), FROM)
    assert tree(message) == ("multipart/mixed", [INVITING, ("application/ics", "invite.ics")])
    part = calendar_of(message)
    assert part["Content-Type"].params == {"charset": "utf-8", "method": method.value}
    assert part["Content-Disposition"] is None
    (file,) = message.iter_attachments()
    content = part.get_payload(decode=True)
    assert file.get_payload(decode=True) == content
    assert f"\r\nMETHOD:{method.value}\r\n".encode() in content


def test_other_files_come_after_the_invitation() -> None:
    message = compose(replace(inviting(), attachments=(PDF,)), FROM)
    files = [("application/ics", "invite.ics"), ("application/pdf", "Welcome.pdf")]
    assert tree(message) == ("multipart/mixed", [INVITING, *files])


@given(name=TEXTS)
def test_no_name_writes_a_header_or_a_part(name: str) -> None:
    message = message_of(compose(inviting(name=name), FROM).as_bytes())
    ordinary = compose(inviting(), FROM)
    assert tree(message) == tree(ordinary)
    assert [part.keys() for part in message.walk()] == [part.keys() for part in ordinary.walk()]


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[tuple[SmtpMailer, Store, httpx.AsyncClient]]:
    """A mail server with a store of its own, and the pages over it."""
    handler = Handler(Store(tmp_path))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = await listen(handler, bound)
    transport = httpx.ASGITransport(app=build(handler.store, handler))
    async with httpx.AsyncClient(transport=transport, base_url="http://mailbox") as pages:
        try:
            yield SmtpMailer(f"smtp://127.0.0.1:{bound.getsockname()[1]}", FROM), handler.store, pages
        finally:
            server.close()
            await server.wait_closed()


async def test_invitation_move_and_cancellation_arrive_and_are_shown(
    mailbox: tuple[SmtpMailer, Store, httpx.AsyncClient],
) -> None:
    mailer, store, pages = mailbox
    sent = [inviting(), inviting(sequence=1), inviting(CalendarMethod.CANCEL, sequence=2)]
    for mail in sent:
        await mailer.send(mail)
    entries = list(reversed(store.entries(PLAIN.to)))
    uids = set()
    for entry, mail in zip(entries, sent, strict=True):
        message = message_of(store.raw(entry))
        assert tree(message) == ("multipart/mixed", [INVITING, ("application/ics", "invite.ics")])
        part = calendar_of(message)
        arrived = CalendarPart(method=mail.calendar.method, content=part.get_payload(decode=True))
        assert arrived == mail.calendar  # byte for byte, CRLF and all
        assert f"METHOD:{part['Content-Type'].params['method']}" in raw_lines(arrived)
        uids.add(str(parsed(arrived)["UID"]))
        page = (await pages.get(f"/messages/{entry.id}")).text
        said = f"{arrived.method.value}, revision {parsed(arrived)['SEQUENCE']}, starts 20261201T140000Z"
        assert f"<dt>Calendar</dt><dd>{said}</dd>" in page
        file = await pages.get(f"/api/messages/{entry.id}/attachments/0")
        assert (file.headers["content-type"], file.content) == ("application/ics", arrived.content)
    assert len(uids) == 1


async def test_a_mail_without_invitation_shows_none(mailbox: tuple[SmtpMailer, Store, httpx.AsyncClient]) -> None:
    mailer, store, pages = mailbox
    await mailer.send(PLAIN)
    (entry,) = store.entries()
    assert "<dt>Calendar</dt>" not in (await pages.get(f"/messages/{entry.id}")).text


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/calendar\r\n\r\n",
        b"Content-Type: text/calendar; method=\xff\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n",
        b"Content-Type: text/calendar; charset=nonsense\r\n\r\nMETHOD:<script>\r\nDTSTART;TZID=x:\xff\r\n",
    ],
)
async def test_a_calendar_that_is_none_is_shown_all_the_same(
    mailbox: tuple[SmtpMailer, Store, httpx.AsyncClient], raw: bytes
) -> None:
    _, store, pages = mailbox
    store.keep("odd@example.com", raw)
    answer = await pages.get(f"/messages/{store.entries()[0].id}")
    assert answer.status_code == 200
    assert "<script" not in answer.text
