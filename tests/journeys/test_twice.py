"""Activities run again, as after a crash between the effect and its acknowledgement: nothing happens twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from activities.bookings import BookAppointment
from activities.email_changes import SendEmailChange
from activities.greetings import SendGreetingEmail
from activities.intake import FileIntakeForm, OpenIntakeForm
from activities.invitations import SendPortalInvitation
from activities.late_fees import LoadBooking, TakeUpLateFee
from activities.merchant_accounts import ReadMerchantAccount
from activities.notices import Occurrence, SendAppointmentNotice, TellFrontDesk
from activities.portal_subscriptions import ChangePlan, ChangeRenewal, ReadSubscription
from activities.practice_notices import MerchantNotice, SendMerchantNotice
from activities.pre_payment import Fee, OpenPrePayment, PrePaymentStep
from activities.refunds import RefundPayment
from activities.signups import RecordAnonymousSignup
from activities.subscription_notices import SendSubscriptionNotice
from activities.sweeps import SweepPractices
from activities.taken_payments import FollowPayment
from activities.waitlist import KeepWaitlist
from activities.waitlist_offers import OfferMail, SendWaitlistApology, SendWaitlistOffer
from domain.greetings import Occasion
from domain.late_fees import LateFee
from domain.ports import RefundStatus
from domain.states import AppointmentStatus, MerchantStatus, PaymentState
from domain.subscriptions import SubscriptionNotice
from tests.driver import PASSWORD, Provider, World, new_address, ok, until
from tests.e2e.test_late_payments import at_processor, given_away, lost
from tests.staffing import owner_of
from tests.subscribing import PAGE, row_of, subscribed, unsubscribed
from tests.waiting import booked_at, cancel, closes, invited, offers, waits_for, whole_times, without_fee
from workflows.naming import taken_payment_id

Activity = Callable[[Any], Awaitable[Any]]
_OURS = "client_id IN (SELECT id FROM client WHERE practice_id = %s)"
_PAID = "payment_id IN (SELECT id FROM payment WHERE practice_id = %s)"
_TOLD = "substr(subject, 8) IN (SELECT id FROM client WHERE practice_id = %s)"  # client:<id>
# Which rows of each table are of a practice's clients: those of other tests are still on their way.
COUNTED = {
    **dict.fromkeys(("invitation", "effect", "timeline_entry", "payment", "appointment", "signup"), _OURS),
    **dict.fromkeys(("filed_response", "attention_item", "waitlist_offer"), _OURS),
    **dict.fromkeys(("refund", "dispute"), _PAID),
    "external_event": _TOLD,
}


async def everything(world: World, provider: Provider, address: str) -> dict[str, int]:
    """What a repeat could have made more of."""
    practice = provider.seeded.practice_id
    counts = {table: _count(world, f"{table} WHERE {whose}", practice) for table, whose in COUNTED.items()}
    counts["mails to the client"] = len(await world.mails(address))
    counts["mails to the front desk"] = len(await world.mails(provider.seeded.front_desk))
    assert counts["effect"] and counts["timeline_entry"] and counts["external_event"], "they count what is there"
    return counts


def _count(world: World, rows: str, practice: str) -> int:
    return int(world.rows(f"SELECT count(*) AS n FROM {rows}", practice)[0]["n"])


async def test_every_step_of_a_booked_client_can_be_repeated(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    person, appointment = await world.booked_client(provider)
    await provider.told(person.client_id, "front_desk_told", times=2)
    before = await everything(world, provider, person.address)
    now = await world.now()
    client, booking, payment = person.client_id, appointment["id"], appointment["payment"]["id"]
    desk = TellFrontDesk(client_id=client, occurrence=Occurrence.BOOKED, ref=booking, now=now)
    greeting = SendGreetingEmail(client_id=client, occasion=Occasion.AUTOMATIC, request_id=client, now=now)
    steps: list[tuple[str, Any]] = [
        ("record_anonymous_signup", RecordAnonymousSignup(client_id=client, now=now)),
        ("send_portal_invitation", SendPortalInvitation(client_id=client, now=now)),
        ("send_greeting_email", greeting),
        ("open_intake_form", OpenIntakeForm(client_id=client, now=now)),
        ("file_intake_form", FileIntakeForm(client_id=client, now=now)),
        ("open_pre_payment", OpenPrePayment(payment_id=payment, checkout_expires_at=now, now=now)),
        ("verify_pre_payment", PrePaymentStep(payment_id=payment, now=now)),
        ("close_pre_payment", PrePaymentStep(payment_id=payment, now=now)),
        ("capture_pre_payment", PrePaymentStep(payment_id=payment, now=now)),
        ("book_appointment", BookAppointment(appointment_id=booking, now=now)),
        ("send_booking_confirmation", SendAppointmentNotice(appointment_id=booking, now=now)),
        ("tell_front_desk", desk),
    ]
    for _ in range(2):
        for name, command in steps:
            await run(name, command)
    assert await everything(world, provider, person.address) == before
    after = await person.appointment(booking)
    assert (after["status"], after["payment"]["state"]) == ("booked", "captured")
    assert (await provider.client(client))["stage"] == "booked"


async def test_a_captured_fee_stays_captured_when_its_hold_is_closed_again(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    _, appointment = await world.booked_client(provider)
    step = PrePaymentStep(payment_id=appointment["payment"]["id"], now=await world.now())
    assert await run("close_pre_payment", step) is Fee.CAPTURED
    assert await run("void_pre_payment", step) is Fee.CAPTURED


async def test_a_refund_is_paid_once(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    person, appointment = await world.booked_client(provider)
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    ok(await person.request("POST", f"{path}/cancel"))

    async def refunded() -> bool:
        return bool((await person.get(path))["payment"]["state"] == "refunded")

    await until(refunded, "the refund")
    await provider.told(person.client_id, "front_desk_told", times=3)
    fee = appointment["payment"]["id"]
    engine = await world.engine()

    async def followed() -> bool:
        """The processor's own words about the refund have been taken up."""
        described = await engine.get_workflow_handle(taken_payment_id(fee)).describe()
        noticed = world.rows("SELECT id FROM external_event WHERE kind = 'taken_payment_noticed'")
        return described.close_time is not None and len(noticed) >= 3

    await until(followed, "the refund's events")
    before = await everything(world, provider, person.address)
    refund = world.rows("SELECT id FROM refund WHERE payment_id = %s", appointment["payment"]["id"])[0]["id"]
    command = RefundPayment(refund_id=refund, now=await world.now())
    for _ in range(2):
        assert await run("refund_payment", command) is RefundStatus.SUCCEEDED
        follow = FollowPayment(payment_id=fee, workflow_id=taken_payment_id(fee), now=await world.now())
        assert (await run("follow_payment", follow)).state is PaymentState.REFUNDED
    assert await everything(world, provider, person.address) == before
    notice = SendAppointmentNotice(appointment_id=appointment["id"], now=await world.now())
    await run("send_cancellation_notice", notice)
    assert await everything(world, provider, person.address) == before


async def test_news_of_a_merchant_account_is_told_once(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    account = provider.seeded.merchant_account
    provider_id = world.rows("SELECT id FROM provider WHERE slug = %s", provider.slug)[0]["id"]
    ok(await world.http.post(f"{world.endpoints['simulator_url']}/_sim/accounts/{account}/restrict"))
    await world.mail(provider.seeded.email, "is restricted")
    read = ReadMerchantAccount(provider_id=provider_id, now=await world.now())
    before = await run("read_merchant_account", read)
    assert (before.status, before.notice, before.staff) == (MerchantStatus.RESTRICTED, MerchantNotice.RESTRICTED, ())
    staff = world.rows("SELECT id FROM staff_member WHERE email = %s", provider.seeded.email)[0]["id"]
    notice = SendMerchantNotice(
        provider_id=provider_id, notice=MerchantNotice.RESTRICTED, since=before.since, staff_id=staff, now=read.now
    )
    for _ in range(2):
        await run("send_merchant_notice", notice)
        assert await run("read_merchant_account", read) == before
    assert len(await world.mails(provider.seeded.email, "is restricted")) == 1


async def test_a_subscription_can_be_read_changed_and_told_of_again(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    owner = await owner_of(provider)
    unsubscribed(world, provider)
    await subscribed(world, provider, owner)
    assert (await owner.submit(f"{PAGE}/cancel", f"{PAGE}/cancel")).status_code == 303
    await world.mail(provider.seeded.email, "subscription ends on")
    practice_id, now = provider.seeded.practice_id, await world.now()

    async def told() -> bool:
        return row_of(world, provider)["told_at"] is not None

    await until(told, "the word to be written down")
    before, mails = row_of(world, provider), len(await world.mails(provider.seeded.email))
    first = await run("read_portal_subscription", ReadSubscription(practice_id=practice_id, now=now))
    assert first.mails == ()
    ending = SendSubscriptionNotice(
        practice_id=practice_id,
        notice=SubscriptionNotice.ENDING,
        about=before["closes_at"],
        staff_id=owner.staff_id,
        now=now,
    )
    for _ in range(2):
        assert await run("change_renewal", ChangeRenewal(practice_id=practice_id, now=now))
        assert await run("change_plan", ChangePlan(practice_id=practice_id, now=now))
        assert await run("send_subscription_notice", ending)
        assert await run("read_portal_subscription", ReadSubscription(practice_id=practice_id, now=now)) == first
        assert await run("sweep_practices", SweepPractices(now=now)) >= 1
    assert len(await world.mails(provider.seeded.email)) == mails
    after = row_of(world, provider)
    unread = {name: value for name, value in after.items() if name != "read_at"}
    assert unread == {name: value for name, value in before.items() if name != "read_at"}


async def test_what_became_of_a_late_fee_is_decided_once(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    person, appointment = await given_away(world, provider)
    await world.mail(person.address, "choose another time")
    await provider.told(person.client_id, "other_time_offered")
    before = await everything(world, provider, person.address)
    now = await world.now()
    notice = SendAppointmentNotice(appointment_id=appointment["id"], now=now)
    for _ in range(2):
        taken = await run("take_up_late_fee", TakeUpLateFee(appointment_id=appointment["id"], now=now))
        assert (taken.turn, taken.choose_until.isoformat()) == (
            LateFee.CHOOSE_AGAIN,
            appointment["choose_until"].replace("Z", "+00:00"),
        )
        assert await run("send_offer_of_another_time", notice)
        standing = await run("load_booking", LoadBooking(appointment_id=appointment["id"], now=now))
        assert (standing.status, standing.fee_open, standing.called_off_by) == (AppointmentStatus.CANCELLED, True, None)
    assert await everything(world, provider, person.address) == before


async def test_a_checkout_that_opens_when_the_time_has_been_let_go_is_closed_at_once(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    """The answer took longer than the hold."""
    person, appointment, _ = await lost(world, provider)
    payment = appointment["payment"]["id"]
    world.rows(
        "UPDATE payment SET session_id = NULL, checkout_url = NULL, attempt = 7 WHERE id = %s RETURNING id", payment
    )
    now = await world.now()
    opening = OpenPrePayment(payment_id=payment, checkout_expires_at=now + timedelta(hours=2), now=now)
    await run("open_pre_payment", opening)
    row = world.rows("SELECT session_id, checkout_url FROM payment WHERE id = %s", payment)[0]
    assert row["checkout_url"] is None
    session = await at_processor(world, provider, "GET", f"checkout/sessions/{row['session_id']}")
    assert session["status"] == "expired"
    assert (await person.appointment(appointment["id"]))["checkout_url"] is None


async def test_an_offer_of_the_waitlist_can_be_made_and_told_again(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    await without_fee(provider)
    first, second = await invited(world, provider, 2)
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(second, slot)
    await cancel(first, appointment)
    await provider.told(second.client_id, "waitlist_offer_sent")
    (offer,) = offers(world, provider)
    await world.mail(first.address, "cancelled")
    await world.mail(provider.seeded.front_desk, "cancelled")
    before = await everything(world, provider, second.address)
    now = await world.now()
    kept = await run("keep_waitlist", KeepWaitlist(provider_id=offer["provider_id"], now=now))
    assert [one.offer_id for one in kept.offers] == [offer["id"]]
    sending = SendWaitlistOffer(offer_id=offer["id"], workflow_id=f"waitlist:{offer['provider_id']}", now=now)
    assert await run("send_waitlist_offer", sending) == OfferMail.SENT
    assert await everything(world, provider, second.address) == before
    assert len(offers(world, provider)) == 1

    await closes(provider, slot)
    await provider.told(second.client_id, "waitlist_apology_sent")
    before = await everything(world, provider, second.address)
    apology = SendWaitlistApology(offer_id=offer["id"], workflow_id=f"waitlist:{offer['provider_id']}", now=now)
    await run("send_waitlist_apology", apology)
    kept = await run("keep_waitlist", KeepWaitlist(provider_id=offer["provider_id"], now=now))
    assert (kept.offers, kept.taken_back) == ((), ())
    assert await everything(world, provider, second.address) == before


async def test_the_mails_about_another_address_can_be_repeated(
    world: World, provider: Provider, run: Callable[[str, Any], Awaitable[Any]]
) -> None:
    person, wanted = await world.invited_client(provider), new_address()
    body = {"email": wanted, "current": PASSWORD}
    ok(await person.request("POST", "/api/v1/portal/email-change", json=body), 202)
    await world.mail(wanted, "confirm this address")
    await world.mail(person.address, "another address")
    before = await everything(world, provider, person.address) | {"to the new": len(await world.mails(wanted))}
    (row,) = world.rows("SELECT id FROM email_change WHERE email = %s", wanted)
    for name in ("send_email_confirmation", "send_email_change_notice"):
        await run(name, SendEmailChange(change_id=row["id"]))
    after = await everything(world, provider, person.address) | {"to the new": len(await world.mails(wanted))}
    assert after == before
