"""Inviting a list: looked at row by row, all or nobody, and safe to send twice."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.driver import Provider, World, new_address, ok, problem
from tests.e2e.test_client_batches import audited, settled
from tests.e2e.test_invitations_per_mailbox import MOST, sent_already
from tests.staffing import Colleague, owner_of

API = "/api/v1/client-batches/invite"
PAGE = "/console/clients/invite-many"


def somebody(first_name: str = "Ana", **more: Any) -> dict[str, Any]:
    return {"first_name": first_name, "last_name": "Listed", "email": new_address(), **more}


async def invite(provider: Provider, clients: list[Any], *, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await provider.request("POST", API, json={"clients": clients, **more}, headers=headers)


async def everybody(provider: Provider) -> list[str]:
    return sorted(one["email"] for one in (await provider.get("/api/v1/clients"))["items"])


async def test_a_list_is_invited_once_and_what_is_wrong_is_named_by_row(world: World, provider: Provider) -> None:
    known = await provider.invite(first_name="Nila", external_id="1001")
    ana, kit = somebody("Ana"), somebody("Kit", email=known["email"])
    clients = [
        ana,
        somebody(email="nobody", phone="12"),
        {**ana, "first_name": "ana"},
        {"first_name": "Nila", "last_name": known["last_name"], "email": known["email"]},
        somebody(external_id="1001"),
        kit,
        somebody(external_id={"not": "text"}),
    ]
    rows = ok(await provider.request("POST", f"{API}/preview", json={"clients": clients}))["rows"]
    states = ["ready", "wrong", "repeated", "known", "numbered", "ready", "wrong"]
    assert [row["state"] for row in rows] == states
    assert [error["field"] for error in rows[1]["errors"]] == ["email", "phone"]
    assert (rows[2]["same_as_row"], rows[3]["known"]) == (1, [known["id"]])
    assert rows[5]["shares_address_with"] == [known["id"]]
    refused = problem(await invite(provider, clients), "validation", 422)
    fields = ["clients.1.email", "clients.1.phone", "clients.2.email", "clients.3.email", "clients.4.external_id"]
    assert [error["field"] for error in refused["errors"]] == [*fields, "clients.6.external_id"]
    assert await everybody(provider) == [known["email"]], "all of them or nobody"

    good = [ana, kit, clients[3]]
    batch = ok(await invite(provider, good, anyway=[3], key="monday"), 202)
    assert ok(await invite(provider, good, anyway=[3], key="monday"), 202)["id"] == batch["id"]
    problem(await invite(provider, [ana], key="monday"), "conflict", 409)
    problem(await invite(provider, good), "validation", 422)
    done = await settled(provider, batch)
    assert (done["action"], done["counts"]) == ("invite", {"sent": 3})
    assert await everybody(provider) == sorted([ana["email"], *[known["email"]] * 3])
    await world.invitation_token(ana["email"])
    assert set(await audited(provider, "client_invited")) >= {item["client_id"] for item in done["items"]}


async def send(owner: Colleague, path: str, csrf_from: str, **options: Any) -> httpx.Response:
    token = re.search(r'name="csrf" value="([^"]+)"', csrf_from)
    assert token is not None
    return await owner.request("POST", path, data={"csrf": token.group(1), **options.pop("data", {})}, **options)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found.group(1)


async def test_a_file_is_looked_at_and_confirmed_and_a_colleague_with_the_same_list_is_told(
    world: World, provider: Provider
) -> None:
    owner = await owner_of(provider)
    first, second = new_address(), new_address()
    # As a spreadsheet saves it where nobody asks: in the letters of its country, with semicolons.
    file = f"Email;Vorname;First name;Last name\n{first};x;José;Müller\n{second};x;Ben;Listed\nnobody;x;Cy;Listed\n"
    files = {"file": ("list.csv", file.encode("cp1252"), "text/csv")}
    start = await owner.page(PAGE)
    assert (await send(owner, PAGE, start, files={"file": ("empty.csv", b"")})).status_code == 422
    looks = [(await send(owner, PAGE, start, files=files)).text for _ in range(2)]
    assert "2 clients can be invited" in looks[0]
    assert "Not used: Vorname." in looks[0]
    assert "José Müller" in looks[0]
    fields = {name: hidden(looks[0], name) for name in ("form_token", "provider", "list")}
    await sent_already(world, second, MOST)
    late = await send(owner, f"{PAGE}/confirm", looks[0], data={**fields, "row": ["2", "3"]})
    assert late.status_code == 422
    assert f"{MOST} invitations today" in late.text
    assert await everybody(provider) == []
    done = await send(owner, f"{PAGE}/confirm", looks[0], data={**fields, "row": ["2"]})
    assert done.status_code == 303
    again = await send(owner, f"{PAGE}/confirm", looks[0], data={**fields, "row": ["2"]})
    assert again.headers["location"] == done.headers["location"], "a double tap is one request"
    # A colleague has had the same list before their eyes all the while.
    fields["form_token"] = hidden(looks[1], "form_token")
    stale = await send(owner, f"{PAGE}/confirm", looks[1], data={**fields, "row": ["2"]})
    assert stale.status_code == 422
    assert "Nobody has been invited yet" in stale.text
    assert "A client already?" in stale.text
    assert await everybody(provider) == [first]
    batch = done.headers["location"].partition("?")[0].rpartition("/")[2]
    assert (await settled(provider, {"id": batch}))["counts"] == {"sent": 1}
    assert "José" in (await world.mails(first))[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
