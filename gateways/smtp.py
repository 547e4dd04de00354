"""Mail over SMTP (aiosmtplib): one conversation per message, refusals as codes only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from domain.errors import MailRefused, MailUnavailable
from domain.ports import CalendarPart, OutgoingMail

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class SmtpMailer:
    """`smtp_url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password where the server wants them."""

    def __init__(self, smtp_url: str, mail_from: str, *, timeout_seconds: float = 20.0) -> None:
        parts = urlsplit(smtp_url)
        self._hostname = parts.hostname or "127.0.0.1"
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._starttls = parts.scheme == "smtp+starttls"
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._from = mail_from
        self._timeout = timeout_seconds

    async def send(self, mail: OutgoingMail) -> None:
        message = compose(mail, self._from)
        with _translated():
            await aiosmtplib.send(
                message,
                sender=self._from,
                recipients=[mail.to],
                hostname=self._hostname,
                port=self._port,
                use_tls=self._tls,
                start_tls=self._starttls,
                username=self._username,
                password=self._password,
                timeout=self._timeout,
            )

    async def check(self) -> None:
        """Connect and sign in as for a message, without sending one. Raises MailUnavailable, MailRefused."""
        with _translated():
            async with aiosmtplib.SMTP(
                hostname=self._hostname,
                port=self._port,
                use_tls=self._tls,
                start_tls=self._starttls,
                username=self._username,
                password=self._password,
                timeout=self._timeout,
            ) as server:
                await server.noop()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refusal(error.recipients[0].code) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refusal(error.code) from None
    except (aiosmtplib.SMTPTimeoutError, TimeoutError):
        raise MailUnavailable("timeout") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailUnavailable(type(error).__name__) from None


def _refusal(code: int) -> MailRefused | MailUnavailable:
    """5xx is final, except what a change at the server's side mends (authentication, 53x)."""
    if 500 <= code < 600 and code not in (530, 534, 535, 538):
        return MailRefused(str(code))
    return MailUnavailable(str(code))


def compose(mail: OutgoingMail, mail_from: str) -> EmailMessage:
    """Text and HTML, attachments, a fixed Message-ID, and `Auto-Submitted` so that no machine answers (RFC 3834)."""
    message = EmailMessage()
    message["From"] = formataddr((mail.from_name, mail_from))
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Auto-Submitted"] = "auto-generated"
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        _invite(message, mail.calendar)
    for attachment in mail.attachments:
        maintype, _, subtype = attachment.content_type.partition("/")
        message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name)
    return message


def _invite(message: EmailMessage, calendar: CalendarPart) -> None:
    """The calendar part twice, as nodemailer and the large calendars send it.

    As the last alternative, where clients look for an invitation (RFC 6047 2.4: `method` as in the body; Outlook looks
    in the first part of a multipart/mixed only; no Content-Disposition, or Thunderbird shows none), and as a file for
    clients that know files only. In base64, so that the CRLF of RFC 5545 arrives whatever lies between.
    """
    parameters = {"charset": "utf-8", "method": str(calendar.method)}
    message.add_alternative(calendar.content, maintype="text", subtype="calendar", params=parameters)
    message.add_attachment(calendar.content, maintype="application", subtype="ics", filename="invite.ics")
