"""The invited track: by webhook, by API; no greeting and no intake until the provider says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx
from temporalio.client import WorkflowExecutionStatus

from tests.driver import Provider, World, new_address, ok, problem, until


def signed(provider: Provider, body: bytes, webhook_id: str, timestamp: int | None = None) -> dict[str, str]:
    """A Standard Webhooks signature, written out: an independent second opinion on the library."""
    at = str(timestamp or int(time.time()))
    key = base64.b64decode(provider.seeded.webhook_secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{webhook_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "content-type": "application/json",
    }


async def send(
    world: World, provider: Provider, kind: str, data: dict[str, Any], *, webhook_id: str | None = None
) -> httpx.Response:
    body = json.dumps({"type": kind, "timestamp": "2026-11-23T12:00:00Z", "data": data}).encode()
    headers = signed(provider, body, webhook_id or f"msg_{secrets.token_hex(8)}")
    return await world.http.post(f"{world.base_url}/webhooks/providers/{provider.slug}", content=body, headers=headers)


def somebody() -> dict[str, str]:
    return {"first_name": "Ines", "last_name": "Invited", "email": new_address()}


async def test_an_invited_client_books_without_intake_and_without_greeting(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    assert (await provider.stage(person.client_id, "ready"))["track"] == "invited"
    assert (await person.get("/api/v1/portal/intake"))["form"] is None
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")
    await world.mail(person.address, "confirmed")
    assert await world.mails(person.address, "welcome") == []
    assert "greeting_sent" not in await provider.timeline(person.client_id)


async def test_a_signed_webhook_invites_once_however_often_it_comes(world: World, provider: Provider) -> None:
    data = somebody() | {"external_id": f"ext-{secrets.token_hex(4)}"}
    first = ok(await send(world, provider, "client.invited", data, webhook_id="msg_once"), 202)
    await world.mail(data["email"], "client portal")
    again = ok(await send(world, provider, "client.invited", data, webhook_id="msg_once"), 202)
    assert again == first
    other_words = await send(world, provider, "client.invited", data | {"first_name": "Eva"}, webhook_id="msg_once")
    problem(other_words, "conflict", 409)
    known = ok(await send(world, provider, "client.invited", data), 202)
    assert known["client_id"] == first["client_id"]
    assert len(world.rows("SELECT id FROM client WHERE email = %s", data["email"])) == 1


async def test_new_client_forms_go_out_before_the_account_exists(world: World, provider: Provider) -> None:
    address = new_address()
    client = await provider.invite(email=address)
    assert client["new_client_forms_sent_at"] is None
    path = f"/api/v1/clients/{client['id']}/send-new-client-forms"
    assert ok(await provider.request("POST", path), 202)["sent"] is True
    greeting = await world.mail(address, "welcome")
    assert [part.get_filename() for part in greeting.iter_attachments()] == ["Welcome.pdf"]
    await provider.told(client["id"], "new_client_forms_sent")
    assert (await provider.client(client["id"]))["new_client_forms_sent_at"] is not None


async def test_pressed_twice_within_a_minute_it_sends_once_and_says_so(world: World, provider: Provider) -> None:
    address = new_address()
    client = await provider.invite(email=address)
    path = f"/api/v1/clients/{client['id']}/send-new-client-forms"
    first = ok(await provider.request("POST", path), 202)
    second = ok(await provider.request("POST", path), 202)
    assert (first["sent"], second["sent"]) == (True, False)
    assert second["last_sent_at"] is not None
    await provider.told(client["id"], "new_client_forms_sent")
    assert len(await world.mails(address, "welcome")) == 1


async def test_new_client_forms_go_out_after_the_journey_has_closed(world: World, provider: Provider) -> None:
    person, _ = await world.booked_client(provider)
    journey = (await world.engine()).get_workflow_handle(f"client-journey:{person.client_id}")

    async def closed() -> bool:
        return (await journey.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(closed, "the journey to close")
    before = len(await world.mails(person.address, "welcome"))
    ok(await send(world, provider, "client.new_client_forms_requested", {"client_id": person.client_id}), 202)
    await provider.told(person.client_id, "new_client_forms_sent")
    assert len(await world.mails(person.address, "welcome")) == before + 1
    await until(closed, "the journey to close again")
    assert (await provider.client(person.client_id))["stage"] == "booked"


async def test_without_a_greeting_the_button_says_why_not(world: World) -> None:
    other = world.endpoints["other_practice"]
    headers = {"Authorization": f"Bearer {other['api_key']}"}
    body = somebody()
    client = ok(await world.http.post(f"{world.base_url}/api/v1/clients", json=body, headers=headers), 201)
    path = f"{world.base_url}/api/v1/clients/{client['id']}/send-new-client-forms"
    problem(await world.http.post(path, headers=headers), "greeting-missing", 409)


async def test_the_front_desk_cancels_by_webhook(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    data = {"appointment_id": appointment["id"], "reason": "provider ill"}
    ok(await send(world, provider, "appointment.cancelled", data), 202)
    await person.in_state(appointment["id"], "cancelled")
    notice = await world.mail(person.address, "cancelled")
    assert "by the practice" in notice.as_string()


async def test_a_webhook_with_a_wrong_stale_or_future_signature_changes_nothing(
    world: World, provider: Provider
) -> None:
    url = f"{world.base_url}/webhooks/providers/{provider.slug}"
    data = somebody()
    body = json.dumps({"type": "client.invited", "timestamp": "2026-11-23T12:00:00Z", "data": data}).encode()
    good = signed(provider, body, "msg_1")
    attempts = [
        (body.replace(b"Ines", b"Evil"), good),
        (body, {**good, "webhook-signature": "v1,AAAA"}),
        (body, signed(provider, body, "msg_2", int(time.time()) - 3600)),
        (body, signed(provider, body, "msg_3", int(time.time()) + 3600)),
        (body, {"content-type": "application/json"}),
    ]
    for content, headers in attempts:
        problem(await world.http.post(url, content=content, headers=headers), "signature-invalid", 401)
    assert world.rows("SELECT id FROM client WHERE email = %s", data["email"]) == []
