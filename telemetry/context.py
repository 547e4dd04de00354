"""Which request, journey or activity a log line belongs to: ids and type names, from wherever the line is written."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

from temporalio import activity, workflow

# As proxies make them (hexadecimal, UUIDs): nobody can smuggle a name or an address into our logs.
_REQUEST_ID = re.compile(r"[0-9A-Fa-f-]{16,64}")
_current_request: ContextVar[str | None] = ContextVar("portico_request_id", default=None)


def begin_request(offered: str | None) -> str:
    """The request's id: the one that was offered if it has the right shape, else one of ours.

    Each request is a task of its own, so nothing has to be put back: what is logged about it after its answer, a defect
    say, carries the id too.
    """
    request_id = offered if offered and _REQUEST_ID.fullmatch(offered) else f"{random.getrandbits(128):032x}"
    _current_request.set(request_id)
    return request_id


def current_ids() -> dict[str, str | int]:
    """What applies here, of `request_id`, `workflow_id`, `workflow_type`, `activity_type`, `attempt`."""
    ids: dict[str, str | int] = {}
    request_id = _current_request.get()
    if request_id is not None:
        ids["request_id"] = request_id
    if activity.in_activity():
        task = activity.info()
        ids |= {"activity_type": task.activity_type, "attempt": task.attempt}
        if task.workflow_id is not None and task.workflow_type is not None:
            ids |= {"workflow_id": task.workflow_id, "workflow_type": task.workflow_type}
    elif workflow.in_workflow():
        run = workflow.info()
        ids |= {"workflow_id": run.workflow_id, "workflow_type": run.workflow_type, "attempt": run.attempt}
    return ids
