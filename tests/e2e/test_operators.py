"""What operators see: six named steps, search attributes, details, decoded payloads; and what they never see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from dispatch.codec import EncryptionCodec
from settings import parse_keys
from tests.driver import Provider, World, new_address, ok, until

SIX_STEPS = {
    "record_anonymous_signup",
    "send_portal_invitation",
    "send_greeting_email",
    "open_intake_form",
    "open_pre_payment",
    "book_appointment",
}


async def history(world: World, workflow_id: str) -> WorkflowHistory:
    return await (await world.engine()).get_workflow_handle(workflow_id).fetch_history()


async def decoded(world: World, recorded: WorkflowHistory) -> str:
    """Everything that a history holds, as operators with the codec read it."""
    codec = EncryptionCodec(parse_keys(world.stack.variables()["PORTICO_ENCRYPTION_KEYS"]))
    texts = [recorded.to_json()]

    async def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("payloads"), list):
                payloads = json_format.ParseDict({"payloads": value["payloads"]}, Payloads())
                texts.extend(one.data.decode() for one in await codec.decode(payloads.payloads))
            for one in value.values():
                await walk(one)
        elif isinstance(value, list):
            for one in value:
                await walk(one)

    await walk(json.loads(texts[0]))
    return "\n".join(texts)


async def test_the_six_steps_are_ordinary_activities(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    scheduled: set[str] = set()
    for workflow_id in (f"client-journey:{person.client_id}", f"booking:{appointment['id']}"):
        for event in (await history(world, workflow_id)).events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled.add(event.activity_task_scheduled_event_attributes.activity_type.name)
                assert event.user_metadata.summary.data, "every step has a summary"
    assert scheduled >= SIX_STEPS
    child = (await history(world, f"booking:{appointment['id']}")).events[0]
    parent = child.workflow_execution_started_event_attributes.parent_workflow_execution
    assert parent.workflow_id == f"client-journey:{person.client_id}"


async def test_journeys_are_found_by_their_search_attributes(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    await provider.stage(person.client_id, "intake")
    engine = await world.engine()
    query = f"Practice = '{provider.seeded.practice_id}' AND ClientRef = '{person.client_id}' AND Stage = 'intake'"

    async def found() -> list[str]:
        return [one.id async for one in engine.list_workflows(query)]

    assert await until(found, "the journey") == [f"client-journey:{person.client_id}"]


async def test_the_codec_endpoint_decodes_and_asks_operators_for_a_token(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    started = (await history(world, f"client-journey:{person.client_id}")).events[0]
    payloads = started.workflow_execution_started_event_attributes.input
    assert payloads.payloads[0].metadata["encoding"] == b"binary/encrypted"
    body = json_format.MessageToJson(payloads)
    url = f"{world.base_url}/codec/decode"
    headers = {"content-type": "application/json", "x-namespace": "default", "origin": "http://localhost:8233"}
    assert (await world.http.post(url, content=body, headers=headers)).status_code == 401
    wrong = {"authorization": "Bearer wrong"}
    assert (await world.http.post(url, content=body, headers=headers | wrong)).status_code == 401
    token = {"authorization": "Bearer operator-token"}
    answer = await world.http.post(url, content=body, headers=headers | token)
    plain = json_format.Parse(answer.text, Payloads())
    assert json.loads(plain.payloads[0].data)["client_id"] == person.client_id


async def test_no_history_and_no_log_holds_what_a_person_typed(world: World, provider: Provider) -> None:
    canaries = {"first_name": "Canaryfirst", "last_name": "Canarylast", "phone": "+1 415 555 2671"}
    address = f"canary-{new_address()}"
    person = await world.anonymous_client(provider, email=address, **canaries)
    await person.submit_intake()
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")

    wrong = f"canary-{new_address()}"
    mailbox = world.endpoints["mailbox_url"]
    ok(await world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]))
    refused = await provider.invite(email=wrong, first_name="Canaryinvited")

    async def attention() -> bool:
        return (await provider.client(refused["id"]))["attention"] is not None

    await until(attention, "the refusal")
    ids = (person.client_id, refused["id"])
    journeys = [f"client-journey:{one}" for one in ids] + [f"booking:{appointment['id']}"]
    seen = "\n".join([await decoded(world, await history(world, one)) for one in journeys])
    assert person.client_id in seen
    logs = sorted((Path(world.stack.plan.state_dir) / "logs").glob("*.log"))
    assert {path.stem for path in logs} >= {"server", "worker", "temporal", "postgres"}
    seen += "\n".join(path.read_text(errors="replace") for path in logs)
    for private in (address, wrong, "Canary", "canary", "4155552671", "A made-up answer"):
        assert private not in seen, private
