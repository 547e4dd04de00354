"""The declarative base: naming of constraints, and how Python's types are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

type_document = dict[str, Any]

OpaqueId = Annotated[str, mapped_column(String(40))]
PrimaryId = Annotated[str, mapped_column(String(40), primary_key=True)]


class Base(DeclarativeBase):
    """Instants are `timestamptz`, documents `jsonb`; constraint names are stable, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), type_document: JSONB}
