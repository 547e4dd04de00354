"""What every signed-in page needs around its content: whose page it is, the practice, the token of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind
from commands.attention import count_open
from commands.office import Office
from db.appointment_types import load_types
from db.models import Client, Practice, Provider
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import practice_of, provider_of
from domain.appointment_types import AppointmentTypes
from domain.policy import PortalPolicy
from portal.forms import csrf_token
from portal.pages.queries import places_of
from portal.paths import with_query
from portal.rendering import render
from portal.zones import keep_choice, readers_zone
from web.identity import ChosenClient, SignedInClients, SignedInStaff, Staff
from web.transactions import TheOffice, Transaction


def go(path: str, done: str | None = None, **query: str | None) -> Response:
    """After a form: on to a page, which says what was done."""
    return RedirectResponse(with_query(path, **query, done=done), 303)


@dataclass(frozen=True, kw_only=True)
class ClientFrame:
    """One client's side of the portal; `several` when a family shares the account.

    `places` says of each of them with whom they are. `timezone` is the provider's, `zone` the one that the reader's
    clock shows.
    """

    request: Request
    clients: list[Client]
    client: Client
    provider: Provider
    practice: Practice
    policy: PortalPolicy
    types: AppointmentTypes
    timezone: str
    zone: str
    csrf: str
    places: dict[str, str]

    @property
    def several(self) -> bool:
        return len(self.clients) > 1

    def link(self, path: str, **query: str | None) -> str:
        """An address within the portal that stays with the chosen client."""
        return with_query(path, client=self.client.id if self.several else None, **query)

    def go(self, path: str, done: str | None = None, **query: str | None) -> Response:
        return RedirectResponse(self.link(path, **query, done=done), 303)

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        everything = {"frame": self, "nav": "portal", "csrf": self.csrf, "practice": self.practice, **context}
        page = render(self.request, template, status=status, timezone=self.timezone, **everything)
        keep_choice(self.request, page)
        return page


async def frame_for(
    request: Request, session: AsyncSession, office: Office, clients: list[Client], client: Client
) -> ClientFrame:
    provider = await provider_of(session, client.provider_id)
    timezone = (await load_availability(session, provider.id)).timezone
    return ClientFrame(
        request=request,
        clients=clients,
        client=client,
        provider=provider,
        practice=await practice_of(session, client.practice_id),
        policy=(await load_policy(session, provider.id, client.id)).policy,
        types=await load_types(session, provider.id),
        timezone=timezone,
        zone=readers_zone(request, client.timezone, timezone),
        csrf=csrf_token(request, office, SessionKind.CLIENT),
        places=await places_of(session, clients) if len(clients) > 1 else {},
    )


async def client_frame(
    request: Request, session: Transaction, office: TheOffice, clients: SignedInClients, client: ChosenClient
) -> ClientFrame:
    return await frame_for(request, session, office, clients, client)


@dataclass(frozen=True, kw_only=True)
class StaffFrame:
    """The console of one practice."""

    request: Request
    staff: Staff
    practice: Practice
    csrf: str
    attention: int  # open items
    demo_now: datetime | None  # business time where it can be moved; None in production

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        everything = {"frame": self, "nav": "console", "csrf": self.csrf, "practice": self.practice, **context}
        return render(self.request, template, status=status, **everything)


async def staff_frame(request: Request, session: Transaction, office: TheOffice, staff: SignedInStaff) -> StaffFrame:
    return StaffFrame(
        request=request,
        staff=staff,
        practice=await practice_of(session, staff.practice_id),
        csrf=csrf_token(request, office, SessionKind.STAFF),
        attention=await count_open(session, staff.reach),
        demo_now=None if office.environment == "production" else await office.clock.now(session),
    )


TheClientFrame = Annotated[ClientFrame, Depends(client_frame)]
TheStaffFrame = Annotated[StaffFrame, Depends(staff_frame)]
