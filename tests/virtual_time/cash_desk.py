"""What can happen to fees beside the appointments: other tabs, refunds, banks, and what the practice lets off."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.driver import session_of, until
from tests.virtual_time.front_door import FrontDoor

_PART_MINOR = 1500
_PATIENCE_SECONDS = 2.0


@dataclass(kw_only=True)
class CashDesk:
    """Beside a front door, whose appointments it takes (the newest is 0)."""

    door: FrontDoor
    tabs: list[tuple[str, str]] = field(default_factory=list)  # (appointment, checkout) that somebody has open
    frozen: dict[str, int] = field(default_factory=dict)  # by intent: refunds that were asked for before its dispute
    never_arrived: set[str] = field(default_factory=set)  # refunds that a bank sent back before they were there

    # Clients

    async def open_tab(self, number: int, *, chosen_again: bool) -> None:
        """The checkout once more, by its link or by choosing the very same time in another tab."""
        door, appointment = self.door, self.door.one(number)
        if appointment is None:
            return
        person = door.person_of(appointment)
        before = await person.appointment(appointment)
        if chosen_again and before["status"] == "pending" and before["starts_at"] in door.times:
            answer = await person.book(before["starts_at"])
            if answer.is_success and answer.json()["id"] != appointment and answer.json()["id"] not in door.made:
                door.made.append(answer.json()["id"])
            door.tell(f"chosen again in another tab: {number}", answer)
        url = (await person.appointment(appointment))["checkout_url"]
        if url is not None:
            self.tabs.append((appointment, session_of(url)))
        door.tell(f"another tab for {number}", url or "no checkout")

    async def in_tab(self, number: int, act: str) -> None:
        """In any of them, however old it is."""
        if self.tabs:
            await self.door.with_worker()
            appointment, session = self.tabs[-1 - number % len(self.tabs)]
            await self.door.at_checkout(session, appointment, act)

    # Staff

    async def refund(self, number: int, *, all_of_it: bool) -> None:
        """With a reason; never while a bank asks for the same money."""
        fee = self._fee(number)
        if fee is None:
            return
        body: dict[str, Any] = {"reason": "goodwill"} | ({} if all_of_it else {"amount_minor": _PART_MINOR})
        answer = await self.door.provider.request("POST", f"/api/v1/payments/{fee['id']}/refund", json=body)
        after = self._fee(number)
        if answer.is_success and fee["disputed"] and after is not None and after["disputed"]:
            self.door.broken.append(f"staff refunded {fee['id']}, which is disputed")
        self.door.tell(f"staff refund {'all' if all_of_it else 'part'} of {number}", answer)

    async def waive(self, client: int, *, take_back: bool) -> None:
        person = self.door.people[client % len(self.door.people)]
        path = f"/api/v1/clients/{person.client_id}/fee-waiver"
        method, body = ("DELETE", None) if take_back else ("POST", {"reason": "hardship"})
        answer = await self.door.provider.request(method, path, json=body)
        self.door.tell(f"staff {'ask' if take_back else 'waive'} the next fee of client {client}", answer)

    # The practice's people in the processor's dashboard, and banks

    async def in_dashboard(self, number: int, act: str, **facts: Any) -> None:
        fee = self._fee(number)
        money = self.door.processor.of(fee["id"]) if fee else None
        if money is None:
            return
        if act == "refund_fails":
            self.never_arrived |= {one.id for one in money.refunds[-1:] if one.status == "pending"}
        world = self.door.world
        url = f"{world.endpoints['simulator_url']}/_sim/payment_intents/{money.intent}/{act}"
        answer = await world.http.post(url, json=facts)
        self.door.tell(f"at the processor: {act} of {number} {facts or ''}", str(answer.status_code))
        if act == "dispute" and answer.is_success:
            await self._note_frozen(number, money.intent)

    async def refund_past_us(self, number: int, *, all_of_it: bool) -> None:
        await self.in_dashboard(number, "refund", **({} if all_of_it else {"amount": _PART_MINOR}))

    async def _note_frozen(self, number: int, intent: str) -> None:
        """Once our ledger knows of the dispute; not while a refund that was asked for before may be on its way."""

        async def known() -> bool:
            fee = self._fee(number)
            return fee is not None and fee["disputed"]

        with suppress(AssertionError):
            await until(known, "the dispute to be known", _PATIENCE_SECONDS)
            if not self._unmade(number):
                self.frozen[intent] = self.door.processor.refunds_asked(intent)

    def _unmade(self, number: int) -> bool:
        query = "SELECT r.id FROM refund r WHERE r.payment_id = %s AND r.processor_refund_id IS NULL"
        fee = self._fee(number)
        return fee is not None and bool(self.door.world.rows(query, fee["id"]))

    def _fee(self, number: int) -> dict[str, Any] | None:
        appointment = self.door.one(number)
        return self.door.fee(appointment) if appointment is not None else None
