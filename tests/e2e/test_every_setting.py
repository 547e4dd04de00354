"""Every portal setting, at every level that may set it, to both of its values, while clients are on their way.

Rows are looked up by the policy's own fields: a setting without one fails. The rows run beside each other, and each
reports for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from domain.policy_levels import PROVIDER_SETTINGS, SETTINGS_AT, Source
from tests.driver import World
from tests.e2e.every_setting.booking import (
    Buffer,
    Grid,
    Length,
    SelfSchedule,
    Simultaneous,
    Upcoming,
    Window,
)
from tests.e2e.every_setting.case import Case, Row
from tests.e2e.every_setting.door import (
    Greeting,
    Intake,
    IntakeForm,
    InvitationDays,
    InvitationReminders,
    SignUp,
    Websites,
)
from tests.e2e.every_setting.keeping import (
    Amount,
    CanCancel,
    Deposit,
    FirstVisit,
    Hold,
    Notice,
    Refund,
    Reminders,
    RequireFee,
)
from tests.policy_values import VALUES

ROWS: dict[str, Row] = {
    "page_published": SignUp("This page isn't published", 404),
    "clients_can_cancel": CanCancel(),
    "cancel_notice_minutes": Notice(),
    "allow_anonymous_signup": SignUp("", 200),
    "website_origins": Websites(),
    "allow_self_schedule": SelfSchedule(),
    "max_simultaneous_appointments": Simultaneous(),
    "max_upcoming_appointments": Upcoming(),
    "require_fee": RequireFee(),
    "fee": Amount(),
    "fee_deposit_percent": Deposit(),
    "fee_first_visit_only": FirstVisit(),
    "refund_full_minutes": Refund(
        "full_minutes", {0: "until 1 hour before, and the fee", 4320: "until 3 days before, and the fee"}
    ),
    "refund_part_percent": Refund(
        "part_percent", {0: "until 1 hour before, nothing", 50: "until 1 hour before, $20.00"}, refund_full_minutes=4320
    ),
    "refund_part_minutes": Refund(
        "part_minutes",
        {0: "until 1 hour before, $20.00", 1440: "until 24 hours before, $20.00"},
        refund_full_minutes=4320,
        refund_part_percent=50,
    ),
    "require_intake": Intake(),
    "intake_form_id": IntakeForm(),
    "send_greeting": Greeting(),
    "min_notice_minutes": Window(2, {"43200": "sooner_stay"}, offered_under=0),
    "booking_horizon_days": Window(15, {"7": "later_stay"}, offered_under=90),
    "appointment_minutes": Length(),
    "slot_step_minutes": Grid(),
    "buffer_minutes": Buffer(),
    "hold_minutes": Hold(),
    "invitation_days": InvitationDays(),
    "invitation_reminder_days": InvitationReminders(),
    "reminder_hours": Reminders(),
}
LEVELS = (Source.PRACTICE, Source.PROVIDER, Source.CLIENT)
AT_ONCE = 6
Step = tuple[str, Source, int]


def steps(name: str) -> Iterator[Step]:
    """The changed value first, so that the level has something of its own to say; then back again."""
    for level in LEVELS:
        if name in SETTINGS_AT[level]:
            yield from ((name, level, 1), (name, level, 0))


ALL = [step for name in PROVIDER_SETTINGS for step in steps(name)]


def test_every_setting_has_a_row_and_two_values() -> None:
    assert set(ROWS) == set(VALUES) == set(PROVIDER_SETTINGS)


async def climb(world: World, name: str, gate: asyncio.Semaphore) -> dict[Step, Exception | None]:
    """One setting through all its levels; what came of each step."""
    found: dict[Step, Exception | None] = {}
    async with gate:
        try:
            case = Case(world=world, provider=await world.new_provider(), setting=name)
            await ROWS[name].begin(case)
            for step in steps(name):
                await take(case, step)
                found[step] = None
        except Exception as error:
            missing = [step for step in steps(name) if step not in found]
            found |= dict.fromkeys(missing, error)
    return found


async def take(case: Case, step: Step) -> None:
    name, level, which = step
    row, value = ROWS[name], VALUES[name][which]
    if name == "intake_form_id" and value is not None:
        value = case.memo["form"]
    await row.under_way(case)
    told = await case.change(level, value)
    assert {one["setting"] for one in told} <= {name}
    expected = row.told.get(str(VALUES[name][which]))
    assert expected is None or expected in {one["kind"] for one in told}, (expected, told)
    if level is Source.PRACTICE:
        # The provider says nothing of their own any more.
        await case.provider.request("DELETE", f"{case.path(Source.PROVIDER)}/{name}")
    in_force = await case.in_force(level)
    assert (in_force["value"], in_force["source"]) == (value, str(level))
    await row.page(case, value)
    await row.api(case, value)
    await row.journey(case, value)


@pytest.fixture(scope="module")
async def outcomes(world: World) -> dict[Step, Exception | None]:
    gate = asyncio.Semaphore(AT_ONCE)
    climbed = await asyncio.gather(*(climb(world, name, gate) for name in PROVIDER_SETTINGS))
    return {step: error for one in climbed for step, error in one.items()}


@pytest.mark.parametrize("step", ALL, ids=lambda step: f"{step[0]}-{step[1]}-{VALUES[step[0]][step[2]]}")
def test_a_setting_does_what_it_says(outcomes: dict[Step, Any], step: Step) -> None:
    error = outcomes[step]
    if error is not None:
        raise error
