"""Weeks in seconds, on the real server: reminders, expiry, nudges, lapse, and what is decided when it fires."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.client import WorkflowExecutionStatus

from tests.driver import Person, Provider, ok, problem, text_of, until
from tests.e2e.test_front_desk import post_form
from tests.virtual_time.conftest import TravellingWorld


async def closed(world: TravellingWorld, workflow_id: str) -> None:
    handle = (await world.engine()).get_workflow_handle(workflow_id)

    async def look() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(look, f"{workflow_id} to close")


async def pay_and_book(world: TravellingWorld, person: Person, starts_at: str) -> str:
    appointment = ok(await person.book(starts_at), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")
    return str(appointment["id"])


async def slot_in(world: TravellingWorld, person: Person, *, days: int) -> str:
    """The first one at least so many days ahead."""
    wanted = await world.now() + timedelta(days=days)
    return next(slot for slot in await person.slots() if datetime.fromisoformat(slot) >= wanted)


async def test_an_unanswered_invitation_is_reminded_of_expires_and_lapses(
    world: TravellingWorld, provider: Provider
) -> None:
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    token = await world.invitation_token(invited["email"])

    await world.advance(days=3, minutes=1)
    await provider.told(invited["id"], "invitation_reminder_sent")
    reminder = await world.mail(invited["email"], "still waiting")
    assert token in text_of(reminder)
    assert "11 days" in text_of(reminder)
    await world.advance(days=4)
    await provider.told(invited["id"], "invitation_reminder_sent", times=2)

    await world.advance(days=7)
    await provider.told(invited["id"], "invitation_expired")
    refused = await world.http.post(
        f"{world.base_url}/api/v1/invitations/{token}/accept", json={"password": "a long enough pass phrase"}
    )
    problem(refused, "invitation-expired", 410)

    await world.advance(days=31)
    lapsed = await provider.stage(invited["id"], "closed")
    assert lapsed["outcome"] == "lapsed"
    await closed(world, f"client-journey:{invited['id']}")
    assert (await provider.timeline(invited["id"])).count("invitation_reminder_sent") == 2


async def test_a_client_asks_for_a_new_link_and_comes_in(world: TravellingWorld, provider: Provider) -> None:
    invited = await provider.invite()
    old = await world.invitation_token(invited["email"])
    await world.advance(days=15)
    await provider.told(invited["id"], "invitation_expired")
    browser = world.browser()
    page = await browser.get(f"{world.base_url}/invitations/{old}")
    assert page.status_code == 410
    assert "Send me a new one" in page.text
    forged = await browser.post(f"{world.base_url}/invitations/{old[:-3]}xyz/again", headers={"Origin": world.base_url})
    answers = [forged]
    for _ in range(2):
        answers.append(
            await browser.post(f"{world.base_url}/invitations/{old}/again", headers={"Origin": world.base_url})
        )
    assert len({(one.status_code, one.headers["Location"]) for one in answers}) == 1
    await provider.told(invited["id"], "invitation_sent", times=2)
    assert (await provider.timeline(invited["id"])).count("invitation_asked_again") == 1
    person = await world.open_account(provider, invited["email"])
    assert person.client_id == invited["id"]
    await provider.stage(invited["id"], "ready")


async def test_a_lapsed_way_is_opened_again_by_a_new_invitation(world: TravellingWorld, provider: Provider) -> None:
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    await world.advance(days=50)
    await provider.stage(invited["id"], "closed")
    await closed(world, f"client-journey:{invited['id']}")

    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/invitation"), 202)
    again = await provider.stage(invited["id"], "invited")
    assert again["outcome"] is None
    await world.advance(days=3, minutes=1)
    await provider.told(invited["id"], "invitation_reminder_sent", times=3)
    await world.open_account(provider, invited["email"])
    await provider.stage(invited["id"], "ready")


async def test_an_unfinished_intake_form_is_asked_for_and_lapses(world: TravellingWorld, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    await world.advance(days=3, minutes=1)
    await world.mail(person.address, "isn't finished")
    await world.advance(days=4)
    await provider.told(person.client_id, "intake_reminder_sent", times=2)
    await world.advance(days=90)
    assert (await provider.stage(person.client_id, "closed"))["outcome"] == "lapsed"


async def test_the_practice_withdraws_and_nobody_is_reminded(world: TravellingWorld, provider: Provider) -> None:
    invited = await provider.invite()
    token = await world.invitation_token(invited["email"])
    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/withdraw", json={"reason": "no fit"}), 202)
    assert (await provider.stage(invited["id"], "closed"))["outcome"] == "withdrawn"
    await closed(world, f"client-journey:{invited['id']}")
    await world.advance(days=4)
    assert "invitation_reminder_sent" not in await provider.timeline(invited["id"])
    page = await world.browser().get(f"{world.base_url}/invitations/{token}")
    assert page.status_code == 410
    problem(
        await provider.request("POST", f"/api/v1/clients/{invited['id']}/withdraw", json={"reason": "no fit"}),
        "conflict",
        409,
    )


async def test_a_moved_appointment_is_reminded_of_at_its_new_time_only(
    world: TravellingWorld, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=5))
    later = await slot_in(world, person, days=9)
    path = f"/api/v1/portal/appointments/{appointment}"
    moved = ok(await person.request("POST", f"{path}/move", json={"starts_at": later}))
    assert (moved["starts_at"], moved["revision"], moved["payment"]["state"]) == (later, 1, "captured")
    await world.advance(minutes=4)
    await world.mail(person.address, "new time")

    await world.advance(days=6)
    assert "appointment_reminder_sent" not in await provider.timeline(person.client_id)
    left = datetime.fromisoformat(later) - await world.now() - timedelta(hours=24)
    await world.advance(minutes=left.total_seconds() / 60 + 2)
    await provider.told(person.client_id, "appointment_reminder_sent")
    await world.advance(days=2)
    await person.in_state(appointment, "fulfilled")
    await closed(world, f"booking:{appointment}")
    assert len(await world.mails(person.address, "Reminder")) == 1


async def test_a_cancelled_appointment_is_never_reminded_of(world: TravellingWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=4))
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment}/cancel"))
    await world.mail(person.address, "cancelled")
    await closed(world, f"booking:{appointment}")
    await world.advance(days=5)
    assert await world.mails(person.address, "Reminder") == []


async def test_sixty_days_of_an_invited_client(world: TravellingWorld, provider: Provider) -> None:
    """Reminded twice, late with everything, and at last there."""
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    await world.advance(days=13)
    person = await world.open_account(provider, invited["email"])
    await provider.stage(person.client_id, "ready")
    await world.advance(days=30)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=15))
    await world.advance(days=18)
    await person.in_state(appointment, "fulfilled")
    timeline = await provider.timeline(invited["id"])
    for kind, times in (("invitation_reminder_sent", 2), ("appointment_reminder_sent", 1), ("fee_captured", 1)):
        assert timeline.count(kind) == times


async def test_what_is_started_after_an_advance_is_on_the_right_time(
    world: TravellingWorld, provider: Provider
) -> None:
    await world.advance(days=10)
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    await world.advance(days=3, minutes=1)
    await provider.told(invited["id"], "invitation_reminder_sent")
    items = (await provider.get(f"/api/v1/clients/{invited['id']}/timeline"))["items"]
    at = {item["kind"]: datetime.fromisoformat(item["at"]) for item in items}
    assert timedelta(days=3) <= at["invitation_reminder_sent"] - at["invitation_sent"] < timedelta(days=3, minutes=5)
    assert abs(await world.now() - at["invitation_reminder_sent"]) < timedelta(minutes=5)


async def test_wrong_advances_are_refused_by_name(world: TravellingWorld) -> None:
    for wrong in (0, -5, "a day", None, True, 10**12):
        answer = await world.http.post(f"{world.base_url}/api/v1/demo/advance", json={"seconds": wrong})
        assert problem(answer, "validation", 422)["errors"][0]["field"] == "seconds"


async def test_the_console_s_button_moves_one_day(world: TravellingWorld, provider: Provider) -> None:
    browser = world.browser()
    credentials = {"email": provider.seeded.email, "password": provider.seeded.password}
    await post_form(browser, f"{world.base_url}/console/sign-in", **credentials)
    before = await world.now()
    answer = await browser.post(
        f"{world.base_url}/console/demo/advance",
        data={"csrf": csrf_of((await browser.get(f"{world.base_url}/console")).text)},
        headers={"Origin": world.base_url},
    )
    assert answer.status_code == 303
    assert timedelta(days=1) <= await world.now() - before < timedelta(days=1, minutes=1)


def csrf_of(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]
