"""A provider's system proves itself by its signature, or is not listened to."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.doors import PROVIDER, SECRET, FakeDatabase, doors, secret_row

ANOTHER_SECRET = "whsec_" + base64.b64encode(b"another secret entirely").decode()
# Nothing is done for this type: a 422 about it says that the signature was believed.
BODY = json.dumps({"type": "nothing.known", "timestamp": "2026-11-23T15:00:00Z", "data": {}})


async def send(
    signature: str | None, body: bytes = BODY.encode(), at: datetime | None = None, *secrets: str
) -> httpx.Response:
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp}
    if signature is not None:
        headers["webhook-signature"] = signature
    database = FakeDatabase(PROVIDER, *(secret_row(one) for one in secrets or (SECRET,)))
    async with doors(database) as http:
        answer = await http.post(f"/webhooks/providers/{PROVIDER.slug}", content=body, headers=headers)
    assert database.rows.added == []
    return answer


def signed(body: str = BODY, at: datetime | None = None, secret: str = SECRET) -> str:
    return Webhook(secret).sign("msg_1", at or datetime.now(UTC), body)


def believed(answer: httpx.Response) -> bool:
    slug = answer.json()["type"].removeprefix("/problems/")
    assert (answer.status_code, slug) in ((422, "validation"), (401, "signature-invalid"))
    return bool(slug == "validation")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "garbage",
        "v1",
        "v1,",
        "v1,!",
        "v1,abc",
        "v1,a,b",
        "v2,abcd",
        "v1, v1,",
        "v1," + base64.b64encode(bytes(32)).decode(),
    ],
)
async def test_a_malformed_signature_is_never_believed(signature: str | None) -> None:
    assert not believed(await send(signature))


async def test_a_signature_by_another_secret_or_of_another_body_is_never_believed() -> None:
    at = datetime.now(UTC)
    assert not believed(await send(signed(at=at, secret=ANOTHER_SECRET), at=at))
    assert not believed(await send(signed(BODY + " ", at), at=at))
    assert believed(await send(signed(at=at), at=at))


async def test_a_body_that_is_not_text_needs_a_signature_too() -> None:
    assert not believed(await send("v1," + base64.b64encode(bytes(32)).decode(), b"\xff\xfe{}"))


async def test_a_right_signature_is_believed_also_beside_an_older_one() -> None:
    assert believed(await send(signed()))
    assert believed(await send(f"{signed(secret=ANOTHER_SECRET)} {signed()}"))


async def test_every_active_secret_counts() -> None:
    assert believed(await send(signed(secret=ANOTHER_SECRET), BODY.encode(), None, SECRET, ANOTHER_SECRET))


async def test_a_signed_body_that_is_not_json_is_malformed_not_forged() -> None:
    answer = await send(signed("{"), b"{")
    assert believed(answer)
    assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize(("seconds", "in_time"), [(-310, False), (-280, True), (280, True), (310, False)])
async def test_a_timestamp_counts_for_five_minutes_either_way(seconds: int, in_time: bool) -> None:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    assert believed(await send(signed(at=at), BODY.encode(), at)) is in_time


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "client.invited", "data": {}, "admin": True}, "admin"),
        ({"type": "client.invited", "data": []}, "data"),
        ({"type": 5, "data": {}}, "type"),
        ({"type": "appointment.no_show", "data": {"appointment_id": "apt_1", "fee": 0}}, "fee"),
        ({"type": "client.new_client_forms_requested", "data": {"clients": []}}, "clients"),
    ],
)
async def test_fields_that_are_wrong_or_unknown_are_named(body: dict[str, object], field: str) -> None:
    text = json.dumps(body)
    answer = await send(signed(text), text.encode())
    assert believed(answer)
    assert field in {error["field"] for error in answer.json()["errors"]}
