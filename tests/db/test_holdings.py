"""No table can be added without saying what it holds about a client, and what becomes of that."""

from __future__ import annotations

from db.held import Fate, Held, Holding
from db.holdings import HELD, NOT_ABOUT_CLIENTS
from db.models import Base

TABLES = {table.name: table for table in Base.metadata.sorted_tables}
ABOUT = {held.table.__tablename__: held for held in HELD}


def columns_of(held: Held) -> set[str]:
    return {column.name for column in held.table.__table__.columns}


def test_every_table_holds_something_about_clients_or_says_why_not() -> None:
    assert set(ABOUT) | set(NOT_ABOUT_CLIENTS) == set(TABLES)
    assert set(ABOUT) & set(NOT_ABOUT_CLIENTS) == set()
    assert {held.holding for held in HELD} == set(Holding)


def test_what_points_at_a_client_is_about_clients() -> None:
    about = {"client", "appointment", "payment", "portal_account", "intake_submission", "invitation"}
    pointing = {
        name
        for name, table in TABLES.items()
        for key in table.foreign_keys
        if key.column.table.name in about or any(column.name in ("client_id", "account_id") for column in table.columns)
    }
    assert pointing <= set(ABOUT)
    assert len(pointing) > 10


def test_every_column_is_exported_or_says_why_not_and_every_named_one_is_there() -> None:
    for held in HELD:
        named = {*held.left_out, *held.sealed, *held.strip, held.order}
        assert named <= columns_of(held), held.holding
        assert not set(held.left_out) & set(held.sealed), held.holding
        assert all(held.left_out.values()), held.holding
        for column in columns_of(held):
            secret = column.endswith(("_hash", "_key")) or column.startswith("wrapped")
            assert not secret or column in held.left_out, (held.holding, column)


def test_whatever_is_sealed_can_be_opened_for_an_export() -> None:
    sealed = {
        (name, column.name) for name, table in TABLES.items() for column in table.columns if "sealed" in column.name
    }
    known = {(held.table.__tablename__, column) for held in HELD for column in held.sealed}
    others = {("staff_member", "totp_sealed_secret"), ("provider_webhook_secret", "sealed_secret")}
    others |= {("busy_calendar", "sealed_address")}
    assert sealed == known | others


# Ids, times, numbers and closed words: what may stay of a client who was erased.
STAYING = {
    "client": {"id", "practice_id", "provider_id", "track", "stage", "created_at", "erased_at"},
    "appointment": {
        *("id", "practice_id", "provider_id", "client_id", "starts_at", "ends_at", "status", "revision", "booked_by"),
        *("settings_version", "cancel_notice_minutes", "hold_expires_at", "hold_extended_at"),
        *("reminder_hours", "covered", "attendance_confirmed_at"),
        *("cancel_requested_at", "cancelled_by", "choose_until", "created_at"),
    },
}


def test_a_row_that_stays_says_nothing_of_anybody() -> None:
    """A new column of these tables is stripped, or named here because it says nothing."""
    staying = {held.table.__tablename__ for held in HELD if held.fate is not Fate.REMOVED}
    assert staying == {"client", "appointment", "payment", "refund", "dispute", "external_event", "audit_entry"}
    for name, columns in STAYING.items():
        assert columns_of(ABOUT[name]) - set(ABOUT[name].strip) == columns, name
    assert all(value in (None, "") for held in HELD for value in held.strip.values())
