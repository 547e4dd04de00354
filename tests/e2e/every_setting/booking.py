"""Which times are on offer, and who may take them."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.driver import ok
from tests.e2e.every_setting.case import Case, Row


class SelfSchedule(Row):
    told = MappingProxyType({"False": "can_no_longer_book", "True": "can_book_now"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        case.memo["slot"] = (await case.person.slots())[-1]

    async def page(self, case: Case, value: Any) -> None:
        page = await case.portal("/portal/book")
        assert ("The practice makes the appointments" in page) is not value
        assert ('name="starts_at"' in page) is value

    async def api(self, case: Case, value: Any) -> None:
        if value:
            await case.free_to_book()
            return
        answer = await case.person.book(case.memo["slot"])
        await case.refused(answer, "self-schedule-off", "The practice makes the appointments. Please call")
        await case.blocked("self-schedule-off")

    async def journey(self, case: Case, value: Any) -> None:
        """Switched off, the front desk books; the journey carries it to its end all the same."""
        if value:
            await case.called_off(await case.booked(case.memo["slot"]))
            return
        body = {"client_id": case.person.client_id, "starts_at": case.memo["slot"]}
        by_staff = ok(await case.provider.request("POST", "/api/v1/appointments", json=body), 201)
        await case.called_off(await case.person.in_state(by_staff["id"], "booked"))


class Simultaneous(Row):
    told = MappingProxyType({"1": "overlaps_stay"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        case.memo["second"] = await case.world.invited_client(case.provider)
        case.memo["slot"] = (await case.person.slots())[-1]
        case.memo["first"] = await case.booked(case.memo["slot"])

    async def under_way(self, case: Case) -> None:
        """Where two were allowed, there are two when the second place is taken away."""

    async def page(self, case: Case, value: Any) -> None:
        second = case.memo["second"]
        assert (case.memo["slot"] in await second.slots()) is (value == 2)

    async def api(self, case: Case, value: Any) -> None:
        if case.memo.get("beside"):
            # Both stay, whatever is allowed now.
            assert (await case.memo["second"].appointment(case.memo["beside"]))["status"] == "booked"
            path = f"/api/v1/appointments/{case.memo.pop('beside')}/cancel"
            ok(await case.provider.request("POST", path, json={"reason": "Tried enough"}))
        answer = await case.memo["second"].book(case.memo["slot"])
        if value == 1:
            await case.refused(answer, "slot-taken", "has just been taken")
        else:
            case.memo["beside"] = ok(answer, 201, 202)["id"]

    async def journey(self, case: Case, value: Any) -> None:
        if value == 2:
            await case.memo["second"].in_state(case.memo["beside"], "booked")
        assert (await case.person.appointment(case.memo["first"]["id"]))["status"] == "booked"


class Upcoming(Row):
    told = MappingProxyType({"1": "over_limit_stay"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        case.memo["slots"] = (await case.person.slots())[-2:]
        await case.booked(case.memo["slots"][0])
        # Two there are, when the limit becomes one.
        case.memo["over"] = await case.booked(case.memo["slots"][1])

    async def page(self, case: Case, value: Any) -> None:
        shown = await case.portal("/portal/book")
        assert "There are 2 upcoming appointments" in shown
        assert f"and {value} is the most at a time" in shown

    async def api(self, case: Case, value: Any) -> None:
        third = (await case.person.slots())[-3]
        refusal = await case.refused(await case.person.book(third), "limit-reached", "upcoming appointments")
        assert refusal["value"] == value
        await case.blocked("limit-reached")

    async def journey(self, case: Case, value: Any) -> None:
        """What is booked stays; one less, and it depends on the limit."""
        assert (await case.person.appointment(case.memo["over"]["id"]))["status"] == "booked"
        await case.called_off(case.memo["over"])
        answer = await case.person.book(case.memo["slots"][1])
        if value == 1:
            await case.refused(answer, "limit-reached", "There are 1 upcoming")
            body = {"client_id": case.person.client_id, "starts_at": case.memo["slots"][1]}
            body["override_reason"] = "By exception"
            answer = await case.provider.request("POST", "/api/v1/appointments", json=body)
        case.memo["over"] = await case.person.in_state(ok(answer, 201, 202)["id"], "booked")


class Window(Row):
    """Times that are too near or too far: `inside` is whether that time may be taken under the value."""

    def __init__(self, days: int, told: dict[str, str], *, offered_under: Any) -> None:
        self.days, self.told, self.offered_under = days, told, offered_under

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        when = await case.world.now() + timedelta(days=self.days)
        at = [one for one in await case.offered() if one >= when]
        case.memo["slot"], kept = at[0].isoformat(), at[1].isoformat()
        case.memo["kept"] = await case.booked(kept)

    async def page(self, case: Case, value: Any) -> None:
        """What is booked already stays and is shown."""
        page = await case.portal("/portal")
        assert case.memo["kept"]["id"] in page

    async def api(self, case: Case, value: Any) -> None:
        slot = datetime.fromisoformat(case.memo["slot"])
        inside = value == self.offered_under
        assert (slot in await case.offered()) is inside
        if not inside:
            await case.refused(await case.person.book(case.memo["slot"]), "slot-unavailable", "That time isn't offered")

    async def journey(self, case: Case, value: Any) -> None:
        assert (await case.person.appointment(case.memo["kept"]["id"]))["status"] == "booked"
        if value == self.offered_under:
            await case.called_off(await case.booked(case.memo["slot"]))


class Length(Row):
    told = MappingProxyType({"50": "length_kept", "30": "length_kept"})

    async def under_way(self, case: Case) -> None:
        case.memo["kept"] = await case.booked()

    async def page(self, case: Case, value: Any) -> None:
        assert f"{value} minutes with" in await case.portal("/portal/book")

    async def api(self, case: Case, value: Any) -> None:
        kept = case.memo["kept"]
        assert await self._ends(case, kept["id"]) == kept["ends_at"]
        await case.called_off(kept)

    async def journey(self, case: Case, value: Any) -> None:
        booked = await case.booked()
        length = datetime.fromisoformat(booked["ends_at"]) - datetime.fromisoformat(booked["starts_at"])
        assert length == timedelta(minutes=value)
        await case.called_off(booked)

    async def _ends(self, case: Case, appointment: str) -> str:
        return str((await case.person.appointment(appointment))["ends_at"])


class Grid(Row):
    told = MappingProxyType({"60": "times_kept", "30": "times_kept"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        case.memo["kept"] = await case.booked()
        first = (await case.offered())[0]
        case.memo["slot"] = first.replace(minute=30).isoformat()

    async def page(self, case: Case, value: Any) -> None:
        assert (":30 " in await case.portal("/portal/book")) is (value == 30)

    async def api(self, case: Case, value: Any) -> None:
        slot = datetime.fromisoformat(case.memo["slot"]) + timedelta(days=0)
        assert (any(one.minute == 30 for one in await case.offered())) is (value == 30)
        if value == 60:
            await case.refused(await case.person.book(slot.isoformat()), "slot-unavailable", "isn't offered")

    async def journey(self, case: Case, value: Any) -> None:
        assert (await case.person.appointment(case.memo["kept"]["id"]))["status"] == "booked"
        if value == 30:
            half = next(one for one in await case.offered() if one.minute == 30)
            await case.called_off(await case.booked(half.isoformat()))


class Buffer(Row):
    """The hour after an appointment is free only where nothing has to be left free between them."""

    told = MappingProxyType({"0": "times_kept", "30": "times_kept"})

    async def begin(self, case: Case) -> None:
        await super().begin(case)
        offered = await case.offered()
        first = next(one for one in offered if one + timedelta(hours=1) in offered and one.minute == 0)
        case.memo["kept"] = await case.booked(first.isoformat())
        case.memo["next"] = first + timedelta(hours=1)

    async def page(self, case: Case, value: Any) -> None:
        seen = await case.portal("/portal")
        assert case.memo["kept"]["id"] in seen

    async def api(self, case: Case, value: Any) -> None:
        assert (case.memo["next"] in await case.offered()) is (value == 0)
        if value:
            answer = await case.person.book(case.memo["next"].isoformat())
            await case.refused(answer, "slot-taken", "has just been taken")

    async def journey(self, case: Case, value: Any) -> None:
        assert (await case.person.appointment(case.memo["kept"]["id"]))["status"] == "booked"
        if not value:
            await case.called_off(await case.booked(case.memo["next"].isoformat()))
