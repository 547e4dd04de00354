"""The one plugin that client, worker and replayer share: converter, codec, sandbox, error translation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.heartbeat import Heartbeats
from activities.translation import ErrorTranslation
from dispatch.codec import data_converter
from workflows.booking import Booking
from workflows.called_off_days import CalledOffDays
from workflows.client_batch import ClientBatch
from workflows.client_journey import ClientJourney
from workflows.compare_money import CompareMoney
from workflows.email_change import EmailChangeMails
from workflows.find_lost_events import FindLostEvents
from workflows.greeting_test import GreetingTestMail
from workflows.merchant_account import MerchantAccount
from workflows.password_reset import PasswordResetMail
from workflows.portal_subscription import PortalSubscription
from workflows.read_calendars import ReadCalendars
from workflows.sweep_holds import SweepHolds
from workflows.sweep_practices import SweepPractices
from workflows.sweep_waitlists import SweepWaitlists
from workflows.taken_payment import TakenPayment
from workflows.waitlist import Waitlist
from workflows.watch_processor import WatchProcessor

WORKFLOWS: tuple[type, ...] = (
    *(ClientJourney, Booking, MerchantAccount, PortalSubscription, SweepHolds, SweepPractices),
    *(CompareMoney, WatchProcessor, FindLostEvents, Waitlist, SweepWaitlists),
    *(TakenPayment, ClientBatch, CalledOffDays, PasswordResetMail, EmailChangeMails, GreetingTestMail, ReadCalendars),
)

# Imported once outside the sandbox instead of for each workflow; none of them acts on import.
_PASSED_THROUGH = ("activities", "db", "domain", "sqlalchemy", "pydantic", "workflows")


def portico_plugin(keys: Mapping[str, bytes] | None, workflows: Sequence[type] = WORKFLOWS) -> SimplePlugin:
    """`keys` as in `data_converter`; other `workflows` where a version to come is tried out."""
    return SimplePlugin(
        "portico",
        data_converter=data_converter(keys),
        interceptors=[ErrorTranslation(), Heartbeats()],
        workflows=list(workflows),
        workflow_runner=_runner,
    )


def _runner(runner: WorkflowRunner | None) -> WorkflowRunner:
    base = runner if isinstance(runner, SandboxedWorkflowRunner) else SandboxedWorkflowRunner()
    restrictions = base.restrictions or SandboxRestrictions.default
    return dataclasses.replace(base, restrictions=restrictions.with_passthrough_modules(*_PASSED_THROUGH))
