"""Plants a string of its own in every field that a person can fill in, on the way through both tracks."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from standardwebhooks import Webhook

from devstack.demo import required_answers
from tests.driver import Person, Provider, World, ok, problem, text_of, until
from tests.waiting import offer_link, offered, waits_for, whole_times

# Raises with data of the row's client in the message, for the first times: a sequence isn't rolled back.
_FAILING_ACTIVITY = """
CREATE SEQUENCE canary_failures;
CREATE FUNCTION canary_fails() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE canary client;
BEGIN
    SELECT * INTO canary FROM client WHERE id = NEW.client_id;
    IF canary.external_id = '{external_id}' AND nextval('canary_failures') <= 2 THEN
        RAISE EXCEPTION 'no room for %', canary USING DETAIL = canary.email;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER canary BEFORE INSERT ON timeline_entry FOR EACH ROW WHEN (NEW.kind = 'invitation_sent')
    EXECUTE FUNCTION canary_fails();
"""
_HEALED = "DROP TRIGGER canary ON timeline_entry; DROP FUNCTION canary_fails; DROP SEQUENCE canary_failures"


@dataclass(kw_only=True)
class Canaries:
    """`planted` by field. `clients` and `appointments` are what may be found: ids."""

    world: World
    provider: Provider
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    planted: dict[str, str] = field(default_factory=dict)
    clients: list[str] = field(default_factory=list)
    appointments: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of practices and their people: not for the processor

    def word(self, name: str) -> str:
        return self.planted.setdefault(name, f"Canary{self.tag}{name}")

    def address(self, name: str) -> str:
        return self.planted.setdefault(name, f"canary{self.tag}{name}@example.com")

    def number(self) -> str:
        """A phone number; shown in other ways, its last seven digits stay together."""
        digits = f"{secrets.randbelow(8) + 2}{secrets.randbelow(10**6):06}"
        self.planted[f"phone {digits}"] = digits
        return f"+1 415 {digits}"

    # What the practice writes

    async def practice_writes(self) -> None:
        base = f"/api/v1/providers/{self.provider.slug}"
        form = await self.provider.get(f"{base}/signup-form")
        custom = {"key": "referrer", "type": "text", "label": self.word("Label"), "enabled": True, "required": False}
        fields = [one | {"enabled": True} for one in form["fields"]] + [custom]
        ok(await self.provider.request("PUT", f"{base}/signup-form", json={"fields": fields}))
        types = [{"id": "standard", "name": self.word("Type")}, {"name": self.word("Othertype"), "minutes": 25}]
        ok(await self.provider.request("PUT", f"{base}/appointment-types", json={"types": types}))
        greeting = await self.provider.get(f"{base}/greeting")
        written = {"subject": f"Welcome {self.word('Subject')}", "body": f"Hello {self.word('Body')}"}
        ok(await self.provider.request("PUT", f"{base}/greeting", json=greeting | written))

    # The website

    async def signs_up(self) -> Person:
        born = self.planted["date of birth"] = "1931-07-19"
        fields = {
            "first_name": self.word("First"),
            "last_name": self.word("Last"),
            "email": self.address("signup"),
            "phone": self.number(),
            "date_of_birth": born,
            "preferred_name": self.word("Preferred"),
            "pronouns": self.word("Pronouns"),
            "address": {name: self.word(f"Home{name}") for name in ("line1", "line2", "city", "postal_code")},
            "emergency_contact": {"name": self.word("Emergency"), "phone": self.number()},
            "guardian": {"name": self.word("Guardian"), "phone": self.number(), "email": self.address("guardian")},
            "insurance": {"carrier": self.word("Carrier"), "member_id": self.word("Member")},
            "reason_for_contact": self.word("Reason"),
            "referral_source": self.word("Source"),
            "custom": {"referrer": self.word("Referrer")},
        }
        ok(await self.world.sign_up(self.provider, key=self.word("Key"), **fields), 202)
        return await self._opens_account(self.address("signup"), "Password")

    async def is_refused(self) -> None:
        """Input that isn't taken is nobody's business either."""
        wrong = {"first_name": self.word("Wrongfirst"), "email": self.word("Notanaddress")}
        problem(await self.world.sign_up(self.provider, **wrong), "validation", 422)
        body = {"email": self.address("stranger"), "password": self.word("Wrongpassword")}
        url = f"{self.world.base_url}/api/v1/portal/session"
        problem(await self.world.browser().post(url, json=body), "unauthorized", 401)
        await self.provider.get("/api/v1/clients", params={"q": self.word("Search")})
        await self.world.http.get(f"{self.world.base_url}/{self.word('Path')}?q={self.word('Query')}")
        url = f"{self.world.base_url}/webhooks/signups/{self.provider.slug}"
        await self.world.http.post(url, content=f'{{"fields": {self.word("Broken")}')

    async def database_refuses(self) -> None:
        """PostgreSQL's own complaint quotes the whole row."""
        with changed(
            self.world,
            f"ALTER TABLE client ADD CONSTRAINT canary CHECK (first_name <> '{self.word('Sqlfirst')}') NOT VALID",
            "ALTER TABLE client DROP CONSTRAINT canary",
        ):
            fields = {"first_name": self.word("Sqlfirst"), "last_name": self.word("Sqllast")}
            answer = await self.world.sign_up(self.provider, email=self.address("sql"), **fields)
        assert answer.status_code in (500, 503), answer.text
        self.stays_out_of(answer)

    def stays_out_of(self, answer: httpx.Response) -> None:
        assert f"anary{self.tag}" not in answer.text

    # The provider's own system

    async def is_invited(self) -> Person:
        """First at an address that is refused with an echo, while the database refuses what its step writes down."""
        wrong, right = self.address("refused"), self.address("corrected")
        mailbox = f"{self.world.endpoints['mailbox_url']}/api/faults"
        ok(await self.world.http.put(mailbox, json=[{"to": wrong, "reply": 550, "times": 50}]))
        external_id = self.word("External")
        with changed(self.world, _FAILING_ACTIVITY.format(external_id=external_id), _HEALED):
            names = {"first_name": self.word("Invitedfirst"), "last_name": self.word("Invitedlast")}
            data = {"email": wrong, "phone": self.number(), "external_id": external_id, **names}
            client = (await self.webhook("client.invited", data))["client_id"]
            await self.provider.told(client, "attention_raised")
            path = f"/api/v1/clients/{client}"
            ok(await self.provider.request("POST", f"{path}/correct-email", json={"email": right}), 200, 202)
            await self.provider.told(client, "invitation_sent")
            (failures,) = self.world.rows("SELECT last_value FROM canary_failures")
            assert failures["last_value"] > 2
        ok(await self.world.http.put(mailbox, json=[]))
        return replace(await self._opens_account(right, "Otherpassword"), client_id=client)

    async def webhook(self, kind: str, data: Mapping[str, Any]) -> Any:
        now = datetime.now(UTC)
        body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data})
        webhook_id = f"msg_{secrets.token_hex(8)}"
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.provider.seeded.webhook_secret).sign(webhook_id, now, body),
        }
        url = f"{self.world.base_url}/webhooks/providers/{self.provider.slug}"
        return ok(await self.world.http.post(url, content=body, headers=headers), 202)

    # The portal

    async def _opens_account(self, address: str, password: str) -> Person:
        token = self.planted[f"invitation of {address}"] = await self.world.invitation_token(address)
        http = self.world.browser()
        url = f"{self.world.base_url}/api/v1/invitations/{token}/accept"
        answer = ok(await http.post(url, json={"password": f"{self.word(password)} long enough"}))
        client_id = answer["clients"][-1]["id"]
        self.clients.append(client_id)
        person = Person(world=self.world, provider=self.provider, address=address, client_id=client_id, http=http)
        self.people.append(person)
        return person

    async def answers(self, person: Person) -> None:
        """A draft first, then the form."""

        async def look() -> Any:
            return (await person.get("/api/v1/portal/intake"))["form"]

        items = required_answers((await until(look, "the intake form"))["item"])
        filled = list(self._filled(items))
        response = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": filled}
        ok(await person.request("POST", "/api/v1/portal/intake", json={"response": response, "submit": False}))
        response["status"] = "completed"
        ok(await person.request("POST", "/api/v1/portal/intake", json={"response": response, "submit": True}))
        await self.provider.stage(person.client_id, "ready")

    def _filled(self, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for item in items:
            answers = [
                {"valueString": self.word(f"Answer{len(self.planted)}")} if "valueString" in answer else answer
                for answer in item.get("answer", [])
            ]
            yield item | {"answer": answers} if answers else item | {"item": list(self._filled(item["item"]))}

    async def keeps_profile(self, person: Person) -> None:
        """Contact data, and another address that is confirmed."""
        street = {"line1": self.word("Newstreet"), "city": self.word("Newcity"), "postal_code": self.word("Newzip")}
        change = {"preferred_name": self.word("Newname"), "pronouns": self.word("Newpronouns"), "address": street}
        ok(await person.request("PUT", "/api/v1/portal/profile", json=change | {"phone": self.number()}))
        new = self.address("changed")
        body = {"email": new, "current": f"{self.word('Password')} long enough"}
        ok(await person.request("POST", "/api/v1/portal/email-change", json=body), 202)
        found = re.search(r"/email/confirm/([\w.-]+)", text_of(await self.world.mail(new, "confirm this address")))
        assert found is not None
        self.planted["token of the new address"] = found.group(1)
        answer = await self.world.browser().post(f"{self.world.base_url}{found.group()}")
        assert answer.status_code == 200, answer.text[:300]

    async def books_and_pays(self, person: Person) -> str:
        appointment = ok(await person.book(key=self.word("Bookingkey") + person.client_id), 201, 202)
        await self.world.pay(await person.checkout(appointment["id"]))
        await person.in_state(appointment["id"], "booked")
        await self.provider.told(person.client_id, "confirmation_sent")
        self.appointments.append(appointment["id"])
        return str(appointment["id"])

    # The front desk

    async def front_desk_moves_and_cancels(self, person: Person, appointment: str) -> None:
        early = (await self.world.now()).replace(hour=7, minute=5, second=0, microsecond=0) + timedelta(days=3)
        move = {"starts_at": early.isoformat(), "override_reason": self.word("Movereason")}
        ok(await self.provider.request("POST", f"/api/v1/appointments/{appointment}/move", json=move))
        reason = {"reason": self.word("Cancelreason")}
        ok(await self.provider.request("POST", f"/api/v1/appointments/{appointment}/cancel", json=reason))
        await self.provider.told(person.client_id, "fee_refunded")
        await self.provider.told(person.client_id, "cancellation_sent")

    async def gets_an_override(self, person: Person) -> None:
        body = {"max_upcoming_appointments": 7, "reason": self.word("Overridereason")}
        ok(await self.provider.request("PUT", f"/api/v1/clients/{person.client_id}/policy", json=body))

    async def is_let_off_a_fee(self, person: Person) -> None:
        body = {"reason": self.word("Waiverreason")}
        ok(await self.provider.request("POST", f"/api/v1/clients/{person.client_id}/fee-waiver", json=body), 201)

    async def is_taken_off_the_waitlist(self, person: Person) -> None:
        """Waits for a time that somebody else has; it frees up, and is kept for them when they are taken off."""
        slot = (await whole_times(self.world, person))[0]
        other = {"client_id": (await self.provider.invite())["id"], "starts_at": slot}
        booked = ok(await self.provider.request("POST", "/api/v1/appointments", json=other), 201)
        wish = await waits_for(person, slot)
        ok(await self.provider.request("POST", f"/api/v1/appointments/{booked['id']}/cancel", json={}))
        await offered(person)
        self.planted["token of the offer"] = (await offer_link(self.world, person)).removeprefix("/offers/")
        path = f"/api/v1/providers/{self.provider.slug}/waitlist/{wish['id']}/remove"
        ok(await self.provider.request("POST", path, json={"reason": self.word("Removalreason")}))

    async def front_desk_books(self, person: Person) -> None:
        """Outside what is offered; its day is called off and that undone; cancelled by the provider's own system."""
        early = (await self.world.now()).replace(hour=6, minute=5, second=0, microsecond=0) + timedelta(days=4)
        body = {"client_id": person.client_id, "starts_at": early.isoformat()}
        body["override_reason"] = self.word("Bookreason")
        booked = ok(await self.provider.request("POST", "/api/v1/appointments", json=body), 201)
        self.appointments.append(booked["id"])
        home = f"/api/v1/providers/{self.provider.slug}/called-off-days"
        day = {"first_day": early.date().isoformat(), "instead": "cancel", "reason": self.word("Illreason")}
        run = ok(await self.provider.request("POST", home, json=day), 202)
        ok(await self.provider.request("POST", f"{home}/{run['id']}/undo"))
        await self.webhook(
            "appointment.cancelled", {"appointment_id": booked["id"], "reason": self.word("Webhookreason")}
        )
        await person.in_state(booked["id"], "cancelled")


@contextmanager
def changed(world: World, change: str, back: str) -> Iterator[None]:
    """The database's rules are others for the block."""
    with psycopg.connect(world.endpoints["database_url"], autocommit=True) as connection:
        connection.execute(change.encode())
        try:
            yield
        finally:
            connection.execute(back.encode())
