"""One request, one transaction, committed before the answer is sent; then the relay is nudged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from dispatch.relay import Relay


# These are coroutines because FastAPI runs plain functions in threads, which costs more than they do.
async def office_of(request: Request) -> Office:
    return cast(Office, request.app.state.office)


async def relay_of(request: Request) -> Relay:
    return cast(Relay, request.app.state.relay)


async def _transaction(
    office: Annotated[Office, Depends(office_of)], relay: Annotated[Relay, Depends(relay_of)]
) -> AsyncIterator[AsyncSession]:
    async with office.database.transaction() as session:
        yield session
    relay.nudge(session.info.pop("event_subjects", []))


# `scope="function"`: FastAPI would otherwise commit only after the answer has been sent.
Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
TheOffice = Annotated[Office, Depends(office_of)]
TheRelay = Annotated[Relay, Depends(relay_of)]


async def remote_address(request: Request) -> str:
    """The caller's address, for rate limits; behind a proxy uvicorn has put the forwarded one here."""
    return request.client.host if request.client else "unknown"


RemoteAddress = Annotated[str, Depends(remote_address)]
