"""What can happen to fees beside the appointments: other tabs, refunds, banks, and what the practice lets off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.driver import session_of, until
from tests.virtual_time.front_door import FrontDoor
from tests.virtual_time.processor import Money

_PART_MINOR = 1500
_PATIENCE_SECONDS = 5.0


@dataclass(kw_only=True)
class CashDesk:
    """Beside a front door, whose appointments and fees it takes (the newest is 0)."""

    door: FrontDoor
    tabs: list[tuple[str, str]] = field(default_factory=list)  # (appointment, checkout) that somebody has open
    frozen: dict[str, int] = field(default_factory=dict)  # by intent: refunds that were asked for before its dispute
    never_arrived: set[str] = field(default_factory=set)  # refunds that a bank sent back before they were there

    # Clients

    async def open_tab(self, number: int, *, chosen_again: bool) -> None:
        """The checkout once more, by its link or by choosing the very same time in another tab."""
        door, appointment = self.door, self.door.one(number, "pending")
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
        money = self._money(number, lambda one: one.captured > one.returning)
        if money is None:
            return
        body: dict[str, Any] = {"reason": "goodwill"} | ({} if all_of_it else {"amount_minor": _PART_MINOR})
        before = self._is_disputed(money.fee)
        answer = await self.door.provider.request("POST", f"/api/v1/payments/{money.fee}/refund", json=body)
        if answer.is_success and before and self._is_disputed(money.fee):
            self.door.broken.append(f"staff refunded {money.fee}, which is disputed")
        self.door.tell(f"staff refund {'all' if all_of_it else 'part'} of {money.fee}", answer)

    async def waive(self, client: int, *, take_back: bool) -> None:
        person = self.door.people[client % len(self.door.people)]
        path = f"/api/v1/clients/{person.client_id}/fee-waiver"
        method, body = ("DELETE", None) if take_back else ("POST", {"reason": "hardship"})
        answer = await self.door.provider.request(method, path, json=body)
        self.door.tell(f"staff {'ask' if take_back else 'waive'} the next fee of client {client}", answer)

    # The practice's people in the processor's dashboard, and banks

    async def refund_past_us(self, number: int, *, all_of_it: bool) -> None:
        money = self._money(number, lambda one: one.captured > one.returning)
        await self._in_dashboard(money, "refund", **({} if all_of_it else {"amount": _PART_MINOR}))

    async def refunds_wait(self, number: int) -> None:
        """From now on the bank takes its time over this payment's."""
        await self._in_dashboard(self._money(number, lambda one: one.captured > one.returning), "refunds_wait")

    async def a_refund(self, number: int, act: str) -> None:
        """`refund_arrives` is the oldest that is pending, `refund_fails` the newest, even if it was there."""
        await self._owed_is_asked_for()
        statuses = ("pending",) if act == "refund_arrives" else ("pending", "succeeded")
        money = self._money(number, lambda one: any(made.status in statuses for made in one.refunds))
        if money is not None and act == "refund_fails":
            self.never_arrived |= {one.id for one in money.refunds if one.status == "pending"}
        await self._in_dashboard(money, act)
        if money is not None:
            now = self.door.processor.of(money.fee)
            self.never_arrived -= {one.id for one in now.refunds if one.status != "failed"} if now else set()

    async def _owed_is_asked_for(self) -> None:
        """Within moments, in good weather: a bank can only act on what is there."""
        query = (
            "SELECT r.id FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.merchant_account = %s"
            " AND r.status = 'pending' AND r.processor_refund_id IS NULL AND NOT p.disputed"
        )

        async def asked() -> bool:
            rows = self.door.world.rows(query, self.door.provider.seeded.merchant_account)
            there = {made.reference for one in self.door.processor.money() for made in one.refunds}
            return {row["id"] for row in rows} <= there

        with suppress(AssertionError):
            await until(asked, "what is owed to be asked for", _PATIENCE_SECONDS / 2)

    async def dispute(self, number: int) -> None:
        money = self._money(number, lambda one: one.captured > one.returning and not one.disputes)
        if await self._in_dashboard(money, "dispute") and money is not None:
            await self._note_frozen(money)

    async def dispute_goes_on(self, number: int, act: str) -> None:
        await self._in_dashboard(self._money(number, lambda one: one.disputed), act)

    async def _in_dashboard(self, money: Money | None, act: str, **facts: Any) -> bool:
        if money is None:
            return False
        world = self.door.world
        url = f"{world.endpoints['simulator_url']}/_sim/payment_intents/{money.intent}/{act}"
        answer = await world.http.post(url, json=facts)
        self.door.tell(f"at the processor: {act} of {money.fee} {facts or ''}", str(answer.status_code))
        return answer.is_success

    async def _note_frozen(self, money: Money) -> None:
        """Once our ledger knows of the dispute; not while a refund that was asked for before may be on its way."""

        async def known() -> bool:
            return self._is_disputed(money.fee)

        with suppress(AssertionError):
            await until(known, "the dispute to be known", _PATIENCE_SECONDS)
            unmade = "SELECT id FROM refund WHERE payment_id = %s AND processor_refund_id IS NULL"
            if not self.door.world.rows(unmade, money.fee):
                self.frozen[money.intent] = self.door.processor.refunds_asked(money.intent)

    def _is_disputed(self, fee: str) -> bool:
        rows = self.door.world.rows("SELECT disputed FROM payment WHERE id = %s", fee)
        return bool(rows and rows[0]["disputed"])

    def _money(self, number: int, fits: Callable[[Money], bool]) -> Money | None:
        """Of the fees to which it can happen, where there are any; the newest is 0."""
        money = self.door.processor.money()
        found = [one for one in money if fits(one)] or money
        return found[-1 - number % len(found)] if found else None
