"""Alembic's entry: migrate under an advisory lock, with the metadata of `db.models`."""

from alembic import context
from sqlalchemy import create_engine, text

from db.models import Base

# Any number will do, as long as all of Portico's migrations use the same.
_LOCK = 7_067_842_601


def run() -> None:
    engine = create_engine(context.config.attributes["url"], hide_parameters=True)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    engine.dispose()


run()
