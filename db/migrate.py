"""Bring a database to the newest schema (Alembic), one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from db.engine import driver_url

_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["url"] = driver_url(database_url)
    return config


def upgrade(database_url: str) -> None:
    """Migrate to the newest version; safe when several start at once (an advisory lock lets one work at a time)."""
    command.upgrade(alembic_config(database_url), "head")


def at_head(database_url: str) -> bool:
    """Whether the database has the schema that this code expects."""
    engine = create_engine(driver_url(database_url), hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    return set(current) == set(ScriptDirectory.from_config(alembic_config(database_url)).get_heads())
