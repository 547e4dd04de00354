"""What operators see: six named steps, search attributes, details, decoded payloads; and what they never see."""

from __future__ import annotations

import json

from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from tests.driver import Provider, World, until

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
