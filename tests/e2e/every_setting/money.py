"""What is paid before an appointment stands, what goes back of it, and how long its time is held."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.e2e.every_setting.scene import FEE, Scene


class Paying(Scene):
    """Somebody is in front of the checkout when the change comes; what they were shown is what they pay.

    The second client has had an appointment before.
    """

    settings = (
        "fee",
        "fee_deposit_percent",
        "fee_first_visit_only",
        "refund_full_minutes",
        "refund_part_percent",
        "refund_part_minutes",
        "hold_minutes",
    )
    around = MappingProxyType({"require_intake": False, "require_fee": True, "fee": FEE, "cancel_notice_minutes": 60})
    told = MappingProxyType(
        {
            "fee": ("paying_keep_fee", "paying_keep_fee"),
            "fee_deposit_percent": ("paying_keep_fee", "paying_keep_fee"),
            "refund_full_minutes": ("refund_rule_kept", "refund_rule_kept"),
            "hold_minutes": ("hold_kept", "hold_kept"),
        }
    )

    async def begin(self) -> None:
        self.people = [await self.world.invited_client(self.provider) for _ in range(2)]
        await self.booked_by_staff(self.people[1], (await self.people[1].slots())[-2])
        self.pending = await self.asked(self.people[0])

    async def changed(self) -> None:
        person, returning = self.people
        earlier = await person.appointment(self.pending["id"])
        for kept in ("status", "payment", "hold_expires_at"):
            assert earlier[kept] == self.pending[kept], kept
        await self.ended(person, earlier)
        self.page, self.began = await self.portal("/portal/book"), await self.world.now()
        self.shown = (await person.get("/api/v1/portal/fee-quote"))["quote"]
        self.pending = await self.asked(person)
        self.quote = self.pending["payment"]["quote"]
        self.again = await self.asked(returning)
        await self.ended(returning, self.again)

    async def fee(self, value: dict[str, Any]) -> None:
        assert self.shown["amount_minor"] + self.shown["rest_minor"] == value["amount_minor"]
        assert f"<strong>${self.shown['amount_minor'] / 100:.2f}" in self.page

    async def fee_deposit_percent(self, value: int) -> None:
        whole = self.shown["amount_minor"] + self.shown["rest_minor"]
        assert self.shown["amount_minor"] * 100 == whole * value
        assert ("is paid at the visit" in self.page) is (value < 100)
        assert self.pending["payment"]["amount_minor"] == self.shown["amount_minor"]

    async def fee_first_visit_only(self, value: bool) -> None:
        """For somebody of whom another appointment stands already: that one is the first visit."""
        if value:
            assert (self.again["status"], self.again["payment"]) == ("booked", None)
        else:
            assert (self.again["status"], self.again["payment"]["quote"]["purpose"]) == (
                "pending",
                self.quote["purpose"],
            )

    async def refund_full_minutes(self, value: int) -> None:
        self._refund("full_minutes", value, "until 3 days before, and the fee of")

    async def refund_part_percent(self, value: int) -> None:
        self._refund("part_percent", value, "$3.75 of $7.50")

    async def refund_part_minutes(self, value: int) -> None:
        self._refund("part_minutes", value, "until 24 hours before, $")

    def _refund(self, part: str, value: int, words: str) -> None:
        assert self.quote["refund_rule"][part] == value
        assert (words in self.page) is (value != 0)

    async def hold_minutes(self, value: int) -> None:
        assert f"held for you for {value} minutes" in self.page
        held = datetime.fromisoformat(self.pending["hold_expires_at"]) - self.began
        assert timedelta(minutes=value) <= held <= timedelta(minutes=value, seconds=60)
