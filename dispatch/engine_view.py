"""What Temporal holds: which workflows run, how they stand, and what they have been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.service import RPCError, RPCStatusCode

from workflows.search_attributes import STAGE

_RPC_TIMEOUT = timedelta(seconds=5)
# The reason with which a workflow is ended because the records know nothing of it.
UNKNOWN_TO_RECORDS = "reconciliation: the records know nothing of it"
ERASED = "the client was erased"


@dataclass(frozen=True, kw_only=True)
class Run:
    """The newest run of a workflow. At rest, nothing is under way in it: it waits for time or for news."""

    workflow_id: str
    run_id: str
    status: WorkflowExecutionStatus | None
    stage: str
    started_at: datetime
    at_rest: bool

    @property
    def running(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING

    @property
    def terminated(self) -> bool:
        return self.status is WorkflowExecutionStatus.TERMINATED


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A signal in a history, with the fields of its fact."""

    name: str
    fact: Mapping[str, Any]


class EngineView:
    """Visibility lags behind and is only asked who there is; how one stands is asked of the workflow itself."""

    def __init__(self, engine: Client) -> None:
        self._engine = engine

    async def running(self, workflow_type: type) -> dict[str, str]:
        """Id -> stage of the open workflows of a type; what has just been started or changed may be missing."""
        query = f"WorkflowType = '{workflow_type.__name__}' AND ExecutionStatus = 'Running'"
        listed = self._engine.list_workflows(query, page_size=1000)
        return {one.id: one.typed_search_attributes.get(STAGE) or "" async for one in listed}

    async def count_running(self, workflow_type: type) -> int:
        query = f"WorkflowType = '{workflow_type.__name__}' AND ExecutionStatus = 'Running'"
        return (await self._engine.count_workflows(query, rpc_timeout=_RPC_TIMEOUT)).count

    async def look(self, workflow_id: str) -> Run | None:
        found = await described(self._engine, workflow_id)
        if found is None:
            return None
        raw = found.raw_description
        return Run(
            workflow_id=found.id,
            run_id=found.run_id,
            status=found.status,
            stage=found.typed_search_attributes.get(STAGE) or "",
            started_at=found.start_time,
            at_rest=not raw.pending_activities and not raw.HasField("pending_workflow_task"),
        )

    async def heard(self, run: Run) -> list[Heard]:
        """Every signal that this run was given, in order."""
        history = await self._handle(run).fetch_history()
        signals = [
            event.workflow_execution_signaled_event_attributes
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        ]
        return [Heard(name=one.signal_name, fact=await self._decoded(one.input.payloads)) for one in signals]

    async def started_with(self, run: Run) -> Mapping[str, Any]:
        """The fields of the command that it was started with."""
        async for event in self._handle(run).fetch_history_events(page_size=1):
            return await self._decoded(event.workflow_execution_started_event_attributes.input.payloads)
        return {}

    async def ended_by_us(self, run: Run) -> bool:
        return await ended_for_want_of_records(self._engine, run.workflow_id, run.run_id)

    async def end_run(self, workflow_id: str, run_id: str) -> None:
        """Terminate exactly this run; over already is fine."""
        handle = self._engine.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            await handle.terminate(reason=UNKNOWN_TO_RECORDS, rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    def _handle(self, run: Run) -> WorkflowHandle[Any, Any]:
        return self._engine.get_workflow_handle(run.workflow_id, run_id=run.run_id)

    async def _decoded(self, payloads: Sequence[Payload]) -> Mapping[str, Any]:
        if not payloads:
            return {}
        [fields] = await self._engine.data_converter.decode(payloads[:1], [dict[str, Any]])
        return dict(fields)


async def described(engine: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """The newest run; None where there is no such workflow, or not any more (retention)."""
    try:
        return await engine.get_workflow_handle(workflow_id).describe(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def end_workflows(engine: Client, *workflow_ids: str) -> None:
    """Terminate whatever runs under these ids, because its client was erased; over already is fine."""
    for workflow_id in workflow_ids:
        try:
            await engine.get_workflow_handle(workflow_id).terminate(reason=ERASED, rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def operator_ended(engine: Client, execution: WorkflowExecution | None) -> bool:
    """Whether a person has terminated it; what reconciliation ended may go on when its records are back."""
    if execution is None or execution.status is not WorkflowExecutionStatus.TERMINATED:
        return False
    return not await ended_for_want_of_records(engine, execution.id, execution.run_id)


async def ended_for_want_of_records(engine: Client, workflow_id: str, run_id: str) -> bool:
    handle = engine.get_workflow_handle(workflow_id, run_id=run_id)
    ended = await handle.fetch_history(event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT)
    return ended.events[-1].workflow_execution_terminated_event_attributes.reason == UNKNOWN_TO_RECORDS
