"""Reads messages as people see them: whatever was sent, something can be shown."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser
from urllib.parse import quote

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_FOLD = re.compile(r"\r?\n[ \t]")  # RFC 5545 3.1
# What the standard library raises over headers, character sets and encodings that aren't any.
_UNREADABLE = (LookupError, ValueError, AttributeError, TypeError)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """`media_type` and `disposition` are fit for HTTP headers, whatever the message called itself."""

    filename: str
    media_type: str
    content: bytes

    @property
    def disposition(self) -> str:
        """RFC 6266."""
        return f"attachment; filename*=UTF-8''{quote(self.filename, safe='')}"


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What a text/calendar part says, each as it is written there; empty where it doesn't."""

    method: str
    sequence: str
    start: str


def headers_of(raw: bytes) -> EmailMessage:
    parsed = BytesHeaderParser(policy=email.policy.default).parsebytes(raw)
    assert isinstance(parsed, EmailMessage)
    return parsed


def message_of(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def header(message: EmailMessage, name: str) -> str:
    """Decoded, or as it was written where it can't be decoded; empty when absent."""
    try:
        return str(message[name] or "")
    except _UNREADABLE:
        written = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return str(written).encode("ascii", "replace").decode()


def body_of(message: EmailMessage, kind: str) -> str:
    """`kind` is "plain" or "html"; empty when the message has none."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except _UNREADABLE:
        return _payload(part).decode("utf-8", "replace")


def invitation_of(message: EmailMessage) -> Invitation | None:
    """Of the first calendar part; None when the message has none.

    Read by hand, not by the library that writes it, so that the page shows what was sent.
    """
    part = next((one for one in message.walk() if one.get_content_type() == "text/calendar"), None)
    if part is None:
        return None
    lines = _FOLD.sub("", _payload(part).decode("utf-8", "replace")).splitlines()

    def said(name: str) -> str:
        return next((line.partition(":")[2] for line in lines if re.match(rf"{name}[;:]", line)), "")

    return Invitation(method=said("METHOD"), sequence=said("SEQUENCE"), start=said("DTSTART"))


def attachments_of(message: EmailMessage) -> list[Attachment]:
    return [_attachment(part, number) for number, part in enumerate(message.iter_attachments())]


def _attachment(part: EmailMessage, number: int) -> Attachment:
    try:
        filename = part.get_filename() or f"file {number + 1}"
    except _UNREADABLE:
        filename = f"file {number + 1}"
    media_type = part.get_content_type()
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "application/octet-stream"
    filename = filename.encode("utf-8", "replace").decode()
    return Attachment(filename=filename, media_type=media_type, content=_payload(part))


def _payload(part: MIMEPart) -> bytes:
    if part.is_multipart():  # a message within the message
        return b"".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, MIMEPart))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""
