"""What can happen to the appointments of one practice, in any order: each act is tried, and may be refused."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from temporalio.service import RPCError

from tests.chaos.faults import kill, start_again
from tests.driver import PASSWORD, Person, Provider, new_address, ok, until
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.processor import Processor
from workflows.naming import booking_id

HOLD_MINUTES = 10
_AHEAD = timedelta(hours=3)
_PATIENCE_SECONDS = 5.0
_TIMES = 3  # few, so that people want the same
REFUSED = (402, 403, 404, 409, 410, 422)
# What the way to the processor and back may do. Nothing here lasts longer than a second or two.
WEATHER: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "news is lost": [{"match": one, "action": "drop", "times": 4} for one in ("checkout.*", "payment_intent.*")],
    "news comes twice": [{"match": one, "action": "duplicate", "times": None} for one in ("checkout.*", "charge.*")],
    "news is overtaken": [{"match": "checkout.session.completed", "action": "delay", "seconds": 1, "times": None}],
    "captures fail": [{"match": "/capture", "action": "500", "times": 1}],
    "captures are answered late": [{"match": "/capture", "action": "delay", "seconds": 1, "times": 2}],
    "the bank says no": [{"match": "/capture", "action": "decline", "times": 1}],
    "the processor is busy": [{"match": "/v1/", "action": "429", "times": 3}],
    "refunds fail": [{"match": "POST /v1/refunds", "action": "500", "times": 1}],
}
# What the practice may change while people are on their way. What was booked, held or paid before stands.
CHANGES: tuple[dict[str, Any], ...] = (
    {"buffer_minutes": 10},
    {"max_upcoming_appointments": 1},
    {"min_notice_minutes": 600},
    {"fee": {"amount_minor": 5500, "currency": "usd"}},
    {"clients_can_cancel": False},
    {"slot_step_minutes": 30},
    {
        "buffer_minutes": 0,
        "max_upcoming_appointments": 3,
        "min_notice_minutes": 0,
        "fee": {"amount_minor": 4000, "currency": "usd"},
        "clients_can_cancel": True,
        "slot_step_minutes": 60,
    },
)


@dataclass(kw_only=True)
class FrontDoor:
    """One practice, its clients, and all that was asked of it so far; `story` tells it in order."""

    world: TravellingWorld
    provider: Provider
    processor: Processor
    capacity: int
    people: list[Person] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # appointments, by their making
    lost: set[str] = field(default_factory=set)  # those whose booking an operator ended
    limit: int = 3  # upcoming appointments of a client, by the settings in force
    broken: list[str] = field(default_factory=list)  # laws that an act has broken
    story: list[str] = field(default_factory=list)

    @classmethod
    async def opened(cls, world: TravellingWorld, *, capacity: int, clients: int) -> FrontDoor:
        provider = await world.new_provider()
        await provider.change(
            require_intake=False,
            max_simultaneous_appointments=capacity,
            max_upcoming_appointments=cls.limit,
            hold_minutes=HOLD_MINUTES,
            cancel_notice_minutes=60,
        )
        processor = Processor(world.stack.plan.state_dir, provider.seeded.merchant_account)
        door = cls(world=world, provider=provider, processor=processor, capacity=capacity)
        door.people = list(await asyncio.gather(*(door._arrived() for _ in range(clients))))
        await door._look_at_times()
        return door

    async def _arrived(self) -> Person:
        address = new_address()
        invited = await self.provider.invite(email=address)
        token = await self.world.invitation_token(address)
        http = self.world.browser()
        url = f"{self.world.base_url}/api/v1/invitations/{token}/accept"
        ok(await http.post(url, json={"password": PASSWORD}))
        person = Person(world=self.world, provider=self.provider, address=address, client_id=invited["id"], http=http)
        await self.provider.stage(invited["id"], "ready")
        return person

    async def _look_at_times(self) -> None:
        earliest = await self.world.now() + _AHEAD
        slots = await self.people[0].slots()
        self.times = [one for one in slots if datetime.fromisoformat(one) >= earliest][:_TIMES]

    def _tell(self, what: str, answer: httpx.Response | str) -> None:
        outcome = answer if isinstance(answer, str) else str(answer.status_code)
        if isinstance(answer, httpx.Response):
            assert answer.status_code in (200, 201, 202, *REFUSED), f"{what}: {answer.status_code} {answer.text[:300]}"
        self.story.append(f"{what}: {outcome}")

    def _one(self, number: int) -> str | None:
        """The newest is 0."""
        return self.made[-1 - number % len(self.made)] if self.made else None

    # Clients

    async def book(self, client: int, time: int) -> None:
        person = self.people[client % len(self.people)]
        answer = await person.book(self.times[time % len(self.times)])
        if answer.status_code in (201, 202) and answer.json()["id"] not in self.made:
            self.made.append(answer.json()["id"])
            self._count_upcoming(person)
        self._tell(f"client {client} books time {time}", answer)

    def _count_upcoming(self, person: Person) -> None:
        """Right after a booking: what ends or is let go meanwhile only makes it less."""
        passed = "(SELECT coalesce(max(offset_seconds), 0) FROM demo_clock) * interval '1 second'"
        query = f"client_id = %s AND status IN ('pending', 'booked') AND starts_at > now() + {passed}"
        count = len(self.world.rows(f"SELECT id FROM appointment WHERE {query}", person.client_id))
        if count > self.limit:
            self.broken.append(f"a client has {count} upcoming appointments instead of {self.limit}")

    async def pay(self, number: int, act: str) -> None:
        """At the newest checkout of an appointment, or one that was closed long ago."""
        appointment = self._one(number)
        if appointment is None:
            return
        await self._with_worker()
        if appointment in self.lost:
            # Its booking is gone: nobody polls, and only news brings it back. (What never is told, reconciling finds.)
            await self.weather("none")
        session = await until(lambda: self._checkout(appointment), f"a checkout of {appointment}")
        if session == "none":
            return
        url = f"{self.world.endpoints['simulator_url']}/_sim/sessions/{session}/{act}"
        self._tell(f"{act} for {number}", await self.world.http.post(url))

    async def _checkout(self, appointment: str) -> str | None:
        (row,) = self.world.rows(
            "SELECT a.status, p.session_id FROM appointment a JOIN payment p ON p.appointment_id = a.id"
            " WHERE a.id = %s ORDER BY p.attempt DESC LIMIT 1",
            appointment,
        )
        found: str | None = row["session_id"]
        return found or (None if row["status"] == "pending" else "none")

    async def is_decided(self, number: int) -> None:
        """The newest fee is taken, or isn't going to be for now; in bad weather nobody waits for that."""
        appointment = self._one(number)
        if appointment is None:
            return

        async def decided() -> bool:
            query = "SELECT state FROM payment WHERE appointment_id = %s ORDER BY attempt DESC LIMIT 1"
            return self.world.rows(query, appointment)[0]["state"] not in ("requested", "authorized")

        with suppress(AssertionError):
            await until(decided, "the fee to be decided", _PATIENCE_SECONDS)

    async def move(self, number: int, time: int, *, staff: bool) -> None:
        await self._ask(number, "move", staff=staff, body={"starts_at": self.times[time % len(self.times)]})

    async def cancel(self, number: int, *, staff: bool) -> None:
        await self._ask(number, "cancel", staff=staff, body={"reason": "other plans"} if staff else None)

    async def record(self, number: int, how: str) -> None:
        await self._ask(number, how, staff=True)

    async def _ask(self, number: int, what: str, *, staff: bool, body: dict[str, str] | None = None) -> None:
        appointment = self._one(number)
        if appointment is None:
            return
        if staff:
            answer = await self.provider.request("POST", f"/api/v1/appointments/{appointment}/{what}", json=body)
        else:
            owner = self.world.rows("SELECT client_id FROM appointment WHERE id = %s", appointment)[0]["client_id"]
            person = next(one for one in self.people if one.client_id == owner)
            answer = await person.request("POST", f"/api/v1/portal/appointments/{appointment}/{what}", json=body)
        self._tell(f"{'staff' if staff else 'client'}: {what} {number} {body or ''}", answer)

    # Time, weather, and what breaks

    async def pass_time(self, **by: float) -> None:
        await self._with_worker()
        await self.world.advance(**by)
        await self._look_at_times()
        self._tell(f"time passes {by}", "done")

    async def change_settings(self, number: int) -> None:
        change = CHANGES[number % len(CHANGES)]
        await self.provider.change(**change)
        self.limit = change.get("max_upcoming_appointments", self.limit)
        self._tell(f"the practice changes {', '.join(change)}", "saved")

    async def weather(self, kind: str) -> None:
        await self.world.simulator_faults(*WEATHER[kind])
        self._tell(f"weather: {kind}", "done")

    async def kill_or_start_worker(self) -> None:
        if "worker" in self.world.stack.supervisor.pids():
            await kill(self.world.stack.supervisor, "worker")
            self._tell("the worker is killed", "done")
        else:
            await start_again(self.world.stack.supervisor, "worker")
            self._tell("the worker is started again", "done")

    async def _with_worker(self) -> None:
        """For what waits until a journey has answered."""
        if "worker" not in self.world.stack.supervisor.pids():
            await self.kill_or_start_worker()

    async def well_again(self) -> None:
        await self._with_worker()
        await self.weather("none")

    async def lose(self, number: int) -> None:
        """An operator ends the booking of somebody who stands in front of an open checkout; the time is let go."""
        await self._with_worker()
        appointment = self._one(number)
        if appointment is None or not self.processor.is_open(await self._checkout(appointment)):
            return
        handle = (await self.world.engine()).get_workflow_handle(booking_id(appointment))
        try:
            await handle.terminate("as after a restore")
        except RPCError:
            return
        self.lost.add(appointment)
        rows = self.world.rows(
            "UPDATE appointment SET status = 'cancelled', cancelled_by = 'system', cancel_reason = 'not_paid',"
            " hold_expires_at = NULL WHERE id = %s AND status = 'pending' RETURNING id",
            appointment,
        )
        self._tell(f"the booking of {number} is lost", f"{len(rows)} let go")
