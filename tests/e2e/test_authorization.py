"""Every route, asked by everybody, with another practice's ids: only what is listed here answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from db.ids import new_id
from domain.roles import PERMISSIONS, Permission, Role
from tests.driver import Person, Provider, World, ok
from tests.meta.test_the_code import PUBLIC, guards_of, routes
from tests.staffing import colleague, owner_of
from web.identity import Permitted

# Of the practice itself, whoever asks: no id of anybody else's is in them.
OWN_ACCOUNT = {
    "/console/account",
    "/console/account/two-factor",
    "/console/account/two-factor/off",
    "/console/account/recovery-codes",
    "/console/account/sign-out-everywhere",
    "/console/session",
}
# What a path can name of another practice's.
OTHERS = ("batch_id", "called_off_id", "client_id", "appointment_id", "payment_id", "provider", "form_id", "staff_id")
# For operators and scrapers, with tokens of their own: asked here without one.
MACHINES = {"allowed_operator", "allowed_scraper"}


@dataclass(frozen=True, kw_only=True)
class Route:
    method: str
    path: str
    guards: frozenset[str]
    permissions: frozenset[Permission]

    @property
    def names_somebody(self) -> bool:
        return any(f"{{{name}}}" in self.path for name in OTHERS)


def route_table() -> list[Route]:
    found = []
    for route in routes():
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
            found.append(
                Route(
                    method=method,
                    path=route.path,
                    guards=frozenset(guards_of(route)),
                    permissions=frozenset(permissions_of(route)),
                )
            )
    return found


def permissions_of(route: Any) -> set[Permission]:
    found: set[Permission] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, Permitted):
            found.add(dependant.call.permission)
        waiting.extend(dependant.dependencies)
    return found


def test_every_route_of_the_console_names_a_permission() -> None:
    without = {
        (one.method, one.path)
        for one in route_table()
        if "signed_in_staff" in one.guards and not one.permissions and one.path not in OWN_ACCOUNT
    }
    assert without == set()


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """Ids of the practice that is asked about."""

    values: dict[str, str]

    def fill(self, path: str) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: self.values.get(found.group(1), "1"), path)


async def theirs(world: World, provider: Provider) -> tuple[Theirs, Person]:
    person, appointment = await world.booked_client(provider)
    payment = ok(await provider.request("GET", "/api/v1/payments"))["items"][0]["id"]
    form = ok(await provider.request("GET", f"/api/v1/providers/{provider.slug}/intake-forms"))["items"][0]["id"]
    owner = world.rows("SELECT id FROM staff_member WHERE email = %s", provider.seeded.email)[0]["id"]
    body = {"action": "revoke_invitation", "client_ids": [person.client_id]}
    batch = ok(await provider.request("POST", "/api/v1/client-batches", json=body), 202)
    day = (await world.now() + timedelta(days=300)).date().isoformat()
    ill = {"first_day": day, "instead": "cancel", "reason": "ill"}
    path = f"/api/v1/providers/{provider.slug}/called-off-days"
    called_off = ok(await provider.request("POST", path, json=ill), 202)
    values = {
        "batch_id": batch["id"],
        "called_off_id": called_off["id"],
        "client_id": person.client_id,
        "appointment_id": appointment["id"],
        "payment_id": payment,
        "provider": provider.slug,
        "form_id": form,
        "staff_id": owner,
        "section": "cancelling",
        "action": "deactivate",
        "name": "hold_minutes",
        "version": "1",
    }
    return Theirs(values=values), person


def refused(answer: httpx.Response) -> bool:
    if answer.status_code == 303:
        return "/sign-in" in answer.headers["location"]
    return answer.status_code in (401, 403, 404)


async def ask(http: httpx.AsyncClient, world: World, one: Route, ids: Theirs) -> httpx.Response:
    url = f"{world.base_url}{ids.fill(one.path)}"
    return await http.request(one.method, url, json={} if one.method in ("POST", "PUT") else None)


async def test_nobody_reaches_another_practice_and_no_role_more_than_its_table(
    world: World, provider: Provider
) -> None:
    other = await world.new_provider()
    ids, _ = await theirs(world, other)
    own_ids, own = await theirs(world, provider)
    stranger = world.browser()
    owner = await owner_of(provider)
    key = httpx.AsyncClient(timeout=20, headers={"Authorization": f"Bearer {provider.seeded.api_key}"})
    staff = {
        Role.OWNER: owner.http,
        Role.PROVIDER: (await colleague(owner, "provider", provider=provider.slug)).http,
        Role.FRONT_DESK: (await colleague(owner, "front_desk")).http,
    }
    everybody = {"stranger": stranger, "client": own.http, "key": key}
    everybody |= {str(role): http for role, http in staff.items()}
    answered: list[tuple[str, str, str, int]] = []
    asked = 0
    for one in route_table():
        if one.path in PUBLIC or one.guards & MACHINES:
            continue
        for who, http in everybody.items():
            if not one.names_somebody and not _wrong_door(who, one):
                continue  # the asker's own: see below
            answer = await ask(http, world, one, ids)
            asked += 1
            if not refused(answer):
                answered.append((who, one.method, one.path, answer.status_code))
    assert answered == []
    assert asked > 300

    # Within the practice: exactly those whose role has the permission get past the door.
    wrong: list[tuple[str, str, str, int]] = []
    for one in route_table():
        if "signed_in_staff" not in one.guards or one.path in OWN_ACCOUNT or one.method != "GET":
            continue
        for role, http in staff.items():
            answer = await ask(http, world, one, own_ids)
            allowed = one.permissions <= PERMISSIONS[role]
            if (answer.status_code == 403) == allowed:
                wrong.append((str(role), one.method, one.path, answer.status_code))
    assert wrong == []
    # Posting is refused before anything is read of what was posted.
    for one in route_table():
        if "signed_in_staff" not in one.guards or one.method == "GET":
            continue
        for role, http in staff.items():
            if not one.permissions <= PERMISSIONS[role]:
                assert (await ask(http, world, one, own_ids)).status_code == 403, (role, one.path)
    await key.aclose()


def _wrong_door(who: str, one: Route) -> bool:
    """Is this a route for others than the asker?"""
    doors = {"client": "signed_in_clients", "key": "api_practice", "stranger": "nobody"}
    return doors.get(who, "signed_in_staff") not in one.guards


async def test_a_provider_sees_their_own_clients_only(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    second = new_id("prv")
    world.execute(
        "INSERT INTO provider (id, practice_id, slug, name, created_at) "
        f"VALUES ('{second}', '{provider.seeded.practice_id}', '{second.replace('_', '-')}', 'Second Provider', now())"
    )
    world.execute(f"INSERT INTO provider_calendar (provider_id) VALUES ('{second}')")
    person = await world.anonymous_client(provider)
    mine = await colleague(owner, "provider", provider=provider.slug)
    not_mine = await colleague(owner, "provider", provider=second.replace("_", "-"))
    assert person.client_id in await mine.page("/console")
    assert person.client_id not in await not_mine.page("/console")
    assert (await not_mine.request("GET", f"/console/clients/{person.client_id}")).status_code == 404
    assert (await not_mine.request("GET", f"/console/settings/{provider.slug}")).status_code == 404
    assert (await mine.request("GET", f"/console/settings/{provider.slug}")).status_code == 200
