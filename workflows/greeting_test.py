"""Somebody sends a greeting to themselves: the mail survives a mail server that is away."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.greeting_tests import GreetingTests, SendGreetingTest
    from workflows.options import TEST_MAIL, named


@workflow.defn
class GreetingTestMail:
    @workflow.run
    async def run(self, command: SendGreetingTest) -> bool:
        return await workflow.execute_activity_method(
            GreetingTests.send_greeting_test, command, **named(TEST_MAIL, "mail a greeting to its writer")
        )
