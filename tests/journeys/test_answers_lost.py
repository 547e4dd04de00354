"""Activities whose answer is lost on its way: the engine has them run a second time, and the effect is one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from composition import activities_of, clock_of, delivery_of, processor_of
from db.engine import Database
from dispatch.relay import Relay
from tests.driver import Provider, World, until
from tests.e2e.test_busy_calendar import busy_at, read_by_the_schedule, row
from tests.e2e.test_called_off_days import a_tuesday, at, books, call_off, grace_over, in_phase
from tests.e2e.test_client_batches import FORMS, confirm, invited
from tests.e2e.test_client_batches import settled as batch_settled
from tests.e2e.test_greeting_editor import Editor
from tests.e2e.test_outages import away
from tests.outside import calendar_of, elsewhere
from tests.seeding import settings_of
from tests.staffing import owner_of
from workflows.naming import TASK_QUEUE

LOST = ("call_off_part", "do_batch_part", "read_busy_calendars", "send_greeting_test", "send_password_reset")


class LosesAnswers(Interceptor):
    """The first answer of each of these activities is lost after the work was done; `answered` counts the others."""

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Losing(next, self)


class _Losing(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, told: LosesAnswers) -> None:
        super().__init__(next)
        self._told = told

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        info = activity.info()
        if info.activity_type in LOST and info.attempt == 1:
            self._told.lost[info.activity_type] += 1
            raise ConnectionError("the answer is lost")
        self._told.answered[info.activity_type] += 1
        return answer


@asynccontextmanager
async def answers_lost(world: World) -> AsyncIterator[LosesAnswers]:
    """A worker of this test's own in the stack's worker's place."""
    settings = settings_of(world.stack)
    database, processor, told = Database(settings.database_url, pool_size=5), processor_of(settings), LosesAnswers()
    bound = activities_of(
        settings, database, processor.payments, processor.merchants, processor.billing, processor.events
    )
    engine = await world.engine()
    relay = Relay(database, clock_of(settings), delivery_of(settings, engine))
    async with away(world, "worker"), Worker(engine, task_queue=TASK_QUEUE, activities=bound, interceptors=[told]):
        relaying = asyncio.create_task(relay.run(settings.database_url))
        yield told
        relaying.cancel()
        with suppress(asyncio.CancelledError):
            await relaying
        await relay.settle()
    await processor.aclose()
    await database.close()


async def test_an_activity_whose_answer_is_lost_has_one_effect(world: World, provider: Provider) -> None:
    # Given a client who has an account, three who are invited, a day with an appointment, and a calendar elsewhere.
    person = await world.invited_client(provider)
    clients = await invited(provider, 3)
    boss = await owner_of(provider)
    day = await a_tuesday(world)
    appointment = await books(provider, clients[0]["id"], at(day, 9))
    await provider.told(clients[0]["id"], "confirmation_sent")
    editor = await Editor.opened(provider, boss)
    home = f"/console/providers/{provider.slug}/calendars"
    async with elsewhere() as there:
        there.publish(calendar_of())
        assert (await boss.submit(home, f"{home}/busy", address=there.address)).status_code == 303
        there.publish(calendar_of(busy_at(at(day, 14)), busy_at(at(day, 16))))
        # When each is asked for while answers are lost.
        async with answers_lost(world) as told:
            batch = await confirm(provider, FORMS, clients)
            reset = {"kind": "client", "email": person.address}
            assert (await world.browser().post(f"{world.base_url}/password", data=reset)).status_code == 303
            assert (await editor.press("send", subject="Trying")).status_code == 200
            await read_by_the_schedule(world, provider)
            run = await call_off(provider, day)
            await grace_over(world, run)
            counts = (await batch_settled(provider, batch))["counts"]
            await in_phase(provider, run, "done")

            async def all_answered() -> bool:
                return set(told.answered) >= set(LOST)

            await until(all_answered, "the second answers")
        assert set(told.lost) == set(LOST)
    # Then each has happened once.
    assert counts == {"sent": 3}
    for client in clients:
        assert len(await world.mails(client["email"], "welcome")) == 1
        assert (await provider.timeline(client["id"])).count("new_client_forms_sent") == 1
    assert len(await world.mails(person.address, "new password")) == 1
    assert len(await world.mails(provider.seeded.email, "trying")) == 1
    await world.mail(clients[0]["email"], "is cancelled")
    assert (await provider.timeline(clients[0]["id"])).count("appointment_cancelled") == 1
    revised = world.rows("SELECT status, revision FROM appointment WHERE id = %s", appointment)
    assert [(one["status"], one["revision"]) for one in revised] == [("cancelled", 1)]
    busy = world.rows(
        "SELECT starts_at FROM busy_time WHERE provider_id = %s ORDER BY starts_at", row(world, provider)["provider_id"]
    )
    assert [one["starts_at"].astimezone(UTC) for one in busy] == [utc(day, 14), utc(day, 16)]


def utc(day: date, hour: int) -> datetime:
    return datetime.fromisoformat(at(day, hour)).astimezone(UTC)
