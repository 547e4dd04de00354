"""Settings that can be changed together, on their way through the levels while clients are on theirs."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx

from domain.policy_levels import PRACTICE_SETTINGS, SETTINGS_AT, Source
from portal.policy_words import full_name, source_in_words
from tests.driver import Person, Provider, World, new_address, ok, problem, until
from tests.policy_values import VALUES
from tests.staffing import Colleague, owner_of

PRACTICE = "/api/v1/practice/portal-settings"
FEE = {"amount_minor": 4000, "currency": "usd"}


class Scene:
    """One provider and their clients, for settings that don't get in each other's way.

    A turn changes all of them at one level. `under_way` sees what there is before it, `changed` does once what the
    settings' own checks look at; a check is a method with the setting's name, and is handed its value.
    """

    settings: tuple[str, ...] = ()
    # What makes the settings bite: at the most general level, so that it is in force wherever they are changed.
    around: Mapping[str, Any] = MappingProxyType({"require_fee": False, "require_intake": False})
    # What has to be said before it is saved, at every level, of a change to the first and to the second value.
    told: Mapping[str, tuple[str | None, str | None]] = MappingProxyType({})

    def __init__(self, world: World, provider: Provider, owner: Colleague) -> None:
        self.world, self.provider, self.owner = world, provider, owner
        self.level = Source.DEFAULT
        self.people: list[Person] = []  # who get settings of their own at the client's level, the first one is asked
        self.now = {name: VALUES[name][0] for name in self.settings}

    @classmethod
    async def opened(cls, world: World) -> Scene:
        provider = await world.new_provider()
        scene = cls(world, provider, await owner_of(provider))
        await scene._set_up()
        await scene.begin()
        return scene

    async def _set_up(self) -> None:
        """The provider says nothing of their own, but what only they can say."""
        path = self.path(Source.PROVIDER)
        for one in (await self.provider.get(f"{path}/sources"))["items"]:
            if one["source"] == Source.PROVIDER and one["name"] in PRACTICE_SETTINGS:
                ok(await self.provider.request("DELETE", f"{path}/{one['name']}"))
        first = {name: VALUES[name][0] for name in self.settings if name in PRACTICE_SETTINGS}
        ok(await self.provider.request("PUT", PRACTICE, json={**self.around, **first}))

    async def begin(self) -> None:
        """Who is there from the start."""

    async def under_way(self) -> None:
        """What there is under the earlier values, when the change comes."""

    async def changed(self) -> None:
        """What is done and seen once for all of the settings, after the change."""

    # Changing

    def at(self, level: Source) -> tuple[str, ...]:
        return tuple(name for name in self.settings if name in SETTINGS_AT[level])

    def value(self, name: str, which: int) -> Any:
        return VALUES[name][which]

    def path(self, level: Source, person: Person | None = None) -> str:
        if level is Source.PRACTICE:
            return PRACTICE
        if level is Source.CLIENT:
            return f"/api/v1/clients/{(person or self.people[0]).client_id}/policy"
        return f"/api/v1/providers/{self.provider.slug}/portal-settings"

    async def turn(self, level: Source, which: int) -> None:
        """Change all that the level may set, as whoever may; those whom it touches are told of before."""
        await self.under_way()
        self.level = level
        document = {name: self.value(name, which) for name in self.at(level)}
        touched = await self._change(level, document)
        assert {setting for setting, _ in touched} <= set(document)
        said = {self.told[name][which] for name in document if name in self.told} - {None}
        assert said <= {kind for _, kind in touched}, (said, touched)
        self.now |= document
        await self._in_force(level, document)
        await self.changed()

    async def _change(self, level: Source, document: dict[str, Any]) -> set[tuple[str, str]]:
        touched: set[tuple[str, str]] = set()
        for person in self.people if level is Source.CLIENT else [None]:
            path = self.path(level, person)
            told = ok(await self.provider.request("POST", f"{path}/preview", json=document))["items"]
            touched |= {(one["setting"], one["kind"]) for one in told}
            reason = {"reason": "As agreed"} if level is Source.CLIENT else {}
            ok(await self.provider.request("PUT", path, json={**document, **reason}))
        return touched

    async def _in_force(self, level: Source, document: dict[str, Any]) -> None:
        items = (await self.provider.get(f"{self.path(level)}/sources"))["items"]
        found = {one["name"]: (one["value"], one["source"]) for one in items if one["name"] in document}
        assert found == {name: (value, str(level)) for name, value in document.items()}

    # Pages

    async def portal(self, path: str, person: Person | None = None) -> str:
        return _read(await (person or self.people[0]).request("GET", path))

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

    # Refusals

    def refused(self, answer: httpx.Response, slug: str, says: str) -> Any:
        """By the rule's name, in words for the client."""
        body = problem(answer, slug, 409)
        assert says in body["detail"], body["detail"]
        return body

    async def blocked(self, setting: str, slug: str) -> None:
        """Staff are told the rule, its value and the level that it comes from, by API and by page."""
        client_id = self.people[0].client_id
        blocks = (await self.provider.get(f"/api/v1/clients/{client_id}/can-book"))["blocks"]
        block = next(one for one in blocks if one["rule"] == slug)
        assert block["source"] == str(self.level)
        assert block["lifted_by"]
        page = await self.console(f"/console/clients/{client_id}")
        assert full_name(setting) in page
        assert f"from {source_in_words(self.level)}" in page

    async def free_to_book(self) -> None:
        assert (await self.provider.get(f"/api/v1/clients/{self.people[0].client_id}/can-book"))["blocks"] == []

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

    async def sign_up(self) -> tuple[str, httpx.Response]:
        address = new_address()
        return address, await self.world.sign_up(self.provider, email=address)

    async def signed_up(self) -> tuple[str, str]:
        """Somebody new: their address and the client's id."""
        address, answer = await self.sign_up()
        ok(answer, 202)
        (row,) = self.world.rows("SELECT id FROM client WHERE email = %s", address)
        return address, str(row["id"])

    # Appointments

    async def booked(self, slot: str | None = None, person: Person | None = None) -> Any:
        who = person or self.people[0]
        appointment = ok(await who.book(slot), 201, 202)
        return await who.in_state(appointment["id"], "booked")

    async def booked_by_staff(self, person: Person, slot: str) -> Any:
        body = {"client_id": person.client_id, "starts_at": slot}
        appointment = ok(await self.provider.request("POST", "/api/v1/appointments", json=body), 201)
        return await person.in_state(appointment["id"], "booked")

    async def asked(self, person: Person, slot: str | None = None) -> Any:
        """What comes of asking for a time: booked, or pending with its fee asked."""
        appointment = ok(await person.book(slot), 201, 202)
        if appointment["status"] == "pending" and appointment["payment"] is not None:
            await person.checkout(appointment["id"])
            return await person.appointment(appointment["id"])
        return await person.in_state(appointment["id"], "booked")

    async def ended(self, person: Person, appointment: Any) -> None:
        """Let go where nobody has paid for it yet, called off by staff where it stands."""
        if appointment["status"] == "pending":
            ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
        else:
            path = f"/api/v1/appointments/{appointment['id']}/cancel"
            ok(await self.provider.request("POST", path, json={"reason": "Tried enough"}))
        await person.in_state(appointment["id"], "cancelled")

    async def offered(self, person: Person | None = None, days: int = 60) -> list[datetime]:
        """The starts on offer, far enough ahead to see where they end."""
        now = await self.world.now()
        window = {"from": now.isoformat(), "to": (now + timedelta(days=days)).isoformat()}
        items = (await (person or self.people[0]).get("/api/v1/portal/slots", params=window))["slots"]
        return [datetime.fromisoformat(one["starts_at"]) for one in items if one["free"]]


def _read(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    return html.unescape(answer.text)
