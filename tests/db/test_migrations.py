"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

import psycopg
from alembic import command

from db.migrate import alembic_config, at_head, upgrade
from tests.driver import World


def test_models_and_migrations_agree(world: World) -> None:
    command.check(alembic_config(world.endpoints["database_url"]))
    assert at_head(world.endpoints["database_url"])


def test_migrations_run_on_an_empty_database_and_again(world: World) -> None:
    url = world.endpoints["database_url"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_one")
    other = url.replace("/portico?", "/empty_one?")
    upgrade(other)
    upgrade(other)
    assert at_head(other)
