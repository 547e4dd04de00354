"""Staff of a seeded practice, invited and signed in as people do it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import httpx

from tests.driver import PASSWORD, Provider, World, text_of


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody of the practice with a browser of their own."""

    world: World
    address: str
    staff_id: str
    http: httpx.AsyncClient

    async def request(self, method: str, path: str, **options: object) -> httpx.Response:
        return await self.http.request(method, f"{self.world.base_url}{path}", **options)  # type: ignore[arg-type]

    async def page(self, path: str) -> str:
        answer = await self.request("GET", path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.text

    async def submit(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Post a form with the token of the page that it stands on."""
        token = re.search(r'name="csrf" value="([^"]+)"', await self.page(page))
        assert token is not None
        return await self.request("POST", path, data={"csrf": token.group(1), **fields})


async def sign_in(world: World, address: str, password: str) -> httpx.AsyncClient:
    http = world.browser()
    data = {"email": address, "password": password}
    answer = await http.post(f"{world.base_url}/console/sign-in", data=data)
    assert answer.status_code == 303, answer.text[:500]
    return http


async def owner_of(provider: Provider) -> Colleague:
    world = provider.world
    http = await sign_in(world, provider.seeded.email, provider.seeded.password)
    row = world.rows("SELECT id FROM staff_member WHERE email = %s", provider.seeded.email)[0]
    return Colleague(world=world, address=provider.seeded.email, staff_id=row["id"], http=http)


async def invite_colleague(owner: Colleague, role: str, *, provider: str = "") -> str:
    """The address of somebody who has been invited."""
    address = f"colleague-{secrets.token_hex(6)}@example.com"
    fields = {"name": f"Robin {role}", "email": address, "role": role, "provider": provider}
    answer = await owner.submit("/console/staff", "/console/staff", **fields)
    assert answer.status_code == 303, answer.text[:800]
    return address


async def accept(world: World, address: str) -> None:
    link = re.search(r"/password/[\w.-]+", text_of(await world.mail(address, "sign-in")))
    assert link is not None
    answer = await world.browser().post(f"{world.base_url}{link.group()}", data={"password": PASSWORD})
    assert answer.status_code == 303, answer.text[:500]


async def colleague(owner: Colleague, role: str, *, provider: str = "") -> Colleague:
    """Invited, accepted and signed in."""
    world = owner.world
    address = await invite_colleague(owner, role, provider=provider)
    await accept(world, address)
    row = world.rows("SELECT id FROM staff_member WHERE email = %s", address)[0]
    http = await sign_in(world, address, PASSWORD)
    return Colleague(world=world, address=address, staff_id=row["id"], http=http)
