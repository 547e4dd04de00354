"""What can happen to the appointments of one practice, in any order: each act is tried, and may be refused."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from temporalio.service import RPCError

from tests.chaos.faults import kill, start_again
from tests.driver import PASSWORD, Person, Provider, new_address, ok, until
from tests.virtual_time.circumstances import CHANGES, WEATHER
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.processor import Processor
from workflows.naming import booking_id

HOLD_MINUTES = 10
_AHEAD = timedelta(hours=3)
_PATIENCE_SECONDS = 5.0
_ANY = 3
_TIMES = 3  # few, so that people want the same
REFUSED = (402, 403, 404, 409, 410, 422)


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
    seen: dict[str, Any] = field(default_factory=dict)  # the quote that a client has read, and not acted on yet
    # Of a fee whose appointment was called off: how much has to go back, by what was shown before.
    promised: dict[str, int] = field(default_factory=dict)
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

    def tell(self, what: str, answer: httpx.Response | str) -> None:
        outcome = answer if isinstance(answer, str) else str(answer.status_code)
        if isinstance(answer, httpx.Response):
            assert answer.status_code in (200, 201, 202, *REFUSED), f"{what}: {answer.status_code} {answer.text[:300]}"
        self.story.append(f"{what}: {outcome}")

    def one(self, number: int, *statuses: str) -> str | None:
        """The newest is 0: of those in one of the statuses, where there are any; 3 is any of all."""
        rows = self.world.rows("SELECT id, status FROM appointment WHERE id = ANY(%s)", self.made)
        fitting = {row["id"] for row in rows if row["status"] in statuses and number != _ANY}
        found = [one for one in self.made if one in fitting] or self.made
        return found[-1 - number % len(found)] if found else None

    # Clients

    async def read_quote(self, client: int) -> None:
        person = self.people[client % len(self.people)]
        self.seen[person.client_id] = (await person.get("/api/v1/portal/fee-quote"))["quote"]
        self.tell(f"client {client} reads what it costs", str(self.seen[person.client_id]))

    async def book(self, client: int, time: int) -> None:
        """Whoever has read what it costs says so: then it costs that, or they are asked again."""
        person = self.people[client % len(self.people)]
        quote = self.seen.pop(person.client_id, None)
        body = {"starts_at": self.times[time % len(self.times)]} | ({"quote": quote["reference"]} if quote else {})
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        answer = await person.request("POST", "/api/v1/portal/appointments", json=body, headers=headers)
        if answer.status_code in (201, 202) and answer.json()["id"] not in self.made:
            self.made.append(answer.json()["id"])
            self._count_upcoming(person)
            asked = answer.json()["payment"]
            if quote and asked and asked["amount_minor"] != quote["amount_minor"]:
                self.broken.append(f"{asked['amount_minor']} is asked of a client who has read {quote['amount_minor']}")
        self.tell(f"client {client} books time {time}", answer)

    def _count_upcoming(self, person: Person) -> None:
        """Right after a booking: what ends or is let go meanwhile only makes it less."""
        passed = "(SELECT coalesce(max(offset_seconds), 0) FROM demo_clock) * interval '1 second'"
        query = f"client_id = %s AND status IN ('pending', 'booked') AND starts_at > now() + {passed}"
        count = len(self.world.rows(f"SELECT id FROM appointment WHERE {query}", person.client_id))
        if count > self.limit:
            self.broken.append(f"a client has {count} upcoming appointments instead of {self.limit}")

    async def pay(self, number: int, act: str) -> None:
        """At the newest checkout of an appointment, or one that was closed long ago."""
        appointment = self.one(number, "pending")
        if appointment is None:
            return
        await self.with_worker()
        session = await until(lambda: self.checkout(appointment), f"a checkout of {appointment}")
        if session != "none":
            await self.at_checkout(session, appointment, act)

    async def at_checkout(self, session: str, appointment: str, act: str) -> None:
        """What people do at its page: pay, decline, challenge (3-D Secure), confirm, fail."""
        if appointment in self.lost:
            # Its booking is gone: nobody polls, and only news brings it back. (What never is told, reconciling finds.)
            await self.weather("none")
        url = f"{self.world.endpoints['simulator_url']}/_sim/sessions/{session}/{act}"
        self.tell(f"{act} for {appointment}", await self.world.http.post(url))

    async def checkout(self, appointment: str) -> str | None:
        rows = self.world.rows(
            "SELECT a.status, p.session_id FROM appointment a JOIN payment p ON p.appointment_id = a.id"
            " WHERE a.id = %s ORDER BY p.attempt DESC LIMIT 1",
            appointment,
        )
        if not rows:
            return "none"  # its fee was waived
        found: str | None = rows[0]["session_id"]
        return found or (None if rows[0]["status"] == "pending" else "none")

    async def is_decided(self, number: int) -> None:
        """The newest fee is taken, or isn't going to be for now; in bad weather nobody waits for that."""
        appointment = self.one(number)
        if appointment is None:
            return

        async def decided() -> bool:
            fee = self.fee(appointment)
            return fee is None or fee["state"] not in ("requested", "authorized")

        with suppress(AssertionError):
            await until(decided, "the fee to be decided", _PATIENCE_SECONDS)

    async def move(self, number: int, time: int, *, staff: bool) -> None:
        appointment = self.one(number, "booked")
        if appointment is not None:
            await self._ask(appointment, "move", staff=staff, body={"starts_at": self.times[time % len(self.times)]})

    async def cancel(self, number: int, *, staff: bool) -> None:
        appointment = self.one(number, "pending", "booked")
        if appointment is None:
            return
        promise = await self._promise(appointment, staff=staff)
        answer = await self._ask(appointment, "cancel", staff=staff, body={"reason": "other plans"} if staff else None)
        if promise is not None and answer.is_success:
            fee, gone = promise
            (after,) = self.world.rows("SELECT refund_due_minor + lost_minor AS gone FROM payment WHERE id = %s", fee)
            if after["gone"] < gone:
                self.broken.append(f"{gone} of {fee} was to be gone by what was shown, and {after['gone']} is")
            self.promised.setdefault(fee, gone)

    async def _promise(self, appointment: str, *, staff: bool) -> tuple[str, int] | None:
        """The fee, and how much of it will have gone (back, or lost to a bank), by what is shown before calling off."""
        fee = self.fee(appointment)
        asker, path = (self.provider, "") if staff else (self.person_of(appointment), "/portal")
        shown = await asker.get(f"/api/v1{path}/appointments/{appointment}/can-cancel")
        # What changes meanwhile is no promise.
        if fee is None or fee["status"] != "booked" or fee != self.fee(appointment):
            return None
        return fee["id"], fee["refund_due_minor"] + fee["lost_minor"] + shown["refund_minor"]

    async def record(self, number: int, how: str) -> None:
        appointment = self.one(number, "booked")
        if appointment is not None:
            await self._ask(appointment, how, staff=True)

    async def _ask(
        self, appointment: str, what: str, *, staff: bool, body: dict[str, str] | None = None
    ) -> httpx.Response:
        if staff:
            answer = await self.provider.request("POST", f"/api/v1/appointments/{appointment}/{what}", json=body)
        else:
            person = self.person_of(appointment)
            answer = await person.request("POST", f"/api/v1/portal/appointments/{appointment}/{what}", json=body)
        self.tell(f"{'staff' if staff else 'client'}: {what} {appointment} {body or ''}", answer)
        return answer

    def person_of(self, appointment: str) -> Person:
        owner = self.world.rows("SELECT client_id FROM appointment WHERE id = %s", appointment)[0]["client_id"]
        return next(one for one in self.people if one.client_id == owner)

    def fee(self, appointment: str) -> dict[str, Any] | None:
        """The newest payment as the ledger has it, with the status of its appointment."""
        query = (
            "SELECT p.id, p.state, p.disputed, p.refund_due_minor, p.lost_minor, a.status FROM payment p"
            " JOIN appointment a ON a.id = p.appointment_id WHERE a.id = %s ORDER BY p.attempt DESC LIMIT 1"
        )
        found = self.world.rows(query, appointment)
        return found[0] if found else None

    # Time, weather, and what breaks

    async def pass_time(self, **by: float) -> None:
        await self.with_worker()
        await self.world.advance(**by)
        await self._look_at_times()
        self.tell(f"time passes {by}", "done")

    async def change_settings(self, number: int) -> None:
        change = CHANGES[number % len(CHANGES)]
        await self.provider.change(**change)
        self.limit = change.get("max_upcoming_appointments", self.limit)
        self.tell(f"the practice changes {', '.join(change)}", "saved")

    async def weather(self, kind: str) -> None:
        await self.world.simulator_faults(*WEATHER[kind])
        self.tell(f"weather: {kind}", "done")

    async def kill_or_start_worker(self) -> None:
        if "worker" in self.world.stack.supervisor.pids():
            await kill(self.world.stack.supervisor, "worker")
            self.tell("the worker is killed", "done")
        else:
            await start_again(self.world.stack.supervisor, "worker")
            self.tell("the worker is started again", "done")

    async def with_worker(self) -> None:
        """For what waits until a journey has answered."""
        if "worker" not in self.world.stack.supervisor.pids():
            await self.kill_or_start_worker()

    async def well_again(self) -> None:
        await self.with_worker()
        await self.weather("none")

    async def lose(self, number: int) -> None:
        """An operator ends the booking of somebody who stands in front of an open checkout; the time is let go."""
        await self.with_worker()
        appointment = self.one(number)
        if appointment is None or not self.processor.is_open(await self.checkout(appointment)):
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
        self.tell(f"the booking of {number} is lost", f"{len(rows)} let go")
