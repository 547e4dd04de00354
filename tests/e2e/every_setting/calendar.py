"""Which times are on offer, who may take them, and what becomes of those that are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from tests.driver import ok
from tests.e2e.every_setting.scene import FEE, Scene
from workflows.naming import booking_id


class Choice(Scene):
    """Whether clients book and cancel themselves, or the front desk does it for them."""

    settings = ("allow_self_schedule", "clients_can_cancel")
    told = MappingProxyType(
        {
            "allow_self_schedule": ("can_book_now", "can_no_longer_book"),
            "clients_can_cancel": (None, "no_online_cancelling"),
        }
    )

    async def begin(self) -> None:
        """One with an appointment, one who could make one."""
        self.people = [await self.world.invited_client(self.provider) for _ in range(2)]
        self.slots = (await self.people[0].slots())[-2:]
        self.kept = await self.booked(self.slots[0])

    async def allow_self_schedule(self, value: bool) -> None:
        """Switched off, the front desk books; the journey carries it to its end all the same."""
        page = await self.portal("/portal/book")
        assert ("The practice makes the appointments" in page) is not value
        assert ('name="starts_at"' in page) is value
        slot = next(one for one in self.slots if not _same(one, self.kept["starts_at"]))
        if value:
            await self.free_to_book()
            self.next = await self.booked(slot)
        else:
            answer = await self.people[0].book(slot)
            self.refused(answer, "self-schedule-off", "The practice makes the appointments. Please call")
            await self.blocked("allow_self_schedule", "self-schedule-off")
            self.next = await self.booked_by_staff(self.people[0], slot)

    async def clients_can_cancel(self, value: bool) -> None:
        """Of what was booked before the change, too; staff always can."""
        person, path = self.people[0], f"/portal/appointments/{self.kept['id']}"
        page = await self.portal(path)
        assert (f"{path}/cancel" in page) is value
        assert value or ("Please call the practice to cancel" in page and "555-010-0100" in page)
        answer = await person.request("POST", f"/api/v1{path}/cancel")
        if value:
            ok(answer)
            await person.in_state(self.kept["id"], "cancelled")
        else:
            self.refused(answer, "cancel-not-allowed", "Please call the practice to cancel")
            await self.ended(person, self.kept)
        self.kept = self.next


class Terms(Scene):
    """What an appointment is booked on: the one from before the change keeps it, the next one has what is set now."""

    settings = (
        "cancel_notice_minutes",
        "reminder_hours",
        "appointment_minutes",
        "slot_step_minutes",
        "buffer_minutes",
        "booking_horizon_days",
        "waitlist_offer_minutes",
    )
    told = MappingProxyType(
        {
            "cancel_notice_minutes": ("shorter_notice_given", "shorter_notice_kept"),
            "reminder_hours": ("reminders_kept", "reminders_kept"),
            "appointment_minutes": ("length_kept", "length_kept"),
            "slot_step_minutes": ("times_kept", "times_kept"),
            "buffer_minutes": ("times_kept", "times_kept"),
            "booking_horizon_days": (None, "later_stay"),
            "waitlist_offer_minutes": ("waiting_served", "waiting_in_vain"),
        }
    )

    async def begin(self) -> None:
        """Near: within the shorter horizon, further than the reminder, and the hour after it on offer, too."""
        self.people = [await self.world.invited_client(self.provider)]
        now, offered = await self.world.now(), await self.offered()
        far = [one for one in offered if one >= now + timedelta(days=15)]
        self.far, self.near = (
            far[1],
            next(one for one in offered if one >= now + timedelta(days=3) and one + timedelta(hours=1) in offered),
        )
        self.farther = await self.booked(far[0].isoformat())
        # Somebody waits for that time, which stays taken.
        self.waiting = await self.world.invited_client(self.provider)
        self.wish = at_exactly(far[0])
        ok(await self.waiting.request("PUT", "/api/v1/portal/waitlist", json=self.wish))
        self.kept = await self.booked(self.near.isoformat())

    async def _reminded(self) -> str:
        return await self.next_date(self.people[0].client_id, "A mail reminds of the appointment")

    async def under_way(self) -> None:
        self.planned = await self._reminded()

    async def changed(self) -> None:
        """The earlier one is looked at and cancelled by the client; then they take the same time again."""
        (person,) = self.people
        self.page, self.on_offer = await self.portal("/portal/book"), await self.offered()
        self.still_planned = await self._reminded()
        self.before, self.still = self.kept, await person.appointment(self.kept["id"])
        self.beside = (
            await person.book((self.near + timedelta(hours=1)).isoformat()) if self.now["buffer_minutes"] else None
        )
        ok(await person.request("POST", f"/api/v1/portal/appointments/{self.kept['id']}/cancel"))
        await person.in_state(self.kept["id"], "cancelled")
        self.kept = await self.booked(self.near.isoformat())

    async def cancel_notice_minutes(self, value: int) -> None:
        """Who booked under a longer notice has the shorter one, too; nobody is held to a longer one than was shown."""
        assert ("1 hour before" if value == 60 else "60 days before") in self.page
        if value != 60:
            path = f"/api/v1/portal/appointments/{self.kept['id']}/cancel"
            answer = await self.people[0].request("POST", path)
            refusal = self.refused(answer, "cancel-window-closed", "too late to cancel online")
            assert self.near - datetime.fromisoformat(refusal["until"]) == timedelta(minutes=value)

    async def reminder_hours(self, value: list[int]) -> None:
        assert self.still_planned == self.planned
        await self.has_timer(booking_id(self.kept["id"]), self.near - timedelta(hours=value[0]))

    async def appointment_minutes(self, value: int) -> None:
        assert f"{value} minutes with" in self.page
        assert self.still["ends_at"] == self.before["ends_at"]
        assert datetime.fromisoformat(self.kept["ends_at"]) - self.near == timedelta(minutes=value)

    async def slot_step_minutes(self, value: int) -> None:
        assert (":30 " in self.page) is (value == 30)
        assert any(one.minute == 30 for one in self.on_offer) is (value == 30)
        if value == 60:
            answer = await self.people[0].book(self.far.replace(minute=30).isoformat())
            self.refused(answer, "slot-unavailable", "isn't offered")

    async def buffer_minutes(self, value: int) -> None:
        """The hour after an appointment is free only where nothing has to be left free between them."""
        assert (self.near + timedelta(hours=1) in self.on_offer) is (value == 0)
        if self.beside is not None:
            self.refused(self.beside, "slot-taken", "has just been taken")

    async def booking_horizon_days(self, value: int) -> None:
        assert (self.far in self.on_offer) is (value == 90)
        if value != 90:
            self.refused(await self.people[0].book(self.far.isoformat()), "slot-unavailable", "That time isn't offered")
        assert (await self.people[0].appointment(self.farther["id"]))["status"] == "booked"

    async def waitlist_offer_minutes(self, value: int) -> None:
        """Whoever waits stays on the list; while it is off nobody is offered anything, and nobody can ask."""
        assert ("Tell me when a time frees up" in self.page) is (value != 0)
        (listed,) = (await self.provider.get(f"/api/v1/providers/{self.provider.slug}/waitlist"))["items"]
        if value:
            assert listed["passed_over"] is None
            assert "keep it for you for 1 hour" in await self.portal("/portal/waitlist")
        else:
            assert listed["passed_over"]["rule"] == "waitlist-off"
            answer = await self.people[0].request("PUT", "/api/v1/portal/waitlist", json=self.wish)
            self.refused(answer, "waitlist-off", "There is no waitlist here")


class Limits(Scene):
    """One client has as many appointments as may be; another one asks for a time at each turn."""

    settings = ("max_simultaneous_appointments", "max_upcoming_appointments", "min_notice_minutes", "require_fee")
    around = MappingProxyType({"require_intake": False, "fee": FEE})
    told = MappingProxyType(
        {
            "max_simultaneous_appointments": ("overlaps_stay", None),
            "max_upcoming_appointments": (None, "over_limit_stay"),
            "min_notice_minutes": (None, "sooner_stay"),
            "require_fee": ("paying_keep_fee", "booked_owe_nothing"),
        }
    )

    async def begin(self) -> None:
        self.people = [await self.world.invited_client(self.provider) for _ in range(2)]
        now, offered = await self.world.now(), await self.offered()
        soon = [one for one in offered if one >= now + timedelta(days=2)]
        self.soon, late = soon[1], [one for one in offered if one >= now + timedelta(days=35)]
        self.near = await self.booked(soon[0].isoformat())
        self.taken, self.free, self.third = [one.isoformat() for one in late[:3]]
        self.later = await self.booked(self.taken)
        self.asking = await self.asked(self.people[1], self.free)

    async def changed(self) -> None:
        """What the other one asked for before stays as it was; then they ask anew."""
        other = self.people[1]
        self.offers = await self.offered(other)
        earlier = await other.appointment(self.asking["id"])
        assert (earlier["status"], earlier["payment"]) == (self.asking["status"], self.asking["payment"])
        await self.ended(other, earlier)
        together = self.now["max_simultaneous_appointments"] == 2
        self.crowded = None if together else await other.book(self.taken)
        self.asking = await self.asked(other, self.taken if together else self.free)

    async def max_simultaneous_appointments(self, value: int) -> None:
        assert (datetime.fromisoformat(self.taken) in self.offers) is (value == 2)
        if self.crowded is not None:
            self.refused(self.crowded, "slot-taken", "has just been taken")
        assert (self.asking["starts_at"] == self.later["starts_at"]) is (value == 2)

    async def max_upcoming_appointments(self, value: int) -> None:
        """What is booked stays."""
        page = await self.portal("/portal/book")
        assert "There are 2 upcoming appointments" in page
        assert f"and {value} is the most at a time" in page
        refusal = self.refused(await self.people[0].book(self.third), "limit-reached", "upcoming appointments")
        assert refusal["value"] == value
        await self.blocked("max_upcoming_appointments", "limit-reached")
        assert (await self.people[0].appointment(self.later["id"]))["status"] == "booked"

    async def min_notice_minutes(self, value: int) -> None:
        assert (self.soon in self.offers) is (value == 0)
        assert (await self.people[0].appointment(self.near["id"]))["status"] == "booked"
        if value:
            await self._ask_in_vain()

    async def _ask_in_vain(self) -> None:
        """Nobody is at their limit who asks for a time that is too near."""
        await self.ended(self.people[1], self.asking)
        answer = await self.people[1].book(self.soon.isoformat())
        self.refused(answer, "slot-unavailable", "That time isn't offered")
        self.asking = await self.asked(self.people[1], self.asking["starts_at"])

    async def require_fee(self, value: bool) -> None:
        if value:
            assert (self.asking["status"], self.asking["payment"]["amount_minor"]) == ("pending", 4000)
        else:
            assert (self.asking["status"], self.asking["payment"]) == ("booked", None)


def at_exactly(slot: datetime) -> dict[str, Any]:
    """A wish for this time and no other, by the provider's clock."""
    local = slot.astimezone(ZoneInfo("America/New_York"))
    day, end = local.date().isoformat(), local + timedelta(minutes=50)
    return {"from": day, "until": day, "start": f"{local:%H:%M}", "end": f"{end:%H:%M}", "timezone": str(local.tzinfo)}


def _same(one: Any, other: Any) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)
