"""The floors: as little as Temporal, FastAPI and PostgreSQL allow, doing the same kind of work on the same parts."""
