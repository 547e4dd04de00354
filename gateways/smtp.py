"""Mail over SMTP (aiosmtplib): one conversation per message, refusals as codes only."""

from __future__ import annotations

import asyncio
import contextlib
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from domain.errors import MailRefused, MailUnanswered, MailUnavailable
from domain.ports import CalendarPart, OutgoingMail
from gateways.smtp_conversation import Conversation

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class SmtpMailer:
    """`smtp_url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password where the server wants them.

    Each answer of the server is awaited for `timeout_seconds`, and the whole conversation for `longest_seconds`: an
    attempt has to be over before the next one begins.
    """

    def __init__(
        self, smtp_url: str, mail_from: str, *, timeout_seconds: float = 20.0, longest_seconds: float = 26.0
    ) -> None:
        parts = urlsplit(smtp_url)
        self._hostname = parts.hostname or "127.0.0.1"
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._starttls = parts.scheme == "smtp+starttls"
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._from = mail_from
        self._timeout = timeout_seconds
        self._longest = longest_seconds

    async def send(self, mail: OutgoingMail) -> None:
        message = compose(mail, self._from)
        conversation = self._conversation()
        taken = False
        with _translated(conversation):
            try:
                async with asyncio.timeout(self._longest), conversation:
                    await conversation.send_message(message, sender=self._from, recipients=[mail.to])
                    taken = True
            except TimeoutError:
                if not taken:  # Else only the farewell has taken too long.
                    raise

    async def check(self) -> None:
        """Connect and sign in as for a message, without sending one. Raises MailUnavailable, MailRefused."""
        conversation = self._conversation()
        with _translated(conversation):
            async with asyncio.timeout(self._longest), conversation:
                await conversation.noop()

    def _conversation(self) -> Conversation:
        return Conversation(
            hostname=self._hostname,
            port=self._port,
            use_tls=self._tls,
            start_tls=self._starttls,
            username=self._username,
            password=self._password,
            timeout=self._timeout,
        )


@contextlib.contextmanager
def _translated(conversation: Conversation) -> Iterator[None]:
    """What happened after the message's end, and isn't an answer, leaves it open; all else is sure not to have gone."""
    try:
        yield
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        if conversation.unanswered:
            raise MailUnanswered(f"unanswered: {_code(error)}") from None
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            raise _refusal(error.recipients[0].code) from None
        if isinstance(error, aiosmtplib.SMTPResponseException):
            raise _refusal(error.code) from None
        raise MailUnavailable(_code(error)) from None


def _code(error: Exception) -> str:
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__


def _refusal(code: int) -> MailRefused | MailUnavailable:
    """5xx is final, except what a change at the server's side mends (authentication, 53x)."""
    if 500 <= code < 600 and code not in (530, 534, 535, 538):
        return MailRefused(str(code))
    return MailUnavailable(str(code))


class _OneLine(UnstructuredHeader):
    """An address: folded, a long one would become encoded words (RFC 2047), which no program opens."""

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


def _policy() -> EmailPolicy[EmailMessage]:
    headers = HeaderRegistry()
    one_line: Any = _OneLine  # a part of a header's class, as the registry takes them
    headers.map_to_type("list-unsubscribe", one_line)
    return email.policy.default.clone(header_factory=headers)


_POLICY = _policy()


def compose(mail: OutgoingMail, mail_from: str) -> EmailMessage:
    """Text and HTML, attachments, a fixed Message-ID, and `Auto-Submitted` so that no machine answers (RFC 3834)."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = formataddr((mail.from_name, mail_from))
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Auto-Submitted"] = "auto-generated"
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    if mail.unsubscribe is not None:
        # RFC 2369 and RFC 8058: what signs the mail (DKIM) has to cover both.
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
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
