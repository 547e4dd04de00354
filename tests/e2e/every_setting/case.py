"""One setting on its way through the levels: who is under way meanwhile, and how pages, API and journeys are asked."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx

from domain.policy_levels import Source
from portal.policy_words import full_name, source_in_words
from tests.driver import Person, Provider, World, new_address, ok, problem, until
from tests.staffing import Colleague, owner_of

PRACTICE = "/api/v1/practice/portal-settings"


@dataclass(kw_only=True)
class Case:
    """`memo` is what a row remembers from under the earlier value to after the change."""

    world: World
    provider: Provider
    setting: str
    level: Source = Source.DEFAULT
    person: Person = field(init=False)
    owner: Colleague = field(init=False)
    memo: dict[str, Any] = field(default_factory=dict)

    def path(self, level: Source) -> str:
        if level is Source.PRACTICE:
            return PRACTICE
        if level is Source.CLIENT:
            return f"/api/v1/clients/{self.person.client_id}/policy"
        return f"/api/v1/providers/{self.provider.slug}/portal-settings"

    async def change(self, level: Source, value: Any) -> list[dict[str, Any]]:
        """Set it there, as whoever may; what was said of those whom it touches."""
        path, document = self.path(level), {self.setting: value}
        told = ok(await self.provider.request("POST", f"{path}/preview", json=document))["items"]
        if level is Source.CLIENT:
            document["reason"] = "As agreed"
        ok(await self.provider.request("PUT", path, json=document))
        self.level = level
        return list(told)

    async def in_force(self, level: Source) -> dict[str, Any]:
        items = (await self.provider.get(f"{self.path(level)}/sources"))["items"]
        return next(one for one in items if one["name"] == self.setting)

    # Pages

    async def portal(self, path: str) -> str:
        return _read(await self.person.request("GET", path))

    async def public(self, path: str, status: int = 200) -> str:
        return _read(await self.world.http.get(f"{self.world.base_url}{path}"), status)

    async def console(self, path: str) -> str:
        return html.unescape(await self.owner.page(path))

    async def next_date(self, client_id: str, what: str) -> str:
        """When that happens, as the client's page on the console says it."""
        page = await self.console(f"/console/clients/{client_id}")
        before, found, _ = page.partition(f"<dd>{what}")
        assert found, what
        return before.rpartition("<dt>")[2].partition("</dt>")[0]

    # Journeys

    async def has_timer(self, workflow_id: str, due: datetime) -> None:
        """The workflow itself sleeps until then."""
        handle = (await self.world.engine()).get_workflow_handle(workflow_id)

        async def look() -> bool:
            async for event in handle.fetch_history_events():
                if event.HasField("timer_started_event_attributes"):
                    timer = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
                    if abs(event.event_time.ToDatetime(UTC) + timer - due) < timedelta(minutes=1):
                        return True
            return False

        await until(look, f"a timer of {workflow_id} for {due}")

    # Sign-ups

    async def sign_up(self, **fields: Any) -> httpx.Response:
        self.memo["address"] = new_address()
        return await self.world.sign_up(self.provider, email=self.memo["address"], **fields)

    async def signed_up(self) -> str:
        """Somebody new: the client's id."""
        ok(await self.sign_up(), 202)
        (row,) = self.world.rows("SELECT id FROM client WHERE email = %s", self.memo["address"])
        return str(row["id"])

    # Appointments

    async def booked(self, slot: str | None = None) -> Any:
        appointment = ok(await self.person.book(slot), 201, 202)
        return await self.person.in_state(appointment["id"], "booked")

    async def called_off(self, appointment: Any) -> None:
        path = f"/api/v1/appointments/{appointment['id']}/cancel"
        ok(await self.provider.request("POST", path, json={"reason": "Tried enough"}))
        await self.person.in_state(appointment["id"], "cancelled")

    async def let_go(self, appointment: Any) -> None:
        """A held time that nobody pays for."""
        await self.person.checkout(appointment["id"])
        ok(await self.person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
        await self.person.in_state(appointment["id"], "cancelled")

    async def offered(self, days: int = 60) -> list[datetime]:
        """The starts on offer, far enough ahead to see where they end."""
        now = await self.world.now()
        end = now.timestamp() + days * 86_400
        window = {"from": now.isoformat(), "to": datetime.fromtimestamp(end, now.tzinfo).isoformat()}
        items = (await self.person.get("/api/v1/portal/slots", params=window))["slots"]
        return [datetime.fromisoformat(one["starts_at"]) for one in items if one["free"]]

    async def refused(self, answer: httpx.Response, slug: str, says: str) -> Any:
        """By the rule's name, in words for the client."""
        body = problem(answer, slug, 409)
        assert says in body["detail"], body["detail"]
        return body

    async def blocked(self, slug: str) -> None:
        """Staff are told the rule, its value and the level that it comes from, by API and by page."""
        blocks = (await self.provider.get(f"/api/v1/clients/{self.person.client_id}/can-book"))["blocks"]
        block = next(one for one in blocks if one["rule"] == slug)
        assert block["source"] == str(self.level)
        assert block["lifted_by"]
        page = await self.console(f"/console/clients/{self.person.client_id}")
        assert full_name(self.setting) in page
        assert f"from {source_in_words(self.level)}" in page

    async def free_to_book(self) -> None:
        blocks = (await self.provider.get(f"/api/v1/clients/{self.person.client_id}/can-book"))["blocks"]
        assert blocks == []


def _read(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    return html.unescape(answer.text)


class Row:
    """What one setting does: on the page, in the API, in the journey. Nothing to do by default: rows say what."""

    around: Mapping[str, Any] = MappingProxyType({"require_fee": False, "require_intake": False})
    anonymous = False  # the track of the client who is under way
    account = True  # whether that client has opened it
    told: Mapping[str, str] = MappingProxyType(
        {}
    )  # by the value changed to: what has to be said beforehand, at every level

    async def _put_around(self, case: Case) -> None:
        """What makes the setting bite, at the most general level: so it is in force wherever the setting is changed."""
        ok(await case.provider.request("PUT", PRACTICE, json=dict(self.around)))
        for name in self.around:
            answer = await case.provider.request("DELETE", f"{case.path(Source.PROVIDER)}/{name}")
            assert answer.status_code == 200, answer.text

    async def under_way(self, case: Case) -> None:
        """What there is under the earlier value, when the change comes."""

    async def page(self, case: Case, value: Any) -> None:
        raise NotImplementedError

    async def api(self, case: Case, value: Any) -> None:
        raise NotImplementedError

    async def journey(self, case: Case, value: Any) -> None:
        raise NotImplementedError

    async def begin(self, case: Case) -> None:
        case.owner = await owner_of(case.provider)
        await self._put_around(case)
        if not self.anonymous:
            case.person = await case.world.invited_client(case.provider)
        else:
            case.person = await case.world.anonymous_client(case.provider)
