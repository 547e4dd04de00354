"""The one-machine stack: embedded PostgreSQL, Temporal dev server, mailbox, payment simulator, supervisor."""
