"""What /openapi.json says of the machine-facing routes, and the small rules around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from db.models import Appointment
from domain.errors import ValidationFailed
from domain.states import AppointmentStatus
from portal.api import api_router, demo_router
from portal.api.etags import expected_version
from portal.paging import cursor_of, read_cursor
from portal.shapes import instant
from portal.waiting import wait_for_booking
from tests.api.doors import NOW, FakeDatabase
from webhooks import webhook_routers

PUBLIC = {
    "/webhooks/signups/{provider}",
    "/api/v1/invitations/{token}/accept",
    "/api/v1/portal/session",
}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    app = FastAPI()
    for router in (*webhook_routers, api_router, demo_router):
        app.include_router(router)
    return [(path, method, one) for path, methods in app.openapi()["paths"].items() for method, one in methods.items()]


def test_every_operation_has_a_tag_and_a_summary_of_its_own() -> None:
    found = operations()
    assert len(found) > 45
    assert [path for path, _, one in found if not one.get("tags") or not one.get("summary")] == []
    ids = [one["operationId"] for _, _, one in found]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("prefix", "scheme"),
    [
        ("/webhooks/providers", "standardWebhooks"),
        ("/webhooks/stripe", "stripeSignature"),
        ("/api/v1/portal", "clientSession"),
        ("/api/v1/providers", "apiKey"),
        ("/api/v1/clients", "apiKey"),
        ("/api/v1/appointments", "apiKey"),
        ("/api/v1/payments", "apiKey"),
        ("/api/v1/attention", "apiKey"),
    ],
)
def test_every_guarded_operation_names_its_security_scheme(prefix: str, scheme: str) -> None:
    found = [one for path, _, one in operations() if path.startswith(prefix) and path not in PUBLIC]
    assert found
    assert all(one["security"] == [{scheme: []}] for one in found)


@pytest.mark.parametrize(
    ("header", "version"),
    [(None, None), ("*", None), ('"7"', 7), (" 7 ", 7), ('W/"7"', 7), ('"abc"', -1), ('"1", "2"', -1), ("", -1)],
)
def test_an_if_match_that_is_no_tag_of_ours_matches_nothing(header: str | None, version: int | None) -> None:
    assert expected_version(header) == version


def test_instants_are_shown_in_utc() -> None:
    assert instant(datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=-5)))) == "2026-12-01T14:00:00Z"
    assert instant(None) is None


def test_a_cursor_leads_back_to_where_it_was_made() -> None:
    at = datetime(2026, 11, 23, 15, 0, 0, 123456, tzinfo=UTC)
    assert read_cursor(cursor_of(at, "cli_1")) == (at, "cli_1")
    for wrong in ("", "zz", "é", cursor_of(at, "cli_1")[5:]):
        with pytest.raises(ValidationFailed):
            read_cursor(wrong)


def appointment(status: AppointmentStatus) -> Appointment:
    return Appointment(id="apt_1", status=str(status), starts_at=NOW, ends_at=NOW)


async def test_waiting_ends_at_once_when_the_booking_stands() -> None:
    database = FakeDatabase(appointment(AppointmentStatus.BOOKED))
    await wait_for_booking(SimpleNamespace(database=database), "apt_1", seconds=30)  # type: ignore[arg-type]
    assert database.committed == 1


async def test_waiting_gives_up_and_holds_no_transaction_meanwhile() -> None:
    database = FakeDatabase(appointment(AppointmentStatus.PENDING))
    await wait_for_booking(SimpleNamespace(database=database), "apt_1", seconds=0.12)  # type: ignore[arg-type]
    assert 1 <= database.committed <= 4
