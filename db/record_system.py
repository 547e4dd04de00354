"""The built-in record system: the provider's forms and the filed answers, in our own PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from db.engine import Database
from db.ids import new_id
from db.models import FiledResponse, IntakeForm
from db.sealing import seal
from domain.errors import RecordsUnavailable
from domain.ports import Filing, RecordForm, Vault


class BuiltInRecords:
    """A port's adapter like any other: it has transactions of its own, and its weather is the record system's."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def forms(self, provider_id: str) -> Sequence[RecordForm]:
        columns = (IntakeForm.id, IntakeForm.form_key, IntakeForm.title, IntakeForm.version, IntakeForm.selectable)
        query = select(*columns).where(IntakeForm.provider_id == provider_id)
        query = query.order_by(IntakeForm.created_at, IntakeForm.version, IntakeForm.id)
        # Asked by requests that hold a transaction: a statement has a pool of its own.
        with _weather():
            async with self._database.statements() as session:
                rows = list(await session.execute(query))
        return [
            RecordForm(id=id_, key=key, title=title, version=version, selectable=selectable)
            for id_, key, title, version, selectable in rows
        ]

    async def file(self, filing: Filing) -> str:
        record_id = new_id("rec")
        with _weather():
            async with self._database.transaction() as session:
                sealed = await seal(session, self._vault, filing.client_id, filing.response, record_id)
                row = insert(FiledResponse).values(
                    id=record_id,
                    identifier=filing.identifier,
                    provider_id=filing.provider_id,
                    client_id=filing.client_id,
                    form_id=filing.form_id,
                    sealed_response=sealed,
                    filed_at=filing.filed_at,
                )
                await session.execute(row.on_conflict_do_nothing(index_elements=[FiledResponse.identifier]))
                there = select(FiledResponse.id).where(FiledResponse.identifier == filing.identifier)
                return str(await session.scalar(there))


@contextmanager
def _weather() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise RecordsUnavailable(type(error).__name__) from None
