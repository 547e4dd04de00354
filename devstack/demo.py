"""`make demo`: one client from sign-up to a paid, booked appointment, through HTTP, shown step by step."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

Found = TypeVar("Found")
_PATIENCE_SECONDS = 30.0
_DUMMY_ANSWERS: dict[str, dict[str, object]] = {
    "boolean": {"valueBoolean": True},
    "decimal": {"valueDecimal": 1},
    "integer": {"valueInteger": 1},
    "date": {"valueDate": "1990-05-17"},
    "dateTime": {"valueDateTime": "2026-01-01T12:00:00Z"},
    "time": {"valueTime": "12:00:00"},
    "url": {"valueUri": "https://example.com/"},
}


class StepFailed(Exception):
    """One line: which step, and what was answered."""


def drive(endpoints_file: Path) -> int:
    """The exit code; needs a running stack."""
    try:
        endpoints = json.loads(endpoints_file.read_text())
    except FileNotFoundError:
        print("portico: no stack is running here (start it with: make run)", file=sys.stderr)
        return 2
    try:
        with httpx.Client(base_url=endpoints["base_url"], timeout=15) as http:
            Demo(endpoints, http).drive()
    except (StepFailed, httpx.HTTPError) as error:
        print(f"portico: the demo stopped: {error}", file=sys.stderr)
        return 1
    return 0


class Demo:
    """A made-up client at the seeded provider."""

    def __init__(self, endpoints: Mapping[str, Any], http: httpx.Client) -> None:
        self._endpoints = endpoints
        self._http = http
        self._email = f"demo-{datetime.now(UTC):%Y%m%d%H%M%S%f}@example.com"
        self._begun = time.monotonic()

    def drive(self) -> None:
        provider = self._endpoints["provider"]
        fields = {"first_name": "Robin", "last_name": "Demo", "email": self._email}
        sent = self._post(f"/webhooks/signups/{provider}", {"fields": fields}, expected=202)
        self._show("signed up on the website", f"sign-up {sent['signup_id']} accepted")
        link = self._invitation_link()
        self._show("invitation arrived", f"mail to {self._email}")
        opened = self._post(f"{link}/accept", {"password": "correct horse battery staple"})
        client_id = opened["clients"][0]["id"]
        self._show("opened an account", f"client {client_id}")
        self._fill_in_intake()
        appointment = self._book()
        if appointment["status"] == "pending":
            self._pay(appointment)
        self._mail("is confirmed")
        self._show("confirmation arrived", "the way is complete")
        ui = self._endpoints["temporal_ui_url"]
        print(f"\n  Read it in the Temporal UI: {ui}/namespaces/default/workflows/client-journey:{client_id}")
        print(f"  Every mail: {self._endpoints['mailbox_url']}/?to={self._email}")

    def _invitation_link(self) -> str:
        text = self._mail("client portal")
        found = re.search(r"/invitations/([\w.-]+)", text)
        if found is None:
            raise StepFailed("the invitation holds no link")
        return f"/api/v1/invitations/{found.group(1)}"

    def _fill_in_intake(self) -> None:
        intake = self._get("/api/v1/portal/intake")
        if intake["form"] is None:
            self._show("no intake form", "this provider asks for none")
            return
        response = {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": required_answers(intake["form"].get("item", [])),
        }
        self._post("/api/v1/portal/intake", {"response": response, "submit": True})
        self._show("submitted the intake form", f"“{intake['form'].get('title', 'form')}”")

    def _book(self) -> dict[str, Any]:
        start = datetime.now(UTC)
        window = {"from": start.isoformat(), "to": (start + timedelta(days=21)).isoformat()}
        slots = self._until("a free slot", lambda: self._get("/api/v1/portal/slots", params=window)["slots"] or None)
        chosen = slots[len(slots) // 2]["starts_at"]
        headers = {"Idempotency-Key": self._email}
        appointment = self._post(
            "/api/v1/portal/appointments", {"starts_at": chosen}, expected=(201, 202), headers=headers
        )
        self._show("chose a time", f"{chosen}, {appointment['status']}")
        return appointment

    def _pay(self, appointment: Mapping[str, Any]) -> None:
        path = f"/api/v1/portal/appointments/{appointment['id']}"
        url = self._until("the checkout", lambda: self._get(path)["checkout_url"])
        self._show("sent to Bill Pay", url)
        session_id = re.search(r"cs_[A-Za-z0-9_]+", url)
        if session_id is None:
            raise StepFailed(f"{url} isn't a checkout of the simulator")
        httpx.post(f"{self._endpoints['simulator_url']}/_sim/sessions/{session_id.group()}/pay").raise_for_status()
        self._show("paid", "the simulator authorised the fee")
        booked = self._until("the booking", lambda: _if_booked(self._get(path)))
        payment = booked["payment"]
        self._show("booked", f"{payment['amount_minor'] / 100:.2f} {payment['currency'].upper()} {payment['state']}")

    def _mail(self, subject: str) -> str:
        mailbox = self._endpoints["mailbox_url"]

        def look() -> str | None:
            items = httpx.get(f"{mailbox}/api/messages", params={"to": self._email}).json()["items"]
            for item in items:
                if subject in item["subject"]:
                    return (
                        httpx.get(f"{mailbox}/api/messages/{item['id']}.eml")
                        .text.replace("=\n", "")
                        .replace("=\r\n", "")
                    )
            return None

        return self._until(f"the mail “{subject}”", look)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return _answer(self._http.get(path, params=params), (200,))

    def _post(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        expected: int | tuple[int, ...] = 200,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        wanted = (expected,) if isinstance(expected, int) else expected
        return _answer(self._http.post(path, json=body, headers=headers), wanted)

    def _until(self, what: str, look: Callable[[], Found | None]) -> Found:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise StepFailed(f"waited {_PATIENCE_SECONDS:.0f} s for {what}")

    def _show(self, step: str, detail: str) -> None:
        print(f"  {time.monotonic() - self._begun:6.2f} s  {step:28} {detail}", flush=True)


def _answer(response: httpx.Response, expected: tuple[int, ...]) -> dict[str, Any]:
    if response.status_code not in expected:
        raise StepFailed(f"{response.request.method} {response.url.path}: {response.status_code} {response.text[:300]}")
    answer: dict[str, Any] = response.json()
    return answer


def _if_booked(appointment: dict[str, Any]) -> dict[str, Any] | None:
    return appointment if appointment["status"] == "booked" else None


def required_answers(items: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The shortest answers that the form accepts: each required question, the first of its choices."""
    answers: list[dict[str, Any]] = []
    for item in items:
        if "enableWhen" in item or (item.get("repeats") and not item.get("required")):
            continue
        if item["type"] == "group":
            inner = required_answers(item.get("item", []))
            if inner:
                answers.append({"linkId": item["linkId"], "item": inner})
        elif item.get("required"):
            answers.append({"linkId": item["linkId"], "answer": [_some_answer(item)]})
    return answers


def _some_answer(item: Mapping[str, Any]) -> dict[str, object]:
    options = item.get("answerOption")
    if options:
        return {key: value for key, value in options[0].items() if key.startswith("value")}
    return _DUMMY_ANSWERS.get(item["type"], {"valueString": "A made-up answer"})
