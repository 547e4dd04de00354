"""One action for many clients, for programs: looked at, confirmed, and asked about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from sqlalchemy.ext.asyncio import AsyncSession

from commands.batches import confirm_batch, look_at_batch
from commands.client_list import CheckedRow, check_list, invite_list
from db.batches import batch_of, counted, items_of, newest_batches
from db.models import ClientBatch, Provider
from domain.batches import FOR_CLIENTS, BatchAction
from domain.client_list import MOST_ROWS, ListRow
from domain.errors import ValidationFailed
from portal.api.clients import provider_meant
from portal.shapes import Json, instant, listed
from web.bodies import json_object
from web.fields import only, opaque_id, text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

client_batches_router = APIRouter(prefix="/client-batches", tags=["clients"])


@client_batches_router.get("", summary="What was done for many clients lately, newest first")
async def list_batches(session: Transaction, staff: ApiPractice) -> Json:
    batches = await newest_batches(session, staff.reach)
    return listed([_head(batch) | {"total": count} for batch, count in batches])


@client_batches_router.post("/preview", summary="For whom it would be done, and who would be left out")
async def preview(request: Request, session: Transaction, office: TheOffice, staff: ApiPractice) -> Json:
    action, ids = _asked(await json_object(request))
    chosen = await look_at_batch(session, office, staff.reach, action, ids)
    return {
        "action": str(action),
        "included": [one.client.id for one in chosen if one.reason is None],
        "left_out": [{"client_id": one.client.id, "reason": str(one.reason)} for one in chosen if one.reason],
    }


@client_batches_router.post("", status_code=202, summary="Do it for all of them; it goes on whatever happens")
async def confirm(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Json:
    """`action` is send_new_client_forms, send_invitation_again or revoke_invitation; `client_ids` up to 1,000."""
    action, ids = _asked(await json_object(request))
    batch = await confirm_batch(session, office, staff.reach, staff.who, action, ids, idempotency_key=idempotency_key)
    return await _shape(session, batch)


@client_batches_router.post("/invite/preview", summary="A list of new clients, row by row, before they are invited")
async def look_at_list(request: Request, session: Transaction, office: TheOffice, staff: ApiPractice) -> Json:
    """`{"clients": [...], "provider"?}`, each as for inviting one. `row` counts from 1."""
    provider, rows = await _list_of(session, staff, await json_object(request))
    return {"rows": [_row(one) for one in await check_list(session, office, provider, rows)]}


@client_batches_router.post("/invite", status_code=202, summary="Invite a list of new clients, all together")
async def invite_many(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Json:
    """Rows that aren't `ready` are a 422 that names them; `anyway` lists rows of those who only look known."""
    body = await json_object(request)
    anyway = body.pop("anyway", [])
    if not isinstance(anyway, list) or not all(type(one) is int for one in anyway):
        raise ValidationFailed.of("anyway", "must be a list of row numbers")
    provider, rows = await _list_of(session, staff, body)
    batch = await invite_list(
        session,
        office,
        staff.reach,
        staff.who,
        provider,
        rows,
        chosen={row.number for row in rows},
        anyway=set(anyway),
        idempotency_key=idempotency_key,
    )
    return await _shape(session, batch)


async def _list_of(session: AsyncSession, staff: ApiPractice, body: dict[str, Any]) -> tuple[Provider, list[ListRow]]:
    only(body, ("provider", "clients"))
    provider = await provider_meant(session, staff.reach, body.get("provider"))
    clients = body.get("clients")
    if not isinstance(clients, list) or not 1 <= len(clients) <= MOST_ROWS:
        raise ValidationFailed.of("clients", f"must be a list of 1 to {MOST_ROWS} clients")
    if not all(isinstance(one, dict) for one in clients):
        raise ValidationFailed.of("clients", "must be a list of objects")
    return provider, [ListRow(number=number, values=one) for number, one in enumerate(clients, start=1)]


def _row(one: CheckedRow) -> Json:
    return {
        "row": one.row.number,
        "state": str(one.state),
        "errors": [{"field": name, "message": message} for name, message in one.errors.items()],
        "same_as_row": one.same_as,
        "known": [client.id for client in one.known],
        "shares_address_with": [client.id for client in one.family],
    }


@client_batches_router.get("/{batch_id}", summary="How far it has got, client by client")
async def read_batch(session: Transaction, staff: ApiPractice, batch_id: str) -> Json:
    return await _shape(session, await batch_of(session, staff.reach, opaque_id(batch_id)))


def _asked(body: dict[str, Any]) -> tuple[BatchAction, list[str]]:
    only(body, ("action", "client_ids"))
    try:
        action = BatchAction(text(body, "action"))
    except ValueError:
        action = BatchAction.INVITE
    if action not in FOR_CLIENTS:
        raise ValidationFailed.of("action", f"must be one of {', '.join(FOR_CLIENTS)}")
    ids = body.get("client_ids")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValidationFailed.of("client_ids", "must be a list of client ids")
    return action, [opaque_id(one) for one in ids]


def _head(batch: ClientBatch) -> Json:
    return {
        "id": batch.id,
        "action": batch.action,
        "confirmed_by": batch.who["name"],
        "created_at": instant(batch.created_at),
    }


async def _shape(session: AsyncSession, batch: ClientBatch) -> Json:
    rows = await items_of(session, batch)
    return _head(batch) | {
        "total": len(rows),
        "settled": all(row.outcome.final for row in rows),
        "counts": {str(outcome): count for outcome, count in counted(rows).items()},
        "items": [
            {
                "client_id": row.client.id,
                "outcome": str(row.outcome),
                "reason": str(row.reason) if row.reason else None,
            }
            for row in rows
        ],
    }
