"""Who is asking: an API key of a practice, a staff member's cookie, a client's cookie.

Each is found in a short transaction of its own, so that a route may end its transaction and wait for a journey.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import select

from commands.accounts import SessionKind, SignedIn, who_is
from commands.audit import Who
from commands.office import Office
from db.models import ApiKey, Client, Practice, StaffMember
from db.portal_accounts import clients_of
from domain.errors import Forbidden, NotFound, SecondFactorNeeded, Unauthorized
from domain.roles import Permission, Reach, Role, may, require
from telemetry.context import current_ids
from web.transactions import TheOffice, remote_address

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody who acts for a practice; `name` is written beside what they change. An API key acts as an owner."""

    practice_id: str
    name: str
    role: Role = Role.OWNER
    provider_id: str | None = None  # whom a provider's sign-in is tied to
    id: str | None = None  # None for an API key
    address: str | None = None  # where the request came from
    request_id: str | None = None

    @property
    def who(self) -> Who:
        """For the audit log."""
        return Who(
            practice_id=self.practice_id,
            name=self.name,
            staff_id=self.id,
            role=self.role if self.id else None,
            address=self.address,
            request_id=self.request_id,
        )

    @property
    def reach(self) -> Reach:
        """Whose records they may reach."""
        return Reach(practice_id=self.practice_id, provider_id=self.provider_id)

    def may(self, permission: Permission) -> bool:
        return may(self.role, permission)


def cookie_name(office: Office, kind: SessionKind) -> str:
    """`__Host-` wherever there is TLS; browsers refuse it over plain http, so a loopback demo goes without."""
    name = f"portico_{kind}"
    return f"__Host-{name}" if office.base_url.startswith("https://") else name


def set_session_cookie(response: Response, office: Office, signed_in: SignedIn) -> None:
    response.set_cookie(
        cookie_name(office, signed_in.kind),
        signed_in.token,
        httponly=True,
        secure=office.base_url.startswith("https://"),
        samesite="lax",
        path="/",
    )


def clear_session_cookie(response: Response, office: Office, kind: SessionKind) -> None:
    response.delete_cookie(cookie_name(office, kind), path="/")


def session_token(request: Request, office: Office, kind: SessionKind) -> str | None:
    return request.cookies.get(cookie_name(office, kind))


def refuse_foreign_origin(request: Request) -> None:
    """A cookie proves who, not from where: unsafe requests of a browser have to come from our own pages.

    Browsers send Origin with every unsafe request; programs that send neither header aren't driven by a foreign page.
    """
    if request.method not in UNSAFE:
        return
    source = request.headers.get("origin") or request.headers.get("referer")
    if source is not None and urlsplit(source).netloc != request.headers.get("host"):
        raise Forbidden("This request came from another website.")


async def api_practice(request: Request, office: TheOffice) -> Staff:
    """The practice of the bearer key. Raises Unauthorized."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized("Send the practice's API key: Authorization: Bearer ...")
    digest = hashlib.sha256(key.strip().encode()).hexdigest()
    async with office.database.statements() as session:
        row = await session.scalar(select(ApiKey).where(ApiKey.key_hash == digest))
    if row is None:
        raise Unauthorized("This API key isn't known.")
    _note_practice(request, row.practice_id)
    return Staff(
        practice_id=row.practice_id,
        name=f"API key {row.label}",
        address=remote_address(request),
        request_id=_request_id(),
    )


async def signed_in_staff(request: Request, office: TheOffice) -> Staff:
    """The staff member of the cookie. Raises Unauthorized, Forbidden, SecondFactorNeeded."""
    refuse_foreign_origin(request)
    async with office.database.statements() as session:
        staff_id = await who_is(session, SessionKind.STAFF, session_token(request, office, SessionKind.STAFF))
        member = await session.get(StaffMember, staff_id) if staff_id else None
        practice = await session.get(Practice, member.practice_id) if member else None
    if member is None or practice is None or member.deactivated_at is not None:
        raise Unauthorized("Please sign in.")
    own_account = request.url.path.startswith("/console/account")
    if practice.two_factor_required and member.totp_since is None and not own_account:
        raise SecondFactorNeeded
    _note_practice(request, member.practice_id)
    return Staff(
        practice_id=member.practice_id,
        name=member.name,
        role=Role(member.role),
        provider_id=member.provider_id,
        id=member.id,
        address=remote_address(request),
        request_id=_request_id(),
    )


def _request_id() -> str | None:
    request_id = current_ids().get("request_id")
    return str(request_id) if request_id else None


async def signed_in_clients(request: Request, office: TheOffice) -> list[Client]:
    """Everybody behind the signed-in account, at least one. Raises Unauthorized, Forbidden."""
    refuse_foreign_origin(request)
    async with office.database.statements() as session:
        account_id = await who_is(session, SessionKind.CLIENT, session_token(request, office, SessionKind.CLIENT))
        clients = await clients_of(session, account_id) if account_id else []
    if not clients:
        raise Unauthorized("Please sign in.")
    if len({one.practice_id for one in clients}) == 1:
        _note_practice(request, clients[0].practice_id)
    return clients


def _note_practice(request: Request, practice_id: str) -> None:
    """For the request's log line (telemetry.requests)."""
    request.state.practice_id = practice_id


async def chosen_client(request: Request, clients: Annotated[list[Client], Depends(signed_in_clients)]) -> Client:
    """The one meant by `?client=` (families share an account), or the first. Raises NotFound."""
    wanted = request.query_params.get("client")
    if wanted is None:
        return clients[0]
    for client in clients:
        if client.id == wanted:
            return client
    raise NotFound("There is no such client behind this account.")


ApiPractice = Annotated[Staff, Depends(api_practice)]
SignedInStaff = Annotated[Staff, Depends(signed_in_staff)]
SignedInClients = Annotated[list[Client], Depends(signed_in_clients)]
ChosenClient = Annotated[Client, Depends(chosen_client)]


@dataclass(frozen=True)
class Permitted:
    """A route's guard beside `SignedInStaff`: Forbidden for those whose role hasn't the permission."""

    permission: Permission

    async def __call__(self, staff: SignedInStaff) -> None:
        require(staff.role, self.permission)


def permitted(permission: Permission) -> Any:
    """For `dependencies=[...]` of a route or router."""
    return Depends(Permitted(permission))
