"""One request, one transaction, committed before the answer is sent; then the relay is nudged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from dispatch.relay import Relay


def office_of(request: Request) -> Office:
    return cast(Office, request.app.state.office)


def relay_of(request: Request) -> Relay:
    return cast(Relay, request.app.state.relay)


def remote_address(request: Request) -> str:
    """The caller's address, for rate limits; behind a proxy uvicorn has put the forwarded one here."""
    return request.client.host if request.client else "unknown"


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with office_of(request).database.transaction() as session:
        yield session
    relay_of(request).nudge(session.info.pop("event_subjects", []))


# As dependencies they are coroutines: FastAPI runs plain functions in threads, which costs more than they do.
async def _office(request: Request) -> Office:
    return office_of(request)


async def _relay(request: Request) -> Relay:
    return relay_of(request)


async def _remote_address(request: Request) -> str:
    return remote_address(request)


# `scope="function"`: FastAPI would otherwise commit only after the answer has been sent.
Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
TheOffice = Annotated[Office, Depends(_office)]
TheRelay = Annotated[Relay, Depends(_relay)]
RemoteAddress = Annotated[str, Depends(_remote_address)]
