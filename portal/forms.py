"""Posted forms: read within limits, and believed only with the token that our own page carried."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message

from commands.accounts import SessionKind
from commands.forms import LARGEST_FORM
from commands.office import Office
from domain.attachments import LARGEST_SUM
from domain.client_list import LARGEST_LIST
from domain.errors import Forbidden, PayloadTooLarge, ValidationFailed
from domain.pictures import MAX_PICTURE_BYTES
from portal.multipart import Sent, read_multipart
from web.bodies import raw_body
from web.identity import SignedInClients, SignedInStaff, refuse_foreign_origin, session_token
from web.transactions import TheOffice

CSRF_FIELD = "csrf"
_PURPOSE = "csrf"
_FORM_LIMIT = 1024 * 1024
_MOST_FIELDS = 5000


class Form:
    """The fields of a form as a browser sends them."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self.values = dict(values)

    def first(self, name: str) -> str:
        """The value as it was typed; empty where it wasn't sent."""
        return self.values.get(name, [""])[0]

    def text(self, name: str) -> str:
        return self.first(name).strip()

    def has(self, name: str) -> bool:
        """For checkboxes: whether it was checked."""
        return name in self.values

    def flat(self) -> dict[str, str]:
        """What is shown again when something has to be corrected: first values, without secrets and tokens."""
        return {name: values[0] for name, values in self.values.items() if name not in ("password", CSRF_FIELD)}


async def public_form(request: Request) -> Form:
    """The form of a page that needs no sign-in; it has to come from our own page all the same."""
    refuse_foreign_origin(request)
    return await _read(request)


async def client_form(request: Request, office: TheOffice, clients: SignedInClients) -> Form:
    form = await _read(request)
    _check_token(request, office, SessionKind.CLIENT, form.first(CSRF_FIELD))
    return form


async def staff_form(request: Request, office: TheOffice, staff: SignedInStaff) -> Form:
    form = await _read(request)
    _check_token(request, office, SessionKind.STAFF, form.first(CSRF_FIELD))
    return form


async def staff_files(request: Request, office: TheOffice, staff: SignedInStaff) -> tuple[Form, Sent]:
    """A form with files, as far as it may be long."""
    sent = await read_multipart(request, LARGEST_SUM + _FORM_LIMIT)
    form = Form(sent.fields)
    _check_token(request, office, SessionKind.STAFF, form.first(CSRF_FIELD))
    return form, sent


async def form_with_picture(request: Request, office: TheOffice, staff: SignedInStaff) -> tuple[Form, bytes | None]:
    """A form of signed-in staff with a picture beside its fields, if one was chosen. Raises PayloadTooLarge."""
    try:
        body = await raw_body(request, MAX_PICTURE_BYTES + 64 * 1024)
    except PayloadTooLarge:
        most = MAX_PICTURE_BYTES // 1024 // 1024
        raise PayloadTooLarge(f"A picture may have at most {most} MB. Please go back and choose another one.") from None

    async with _parts(request, body, most_fields=20, longest=64 * 1024) as fields:
        texts = {name: [value.replace("\0", "")] for name, value in fields.items() if isinstance(value, str)}
        file = fields.get("file")
        _check_token(request, office, SessionKind.STAFF, texts.get(CSRF_FIELD, [""])[0])
        return Form(texts), await file.read() if isinstance(file, UploadFile) and file.filename else None


async def form_file(request: Request, office: TheOffice, staff: SignedInStaff) -> bytes:
    """A form's JSON: the file that was chosen, or the text that was pasted. Raises ValidationFailed without either."""
    body = await raw_body(request, 2 * LARGEST_FORM)

    async with _parts(request, body, most_fields=5, longest=LARGEST_FORM) as fields:
        token, file, text = fields.get(CSRF_FIELD), fields.get("file"), fields.get("text")
        _check_token(request, office, SessionKind.STAFF, token if isinstance(token, str) else "")
        if isinstance(file, UploadFile) and file.filename:
            return await file.read()
        if isinstance(text, str) and text.strip():
            return text.encode(errors="replace")
    raise ValidationFailed.of("file", "Please choose a file, or paste the form's JSON.")


async def list_form(request: Request, office: TheOffice, staff: SignedInStaff) -> tuple[Form, bytes | None]:
    """The fields, and the list of clients that was chosen as a file, if one was. Raises PayloadTooLarge."""
    try:
        body = await raw_body(request, 3 * LARGEST_LIST)
    except PayloadTooLarge:
        most = LARGEST_LIST // 1024
        raise PayloadTooLarge(f"A list may have at most {most} KB. Please go back and choose another one.") from None

    async with _parts(request, body, most_fields=5, longest=2 * LARGEST_LIST) as fields:
        texts = {name: [value.replace("\0", "")] for name, value in fields.items() if isinstance(value, str)}
        file = fields.get("file")
        _check_token(request, office, SessionKind.STAFF, texts.get(CSRF_FIELD, [""])[0])
        return Form(texts), await file.read() if isinstance(file, UploadFile) and file.filename else None


@asynccontextmanager
async def _parts(request: Request, body: bytes, *, most_fields: int, longest: int) -> AsyncIterator[FormData]:
    """The parts of a form with at most one file. Raises ValidationFailed for what isn't such a form."""

    async def once() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    reader = Request(request.scope, once)
    try:
        fields = await reader.form(max_files=1, max_fields=most_fields, max_part_size=longest)
    except (HTTPException, KeyError):  # a missing boundary is a KeyError
        raise ValidationFailed.of("form", "couldn't be read; please load the page again") from None
    try:
        yield fields
    finally:
        await reader.close()


def csrf_token(request: Request, office: Office, kind: SessionKind) -> str:
    """Bound to the session: of no use to anybody else, or after signing out."""
    token = session_token(request, office, kind)
    return office.tokens.mint(_PURPOSE, _fingerprint(token)) if token else ""


def _check_token(request: Request, office: Office, kind: SessionKind, given: str) -> None:
    session = session_token(request, office, kind)
    if session is None or not given.isascii() or office.tokens.read(_PURPOSE, given) != _fingerprint(session):
        raise Forbidden("This form wasn't opened in this session. Please go back, load the page again and retry.")


def new_form_token() -> str:
    """Makes a double tap one request: the idempotency key of the form."""
    return secrets.token_urlsafe(18)


async def _read(request: Request) -> Form:
    body = await raw_body(request, _FORM_LIMIT)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise ValidationFailed.of("form", "couldn't be read; please load the page again") from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value.replace("\0", ""))
    return Form(values)


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


PublicForm = Annotated[Form, Depends(public_form)]
ClientForm = Annotated[Form, Depends(client_form)]
StaffForm = Annotated[Form, Depends(staff_form)]
FormWithFiles = Annotated[tuple[Form, Sent], Depends(staff_files)]
FormWithPicture = Annotated[tuple[Form, bytes | None], Depends(form_with_picture)]
ListForm = Annotated[tuple[Form, bytes | None], Depends(list_form)]
FormFile = Annotated[bytes, Depends(form_file)]
