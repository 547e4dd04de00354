"""The mailbox: a real SMTP conversation, kept on disk, with the refusals of real servers on demand."""

from __future__ import annotations

import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from devstack.stack import answers, free_port
from domain.errors import MailRefused, MailUnavailable
from domain.ports import Attachment, OutgoingMail
from gateways.smtp import SmtpMailer, compose


class Mailbox:
    def __init__(self, process: subprocess.Popen[bytes], smtp_port: int, http_port: int) -> None:
        self.process = process
        self.smtp_port = smtp_port
        self.url = f"http://127.0.0.1:{http_port}"
        self.mailer = SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "portal@practice.example", timeout_seconds=1.0)

    def items(self, to: str | None = None) -> list[dict[str, str]]:
        params = {"to": to} if to else {}
        found: list[dict[str, str]] = httpx.get(f"{self.url}/api/messages", params=params).json()["items"]
        return found

    def fail(self, *faults: dict[str, object]) -> None:
        assert httpx.put(f"{self.url}/api/faults", json=faults).is_success

    def faults(self) -> list[dict[str, object]]:
        left: list[dict[str, object]] = httpx.get(f"{self.url}/api/faults").json()
        return left

    def page(self, item: dict[str, str], rest: str = "") -> httpx.Response:
        return httpx.get(f"{self.url}/messages/{item['id']}{rest}")

    def attachment(self, item: dict[str, str], number: int) -> httpx.Response:
        return httpx.get(f"{self.url}/api/messages/{item['id']}/attachments/{number}")

    def hand_in(self, to: str, raw: bytes, timeout: float = 10.0) -> None:
        """As a sender that follows no rule but SMTP's."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=timeout) as conversation:
            conversation.sendmail("desk@practice.example", [to], raw)


def command(smtp_port: int, http_port: int, directory: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "devstack.mailbox", "--smtp-port", str(smtp_port), "--http-port", str(http_port)),
        *("--data-dir", str(directory)),
    ]


@contextmanager
def started(directory: Path) -> Iterator[Mailbox]:
    smtp_port, http_port = free_port(), free_port()
    process = subprocess.Popen(command(smtp_port, http_port, directory))
    try:
        deadline = time.monotonic() + 30
        while not answers(f"http://127.0.0.1:{http_port}/healthz"):
            assert process.poll() is None, "the mailbox ended while it started"
            assert time.monotonic() < deadline, "waited for the mailbox"
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        yield Mailbox(process, smtp_port, http_port)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    with started(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


def mail(to: str, subject: str = "Hello", html: str = "<p>Hello</p>") -> OutgoingMail:
    return OutgoingMail(
        message_id=f"<{to}>",
        to=to,
        subject=subject,
        text="Hello",
        html=html,
        from_name="Practice",
        reply_to="desk@practice.example",
        attachments=(Attachment(name="Welcome.pdf", content_type="application/pdf", content=b"%PDF-1.4 x"),),
    )


async def test_a_mail_arrives_as_it_was_composed(mailbox: Mailbox) -> None:
    await mailbox.mailer.send(mail("ann@example.com"))
    (item,) = mailbox.items("ANN@example.com")
    assert (item["subject"], item["message_id"]) == ("Hello", "<ann@example.com>")
    raw = httpx.get(f"{mailbox.url}/api/messages/{item['id']}.eml").text
    assert "Auto-Submitted: auto-generated" in raw
    assert f"/api/messages/{item['id']}/attachments/0" in mailbox.page(item).text
    file = mailbox.attachment(item, 0)
    assert (file.content, file.headers["content-type"]) == (b"%PDF-1.4 x", "application/pdf")
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''Welcome.pdf"
    missing = mailbox.attachment(item, 1)
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/json")


async def test_a_final_refusal_echoes_the_address_and_our_error_does_not(mailbox: Mailbox) -> None:
    mailbox.fail({"to": "gone@example.com", "reply": 550, "times": 1})
    with pytest.raises(MailRefused) as refused:
        await mailbox.mailer.send(mail("gone@example.com"))
    assert refused.value.code == "550"
    assert "gone" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_weather_passes(mailbox: Mailbox) -> None:
    mailbox.fail({"to": "*", "reply": 451, "times": 1})
    with pytest.raises(MailUnavailable):
        await mailbox.mailer.send(mail("later@example.com"))
    mailbox.fail({"to": "later@example.com", "reply": "hang", "times": 1})
    with pytest.raises(MailUnavailable, match="timeout"):
        await mailbox.mailer.send(mail("later@example.com"))
    assert mailbox.items("later@example.com") == []
    await mailbox.mailer.send(mail("later@example.com"))
    assert len(mailbox.items("later@example.com")) == 1


def test_whatever_was_answered_250_before_a_kill_is_there_afterwards(tmp_path: Path) -> None:
    taken: list[str] = []
    halfway = threading.Event()

    def post_until_refused(mailbox: Mailbox) -> None:
        try:
            while True:
                address = f"n{len(taken)}@example.com"
                mailbox.hand_in(address, b"Subject: One of many\r\n\r\nHello\r\n")
                taken.append(address)
                if len(taken) == 20:
                    halfway.set()
        except (OSError, smtplib.SMTPException):
            halfway.set()

    with started(tmp_path) as first:
        sender = threading.Thread(target=post_until_refused, args=(first,))
        sender.start()
        halfway.wait(20)
        first.process.kill()
        sender.join(20)
    assert len(taken) >= 20
    (tmp_path / "0001-a.json.partial").write_text('{"id": "half a wri')
    with started(tmp_path) as second:
        items = httpx.get(f"{second.url}/api/messages", params={"limit": 1000}).json()["items"]
        kept = [item["to"] for item in reversed(items)]
        assert kept[: len(taken)] == taken
        # The one under way may have been written without its sender having heard of it.
        assert len(kept) <= len(taken) + 1
    assert not list(tmp_path.glob("*.partial"))


def test_it_stops_cleanly_while_a_sender_hangs_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        first.hand_in("kept@example.com", b"Subject: Kept\r\n\r\nHello\r\n")
        first.fail({"reply": "hang", "times": 1})
        with socket.create_connection(("127.0.0.1", first.smtp_port), timeout=10) as hanging:
            hanging.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
            until_used = time.monotonic() + 10
            while first.faults():
                assert time.monotonic() < until_used
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(10) == 0
    with started(tmp_path) as second:
        (item,) = second.items()
        assert item["subject"] == "Kept"
        raw = httpx.get(f"{second.url}/api/messages/{item['id']}.eml")
        assert (raw.content, raw.headers["content-type"]) == (b"Subject: Kept\r\n\r\nHello\r\n", "message/rfc822")


def test_a_message_that_cannot_be_written_is_not_taken(tmp_path: Path) -> None:
    with started(tmp_path / "mail") as mailbox:
        shutil.rmtree(tmp_path / "mail")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            mailbox.hand_in("lost@example.com", b"Subject: x\r\n\r\n")
        assert refused.value.smtp_code == 452
        assert mailbox.items() == []


def test_a_fault_is_used_as_often_as_it_says_and_then_forgotten(mailbox: Mailbox) -> None:
    gone: dict[str, object] = {"to": "gone.twice@example.com", "reply": 550, "times": 2}
    mailbox.fail(gone, {"reply": 451})
    assert mailbox.faults() == [gone, {"to": "*", "reply": 451, "times": 1}]
    for left in (1, 0):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            mailbox.hand_in("Gone.Twice@example.com", b"Subject: x\r\n\r\n")
        code, answer = refused.value.recipients["Gone.Twice@example.com"]
        assert (code, b"<Gone.Twice@example.com>" in answer) == (550, True)
        assert [fault["times"] for fault in mailbox.faults() if fault["reply"] == 550] == ([left] if left else [])
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="451"):
        mailbox.hand_in("anybody@example.com", b"Subject: x\r\n\r\n")
    assert mailbox.faults() == []
    mailbox.hand_in("anybody@example.com", b"Subject: x\r\n\r\n")
    assert len(mailbox.items("anybody@example.com")) == 1


def test_mail_is_listed_newest_first_and_by_whole_address_only(mailbox: Mailbox) -> None:
    for subject, to in (("1", "lee@example.com"), ("2", "kaylee@example.com"), ("3", "Lee@Example.com")):
        mailbox.hand_in(to, f"Subject: {subject}\r\n\r\n".encode())
    assert [item["subject"] for item in mailbox.items("lee@example.com")] == ["3", "1"]
    assert [item["subject"] for item in mailbox.items()][:3] == ["3", "2", "1"]
    newest = httpx.get(f"{mailbox.url}/api/messages", params={"to": "lee@example.com", "limit": 1}).json()["items"]
    assert [item["subject"] for item in newest] == ["3"]
    page = httpx.get(mailbox.url, params={"to": "kaylee@example.com"}).text
    assert page.count('<a href="/messages/') == 1
    assert "Nothing yet for nobody@example.com" in httpx.get(mailbox.url, params={"to": "nobody@example.com"}).text


def test_more_than_25_megabytes_are_refused(mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as conversation:
        conversation.ehlo()
        assert conversation.esmtp_features["size"] == str(25 * 1024 * 1024)
        assert conversation.mail("a@example.com", [f"size={25 * 1024 * 1024 + 1}"])[0] == 552


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nhi\xe9\r\n",
        b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n",
        b"Message-ID: <>\r\nFrom: <\r\nReply-To: =?nonsense?q?x?=\r\nSubject: =?nonsense?b?x?= \xff\r\n\r\nhi\r\n",
        b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\nno boundary\r\n",
    ],
)
def test_whatever_was_sent_can_be_shown(mailbox: Mailbox, raw: bytes) -> None:
    mailbox.hand_in("odd@example.com", raw)
    item = mailbox.items("odd@example.com")[0]
    for rest in ("", "/body"):
        assert mailbox.page(item, rest).status_code == 200
    assert httpx.get(f"{mailbox.url}/api/messages/{item['id']}.eml").is_success


def test_an_attachment_cannot_write_headers_or_be_shown_as_a_page(mailbox: Mailbox) -> None:
    mailbox.hand_in(
        "files@example.com",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
        b"Content-Type: application/x\xe9\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''a%0d%0aX-Evil:%201%22.pdf\r\n\r\nPDF\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nSubject: inner\r\n\r\nyo\r\n--b--\r\n",
    )
    item = mailbox.items("files@example.com")[0]
    first, second = mailbox.attachment(item, 0), mailbox.attachment(item, 1)
    assert (first.content, first.headers["content-type"]) == (b"PDF", "application/octet-stream")
    assert "x-evil" not in first.headers
    assert all(file.headers["content-disposition"].startswith("attachment;") for file in (first, second))
    assert b"Subject: inner" in second.content


async def test_its_pages_escape_what_strangers_write(mailbox: Mailbox) -> None:
    hostile = "<script>alert(1)</script>"
    await mailbox.mailer.send(mail("x@example.com", hostile, "<a href='https://example.com'>Go</a>"))
    item = mailbox.items("x@example.com")[0]
    assert item["subject"] == hostile
    page = mailbox.page(item).text
    for text in (httpx.get(mailbox.url, params={"to": "x@example.com"}).text, page):
        assert "&lt;script&gt;alert(1)" in text
        assert "<script" not in text
    assert "<script" not in httpx.get(mailbox.url, params={"to": '"><script>alert(3)</script>'}).text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-level-navigation-by-user-activation"' in page
    body = mailbox.page(item, "/body")
    assert '<base target="_blank">' in body.text
    assert "default-src 'none'" in body.headers["content-security-policy"]
    assert "script" not in body.headers["content-security-policy"]
    assert httpx.get(f"{mailbox.url}/messages/nobody").status_code == 404
    assert httpx.get(f"{mailbox.url}/api/messages/nobody.eml").json() == {"detail": "There is no such message."}


@pytest.mark.parametrize(
    "fault", [{}, {"reply": 200}, {"reply": 451, "times": -1}, {"to": 5, "reply": 451}, {"reply": 451, "tomes": 2}]
)
def test_a_malformed_fault_is_refused(mailbox: Mailbox, fault: dict[str, object]) -> None:
    assert httpx.put(f"{mailbox.url}/api/faults", json=[fault]).status_code == 422


def test_a_message_has_a_fixed_identity_and_no_line_breaks_in_its_subject() -> None:
    composed: EmailMessage = compose(mail("a@example.com", "Hello\r\nBcc: x@example.com"), "portal@practice.example")
    assert composed["Subject"] == "Hello Bcc: x@example.com"
    assert composed["Bcc"] is None
    assert composed["From"] == "Practice <portal@practice.example>"
