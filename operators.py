"""What operators do from a terminal: look at journeys, answer stuck steps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import select
from temporalio.client import Client as Engine
from temporalio.client import WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from commands.attention import resolve
from commands.audit import Who
from commands.office import Office
from commands.practices import list_practices, make_practice
from commands.rehearsing import read_wish, rehearse_with
from commands.subscriptions import set_by_operator
from composition import engine_address, office_of
from db.engine import Database
from db.models import Client, Provider
from dispatch.connection import connect
from domain.errors import DomainError, Unavailable, ValidationFailed
from domain.roles import Reach
from domain.states import AttentionAction
from portal.rehearsal_shapes import rehearsal_shape
from portal.rehearsal_text import rehearsal_text
from settings import Settings
from workflows.naming import client_journey_id
from workflows.search_attributes import NEEDS_ATTENTION, STAGE


class Failed(Exception):
    """One line for the operator."""


@asynccontextmanager
async def engine_of(settings: Settings) -> AsyncIterator[Engine]:
    try:
        yield await connect(engine_address(settings), settings.codec_keys)
    except (RPCError, RuntimeError) as error:
        if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
            what = f"no such workflow, or no namespace {settings.temporal_namespace}"
            raise Failed(f"Temporal at {settings.temporal_address} has {what}") from None
        raise Failed(f"Temporal at {settings.temporal_address} doesn't answer ({type(error).__name__})") from None


async def list_journeys(settings: Settings, *, attention: bool) -> None:
    """Open journeys, newest first: id, stage, since when, and whether they need attention."""
    query = "WorkflowType = 'ClientJourney' AND ExecutionStatus = 'Running'"
    if attention:
        query = "NeedsAttention = true AND ExecutionStatus = 'Running'"
    found = 0
    async with engine_of(settings) as engine:
        async for one in engine.list_workflows(query):
            print(_line(one))
            found += 1
    print(f"{found} open" if found else "no open journeys")


def _line(one: WorkflowExecution) -> str:
    stage = one.typed_search_attributes.get(STAGE) or "-"
    stuck = "  NEEDS ATTENTION" if one.typed_search_attributes.get(NEEDS_ATTENTION) else ""
    return f"{one.id:45} {stage:10} since {one.start_time:%Y-%m-%d %H:%M}{stuck}"


async def show_journey(settings: Settings, client_id: str) -> None:
    async with engine_of(settings) as engine:
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
        async with engine_of(settings) as engine:
            practice_id = await _practice_of(office, client_id)
            reach, who = Reach(practice_id=practice_id), Who(practice_id=practice_id, name="operator")
            await resolve(office, engine, reach, client_id, action, who=who, email=email)
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


async def set_portal(settings: Settings, practice_id: str, *, is_open: bool) -> None:
    """Open or close the portal of a practice without a subscription of its own."""
    database = Database(settings.database_url, pool_size=1)
    try:
        office = office_of(settings, database)
        async with database.transaction() as session:
            await set_by_operator(session, office, practice_id, is_open=is_open)
        print(f"{practice_id}: the portal is {'open' if is_open else 'closed to new clients and bookings'}")
    except DomainError as error:
        raise Failed(str(error)) from None
    finally:
        await database.close()


async def show_practices(settings: Settings) -> None:
    """One line each: id, how many providers, name."""
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as session:
            rows = await list_practices(session)
    finally:
        await database.close()
    for row in rows:
        print(f"{row.practice.id:40} {row.providers:3} providers  {row.practice.name}")
    if not rows:
        print("no practice yet: make one with `portico practices new`")


async def new_practice(settings: Settings, given: Mapping[str, str], *, owner_name: str, owner_email: str) -> None:
    """A practice whose owner gets a mail; the worker sends it."""
    database = Database(settings.database_url, pool_size=1)
    try:
        office = office_of(settings, database)
        async with database.transaction() as session:
            practice = await make_practice(session, office, given, owner_name=owner_name, owner_email=owner_email)
            made = f"{practice.id}: {practice.name}"
        print(f"{made}. {owner_email} gets a mail with a link to choose a password; then they add providers.")
        print(f"Its portal is closed until it subscribes, or until: portico portal open {made.partition(':')[0]}")
    except ValidationFailed as error:
        raise BadInput("; ".join(f"{one.field}: {one.message}" for one in error.errors)) from None
    finally:
        await database.close()


class BadInput(Exception):
    """One line about what was typed."""


async def rehearse(
    settings: Settings,
    slug: str,
    *,
    track: str | None,
    variant: str | None,
    week: str | None,
    zone: str | None,
    kind: str | None,
    as_json: bool,
) -> None:
    """Everything that a client of that provider would get. It only reads."""
    database = Database(settings.database_url, pool_size=1)
    try:
        wish = read_wish(track, variant, week, zone, kind)
        async with database.transaction() as session:
            provider = await session.scalar(select(Provider).where(Provider.slug == slug))
            if provider is None:
                raise BadInput(f"there is no provider called {slug}")
            rehearsed = await rehearse_with(session, office_of(settings, database), provider, wish)
        print(json.dumps(rehearsal_shape(rehearsed), indent=2) if as_json else rehearsal_text(rehearsed))
    except ValidationFailed as refusal:
        raise BadInput("; ".join(f"--{one.field} {one.message}" for one in refusal.errors)) from None
    finally:
        await database.close()
