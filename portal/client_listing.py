"""The console's list of clients by its address: what is looked for, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from domain.roles import Reach
from domain.stages import PortalStatus, Stage
from portal.client_search import ClientFilter, ClientOrder, possible_duplicates, quiet_since
from portal.paths import with_query

# "Waiting longer than", in days.
WAITING_DAYS = ("3", "7", "14", "30")


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """The list's address, as typed or clicked; whatever isn't a choice is passed over."""

    q: str = ""
    status: str = ""
    stage: str = ""
    provider: str = ""
    attention: str = ""
    duplicates: str = ""
    waiting: str = ""
    sort: str = ""

    async def read(self, session: AsyncSession, office: Office, reach: Reach) -> ClientFilter:
        days = int(self.waiting) if self.waiting in WAITING_DAYS else None
        return ClientFilter(
            status=PortalStatus(self.status) if self.status in list(PortalStatus) else None,
            stage=Stage(self.stage) if self.stage in list(Stage) else None,
            provider=self.provider.replace("\0", "") or None,
            attention=self.attention == "yes",
            among=await possible_duplicates(session, reach, self.duplicates == "yes"),
            quiet_since=await quiet_since(session, office, days),
            text=self.q.replace("\0", "").strip() or None,
        )

    @property
    def order(self) -> ClientOrder:
        return ClientOrder.WAITING if self.sort == ClientOrder.WAITING else ClientOrder.NEWEST

    def link(self, **changed: str | None) -> str:
        """The same list, with something changed; empty choices are left out of the address."""
        query = {**vars(self), **changed}
        return with_query("/console", **{name: value or None for name, value in query.items()})


def list_query(
    q: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    stage: Annotated[str, Query(max_length=20)] = "",
    provider: Annotated[str, Query(max_length=100)] = "",
    attention: Annotated[str, Query(max_length=5)] = "",
    duplicates: Annotated[str, Query(max_length=5)] = "",
    waiting: Annotated[str, Query(max_length=5)] = "",
    sort: Annotated[str, Query(max_length=20)] = "",
) -> ListQuery:
    return ListQuery(
        q=q,
        status=status,
        stage=stage,
        provider=provider,
        attention=attention,
        duplicates=duplicates,
        waiting=waiting,
        sort=sort,
    )
