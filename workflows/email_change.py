"""Another address was asked for: both mails survive a mail server that is away, and neither waits for the other."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.email_changes import EmailChanges, SendEmailChange
    from workflows.options import EMAIL_CHANGE_MAIL, named


@workflow.defn
class EmailChangeMails:
    @workflow.run
    async def run(self, command: SendEmailChange) -> None:
        outcomes = await asyncio.gather(
            workflow.execute_activity_method(
                EmailChanges.send_email_confirmation,
                command,
                **named(EMAIL_CHANGE_MAIL, "ask the new address to confirm"),
            ),
            workflow.execute_activity_method(
                EmailChanges.send_email_change_notice,
                command,
                **named(EMAIL_CHANGE_MAIL, "tell the present address"),
            ),
            return_exceptions=True,
        )
        for failure in outcomes:
            if failure is not None:
                raise failure
