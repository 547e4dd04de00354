"""Refunds by staff: all or a part, with a reason, never above what was taken; and the pages of the money."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.driver import Person, Provider, World, ok, problem, until
from tests.staffing import owner_of
from workflows.naming import booking_id


async def payment(provider: Provider, payment_id: str) -> Any:
    return await provider.get(f"/api/v1/payments/{payment_id}")


async def settled(provider: Provider, payment_id: str, refunded_minor: int) -> Any:
    async def look() -> Any:
        found = await payment(provider, payment_id)
        done = all(one["status"] == "succeeded" for one in found["refunds"])
        return found if found["refunded_minor"] == refunded_minor and done else None

    return await until(look, f"{refunded_minor} to be refunded")


async def give_back(provider: Provider, payment_id: str, key: str | None = None, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/api/v1/payments/{payment_id}/refund"
    return await provider.request("POST", path, json={"reason": "goodwill"} | body, headers=headers)


async def test_staff_give_back_a_part_and_then_the_rest_and_the_appointment_stays(
    world: World, provider: Provider
) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    asked = ok(await give_back(provider, fee, amount_minor=1500), 202)
    assert asked["refund_due_minor"] == 1500
    part = await settled(provider, fee, 1500)
    assert (part["state"], part["detail"]) == ("captured", "Paid; $15.00 went back, $25.00 is kept.")
    ok(await give_back(provider, fee), 202)
    all_of_it = await settled(provider, fee, 4000)
    assert (all_of_it["state"], [one["cause"] for one in all_of_it["refunds"]]) == ("refunded", ["staff", "staff"])
    assert (await person.appointment(appointment["id"]))["status"] == "booked"
    assert (await provider.timeline(person.client_id)).count("fee_refunded") == 2
    kinds = world.rows("SELECT kind, object_id FROM audit_entry WHERE object_id = %s", fee)
    assert [row["kind"] for row in kinds] == ["payment_refunded"] * 2


async def test_a_refund_needs_a_reason_an_amount_and_something_that_was_taken(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    missing = problem(await give_back(provider, fee, reason=" "), "validation", 422)
    assert missing["errors"][0]["field"] == "reason"
    for amount in (0, -5, 10.5, True, "20"):
        assert (await give_back(provider, fee, amount_minor=amount)).status_code == 422
    refused = problem(await give_back(provider, fee, amount_minor=4001), "conflict", 409)
    assert refused["refundable_minor"] == 4000
    other = ok(await person.book((await person.slots())[0]), 201, 202)
    problem(await give_back(provider, other["payment"]["id"]), "conflict", 409)
    assert (await payment(provider, fee))["refunds"] == []


async def test_many_who_refund_at_once_never_give_back_more_than_was_taken(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    answers = await asyncio.gather(*(give_back(provider, fee, amount_minor=1500) for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [202, 202, 409, 409, 409, 409]
    await settled(provider, fee, 3000)
    with pytest.raises(psycopg.errors.CheckViolation):
        world.execute(f"UPDATE payment SET refund_due_minor = 4001 WHERE id = '{fee}'")


async def test_a_double_click_is_one_refund(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    first, second = await asyncio.gather(*(give_back(provider, fee, "twice", amount_minor=500) for _ in range(2)))
    assert [one["id"] for one in ok(first, 202)["refunds"]] == [one["id"] for one in ok(second, 202)["refunds"]]
    assert len((await settled(provider, fee, 500))["refunds"]) == 1
    problem(await give_back(provider, fee, "twice", amount_minor=600), "conflict", 409)


async def test_a_fee_can_go_back_long_after_the_visit_when_its_booking_is_over(
    world: World, provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    await world.fast_forward(booking_id(appointment["id"]), seconds=22 * 24 * 3600)

    async def over() -> bool:
        rows = world.rows("SELECT status FROM appointment WHERE id = %s", appointment["id"])
        described = await (await world.engine()).get_workflow_handle(booking_id(appointment["id"])).describe()
        return rows[0]["status"] == "fulfilled" and described.close_time is not None

    await until(over, "the visit to be over")
    ok(await give_back(provider, appointment["payment"]["id"], amount_minor=1000), 202)
    found = await settled(provider, appointment["payment"]["id"], 1000)
    assert found["state"] == "captured"
    assert world.rows("SELECT status FROM appointment WHERE id = %s", appointment["id"])[0]["status"] == "fulfilled"


async def test_cancelling_after_a_refund_gives_back_the_rest_and_no_more(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    ok(await give_back(provider, fee, amount_minor=1500), 202)
    path = f"/portal/appointments/{appointment['id']}"
    assert (await person.get(f"/api/v1{path}/can-cancel"))["refund_minor"] == 2500
    page = (await person.http.get(f"{world.base_url}{path}/cancel")).text
    assert "Of your $40.00 the practice has given back $15.00. You get back $25.00 more if you cancel now." in page
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    found = await settled(provider, fee, 4000)
    assert [(one["amount_minor"], one["cause"]) for one in found["refunds"]] == [(1500, "staff"), (2500, "cancelled")]


async def test_another_practices_payments_are_out_of_reach(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    other = await world.new_provider()
    fee = appointment["payment"]["id"]
    problem(await give_back(other, fee), "not-found", 404)
    problem(await other.request("GET", f"/api/v1/payments/{fee}"), "not-found", 404)
    assert (await other.get("/api/v1/payments"))["items"] == []
    boss = await owner_of(other)
    for path in (f"/console/payments/{fee}", f"/console/payments/{fee}/refund"):
        method = "POST" if path.endswith("refund") else "GET"
        assert (await boss.request(method, path)).status_code in (403, 404)
    assert fee not in await boss.page("/console/payments/export.csv")
    assert (await payment(provider, fee))["refunds"] == []


async def test_the_page_and_its_file_and_the_api_add_up_to_the_ledger(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await world.booked_client(provider)
    await provider.change(fee={"amount_minor": 3000, "currency": "jpy"})
    await world.booked_client(provider)
    ok(await give_back(provider, fee, amount_minor=1500), 202)
    await settled(provider, fee, 1500)
    totals = {one["currency"]: one for one in (await provider.get("/api/v1/payments"))["totals"]}
    assert {code: (one["taken_minor"], one["refunded_minor"], one["kept_minor"]) for code, one in totals.items()} == {
        "usd": (8000, 1500, 6500),
        "jpy": (3000, 0, 3000),
    }
    boss = await owner_of(provider)
    page = await boss.page("/console/payments")
    assert "$80.00" in page
    assert "$65.00" in page
    assert "3,000 JPY" in page
    rows = list(csv.DictReader(io.StringIO(await boss.page("/console/payments/export.csv"))))
    kept = {code: sum(Decimal(row["kept"]) for row in rows if row["currency"] == code) for code in ("USD", "JPY")}
    assert kept == {"USD": Decimal("65.00"), "JPY": Decimal(3000)}
    found = await boss.page("/console/payments?q=" + person.address.replace("+", "%2B"))
    assert fee in found
    assert "$25.00" in found
    assert "Nothing matches" in await boss.page("/console/payments?q=nobody-of-this-name")


async def test_the_console_gives_back_a_part_with_a_reason_and_names_what_is_wrong(
    world: World, provider: Provider
) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    boss = await owner_of(provider)
    path = f"/console/payments/{fee}"
    page = await boss.page(path)
    assert "Paid; the appointment stands." in page
    csrf = found_in(page, "csrf")
    form = {"csrf": csrf, "form_token": found_in(page, "form_token"), "how_much": "part", "amount": "ten"}
    wrong = await boss.request("POST", f"{path}/refund", data=form, headers={"Origin": world.base_url})
    assert wrong.status_code == 422
    assert "Must be an amount, such as 20.00" in wrong.text
    right = form | {"amount": "12.50", "reason": "Came late because of us"}
    done = await boss.request("POST", f"{path}/refund", data=right, headers={"Origin": world.base_url})
    assert done.status_code == 303, done.text
    await settled(provider, fee, 1250)
    assert "Came late because of us" in await boss.page(path)

    bill = (await person.http.get(f"{world.base_url}/portal/bill-pay")).text
    assert "$12.50 returned to your card" in bill
    assert "Came late because of us" not in bill
    receipt = (await person.http.get(f"{world.base_url}/portal/payments/{fee}/receipt")).text
    for told in ("Receipt", "$40.00", "$12.50 returned", "$27.50", fee):
        assert told in receipt
    stranger = await world.ready_client(provider)
    assert (await stranger.http.get(f"{world.base_url}/portal/payments/{fee}/receipt")).status_code == 404


def found_in(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found.group(1)


async def unpaid(person: Person) -> Any:
    return ok(await person.book(), 201, 202)


async def test_there_is_no_receipt_for_what_was_not_paid(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    held = await unpaid(person)
    path = f"{world.base_url}/portal/payments/{held['payment']['id']}/receipt"
    assert (await person.http.get(path)).status_code == 404
