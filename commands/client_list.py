"""Inviting many at once: a list is looked at row by row, and those who are confirmed are invited together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.idempotency import earlier_result, keep_result
from commands.invitation_limits import count_invitation
from commands.invitations import NewClient, check_new_client, check_open, record_new_client
from commands.office import Office
from db.batches import batch_of
from db.duplicates import clients_at, person_of
from db.ids import new_id
from db.locks import lock_name
from db.models import BatchItem, Client, ClientBatch, Provider
from db.tenancy import practice_of
from domain.audit import AuditKind
from domain.batches import FIRST_INVITATION_STEP, BatchAction, ItemState
from domain.client_list import Entry, ListRow, RowState, repeats
from domain.duplicates import resemblance
from domain.errors import FieldError, RateLimited, ValidationFailed
from domain.roles import Reach

_Read = Mapping[int, NewClient | Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """`errors` by field; `known` are clients who seem to be this one, `family` share the address only."""

    row: ListRow
    state: RowState
    new: NewClient | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    same_as: int | None = None
    known: Sequence[Client] = ()
    family: Sequence[Client] = ()

    def complaints(self, anyway: Collection[int]) -> Mapping[str, str]:
        """By field, why nobody is invited by this row; `anyway` are rows of those who only look known."""
        match self.state:
            case RowState.WRONG:
                return self.errors
            case RowState.REPEATED:
                return {"email": f"is the same person as row {self.same_as}"}
            case RowState.NUMBERED:
                return {"external_id": "is a client already"}
            case RowState.KNOWN if self.row.number not in anyway:
                return {"email": "is a client already, with this name; list the row in `anyway` if it is somebody else"}
        return {}


async def check_list(
    session: AsyncSession, office: Office, provider: Provider, rows: Sequence[ListRow]
) -> list[CheckedRow]:
    """Each row by itself, against the others, and against the clients whom the provider has."""
    return await _compared(session, provider, rows, await _read(session, office, provider, rows))


async def _read(session: AsyncSession, office: Office, provider: Provider, rows: Sequence[ListRow]) -> _Read:
    country = (await practice_of(session, provider.practice_id)).country
    return {row.number: _read_row(office, country, row) for row in rows}


def _read_row(office: Office, country: str, row: ListRow) -> NewClient | Mapping[str, str]:
    try:
        new = check_new_client(office, country, dict(row.values))
    except ValidationFailed as refusal:
        return {one.field: one.message for one in refusal.errors} | dict(row.errors)
    return row.errors or new


async def _compared(
    session: AsyncSession, provider: Provider, rows: Sequence[ListRow], read: _Read
) -> list[CheckedRow]:
    good = {number: new for number, new in read.items() if isinstance(new, NewClient)}
    entries = [Entry(number=number, person=new.person, external_id=new.external_id) for number, new in good.items()]
    repeated = repeats(entries)
    there = await clients_at(session, provider.id, {new.email for new in good.values()})
    numbered = await _numbered(session, provider, _numbers_in(read))
    checked = []
    for row in rows:
        new = read[row.number]
        if isinstance(new, NewClient):
            checked.append(_checked(row, new, repeated, there, numbered))
        else:
            checked.append(CheckedRow(row=row, state=RowState.WRONG, errors=new))
    return checked


def _numbers_in(read: _Read) -> list[str]:
    return sorted({new.external_id for new in read.values() if isinstance(new, NewClient) and new.external_id})


async def _numbered(session: AsyncSession, provider: Provider, numbers: Collection[str]) -> dict[str, Client]:
    query = select(Client).where(Client.provider_id == provider.id, Client.external_id.in_(numbers))
    return {one.external_id: one for one in await session.scalars(query) if one.external_id is not None}


def _checked(
    row: ListRow,
    new: NewClient,
    repeated: Mapping[int, int],
    there: Mapping[str, Sequence[Client]],
    numbered: Mapping[str, Client],
) -> CheckedRow:
    at_address = [(one, resemblance(person_of(one), new.person)) for one in there.get(new.email, ())]
    known = [one for one, why in at_address if why is not None and why.possible_duplicate]
    family = [one for one, _ in at_address if one not in known]
    by_number = numbered.get(new.external_id) if new.external_id else None
    if by_number is not None:
        return CheckedRow(row=row, state=RowState.NUMBERED, new=new, known=[by_number])
    if row.number in repeated:
        return CheckedRow(row=row, state=RowState.REPEATED, new=new, same_as=repeated[row.number])
    state = RowState.KNOWN if known else RowState.READY
    return CheckedRow(row=row, state=state, new=new, known=known, family=family)


async def invite_list(
    session: AsyncSession,
    office: Office,
    reach: Reach,
    who: Who,
    provider: Provider,
    rows: Sequence[ListRow],
    *,
    chosen: Collection[int],
    anyway: Collection[int],
    idempotency_key: str | None = None,
) -> ClientBatch:
    """Invite the chosen rows, all of them or nobody, as they stand at this moment; the journeys send the mails.

    Rows of those who look known have to be in `anyway`, too. Raises ValidationFailed naming each row that can't be
    invited, SubscriptionInactive, and Conflict where the key came with another list.
    """
    scope = f"invite-list:{provider.id}"
    request: dict[str, object] = {
        "rows": [dict(row.values) for row in rows],
        "chosen": sorted(chosen),
        "anyway": sorted(anyway),
    }
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await batch_of(session, reach, earlier["batch_id"])
    await check_open(session, provider)
    read = await _read(session, office, provider, rows)
    # Two people with the same list: the second sees whom the first has invited. And numbers, as for a single client.
    await lock_name(session, scope)
    for number in _numbers_in(read):
        await lock_name(session, f"external-id:{provider.id}:{number}")
    checked = await _compared(session, provider, rows, read)
    wanted = _wanted(checked, chosen, anyway)
    await _count(session, office, provider, wanted)
    batch = await _write(session, office, reach, who, provider, wanted)
    await keep_result(session, scope, idempotency_key, request, {"batch_id": batch.id})
    return batch


def _wanted(checked: Sequence[CheckedRow], chosen: Collection[int], anyway: Collection[int]) -> dict[int, NewClient]:
    """By their place in the list."""
    wanted = [(place, one) for place, one in enumerate(checked) if one.row.number in chosen]
    wrong = [
        FieldError(field=f"clients.{place}.{name}", message=message)
        for place, one in wanted
        for name, message in one.complaints(anyway).items()
    ]
    if wrong:
        raise ValidationFailed(wrong)
    if not wanted:
        raise ValidationFailed.of("clients", "Please choose at least one row.")
    return {place: one.new for place, one in wanted if one.new is not None}


async def _count(session: AsyncSession, office: Office, provider: Provider, wanted: Mapping[int, NewClient]) -> None:
    """One mail to each address, in one order for everybody: two lists at once never wait for each other."""
    for place, new in sorted(wanted.items(), key=lambda item: item[1].email):
        try:
            await count_invitation(session, office, provider.id, new.email)
        except RateLimited as refusal:
            raise ValidationFailed.of(f"clients.{place}.email", refusal.detail) from None


async def _write(
    session: AsyncSession, office: Office, reach: Reach, who: Who, provider: Provider, wanted: Mapping[int, NewClient]
) -> ClientBatch:
    now = await office.clock.now(session)
    batch = ClientBatch(
        id=new_id("bat"),
        practice_id=provider.practice_id,
        provider_id=reach.provider_id,
        action=str(BatchAction.INVITE),
        who=asdict(who),
        created_at=now,
    )
    session.add(batch)
    clients = [await record_new_client(session, provider, new, now, source="list") for new in wanted.values()]
    items = [
        {
            "batch_id": batch.id,
            "position": position,
            "client_id": client.id,
            "state": str(ItemState.DONE),
            "ref": FIRST_INVITATION_STEP,
            "at": now,
        }
        for position, client in enumerate(clients)
    ]
    await session.execute(insert(BatchItem), items)
    for client in clients:
        await note(session, office, who, AuditKind.CLIENT_INVITED, client.id)
    return batch
