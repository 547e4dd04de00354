"""How tests speak to a running stack: as a website, a provider, a client, a mail reader, a card holder."""

from __future__ import annotations

import asyncio
import email
import email.policy
import itertools
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, TypeVar

import httpx
from temporalio.client import Client as Engine
from temporalio.testing import TimeSkipper

from devstack.demo import required_answers
from devstack.stack import Stack
from dispatch.connection import EngineAddress, connect
from tests.described import check_described
from tests.records import Records
from tests.seeding import SeededPractice, seed_practice, settings_of

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
# Nothing here speaks TLS: each client would read all the world's certificate authorities for it.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PASSWORD = "a long enough pass phrase"
_numbers = itertools.count(1)


async def until(look: Callable[[], Awaitable[Found | None]], what: str, patience: float = PATIENCE_SECONDS) -> Found:
    """Ask until there is an answer: tests wait for facts, never for time. Who waits longer asks less often."""
    deadline, pause = time.monotonic() + patience, 0.04
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s for {what}")
        await asyncio.sleep(pause)
        pause = min(1.5 * pause, 0.3)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A seeded provider and what its practice may do."""

    world: World
    seeded: SeededPractice

    @property
    def slug(self) -> str:
        return self.seeded.slug

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.seeded.api_key}"} | options.pop("headers", {})
        return await self.world.http.request(method, f"{self.world.base_url}{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        return ok(await self.request("GET", path, **options))

    async def change(self, **settings: Any) -> Any:
        """Flip switches of the portal settings."""
        path = f"/api/v1/providers/{self.slug}/portal-settings"
        return ok(await self.request("PUT", path, json={**await self.get(path), **settings}))

    async def client(self, client_id: str) -> Any:
        return await self.get(f"/api/v1/clients/{client_id}")

    async def timeline(self, client_id: str) -> list[str]:
        return [item["kind"] for item in (await self.get(f"/api/v1/clients/{client_id}/timeline"))["items"]]

    async def stage(self, client_id: str, stage: str) -> Any:
        """Wait until the journey has brought the client there."""

        async def look() -> Any:
            client = await self.client(client_id)
            return client if client["stage"] == stage else None

        return await until(look, f"stage {stage}")

    async def told(self, client_id: str, kind: str, times: int = 1) -> None:
        async def look() -> bool:
            return (await self.timeline(client_id)).count(kind) >= times

        await until(look, f"{kind} on the timeline")

    async def invite(self, **fields: Any) -> Any:
        body = {"first_name": "Ines", "last_name": "Invited", "email": new_address(), "provider": self.slug} | fields
        return ok(await self.request("POST", "/api/v1/clients", json=body), 201)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A client with a browser: `http` keeps the session cookie."""

    world: World
    provider: Provider
    address: str
    client_id: str
    http: httpx.AsyncClient

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.http.request(method, f"{self.world.base_url}{path}", **options)

    async def get(self, path: str, **options: Any) -> Any:
        return ok(await self.request("GET", path, **options))

    async def submit_intake(self, *, signature: str | None = None, items: list[Any] | None = None) -> None:
        """With `items`, or with the shortest answers that the form accepts."""

        async def look() -> Any:
            view = await self.get("/api/v1/portal/intake")
            return view if view["form"] else None

        view = await until(look, "the intake form")
        form = view["form"]
        response = {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": required_answers(form["item"]) if items is None else items,
        }
        body: dict[str, Any] = {"response": response, "submit": True}
        if signature is not None:
            body["signature"] = {"name": signature, "consent_sha256": view["consent"]["sha256"]}
        ok(await self.request("POST", "/api/v1/portal/intake", json=body))
        await self.provider.stage(self.client_id, "ready")

    async def slots(self) -> list[str]:
        now = await self.world.now()
        window = {"from": now.isoformat(), "to": (now + timedelta(days=21)).isoformat()}
        return [slot["starts_at"] for slot in (await self.get("/api/v1/portal/slots", params=window))["slots"]]

    async def book(self, starts_at: str | None = None, key: str | None = None) -> httpx.Response:
        chosen = starts_at or (await self.slots())[-1]
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        return await self.request("POST", "/api/v1/portal/appointments", json={"starts_at": chosen}, headers=headers)

    async def appointment(self, appointment_id: str) -> Any:
        return await self.get(f"/api/v1/portal/appointments/{appointment_id}")

    async def in_state(self, appointment_id: str, status: str) -> Any:
        async def look() -> Any:
            found = await self.appointment(appointment_id)
            return found if found["status"] == status else None

        return await until(look, f"appointment {status}")

    async def checkout(self, appointment_id: str) -> str:
        """The processor's session id, once the checkout is there."""

        async def look() -> str | None:
            url: str | None = (await self.appointment(appointment_id))["checkout_url"]
            return url

        return session_of(await until(look, "the checkout"))


class World:
    """The stack, and everybody outside it."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self.stack = stack
        self.http = http
        http.event_hooks["response"].append(check_described)
        self._engine: Engine | None = None
        self._records = Records(self.endpoints["database_url"])
        self._browsers: list[httpx.AsyncClient] = []

    def browser(self) -> httpx.AsyncClient:
        """A client with cookies of its own."""
        hooks = {"response": [check_described]}
        self._browsers.append(httpx.AsyncClient(timeout=20, event_hooks=hooks, verify=NO_TLS))
        return self._browsers[-1]

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.aclose()
        self._records.close()

    @property
    def endpoints(self) -> dict[str, Any]:
        return self.stack.endpoints

    @property
    def base_url(self) -> str:
        return str(self.endpoints["base_url"])

    async def now(self) -> datetime:
        """The stack's business time."""
        rows = self.rows("SELECT offset_seconds FROM demo_clock")
        return datetime.now(UTC) + timedelta(seconds=rows[0]["offset_seconds"] if rows else 0)

    async def engine(self) -> Engine:
        if self._engine is None:
            address = EngineAddress(address=self.endpoints["temporal_address"])
            self._engine = await connect(address, settings_of(self.stack).codec_keys)
        return self._engine

    async def new_provider(self) -> Provider:
        seeded = await seed_practice(self.stack, next(_numbers))
        merchant = {"id": seeded.merchant_account, "charges_enabled": True}
        ok(await self.http.post(f"{self.endpoints['simulator_url']}/_sim/accounts", json=merchant), 200, 201)
        return Provider(world=self, seeded=seeded)

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """What is really in the database."""
        return self._records.ask(query, *parameters)

    def execute(self, statement: str) -> None:
        self._records.change(statement)

    async def fast_forward(self, workflow_id: str, *, seconds: int) -> None:
        """Let one workflow's time pass on the real server."""
        engine = await self.engine()
        await TimeSkipper(engine).fast_forward(engine.get_workflow_handle(workflow_id), timedelta(seconds=seconds))

    # Website and invitations

    async def sign_up(self, provider: Provider, **fields: Any) -> httpx.Response:
        key = fields.pop("key", None)
        body = {"fields": {"first_name": "Ana", "last_name": "Anonymous", "email": new_address()} | fields}
        headers = {"Idempotency-Key": key} if key else {}
        url = f"{self.base_url}/webhooks/signups/{provider.slug}"
        return await self.http.post(url, json=body, headers=headers)

    async def open_account(self, provider: Provider, address: str) -> Person:
        """Follow the invitation's link and choose a password."""
        token = await self.invitation_token(address)
        http = self.browser()
        answer = await http.post(f"{self.base_url}/api/v1/invitations/{token}/accept", json={"password": PASSWORD})
        client_id = ok(answer)["clients"][-1]["id"]
        return Person(world=self, provider=provider, address=address, client_id=client_id, http=http)

    async def anonymous_client(self, provider: Provider, **fields: Any) -> Person:
        """Signed up, invited, and with an account."""
        address = fields.get("email") or new_address()
        ok(await self.sign_up(provider, **(fields | {"email": address})), 202)
        return await self.open_account(provider, address)

    async def ready_client(self, provider: Provider) -> Person:
        """On the anonymous track, with the intake form submitted."""
        person = await self.anonymous_client(provider)
        await person.submit_intake()
        return person

    async def booked_client(self, provider: Provider) -> tuple[Person, Any]:
        """Paid and booked."""
        person = await self.ready_client(provider)
        appointment = ok(await person.book(), 201, 202)
        if appointment["status"] == "pending":
            await self.pay(await person.checkout(appointment["id"]))
        return person, await person.in_state(appointment["id"], "booked")

    async def invited_client(self, provider: Provider) -> Person:
        address = new_address()
        invited = await provider.invite(email=address)
        person = await self.open_account(provider, address)
        return replace(person, client_id=invited["id"])

    # Mail

    async def mails(self, address: str, subject: str = "") -> list[EmailMessage]:
        """Newest first."""
        mailbox = self.endpoints["mailbox_url"]
        items = ok(await self.http.get(f"{mailbox}/api/messages", params={"to": address}))["items"]
        found = []
        for item in items:
            if subject.lower() in item["subject"].lower():
                raw = (await self.http.get(f"{mailbox}/api/messages/{item['id']}.eml")).content
                found.append(email.message_from_bytes(raw, policy=email.policy.default))
        return found

    async def mail(self, address: str, subject: str) -> EmailMessage:
        async def look() -> EmailMessage | None:
            found = await self.mails(address, subject)
            return found[0] if found else None

        return await until(look, f"mail “{subject}”")

    async def invitation_token(self, address: str) -> str:
        text = text_of(await self.mail(address, "client portal"))
        found = re.search(r"/invitations/([\w.-]+)", text)
        assert found is not None
        return found.group(1)

    # Card holder

    async def pay(self, session_id: str) -> None:
        ok(await self.http.post(f"{self.endpoints['simulator_url']}/_sim/sessions/{session_id}/pay"))

    async def simulator_faults(self, *faults: Mapping[str, Any]) -> None:
        ok(await self.http.put(f"{self.endpoints['simulator_url']}/_sim/faults", json=list(faults)), 200, 204)

    async def simulator_requests(self) -> list[dict[str, Any]]:
        """What Portico asked of the processor; Stripe's CLI asks too, and not in Portico's words."""
        answer = ok(await self.http.get(f"{self.endpoints['simulator_url']}/_sim/requests"))
        return [one for one in answer["items"] if "PythonBindings" in one["agent"]]


def ok(response: httpx.Response, *expected: int) -> Any:
    """The JSON answer of a request that has to go well."""
    wanted = expected or (200,)
    assert response.status_code in wanted, (
        f"{response.request.method} {response.url}: {response.status_code} {response.text[:500]}"
    )
    return response.json() if response.content else None


def problem(response: httpx.Response, slug: str, status: int) -> Any:
    """The refusal, of the right kind."""
    assert response.headers["content-type"].startswith("application/problem+json"), response.text[:300]
    body = response.json()
    assert (body["type"], body["status"], response.status_code) == (f"/problems/{slug}", status, status), body
    return body


def new_address() -> str:
    return f"client-{secrets.token_hex(6)}@example.com"


def session_of(checkout_url: str) -> str:
    found = re.search(r"cs_[A-Za-z0-9_]+", checkout_url)
    assert found is not None, checkout_url
    return found.group()


def text_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())
