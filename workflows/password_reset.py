"""A new password was asked for: the mail with the link survives a mail server that is away."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.accounts import Accounts, SendPasswordReset
    from workflows.options import PASSWORD_RESET_MAIL, named


@workflow.defn
class PasswordResetMail:
    @workflow.run
    async def run(self, command: SendPasswordReset) -> None:
        await workflow.execute_activity_method(
            Accounts.send_password_reset,
            command,
            **named(PASSWORD_RESET_MAIL, "mail the link for a new password"),
        )
