"""The rehearsal by API: everything that a client would get, under the settings in force; nothing is sent or stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from commands.rehearsing import read_wish, rehearse_with
from portal.api.provider_settings import OwnProvider
from portal.rehearsal_shapes import rehearsal_shape
from portal.shapes import Json
from web.transactions import TheOffice, Transaction

rehearsal_router = APIRouter(prefix="/providers/{provider}", tags=["provider settings"])


@rehearsal_router.get("/rehearsal", summary="Every mail, page and charge that a client would get; nothing is sent")
async def rehearsal(
    session: Transaction,
    office: TheOffice,
    provider: OwnProvider,
    track: Annotated[str | None, Query(max_length=40)] = None,
    variant: Annotated[str | None, Query(max_length=40)] = None,
    week: Annotated[str | None, Query(max_length=40)] = None,
    zone: Annotated[str | None, Query(max_length=60)] = None,
    kind: Annotated[str | None, Query(alias="type", max_length=100)] = None,
) -> Json:
    """`week` is an ISO week (`2027-W10`), `next`, `clock-change` or `after-clock-change`; `zone` is the client's.

    `type` is the appointment type that is booked, the default one where none is named.
    """
    return rehearsal_shape(await rehearse_with(session, office, provider, read_wish(track, variant, week, zone, kind)))
