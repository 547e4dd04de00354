"""The refund rule and the quote: shown before paying, kept with the payment, and what really goes back."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.driver import Person, Provider, World, ok, problem, text_of, until
from tests.e2e.test_late_payments import at_processor
from tests.merchants import at_simulator, in_status
from tests.staffing import owner_of

SIXTY_DAYS = 60 * 1440


async def page_of(person: Person, path: str, **params: str) -> str:
    page = await person.http.get(f"{person.world.base_url}{path}", params=params, follow_redirects=True)
    assert page.status_code == 200, page.text
    return " ".join(page.text.split())


async def refunded(person: Person, appointment: dict[str, Any], amount_minor: int) -> None:
    async def look() -> bool:
        payment = (await person.appointment(appointment["id"]))["payment"]
        return bool(payment["refunded_minor"] == amount_minor)

    await until(look, f"{amount_minor} to be refunded")


async def cancel(person: Person, appointment: dict[str, Any]) -> None:
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))


async def test_a_part_goes_back_by_the_rule_and_every_page_and_mail_says_so(world: World, provider: Provider) -> None:
    await provider.change(
        cancel_notice_minutes=60, refund_full_minutes=SIXTY_DAYS, refund_part_percent=50, refund_part_minutes=120
    )
    person = await world.ready_client(provider)
    shown = await page_of(person, "/portal/book")
    rule = "until 2 hours before, $20.00 of $40.00; until 1 hour before, nothing."
    assert rule in shown
    person, appointment = await world.booked_client(provider)
    assert rule in " ".join(text_of(await world.mail(person.address, "confirmed")).split())
    before = await page_of(person, f"/portal/appointments/{appointment['id']}/cancel")
    assert "You get back $20.00 of $40.00 if you cancel now; nothing after" in before
    path = f"/api/v1/portal/appointments/{appointment['id']}/can-cancel"
    answer = await person.get(path)
    assert (answer["allowed"], answer["refund_minor"], answer["currency"]) == (True, 2000, "usd")
    assert [step["refund_minor"] for step in answer["steps"]] == [2000, 0]
    by_staff = await provider.get(f"/api/v1/appointments/{appointment['id']}/can-cancel")
    assert (by_staff["allowed"], by_staff["refund_minor"]) == (True, 4000)
    await cancel(person, appointment)
    await refunded(person, appointment, 2000)
    assert (await person.appointment(appointment["id"]))["payment"]["state"] == "captured"
    mail = text_of(await world.mail(person.address, "is cancelled"))
    assert "$20.00 is being returned" in mail
    assert "$20.00 of your payment is kept" in mail


async def test_a_client_is_held_to_the_rule_that_was_shown_when_paying(world: World, provider: Provider) -> None:
    await provider.change(cancel_notice_minutes=60)
    person, appointment = await world.booked_client(provider)
    await provider.change(refund_full_minutes=SIXTY_DAYS)
    assert (await person.get(f"/api/v1/portal/appointments/{appointment['id']}/can-cancel"))["refund_minor"] == 4000
    await cancel(person, appointment)
    await refunded(person, appointment, 4000)


async def test_who_cancels_too_late_for_a_refund_gets_nothing_and_nothing_is_asked_of_the_processor(
    world: World, provider: Provider
) -> None:
    await provider.change(cancel_notice_minutes=60, refund_full_minutes=SIXTY_DAYS)
    person, appointment = await world.booked_client(provider)
    await cancel(person, appointment)
    mail = text_of(await world.mail(person.address, "is cancelled"))
    assert "$40.00 of your payment is kept" in mail
    assert "returned" not in mail
    assert world.rows("SELECT id FROM refund r WHERE r.payment_id = %s", appointment["payment"]["id"]) == []
    payment = (await person.appointment(appointment["id"]))["payment"]
    assert (payment["state"], payment["refunded_minor"]) == ("captured", 0)


async def test_the_rule_is_set_on_the_providers_page_and_saying_who_keeps_another(
    world: World, provider: Provider
) -> None:
    await world.booked_client(provider)
    owner = await owner_of(provider)
    home = f"/console/settings/{provider.slug}"
    page = await owner.page(home)
    assert "When a client cancels: the fee" in page
    version = page.split('id="refunds"')[1].split('name="version" value="')[1].split('"')[0]
    typed = {
        "version": version,
        "refund_full_minutes": "2",
        "refund_full_minutes_unit": "days",
        "refund_part_percent": "50",
        "refund_part_minutes": "3",
        "refund_part_minutes_unit": "days",
    }
    wrong = await owner.submit(home, f"{home}/refunds", **typed)
    assert wrong.status_code == 422
    assert "shorter than the time until which all of it goes back" in wrong.text
    asked = await owner.submit(home, f"{home}/refunds", **(typed | {"refund_part_minutes": "1"}))
    assert "keeps the refund rule that was shown when it was paid" in asked.text


async def test_a_deposit_is_paid_online_and_the_rest_is_said(world: World, provider: Provider) -> None:
    await provider.change(fee_deposit_percent=25)
    person = await world.ready_client(provider)
    assert (
        "Appointment deposit: <strong>$10.00</strong>, paid online now. The rest of $30.00 is paid at the visit."
        in (await page_of(person, "/portal/book"))
    )
    held = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(held["id"]))
    booked = await person.in_state(held["id"], "booked")
    assert (booked["payment"]["state"], booked["payment"]["amount_minor"]) == ("captured", 1000)


async def test_a_fee_for_the_first_visit_is_not_asked_for_the_second_and_stays_while_that_one_does(
    world: World, provider: Provider
) -> None:
    await provider.change(fee_first_visit_only=True)
    person, paid = await world.booked_client(provider)
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"] is None
    second = ok(await person.book(), 201, 202)
    assert (await person.in_state(second["id"], "booked"))["payment"] is None
    # Nobody gets the fee back and keeps what was free because of it.
    path = f"/api/v1/portal/appointments/{paid['id']}"
    answer = await person.get(f"{path}/can-cancel")
    assert (answer["allowed"], answer["rule"], answer["refund_minor"]) == (False, "cancel-not-allowed", 0)
    problem(await person.request("POST", f"{path}/cancel"), "cancel-not-allowed", 409)
    shown = await page_of(person, f"/portal/appointments/{paid['id']}/cancel")
    assert "Please cancel that one first" in shown
    assert "Move it" in shown
    by_staff = await (await owner_of(provider)).page(f"/console/appointments/{paid['id']}/cancel")
    assert "came without a fee because this one is the first visit" in by_staff
    await cancel(person, second)
    await cancel(person, paid)
    await refunded(person, paid, 4000)


async def test_a_fee_is_waived_with_a_reason_taken_back_and_used_once(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    path, home = f"/api/v1/clients/{person.client_id}/fee-waiver", f"/console/clients/{person.client_id}"
    blank = problem(await provider.request("POST", path, json={"reason": " "}), "validation", 422)
    assert blank["errors"] == [{"field": "reason", "message": "is needed"}]
    ok(await provider.request("POST", path, json={"reason": "hardship"}), 201)
    problem(await provider.request("POST", path, json={"reason": "again"}), "conflict", 409)
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"] is None
    owner = await owner_of(provider)
    assert "hardship" in await owner.page(home)
    assert (await owner.submit(home, f"{home}/fee-waiver/take-back")).status_code == 303
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"]["amount_minor"] == 4000
    problem(await provider.request("DELETE", path), "conflict", 409)
    assert (await owner.submit(home, f"{home}/fee-waiver", waiver_reason="goodwill")).status_code == 303
    assert "the practice has waived the fee" in await page_of(person, "/portal/book")
    first = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    assert first["payment"] is None
    # Used once; an appointment that is cancelled leaves it as it was.
    problem(await provider.request("DELETE", path), "conflict", 409)
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"]["amount_minor"] == 4000
    await cancel(person, first)
    assert (await provider.get(path))["waiver"]["reason"] == "goodwill"
    told = [kind for kind in await provider.timeline(person.client_id) if "waive" in kind]
    assert told == ["fee_waived", "fee_waiver_taken_back", "fee_waived"]
    noted = world.rows("SELECT kind FROM audit_entry WHERE object_id = %s AND kind LIKE 'fee_wai%%'", person.client_id)
    assert len(noted) == 3


async def test_a_client_who_is_exempt_with_a_reason_books_without_the_processor(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    path = f"/api/v1/clients/{person.client_id}/policy"
    answer = await provider.request("GET", path)
    body = {"require_fee": False, "reason": "hardship"}
    ok(await provider.request("PUT", path, json=body, headers={"If-Match": answer.headers["etag"]}))
    booked = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    assert booked["payment"] is None


async def test_staff_who_cancel_give_back_all_whatever_the_rule_says(world: World, provider: Provider) -> None:
    await provider.change(refund_full_minutes=SIXTY_DAYS)
    person, appointment = await world.booked_client(provider)
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    await refunded(person, appointment, 4000)


async def test_moving_does_not_bring_back_what_had_lapsed(world: World, provider: Provider) -> None:
    await provider.change(
        cancel_notice_minutes=60, refund_full_minutes=SIXTY_DAYS, refund_part_percent=50, refund_part_minutes=120
    )
    person, appointment = await world.booked_client(provider)
    before = await page_of(person, f"/portal/appointments/{appointment['id']}/move")
    assert "If you cancel the new time, you get back at most $20.00 of $40.00." in before
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    ok(await person.request("POST", f"{path}/move", json={"starts_at": (await person.slots())[0]}))
    # However far away the new time were: what is left is half.
    world.rows(
        "UPDATE appointment SET starts_at = starts_at + interval '80 days', ends_at = ends_at + interval '80 days'"
        " WHERE id = %s RETURNING id",
        appointment["id"],
    )
    assert (await person.get(f"{path}/can-cancel"))["refund_minor"] == 2000


async def test_fee_changed_meanwhile(world: World, provider: Provider) -> None:
    """A quote never changes: before anything is held the new one is shown, and what was held or paid keeps its own."""
    person = await world.ready_client(provider)
    seen = (await person.get("/api/v1/portal/fee-quote"))["quote"]
    assert (seen["amount_minor"], seen["currency"], seen["purpose"]) == (4000, "usd", "Appointment fee")
    await provider.change(fee={"amount_minor": 5000, "currency": "usd"})
    body = {"starts_at": (await person.slots())[-1], "quote": seen["reference"]}
    refused = problem(await person.request("POST", "/api/v1/portal/appointments", json=body), "conflict", 409)
    assert "$50.00" in refused["detail"]
    assert body["starts_at"] in await person.slots()
    body["quote"] = refused["quote"]
    held = ok(await person.request("POST", "/api/v1/portal/appointments", json=body), 201, 202)
    assert (held["payment"]["amount_minor"], held["payment"]["quote"]["reference"]) == (5000, refused["quote"])
    for change in ("amount_minor = 1", "currency = 'eur'", "refund_full_minutes = 5", "purpose = 'x'"):
        with pytest.raises(psycopg.errors.RaiseException, match="never changes"):
            world.execute(f"UPDATE payment SET {change} WHERE client_id = '{person.client_id}'")

    # Not paid, and let go: its checkout is closed, and what is chosen then is quoted anew.
    session = await person.checkout(held["id"])
    await provider.change(fee={"amount_minor": 9000, "currency": "usd"})
    await cancel(person, held)
    await person.in_state(held["id"], "cancelled")
    assert (await at_processor(world, provider, "GET", f"checkout/sessions/{session}"))["status"] == "expired"
    problem(await person.request("POST", "/api/v1/portal/appointments", json=body), "conflict", 409)
    held = ok(await person.book(body["starts_at"]), 201, 202)
    # Paid: honoured as it was quoted.
    await provider.change(fee={"amount_minor": 100, "currency": "usd"})
    await world.pay(await person.checkout(held["id"]))
    booked = await person.in_state(held["id"], "booked")
    assert (booked["payment"]["state"], booked["payment"]["amount_minor"]) == ("captured", 9000)


async def test_zero_fee(world: World, provider: Provider) -> None:
    """The processor never hears of it, and it is written down that nothing was asked."""
    await provider.change(fee={"amount_minor": 0, "currency": "usd"})
    await at_simulator(world, provider.seeded.merchant_account, "deauthorize")
    await in_status(world, provider, "disconnected")
    person = await world.ready_client(provider)
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"] is None
    booked = await person.in_state(ok(await person.book(), 201, 202)["id"], "booked")
    assert booked["payment"] is None
    assert (await provider.timeline(person.client_id)).count("fee_waived") == 1
    noted = world.rows("SELECT name FROM audit_entry WHERE object_id = %s AND kind = 'fee_waived'", person.client_id)
    assert [row["name"] for row in noted] == ["Portal settings: the fee is zero"]
    account = provider.seeded.merchant_account
    asked = [one for one in await world.simulator_requests() if one["account"] == account]
    assert asked == []
    assert world.rows("SELECT id FROM payment WHERE client_id = %s", person.client_id) == []


async def test_zero_decimal_and_three_decimal_currencies(world: World, provider: Provider) -> None:
    """Whole minor units from the settings to the processor and back; half of a fee is what the currency can pay."""
    await provider.change(cancel_notice_minutes=60, refund_full_minutes=SIXTY_DAYS, refund_part_percent=50)
    for amount, currency, shown, half in ((4001, "jpy", "4,001 JPY", 2001), (4010, "kwd", "4.010 KWD", 2010)):
        await provider.change(fee={"amount_minor": amount, "currency": currency})
        person, appointment = await world.booked_client(provider)
        assert shown in await page_of(person, "/portal/bill-pay")
        await cancel(person, appointment)
        await refunded(person, appointment, half)
        session = world.rows("SELECT session_id FROM payment WHERE client_id = %s", person.client_id)[0]["session_id"]
        paid = await at_processor(world, provider, "GET", f"checkout/sessions/{session}?expand[]=payment_intent")
        assert (paid["amount_total"], paid["currency"]) == (amount, currency)
        assert paid["payment_intent"]["amount_received"] == amount
    too_fine = {"fee": {"amount_minor": 4001, "currency": "kwd"}}
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    refused = problem(
        await provider.request("PUT", path, json={**await provider.get(path), **too_fine}), "validation", 422
    )
    assert "must end in 0" in refused["errors"][0]["message"]
