"""A client (and their provider) who keeps at it: what fails is tried again, as people and machines do."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from devstack.demo import required_answers
from tests.chaos.effects import STEPS, Step, Track
from tests.chaos.gates import Ledger
from tests.driver import PASSWORD, Provider, World, new_address, session_of, until

# What has to be on the client's timeline before the next step can be taken (or the way is over).
_FOLLOWS = {
    (Step.SIGN_UP, Track.ANONYMOUS): {"signed_up", "invitation_sent", "greeting_sent", "front_desk_told:signed_up"},
    (Step.INVITE, Track.INVITED): {"invitation_sent"},
    (Step.FORMS, Track.INVITED): {"new_client_forms_sent"},
    (Step.ACCEPT, Track.ANONYMOUS): {"account_opened", "intake_assigned"},
    (Step.ACCEPT, Track.INVITED): {"account_opened"},
    (Step.SUBMIT, Track.ANONYMOUS): {"intake_filed"},
}
_FOLLOWS |= {(Step.BOOK, track): {"slot_held", "checkout_opened"} for track in Track}
_FOLLOWS |= {
    (Step.PAY, track): {"appointment_booked", "confirmation_sent", "front_desk_told:booked"} for track in Track
}
_FOLLOWS |= {
    (Step.CANCEL, track): {"cancellation_sent", "fee_refunded", "front_desk_told:cancelled"} for track in Track
}
_STAGE = {Step.ACCEPT: {Track.ANONYMOUS: "intake", Track.INVITED: "ready"}, Step.SUBMIT: {Track.ANONYMOUS: "ready"}}
_DONE_ALREADY = (404, 409, 410)
_NOT_NOW = (429, 500, 502, 503, 504)
PATIENCE_SECONDS = 60.0


class Refused(Exception):
    """An answer that isn't weather, where none was expected."""


@dataclass(kw_only=True)
class Walker:
    world: World
    ledger: Ledger
    provider: Provider
    track: Track
    address: str = field(default_factory=new_address)
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    taken: list[Step] = field(default_factory=list)
    over: set[Step] = field(default_factory=set)  # taken, and all that follows is there
    attempted: asyncio.Event = field(default_factory=asyncio.Event)
    client_id: str = ""
    appointment_id: str = ""
    starts_at: str = ""
    _session: str = ""
    _form: Any = None
    _token: str = ""

    def __post_init__(self) -> None:
        self.http = self.world.browser()

    @property
    def steps(self) -> tuple[Step, ...]:
        return STEPS[self.track]

    async def arrive_at(self, step: Step) -> None:
        """Everything before the step, and what the step needs to know; nothing of the step itself."""
        for one in self.steps[: self.steps.index(step)]:
            await self.take(one)
        await self._prepare(step)

    async def take(self, step: Step) -> None:
        """Do it, and wait until all that follows from it is there; a step that was taken is only waited for."""
        if step in self.over:
            return
        if step not in self.taken:
            await self._prepare(step)
            await self.act(step)
        await self.settled(step)
        self.over.add(step)

    async def finish(self, *, cancels: bool) -> None:
        last = len(self.steps) if cancels else -1
        for step in self.steps[:last]:
            await self.take(step)

    async def act(self, step: Step) -> None:
        self.attempted.clear()
        acts: dict[Step, Callable[[], Awaitable[None]]] = {
            Step.SIGN_UP: self._sign_up,
            Step.INVITE: self._invite,
            Step.FORMS: self._ask_for_forms,
            Step.ACCEPT: self._accept,
            Step.SUBMIT: self._submit,
            Step.BOOK: self._book,
            Step.PAY: self._pay,
            Step.CANCEL: self._cancel,
        }
        await acts[step]()
        self.taken.append(step)

    async def settled(self, step: Step) -> None:
        wanted = _FOLLOWS[step, self.track]
        stage = _STAGE.get(step, {}).get(self.track)

        async def look() -> bool:
            if step is Step.SIGN_UP:
                await self._answer_for_the_front_desk()
            return wanted <= await self.facts() and (stage is None or await self._stage() == stage)

        await until(look, f"{self.address}: {sorted(wanted)} {stage or ''}", PATIENCE_SECONDS)

    async def facts(self) -> set[str]:
        """The labels of what is recorded for this client (as in tests/chaos/gates.py)."""
        rows = await self.ledger.rows(
            "SELECT CASE kind WHEN 'front_desk_told' THEN kind || ':' || split_part(ref, ':', 2) ELSE kind END"
            " FROM timeline_entry WHERE client_id = (SELECT id FROM client WHERE email = %s)"
            " UNION ALL SELECT 'signup' FROM signup WHERE client_id = (SELECT id FROM client WHERE email = %s)"
            " UNION ALL SELECT 'portal_account' FROM portal_account WHERE email = %s",
            *(self.address, self.address, self.address),
        )
        return {str(row[0]) for row in rows}

    async def _answer_for_the_front_desk(self) -> None:
        """A greeting that may have gone out isn't sent again unasked: the front desk says that it shall be."""
        rows = await self.ledger.rows(
            "SELECT client_id FROM attention_item JOIN client ON client.id = client_id WHERE settled_at IS NULL"
            " AND email = %s AND step LIKE 'greeting:%%' AND reason LIKE '%%(uncertain)'",
            self.address,
        )
        for (client_id,) in rows:
            # Answered in the meantime: a 409 counts as done.
            await self._tried("POST", f"/api/v1/clients/{client_id}/retry", headers=self._staff())

    async def _stage(self) -> str:
        rows = await self.ledger.rows("SELECT stage FROM client WHERE email = %s", self.address)
        return str(rows[0][0]) if rows else ""

    # What has to be known before a step: read while everything is well

    async def _prepare(self, step: Step) -> None:
        if step not in (Step.SIGN_UP, Step.INVITE) and not self.client_id:
            self.client_id = str((await self.ledger.rows("SELECT id FROM client WHERE email = %s", self.address))[0][0])
        if step is Step.ACCEPT and not self._token:
            self._token = await self.world.invitation_token(self.address)
        if step is Step.SUBMIT and self._form is None:
            self._form = (await self._asked("GET", "/api/v1/portal/intake"))["form"]
        if step is Step.BOOK and not self.starts_at:
            self.starts_at = (await self.free_slots())[-1]
        if step is Step.PAY and not self._session:
            rows = await self.ledger.rows(
                "SELECT checkout_url FROM payment WHERE appointment_id = %s", self.appointment_id
            )
            self._session = session_of(rows[0][0])

    async def free_slots(self) -> list[str]:
        now = datetime.now(UTC)
        window = {"from": now.isoformat(), "to": (now + timedelta(days=21)).isoformat()}
        listed = await self._asked("GET", "/api/v1/portal/slots", params=window)
        return [slot["starts_at"] for slot in listed["slots"]]

    # The steps

    async def _sign_up(self) -> None:
        fields = {"first_name": "Ana", "last_name": "Anonymous", "email": self.address}
        path = f"/webhooks/signups/{self.provider.slug}"
        await self._asked("POST", path, json={"fields": fields}, headers={"Idempotency-Key": self.key})

    async def _invite(self) -> None:
        body = {"first_name": "Ines", "last_name": "Invited", "email": self.address, "provider": self.provider.slug}
        headers = self._staff() | {"Idempotency-Key": self.key}
        await self._asked("POST", "/api/v1/clients", json=body, headers=headers)

    async def _ask_for_forms(self) -> None:
        path = f"/api/v1/clients/{self.client_id}/send-new-client-forms"
        await self._asked("POST", path, headers=self._staff())

    async def _accept(self) -> None:
        path = f"/api/v1/invitations/{self._token}/accept"
        answer = await self._tried("POST", path, json={"password": PASSWORD})
        if answer.status_code in _DONE_ALREADY:  # The answer to an earlier try was lost.
            await self._asked("POST", "/api/v1/portal/session", json={"email": self.address, "password": PASSWORD})

    async def _submit(self) -> None:
        response = {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": required_answers(self._form["item"]),
        }
        await self._tried("POST", "/api/v1/portal/intake", json={"response": response, "submit": True})

    async def _book(self) -> None:
        headers = {"Idempotency-Key": self.key}
        body = {"starts_at": self.starts_at}
        self.appointment_id = (await self._asked("POST", "/api/v1/portal/appointments", json=body, headers=headers))[
            "id"
        ]

    async def _pay(self) -> None:
        await self._tried("POST", f"{self.world.endpoints['simulator_url']}/_sim/sessions/{self._session}/pay")

    async def _cancel(self) -> None:
        await self._asked("POST", f"/api/v1/portal/appointments/{self.appointment_id}/cancel")

    def _staff(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.provider.seeded.api_key}"}

    async def _asked(self, method: str, path: str, **options: Any) -> Any:
        answer = await self._tried(method, path, **options)
        if not answer.is_success:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    async def _tried(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Until there is an answer that isn't weather; what was done already is such an answer."""
        url = path if path.startswith("http") else f"{self.world.base_url}{path}"

        async def look() -> httpx.Response | None:
            try:
                answer = await self.http.request(method, url, **options)
            except httpx.TransportError:
                return None
            finally:
                self.attempted.set()
            if answer.is_success or answer.status_code in _DONE_ALREADY:
                return answer
            if answer.status_code in _NOT_NOW:
                return None
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

        # A response's truth is in its status: wrapped, so that a 409 counts as found.
        async def wrapped() -> list[httpx.Response] | None:
            found = await look()
            return None if found is None else [found]

        return (await until(wrapped, f"{self.address}: {method} {path}", PATIENCE_SECONDS))[0]
