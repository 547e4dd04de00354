"""`portico doctor`: each part of an installation on a line of its own, with what to do where something is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import TaskQueueType, WorkerStatus
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, ListWorkersRequest
from temporalio.client import Client as Engine
from temporalio.service import RPCError, RPCStatusCode

from composition import billing_of, clock_of, merchants_of
from db.census import Census, take_census
from db.engine import Database
from db.loose_ends import on_their_way
from db.migrate import at_head
from dispatch.engine_view import EngineView
from dispatch.register import missing_schedules, missing_search_attributes
from domain.billing import Plan
from domain.errors import MailRefused, MailUnavailable, PaymentRefused, PaymentUnavailable
from domain.webhook_endpoints import complaint, wanted_endpoints
from gateways.smtp import SmtpMailer
from gateways.stripe_endpoints import StripeEndpoints
from operators import Failed, engine_of
from settings import Settings
from workflows.client_journey import ClientJourney
from workflows.naming import TASK_QUEUE

# Signed webhooks are refused from five minutes on; a machine that keeps time at all is within a second.
_SKEW = timedelta(seconds=2)
# Events are told within a second, or a few when a worker has just been started.
_LAG_SECONDS = 60
# A poll lasts up to a minute: a worker that has none under way for longer is gone.
_POLLED_WITHIN = timedelta(seconds=75)
# What was told to a journey less long ago may not be listed yet.
_JUST_TOLD = timedelta(minutes=1)


class Look(Exception):
    """Not a defect of the installation, but somebody should look; one line."""


Check = Callable[[Settings], Awaitable[str]]


async def doctor(settings: Settings) -> bool:
    """Print a line per check; whether none has failed (what only wants looking at hasn't)."""
    checks: list[tuple[str, Check]] = [
        ("database", _database),
        ("clock", _clock),
        ("temporal", _temporal),
        ("worker", _worker),
        ("relay", _relay),
        ("journeys", _journeys),
        ("attention", _attention),
        ("mail", _mail),
        ("payments", _payments),
        ("webhooks", _webhooks),
        ("events", _events),
    ]
    well = True
    for name, check in checks:
        try:
            state, line = "ok", await check(settings)
        except Look as found:
            state, line = "look", str(found)
        except Failed as error:
            state, line, well = "FAILED", str(error), False
        print(f"  {state:7} {name:10} {line}")
    return well


async def _database(settings: Settings) -> str:
    try:
        if await asyncio.to_thread(at_head, settings.database_url):
            return "reachable, newest schema"
    except SQLAlchemyError as error:
        raise Failed(f"not reachable ({type(error).__name__}): is PORTICO_DATABASE_URL right?") from None
    raise Failed("the schema isn't the newest: run `portico migrate`")


async def _clock(settings: Settings) -> str:
    """The database's clock against this machine's, the way there and back allowed for."""
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as session:
            await session.execute(select(1))
            asked, began = datetime.now(UTC), time.monotonic()
            theirs = await session.scalar(select(func.clock_timestamp()))
            taken = timedelta(seconds=time.monotonic() - began)
    except SQLAlchemyError:
        raise Failed("not compared: the database isn't reachable") from None
    finally:
        await database.close()
    assert theirs is not None
    ahead = skew(asked, taken, theirs)
    if abs(ahead) > _SKEW:
        which = "ahead of" if ahead > timedelta() else "behind"
        apart = span(abs(ahead).total_seconds())
        raise Failed(f"the database is {apart} {which} this machine: set both by a time server (NTP)")
    return f"database and this machine agree within {_SKEW.total_seconds():.0f} s"


def skew(asked: datetime, taken: timedelta, theirs: datetime) -> timedelta:
    """How far their clock is ahead of ours, at the least: they answered somewhere between question and answer."""
    if asked <= theirs <= asked + taken:
        return timedelta()
    return theirs - asked if theirs < asked else theirs - (asked + taken)


async def _temporal(settings: Settings) -> str:
    async with engine_of(settings) as engine:
        missing = await missing_search_attributes(engine)
        schedules = await missing_schedules(engine)
    if missing:
        raise Failed(f"search attributes are missing ({', '.join(missing)}): run `portico register`")
    if schedules:
        raise Failed(f"schedules are missing ({', '.join(schedules)}): run `portico register`")
    return f"reachable, namespace {settings.temporal_namespace}, search attributes and schedules registered"


async def _worker(settings: Settings) -> str:
    polling: set[str] = set()
    idle: list[str] = []
    async with engine_of(settings) as engine:
        ended = await _ended_workers(engine)
        for what, kind in (
            ("workflows", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
            ("activities", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        ):
            request = DescribeTaskQueueRequest(
                namespace=engine.namespace, task_queue=TaskQueue(name=TASK_QUEUE), task_queue_type=kind
            )
            described = await engine.workflow_service.describe_task_queue(request)
            long_ago = datetime.now(UTC) - _POLLED_WITHIN
            here = {
                one.identity
                for one in described.pollers
                if one.last_access_time.ToDatetime(UTC) > max(long_ago, ended.get(one.identity, long_ago))
            }
            polling |= here
            idle += [] if here else [what]
    if idle:
        raise Failed(f"nobody works on {' or '.join(idle)} of task queue {TASK_QUEUE}: start `portico worker`")
    return f"{len(polling)} on task queue {TASK_QUEUE}"


async def _ended_workers(engine: Engine) -> dict[str, datetime]:
    """When workers said goodbye, by identity: Temporal lists them as polling for another minute.

    Nobody where Temporal is too old to know; one that was killed says nothing.
    """
    try:
        listed = await engine.workflow_service.list_workers(ListWorkersRequest(namespace=engine.namespace))
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            return {}
        raise
    beats = [one.worker_heartbeat for one in listed.workers_info]
    ending = (WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN)
    return {one.worker_identity: one.heartbeat_time.ToDatetime(UTC) for one in beats if one.status in ending}


async def _census(settings: Settings) -> Census:
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as session:
            return await take_census(session, clock_of(settings))
    except SQLAlchemyError:
        raise Failed("not counted: the database isn't reachable, or its schema isn't the newest") from None
    finally:
        await database.close()


async def _relay(settings: Settings) -> str:
    census = await _census(settings)
    if census.relay_lag_seconds > _LAG_SECONDS:
        raise Failed(
            f"{census.events_waiting} recorded events wait, the oldest for {span(census.relay_lag_seconds)}:"
            " is Temporal there, and `portico worker` running?"
        )
    if census.events_parked:
        raise Look(f"{census.events_parked} recorded events can't be told: retry or skip them in the console")
    return f"{census.events_waiting} recorded events wait"


async def _journeys(settings: Settings) -> str:
    """Two counts, no more: which ones are missing is `portico reconcile`'s to say."""
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as session:
            wanted = await on_their_way(session, datetime.now(UTC) - _JUST_TOLD)
    except SQLAlchemyError:
        raise Failed("not counted: the database isn't reachable, or its schema isn't the newest") from None
    finally:
        await database.close()
    async with engine_of(settings) as engine:
        running = await EngineView(engine).count_running(ClientJourney)
    if running < wanted:
        raise Look(f"{wanted} clients are on their way, and {running} journeys open: `portico reconcile` says which")
    return f"{running} open, {wanted} clients on their way"


async def _attention(settings: Settings) -> str:
    census = await _census(settings)
    if census.attention:
        age = span(census.attention_age_seconds)
        raise Look(
            f"{census.attention} steps wait for a person, the oldest for {age}: `portico journeys list --attention`"
        )
    return "nothing waits for a person"


async def _mail(settings: Settings) -> str:
    where = urlsplit(settings.smtp_url)
    try:
        await SmtpMailer(settings.smtp_url, settings.mail_from, timeout_seconds=10).check()
    except (MailUnavailable, MailRefused) as error:
        raise Failed(
            f"{where.hostname} doesn't let us in ({error.code}): are PORTICO_SMTP_URL and its password right?"
        ) from None
    return f"{where.hostname} lets us in"


async def _payments(settings: Settings) -> str:
    base = settings.stripe_api_base or "https://api.stripe.com"
    try:
        async with httpx.AsyncClient(timeout=10) as http:
            reply = await http.get(
                f"{base}/v1/events?limit=1", headers={"Authorization": f"Bearer {settings.stripe_key}"}
            )
    except httpx.HTTPError as error:
        raise Failed(f"{base} doesn't answer ({type(error).__name__}): is the way out open?") from None
    if reply.status_code != httpx.codes.OK:
        raise Failed(f"{base} answered {reply.status_code}: is PORTICO_STRIPE_KEY right?")
    sold = await _sold(settings)
    return f"{base} accepts the key" + (f", and sells {len(sold)} plans to practices" if sold else "")


async def _sold(settings: Settings) -> list[Plan]:
    """The plans of the settings, each of which has to be on sale; with an account of our own, that it takes charges."""
    billing, merchants = billing_of(settings), merchants_of(settings)
    try:
        plans = await billing.plans(settings.subscription_prices)
        if settings.stripe_accounts == "own":
            account = await merchants.read_account(None)
            if account is None or not account.charges_enabled:
                raise Look("the key's own account can't take charges: finish it in the processor's dashboard")
    except PaymentRefused as error:
        raise Failed(
            f"PORTICO_SUBSCRIPTION_PRICES can't be read ({error.code}): are they prices of this key?"
        ) from None
    except PaymentUnavailable as error:
        raise Failed(f"the processor doesn't answer ({error.code})") from None
    finally:
        await billing.aclose()
        await merchants.aclose()
    missing = set(settings.subscription_prices) - {one.price for one in plans}
    if missing:
        raise Failed(f"{min(missing)} isn't a recurring price on sale: correct PORTICO_SUBSCRIPTION_PRICES")
    return plans


async def _webhooks(settings: Settings) -> str:
    """That the processor rings where it should, about all that matters; that its secrets are ours, nobody can ask."""
    endpoints = StripeEndpoints(settings.stripe_key, settings.stripe_api_base)
    try:
        found = await endpoints.all()
    except PaymentRefused as error:
        raise Look(f"the key may not read webhook endpoints ({error.code}): let it, or check them yourself") from None
    except PaymentUnavailable as error:
        raise Failed(f"not checked: the processor doesn't answer, or the key is wrong ({error.code})") from None
    finally:
        await endpoints.aclose()
    wanted = wanted_endpoints(
        settings.base_url, own_account=settings.stripe_accounts == "own", sells=bool(settings.subscription_prices)
    )
    complaints = [one for one in (complaint(each, found) for each in wanted) if one is not None]
    if complaints:
        raise Failed("; ".join(complaints))
    return f"{len(wanted)} endpoints are told of all they need"


async def _events(settings: Settings) -> str:
    """Whether webhooks arrive, by what had to be asked for."""
    census = await _census(settings)
    if census.accounts_unanswered:
        age = span(census.accounts_unanswered_age_seconds)
        raise Look(
            f"{census.accounts_unanswered} accounts can't be asked for lost events, the first for {age}:"
            " may the key read Events, and are they connected?"
        )
    if census.events_undelivered:
        raise Look(
            f"{census.events_undelivered} events of the last day came only when asked for:"
            " see the endpoint's deliveries in the processor's dashboard"
        )
    return "none of the last day had to be asked for"


def span(seconds: float) -> str:
    """Roughly, in the unit that a person would use."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
