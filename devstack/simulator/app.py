"""Puts the simulator together: routes, and the background work of webhooks and time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.simulator.accounts_page import AccountsPage
from devstack.simulator.api import Door
from devstack.simulator.billing_page import BillingPage
from devstack.simulator.catalog import seed_plans
from devstack.simulator.config import SimulatorConfig
from devstack.simulator.control import Control
from devstack.simulator.deliveries import Deliveries
from devstack.simulator.errors import ApiError
from devstack.simulator.events import Events
from devstack.simulator.faults import Faults
from devstack.simulator.hosted_page import HostedPage
from devstack.simulator.journal import Journal
from devstack.simulator.payers import let_time_act
from devstack.simulator.payments_page import PaymentsPage
from devstack.simulator.store import Clock, Store
from devstack.simulator.world import World

_TICK_SECONDS = 0.25
_log = logging.getLogger(__name__)


def build_app(config: SimulatorConfig) -> Starlette:
    """The ASGI application; its state is opened here and closed when the application ends."""
    store = Store(config.data_dir / "simulator.sqlite3")
    clock, faults, journal = Clock(store), Faults(store), Journal(store)
    world = World(config=config, store=store, clock=clock, events=Events(config, store, clock, faults))
    door = Door(world, faults, journal)

    seed_plans(world)
    tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks.extend(asyncio.create_task(work) for work in (Deliveries(world).run(), _tick(world)))
        for task in tasks:
            task.add_done_callback(_report)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            store.close()

    async def api(request: Request) -> Response:
        return await door(request)

    routes = [
        Route("/v1/{path:path}", api, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]),
        *Control(world, faults, journal, lambda: not any(task.done() for task in tasks)).routes(),
        *HostedPage(world).routes(),
        *AccountsPage(world).routes(),
        *BillingPage(world).routes(),
        *PaymentsPage(world).routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={ApiError: _api_error})


def _report(task: asyncio.Task[None]) -> None:
    # Work in the background must not end in silence: it is logged, and the health route says 503 from then on.
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background work has ended", exc_info=error)


async def _tick(world: World) -> None:
    while True:
        let_time_act(world)
        await asyncio.sleep(_TICK_SECONDS)


async def _api_error(_: Request, error: Exception) -> Response:
    # Only what couldn't even be read arrives here; the door answers everything else itself.
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, error.status)
