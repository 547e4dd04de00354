"""What operators do from a terminal: look at journeys, answer stuck steps, check an installation."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client as Engine
from temporalio.client import WorkflowExecution
from temporalio.service import RPCError

from commands.attention import resolve
from commands.office import Office
from composition import engine_address, office_of
from db.engine import Database
from db.migrate import at_head
from db.models import Client
from dispatch.connection import connect
from dispatch.register import missing_search_attributes
from domain.errors import DomainError, Unavailable
from domain.states import AttentionAction
from settings import Settings
from workflows.naming import client_journey_id
from workflows.search_attributes import NEEDS_ATTENTION, STAGE


class Failed(Exception):
    """One line for the operator."""


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[Engine]:
    try:
        yield await connect(engine_address(settings), settings.encryption_keys)
    except (RPCError, RuntimeError) as error:
        raise Failed(f"Temporal at {settings.temporal_address} doesn't answer ({type(error).__name__})") from None


async def list_journeys(settings: Settings, *, attention: bool) -> None:
    """Open journeys, newest first: id, stage, since when, and whether they need attention."""
    query = "WorkflowType = 'ClientJourney' AND ExecutionStatus = 'Running'"
    if attention:
        query = "NeedsAttention = true AND ExecutionStatus = 'Running'"
    found = 0
    async with _engine(settings) as engine:
        async for one in engine.list_workflows(query):
            print(_line(one))
            found += 1
    print(f"{found} open" if found else "no open journeys")


def _line(one: WorkflowExecution) -> str:
    stage = one.typed_search_attributes.get(STAGE) or "-"
    stuck = "  NEEDS ATTENTION" if one.typed_search_attributes.get(NEEDS_ATTENTION) else ""
    return f"{one.id:45} {stage:10} since {one.start_time:%Y-%m-%d %H:%M}{stuck}"


async def show_journey(settings: Settings, client_id: str) -> None:
    async with _engine(settings) as engine:
        handle = engine.get_workflow_handle(client_journey_id(client_id))
        described = await handle.describe()
        view = await handle.query("describe")
        print(f"{handle.id}: {described.status.name.lower() if described.status else 'unknown'}")
        for name, value in view.items():
            print(f"  {name:10} {value if value else '-'}")
        print(f"  {settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows/{handle.id}")


async def answer(settings: Settings, client_id: str, action: AttentionAction, email: str | None = None) -> None:
    """Retry, skip or correct what waits on this client."""
    database = Database(settings.database_url, pool_size=2)
    try:
        office = office_of(settings, database)
        async with _engine(settings) as engine:
            practice_id = await _practice_of(office, client_id)
            await resolve(office, engine, practice_id, client_id, action, email=email, resolved_by="operator")
        print(f"{client_id}: {action}; the journey goes on (events that were parked: within seconds)")
    except (DomainError, Unavailable) as error:
        raise Failed(str(error)) from None
    finally:
        await database.close()


async def _practice_of(office: Office, client_id: str) -> str:
    async with office.database.transaction() as session:
        client = await session.get(Client, client_id)
    if client is None:
        raise Failed(f"there is no client {client_id}")
    return client.practice_id


async def doctor(settings: Settings) -> bool:
    """Check each part, by name; whether all are well."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("database", _check_database),
        ("temporal", _check_temporal),
        ("mail", _check_mail),
        ("payments", _check_payments),
    ]
    well = True
    for name, check in checks:
        try:
            print(f"  ok      {name:10} {await check(settings)}")
        except Failed as error:
            well = False
            print(f"  FAILED  {name:10} {error}")
    return well


async def _check_database(settings: Settings) -> str:
    try:
        if await asyncio.to_thread(at_head, settings.database_url):
            return "reachable, newest schema"
    except SQLAlchemyError as error:
        raise Failed(f"not reachable ({type(error).__name__})") from None
    raise Failed("the schema isn't the newest: run `portico migrate`")


async def _check_temporal(settings: Settings) -> str:
    async with _engine(settings) as engine:
        missing = await missing_search_attributes(engine)
    if missing:
        raise Failed(f"search attributes are missing ({', '.join(missing)}): run `portico register`")
    return f"reachable, namespace {settings.temporal_namespace}, search attributes registered"


async def _check_mail(settings: Settings) -> str:
    where = urlsplit(settings.smtp_url)
    address = (where.hostname or "", where.port or {"smtp": 25, "smtps": 465}.get(where.scheme, 587))
    try:
        with await asyncio.to_thread(socket.create_connection, address, 5):
            return f"{address[0]}:{address[1]} answers"
    except OSError as error:
        raise Failed(f"{address[0]}:{address[1]} doesn't answer ({error.strerror})") from None


async def _check_payments(settings: Settings) -> str:
    base = settings.stripe_api_base or "https://api.stripe.com"
    try:
        async with httpx.AsyncClient(timeout=10) as http:
            reply = await http.get(
                f"{base}/v1/events?limit=1", headers={"Authorization": f"Bearer {settings.stripe_key}"}
            )
    except httpx.HTTPError as error:
        raise Failed(f"{base} doesn't answer ({type(error).__name__})") from None
    if reply.status_code != httpx.codes.OK:
        raise Failed(f"{base} answered {reply.status_code}: is the key right?")
    return f"{base} accepts the key"
