"""Starting what belongs to no client's journey: mails to an account or a staff member, a batch, days called off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.accounts import SendPasswordReset
from activities.email_changes import SendEmailChange
from activities.greeting_tests import SendGreetingTest
from dispatch.delivered import Delivered, Told, away
from workflows.called_off_days import CalledOffDays
from workflows.client_batch import ClientBatch
from workflows.email_change import EmailChangeMails
from workflows.greeting_test import GreetingTestMail
from workflows.messages import CallOffDays, RunBatch
from workflows.naming import (
    TASK_QUEUE,
    called_off_days_id,
    client_batch_id,
    email_change_id,
    greeting_test_id,
    password_reset_id,
)
from workflows.password_reset import PasswordResetMail

_RPC_TIMEOUT = timedelta(seconds=3)


class Errands:
    """Each is started once, however often its event is told."""

    def __init__(self, engine: Client) -> None:
        self._engine = engine

    async def start_password_reset(self, reset_id: str) -> Delivered:
        command = SendPasswordReset(reset_id=reset_id)
        return await self._start_once(PasswordResetMail.run, command, password_reset_id(reset_id))

    async def start_email_change(self, change_id: str) -> Delivered:
        command = SendEmailChange(change_id=change_id)
        return await self._start_once(EmailChangeMails.run, command, email_change_id(change_id))

    async def start_greeting_test(self, test_id: str) -> Delivered:
        command = SendGreetingTest(test_id=test_id)
        return await self._start_once(GreetingTestMail.run, command, greeting_test_id(test_id))

    async def start_batch(self, batch_id: str) -> Delivered:
        return await self._start_once(ClientBatch.run, RunBatch(batch_id=batch_id), client_batch_id(batch_id))

    async def start_calling_off(self, called_off_id: str, runs_at: datetime, skew: timedelta) -> Delivered:
        command = CallOffDays(called_off_id=called_off_id, runs_at=runs_at, skew_seconds=int(skew.total_seconds()))
        return await self._start_once(CalledOffDays.run, command, called_off_days_id(called_off_id))

    async def _start_once(self, run: Any, command: object, workflow_id: str) -> Delivered:
        try:
            await self._engine.start_workflow(
                run,
                command,
                id=workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                rpc_timeout=_RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            pass
        except (RPCError, RuntimeError) as error:
            return away(error)
        return Told()
