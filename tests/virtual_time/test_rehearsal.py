"""The rehearsal is true: clients who really go their way get what it says, to the minute, and pay what it says."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.rehearsal import RehearsedTrack, What
from domain.rehearsal_way import rehearse
from domain.rehearsal_weeks import local_instant, next_clock_change
from tests.driver import Provider, new_address, ok
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.rehearsed import assert_the_same, changed, planned, really_came, script_of
from tests.virtual_time.test_long_stretches import pay_and_book, slot_in

NEW_YORK = ZoneInfo("America/New_York")


async def test_each_track_and_a_slow_client_get_what_was_rehearsed(world: TravellingWorld) -> None:
    prompt, cancels, desk, slow = [await world.new_provider() for _ in range(4)]
    await slow.change(invitation_reminder_days=[1, 2], reminder_hours=[30, 3], refund_full_minutes=60 * 24 * 5)
    await cancels.change(refund_full_minutes=60 * 24 * 6, refund_part_percent=50, refund_part_minutes=60)

    # Who signs up, and does everything at once
    anonymous = await world.ready_client(prompt)
    await pay_and_book(world, anonymous, await slot_in(world, anonymous, days=3))
    # Who is invited, and cancels when a part of the fee goes back
    invited = await world.invited_client(cancels)
    ok(await cancels.request("POST", f"/api/v1/clients/{invited.client_id}/send-new-client-forms"), 202)
    await cancels.told(invited.client_id, "new_client_forms_sent")
    visit = await pay_and_book(world, invited, await slot_in(world, invited, days=4))
    # For whom the front desk books
    booked_for = await world.invited_client(desk)
    await desk.stage(booked_for.client_id, "ready")
    starts_at = await slot_in(world, booked_for, days=3)
    body = {"client_id": booked_for.client_id, "starts_at": starts_at}
    ok(await desk.request("POST", "/api/v1/appointments", json=body), 201)
    # Who waits for every reminder
    address = new_address()
    ok(await world.sign_up(slow, email=address), 202)
    await world.invitation_token(address)

    await world.advance(days=2, minutes=1)
    ok(await invited.request("POST", f"/api/v1/portal/appointments/{visit}/cancel"))
    late = await world.open_account(slow, address)
    await slow.stage(late.client_id, "intake")
    await world.advance(days=2, minutes=1)
    await slow.told(late.client_id, "intake_reminder_sent", times=2)
    await late.submit_intake()
    await pay_and_book(world, late, await slot_in(world, late, days=3))
    await world.advance(days=8)

    everybody = (
        (prompt, anonymous, RehearsedTrack.ANONYMOUS),
        (cancels, invited, RehearsedTrack.INVITED),
        (desk, booked_for, RehearsedTrack.FRONT_DESK),
        (slow, late, RehearsedTrack.ANONYMOUS),
    )
    for provider, person, track in everybody:
        await provider.told(person.client_id, "appointment_cancelled" if person is invited else "appointment_fulfilled")
        around, plan, said = await planned(world, provider, person.client_id, track)
        assert_the_same(said, await really_came(world, provider, person.client_id, person.address))
        assert len(said.mails) >= 4
    # Another cadence is another plan: what agrees isn't what every plan says.
    other = rehearse(changed(around, reminder_hours=(24,)), script_of(world, late.client_id))
    assert [one.at for one in other.moments] != [one.at for one in plan.moments]
    assert (said.charged, said.returned) == (4000, 0)


async def test_reminders_over_a_change_of_the_clock_come_when_it_was_rehearsed(
    world: TravellingWorld, provider: Provider
) -> None:
    await provider.change(reminder_hours=[36, 30, 24], require_fee=False)
    change = next_clock_change(await world.now(), NEW_YORK)
    assert change is not None
    # Its week ends with the night from Saturday to Sunday; the visit is on Monday.
    days_before = local_instant(change.monday + timedelta(days=4), time(12), NEW_YORK) - await world.now()
    if days_before > timedelta():
        await world.advance(minutes=days_before / timedelta(minutes=1))
    person = await world.invited_client(provider)
    await provider.stage(person.client_id, "ready")
    monday = local_instant(change.monday + timedelta(days=7), time(9), NEW_YORK)
    ok(await person.book(monday.isoformat()), 201, 202)
    await provider.told(person.client_id, "confirmation_sent")
    await world.advance(minutes=(monday - await world.now()) / timedelta(minutes=1) + 60)
    await provider.told(person.client_id, "appointment_fulfilled")

    _, plan, said = await planned(world, provider, person.client_id, RehearsedTrack.INVITED)
    assert_the_same(said, await really_came(world, provider, person.client_id, person.address))
    reminded = [one.at.astimezone(NEW_YORK) for one in plan.moments if one.what is What.REMINDER]
    # 36 hours before is an hour off on the clock; what would come in the night comes at eight.
    assert [f"{one:%a %H:%M}" for one in reminded] in (
        ["Sat 20:00", "Sun 08:00", "Sun 09:00"],  # spring
        ["Sun 08:00", "Sun 08:00", "Sun 09:00"],  # autumn: 10 PM is night already
    )
    assert {one.utcoffset() for one in reminded} == {monday.astimezone(NEW_YORK).utcoffset(), reminded[0].utcoffset()}
    assert datetime.now(UTC) < monday
