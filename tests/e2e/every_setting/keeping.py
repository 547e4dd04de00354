"""What becomes of appointments: cancelling, fees and what goes back of them, holds, reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.driver import ok
from tests.e2e.every_setting.case import Case, Row
from tests.policy_values import MONTHS
from workflows.naming import booking_id

FEE = {"amount_minor": 4000, "currency": "usd"}


class CanCancel(Row):
    told = MappingProxyType({"False": "no_online_cancelling"})

    async def under_way(self, case: Case) -> None:
        case.memo["kept"] = await case.booked()

    def _path(self, case: Case) -> str:
        return f"/portal/appointments/{case.memo['kept']['id']}"

    async def page(self, case: Case, value: Any) -> None:
        page = await case.portal(self._path(case))
        assert (f"{self._path(case)}/cancel" in page) is value
        assert value or ("Please call the practice to cancel" in page and "555-010-0100" in page)

    async def api(self, case: Case, value: Any) -> None:
        answer = await case.person.request("POST", f"/api/v1{self._path(case)}/cancel")
        if value:
            ok(answer)
        else:
            await case.refused(answer, "cancel-not-allowed", "Please call the practice to cancel")

    async def journey(self, case: Case, value: Any) -> None:
        if not value:
            await case.called_off(case.memo["kept"])
        await case.person.in_state(case.memo["kept"]["id"], "cancelled")


class Notice(Row):
    """Booked under the longer notice, one is held to it until it is shortened; never to a longer one than was shown."""

    told = MappingProxyType({str(MONTHS): "shorter_notice_kept", "60": "shorter_notice_given"})

    async def under_way(self, case: Case) -> None:
        case.memo["kept"] = await case.booked()

    async def page(self, case: Case, value: Any) -> None:
        page = await case.portal("/portal/book")
        assert ("1 hour before" if value == 60 else "60 days before") in page

    async def api(self, case: Case, value: Any) -> None:
        """The appointment from before: it can be cancelled in either case."""
        path = f"/api/v1/portal/appointments/{case.memo['kept']['id']}/cancel"
        ok(await case.person.request("POST", path))
        await case.person.in_state(case.memo["kept"]["id"], "cancelled")

    async def journey(self, case: Case, value: Any) -> None:
        booked = await case.booked()
        path = f"/api/v1/portal/appointments/{booked['id']}/cancel"
        answer = await case.person.request("POST", path)
        if value == 60:
            ok(answer)
            await case.person.in_state(booked["id"], "cancelled")
            return
        refusal = await case.refused(answer, "cancel-window-closed", "too late to cancel online")
        until_ = datetime.fromisoformat(refusal["until"])
        assert datetime.fromisoformat(booked["starts_at"]) - until_ == timedelta(minutes=value)
        await case.called_off(booked)


class Paying(Row):
    """Somebody is in front of the checkout when the change comes; what they were shown is what they pay."""

    around: Mapping[str, Any] = MappingProxyType({"require_intake": False, "require_fee": True, "fee": FEE})

    async def under_way(self, case: Case) -> None:
        case.memo["pending"] = await self._asked(case)

    async def _asked(self, case: Case) -> Any:
        appointment = ok(await case.person.book(), 201, 202)
        if appointment["status"] == "pending" and appointment["payment"] is not None:
            await case.person.checkout(appointment["id"])
            return await case.person.appointment(appointment["id"])
        return await case.person.in_state(appointment["id"], "booked")

    async def _end(self, case: Case, appointment: Any) -> None:
        if appointment["status"] == "pending":
            await case.let_go(appointment)
        else:
            await case.called_off(appointment)

    async def api(self, case: Case, value: Any) -> None:
        earlier = case.memo["pending"]
        assert (await case.person.appointment(earlier["id"]))["payment"] == earlier["payment"]
        await self._end(case, earlier)

    async def journey(self, case: Case, value: Any) -> None:
        asked = await self._asked(case)
        self.check(asked, value)
        await self._end(case, asked)

    def check(self, appointment: Any, value: Any) -> None:
        raise NotImplementedError


class RequireFee(Paying):
    around: Mapping[str, Any] = MappingProxyType({"require_intake": False, "fee": FEE})
    told = MappingProxyType({"False": "paying_keep_fee", "True": "booked_owe_nothing"})

    async def page(self, case: Case, value: Any) -> None:
        assert ("$40.00" in await case.portal("/portal/book")) is value

    def check(self, appointment: Any, value: Any) -> None:
        if value:
            assert (appointment["status"], appointment["payment"]["amount_minor"]) == ("pending", 4000)
        else:
            assert (appointment["status"], appointment["payment"]) == ("booked", None)


class Amount(Paying):
    told = MappingProxyType({str(one): "paying_keep_fee" for one in ({**FEE}, {**FEE, "amount_minor": 1500})})

    async def page(self, case: Case, value: Any) -> None:
        assert f"${value['amount_minor'] / 100:.2f}" in await case.portal("/portal/book")

    def check(self, appointment: Any, value: Any) -> None:
        assert appointment["payment"]["amount_minor"] == value["amount_minor"]


class Deposit(Paying):
    told = MappingProxyType({"50": "paying_keep_fee", "100": "paying_keep_fee"})

    async def page(self, case: Case, value: Any) -> None:
        assert ("$20.00" if value == 50 else "$40.00") in await case.portal("/portal/book")

    def check(self, appointment: Any, value: Any) -> None:
        assert appointment["payment"]["amount_minor"] == 4000 * value // 100


class FirstVisit(RequireFee):
    """For somebody of whom another appointment stands already: that one is the first visit."""

    around: Mapping[str, Any] = Paying.around
    told = MappingProxyType({"True": "paying_keep_fee", "False": "booked_owe_nothing"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        body = {"client_id": case.person.client_id, "starts_at": (await case.person.slots())[-2]}
        first = ok(await case.provider.request("POST", "/api/v1/appointments", json=body), 201)
        await case.person.in_state(first["id"], "booked")

    async def page(self, case: Case, value: Any) -> None:
        await super().page(case, not value)

    def check(self, appointment: Any, value: Any) -> None:
        super().check(appointment, not value)


class Refund(Paying):
    """The part of the refund rule that the setting is about, on the page and in the quote that is kept."""

    def __init__(self, part: str, words: dict[int, str], **around: Any) -> None:
        self.part, self.words = part, words
        self.told = dict.fromkeys(map(str, words), "refund_rule_kept")
        self.around: Mapping[str, Any] = {**Paying.around, "cancel_notice_minutes": 60, **around}

    async def page(self, case: Case, value: Any) -> None:
        assert self.words[value] in await case.portal("/portal/book")

    def check(self, appointment: Any, value: Any) -> None:
        assert appointment["payment"]["quote"]["refund_rule"][self.part] == value


class Hold(Paying):
    told = MappingProxyType({"30": "hold_kept", "45": "hold_kept"})

    async def api(self, case: Case, value: Any) -> None:
        earlier = case.memo["pending"]
        assert (await case.person.appointment(earlier["id"]))["hold_expires_at"] == earlier["hold_expires_at"]
        await self._end(case, earlier)

    async def page(self, case: Case, value: Any) -> None:
        assert f"held for you for {value} minutes" in await case.portal("/portal/book")

    async def journey(self, case: Case, value: Any) -> None:
        began = await case.world.now()
        asked = await self._asked(case)
        held = datetime.fromisoformat(asked["hold_expires_at"]) - began
        assert timedelta(minutes=value) <= held <= timedelta(minutes=value, seconds=60)
        await self._end(case, asked)


class Reminders(Row):
    told = MappingProxyType({"[24]": "reminders_kept", "[48]": "reminders_kept"})

    async def under_way(self, case: Case) -> None:
        case.memo["kept"] = await case.booked()
        case.memo["plan"] = await self._ahead(case)

    async def _ahead(self, case: Case) -> str:
        return await case.next_date(case.person.client_id, "A mail reminds of the appointment")

    async def page(self, case: Case, value: Any) -> None:
        """What was planned when it was booked is what is shown, and what the journey does."""
        assert await self._ahead(case) == case.memo["plan"]
        await case.called_off(case.memo["kept"])

    async def api(self, case: Case, value: Any) -> None:
        assert (await case.in_force(case.level))["value"] == value

    async def journey(self, case: Case, value: Any) -> None:
        booked = await case.booked()
        due = datetime.fromisoformat(booked["starts_at"]) - timedelta(hours=value[0])
        await case.has_timer(booking_id(booked["id"]), due)
        await case.called_off(booked)
