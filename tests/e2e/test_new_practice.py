"""A practice begins: made by whoever runs the installation, filled by its owner, spoken for by programs with keys."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import sys
from typing import Any

import httpx

from devstack.supervisor import part_environment
from tests.driver import PASSWORD, Provider, World, new_address, ok, problem
from tests.e2e.test_invited_track import send
from tests.staffing import Colleague, accept, colleague, owner_of, sign_in

DETAILS = ("--phone", "+1 212 555 0100", "--email", "desk@new.example")


async def portico(world: World, *arguments: str) -> tuple[int, str]:
    """The command, as an operator of this stack types it; its exit code and what it said."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments),
        env=part_environment(world.stack.variables()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await program.communicate()
    return program.returncode or 0, said.decode()


async def owner_of_new_practice(world: World, name: str) -> tuple[str, Colleague]:
    """The practice's id, and its owner, who came by the mail."""
    address = new_address()
    owner = "--owner-name", "Olga Owner", "--owner-email", address
    code, said = await portico(world, "practices", "new", "--name", name, *DETAILS, *owner)
    assert code == 0, said
    practice_id = said.partition(":")[0]
    await accept(world, address)
    staff = world.rows("SELECT id, role, practice_id FROM staff_member WHERE email = %s", address)[0]
    assert (staff["role"], staff["practice_id"]) == ("owner", practice_id)
    http = await sign_in(world, address, PASSWORD)
    return practice_id, Colleague(world=world, address=address, staff_id=staff["id"], http=http)


async def test_from_nothing_to_a_provider_whom_clients_find(world: World) -> None:
    code, said = await portico(world, "practices", "new", "--name", "", *DETAILS)
    assert (code, "name: is needed" in said) == (2, True), said
    practice_id, owner = await owner_of_new_practice(world, "New Leaf Practice")
    assert practice_id in (await portico(world, "practices", "list"))[1]

    # Without any provider every page of the console says what to do, or has nothing to show.
    for path in ("/console", "/console/calendar", "/console/appointments", "/console/payments", "/console/settings"):
        answer = await owner.request("GET", path)
        assert answer.status_code in (200, 303), (path, answer.status_code)
    for path in ("/console", "/console/settings", "/console/calendar", "/console/clients/new"):
        assert "/console/providers/new" in await owner.page(path), path
    early = {"first_name": "Ines", "last_name": "Invited", "email": new_address()}
    refused = await owner.submit("/console/providers/new", "/console/clients/new", **early)
    assert refused.status_code == 422

    page = "/console/providers/new"
    refused = await owner.submit(page, page, name="", slug="Not An Address", timezone="Mars/Olympus")
    assert refused.status_code == 422
    assert "a time zone, such as America/New_York" in refused.text
    added = await owner.submit(page, page, name="Dr. Lea Leaf", slug="", timezone="Europe/Paris")
    slug = re.search(r"/console/providers/([\w-]+)/availability", added.headers["Location"])
    assert slug is not None and slug.group(1) == "dr-lea-leaf"
    assert "Paris time" in await owner.page(f"/console/providers/{slug.group(1)}/availability")
    again = await owner.submit(page, page, name="Dr. Lea Leaf", slug="", timezone="Europe/Paris")
    assert "This address is taken already" in again.text
    public = await world.http.get(f"{world.base_url}/p/dr-lea-leaf")
    assert public.status_code == 200
    assert "Dr. Lea Leaf" in public.text

    page = "/console/practice"
    contact = {"name": "New Leaf", "phone": "+33 1 23 45 67 89", "email": "desk@new.example", "country": "fr"}
    saved = await owner.submit(page, page, **contact)
    assert saved.status_code == 303
    assert "New Leaf" in await owner.page("/console/settings")
    wrong = await owner.submit(page, page, **(contact | {"phone": "x", "email": "a"}))
    assert wrong.status_code == 422
    row = world.rows("SELECT name, phone, country FROM practice WHERE id = %s", practice_id)[0]
    assert (row["name"], row["phone"], row["country"]) == ("New Leaf", "+33 1 23 45 67 89", "FR")
    audit = [one["kind"] for one in world.rows("SELECT kind FROM audit_entry WHERE practice_id = %s", practice_id)]
    assert {"practice_made", "staff_invited", "provider_added", "practice_changed"} <= set(audit)


async def api(world: World, key: str, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return await world.http.request(method, f"{world.base_url}{path}", headers=headers, **options)


def shown(page: str, field: str) -> str:
    found = re.search(rf'id="{field}" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


async def test_a_key_works_until_it_is_revoked_and_is_shown_once(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    made = await owner.submit("/console/keys", "/console/keys", label="Our website")
    key = shown(made.text, "f-key")
    assert key not in await owner.page("/console/keys")
    new = {"name": "Second Provider", "slug": f"second-{provider.slug}"[:40], "timezone": "America/New_York"}
    added = ok(await api(world, key, "POST", "/api/v1/providers", json=new), 201)
    listed = ok(await api(world, key, "GET", "/api/v1/providers"))["items"]
    assert added in listed
    assert provider.slug in [one["provider"] for one in listed]
    problem(await api(world, key, "POST", "/api/v1/providers", json=new), "validation", 422)

    query = "SELECT id FROM api_key WHERE label = 'Our website' AND practice_id = %s"
    key_id = world.rows(query, provider.seeded.practice_id)[0]["id"]
    stranger = await owner_of(await world.new_provider())
    assert (await stranger.submit("/console/keys", f"/console/keys/{key_id}/revoke")).status_code == 404
    ok(await api(world, key, "GET", "/api/v1/providers"))
    assert (await owner.submit("/console/keys", f"/console/keys/{key_id}/revoke")).status_code == 303
    problem(await api(world, key, "GET", "/api/v1/providers"), "unauthorized", 401)
    unnamed = await owner.submit("/console/keys", "/console/keys", label=" ")
    assert unnamed.status_code == 422
    assert "what it is for" in unnamed.text

    front_desk = await colleague(owner, "front_desk")
    assert (await front_desk.request("GET", "/console/keys")).status_code == 403


async def test_a_webhook_secret_is_changed_over_without_a_gap(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    old = world.rows(
        "SELECT s.id FROM provider_webhook_secret s JOIN provider p ON p.id = s.provider_id WHERE p.slug = %s",
        provider.slug,
    )[0]["id"]
    made = await owner.submit("/console/keys", f"/console/keys/webhooks/{provider.slug}")
    secret = shown(made.text, "f-secret")
    assert secret not in await owner.page("/console/keys")
    changed = dataclasses.replace(provider, seeded=dataclasses.replace(provider.seeded, webhook_secret=secret))

    def invited() -> dict[str, str]:
        return {"email": new_address(), "first_name": "Ines", "last_name": "Invited"}

    for either in (provider, changed):
        ok(await send(world, either, "client.invited", invited()), 202)
    stranger = await owner_of(await world.new_provider())
    assert (await stranger.submit("/console/keys", f"/console/keys/webhooks/{old}/revoke")).status_code == 404
    assert (await owner.submit("/console/keys", f"/console/keys/webhooks/{old}/revoke")).status_code == 303
    problem(await send(world, provider, "client.invited", invited()), "signature-invalid", 401)
    ok(await send(world, changed, "client.invited", invited()), 202)
