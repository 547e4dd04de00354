"""Everybody who may ask something, with their keys and cookies, and what there is of theirs to ask about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.driver import NO_TLS, PASSWORD, Person, Provider, World, ok
from tests.staffing import owner_of

# Whose cookie goes with a path.
_SIDES = (("/console", "staff"), ("/portal", "client"), ("/api/v1/portal", "client"))


@dataclass
class Visitors:
    """Plain facts: the operations are asked from threads of the property tests, not from the stack's event loop."""

    base_url: str
    api_key: str
    staff_email: str
    staff_password: str
    client_email: str
    facts: Mapping[str, str]
    _cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def arrive(self) -> None:
        """Before an operation is asked: the one before it may have ended a session."""
        for side in [side for side in self._cookies if self._over(side)]:
            del self._cookies[side]
            self._tokens.pop(side, None)

    def headers(self, operation: Mapping[str, Any], path: str) -> dict[str, str]:
        """With what the operation is asked for; from an address of its own, so that no limit is shared."""
        found = {"X-Forwarded-For": f"203.0.113.{sum(path.encode()) % 250 + 1}"}
        schemes = {name for one in operation.get("security", []) for name in one}
        if "apiKey" in schemes:
            found["Authorization"] = f"Bearer {self.api_key}"
        elif path.startswith(("/codec", "/metrics")):
            found["Authorization"] = "Bearer operator-token"
        return found

    def cookies(self, path: str) -> dict[str, str]:
        side = next((side for start, side in _SIDES if path.startswith(start)), None)
        if side is None or path.endswith(("/sign-in", "/sign-in/code")):
            return {}
        if side not in self._cookies:
            self._cookies[side] = self._sign_in(side)
        return self._cookies[side]

    def token(self, path: str) -> str:
        """What forms carry."""
        side, home = ("staff", "/console/account") if path.startswith("/console") else ("client", "/portal")
        if side not in self._tokens:
            page = httpx.get(f"{self.base_url}{home}", cookies=self.cookies(home), verify=NO_TLS)
            found = re.search(r'name="csrf" value="([^"]+)"', page.text)
            assert found is not None, page.status_code
            self._tokens[side] = found.group(1)
        return self._tokens[side]

    def _over(self, side: str) -> bool:
        where = "/console/session" if side == "staff" else "/portal/session"
        answer = httpx.get(f"{self.base_url}{where}", cookies=self._cookies[side], verify=NO_TLS)
        return not answer.json()["seconds_left"]

    def _sign_in(self, side: str) -> dict[str, str]:
        if side == "staff":
            who, where = {"email": self.staff_email, "password": self.staff_password}, "/console/sign-in"
        else:
            who, where = {"email": self.client_email, "password": PASSWORD}, "/portal/sign-in"
        answer = httpx.post(f"{self.base_url}{where}", data=who, verify=NO_TLS)
        assert answer.status_code == 303, answer.text[:300]
        return dict(answer.cookies)


async def visitors_of(world: World, provider: Provider) -> Visitors:
    """Of a practice with somebody booked and paid, a form, a greeting, and a colleague."""
    person, appointment = await world.booked_client(provider)
    return Visitors(
        base_url=world.base_url,
        api_key=provider.seeded.api_key,
        staff_email=provider.seeded.email,
        staff_password=provider.seeded.password,
        client_email=person.address,
        facts=await _facts(provider, person, appointment),
    )


async def _facts(provider: Provider, person: Person, appointment: Any) -> dict[str, str]:
    form = ok(await provider.request("GET", f"/api/v1/providers/{provider.slug}/intake-forms"))["items"][0]["id"]
    return {
        "provider": provider.slug,
        "client_id": person.client_id,
        "appointment_id": appointment["id"],
        "payment_id": appointment["payment"]["id"],
        "form_id": form,
        "staff_id": (await owner_of(provider)).staff_id,
        "version": "1",
        "section": "cancelling",
        "name": "hold_minutes",
    }
