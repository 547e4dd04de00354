"""The other activities, run again: whatever the first time did, the second does nothing; and none is left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from activities.bookings import FulfilAppointment, ReleaseHold, ReleaseReason, WithdrawAppointment
from activities.comparisons import CompareMoney, WatchProcessor
from activities.fee_notices import SendFeeNotice
from activities.intake import RemindOfIntake
from activities.invitations import ExpireInvitation, RemindOfInvitation
from activities.late_fees import TakeUpLateFee
from activities.lost_events import FindLostEvents
from activities.notices import RemindOfAppointment, SendAppointmentNotice
from activities.portal_subscriptions import ChangePlan, ChangeRenewal
from activities.practice_notices import TellPracticeOfAttention
from activities.pre_payment import PrePaymentStep
from activities.standing import CloseJourney, LoadStanding, NoteDropped, RaiseAttention, SettleAttention
from activities.sweeps import SweepEndedHolds
from activities.waitlist import SweepWaitlists
from composition import activities_of, processor_of
from db.engine import Database
from domain.lost_events import Pace
from domain.stages import Actor, JourneyOutcome
from domain.states import AttentionOwner
from tests.driver import Provider, World
from tests.journeys.test_twice import everything
from tests.seeding import settings_of

Run = Callable[[str, Any], Awaitable[Any]]
# Of everybody's affairs: how many there are is no matter of one practice's.
_OF_ALL = ("compare_money", "watch_processor", "find_lost_events", "sweep_holds", "sweep_waitlists")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who and what the steps are about."""

    practice: str
    client: str
    appointment: str
    fee: str
    starts_at: datetime
    ends_at: datetime
    filling_in: str
    invited: str
    invitation: str
    now: datetime


def _steps(s: Scene) -> list[tuple[str, Any]]:
    """In an order in which each of them finds something to do, where it can without a journey of its own."""
    mine, due = f"again:{s.practice}", s.now + timedelta(days=1)
    fee = PrePaymentStep(payment_id=s.fee, now=s.now)
    notice = SendFeeNotice(appointment_id=s.appointment, payment_id=s.fee, now=s.now)
    raised = RaiseAttention(
        client_id=s.client,
        workflow_id=mine,
        step="again",
        reason="a test",
        owner=AttentionOwner.FRONT_DESK,
        due_at=due,
        now=s.now,
    )
    settled = SettleAttention(client_id=s.client, workflow_id=mine, step="again", resolution="skip", now=s.now)
    hour = timedelta(hours=1)
    return [
        ("load_standing", LoadStanding(client_id=s.client)),
        ("raise_attention", raised),
        ("settle_attention", settled),
        ("tell_practice_of_attention", TellPracticeOfAttention(practice_id=s.practice, ref=mine, now=s.now)),
        ("note_dropped", NoteDropped(client_id=s.client, ref=mine, step="again", now=s.now)),
        ("send_move_notice", SendAppointmentNotice(appointment_id=s.appointment, now=s.now)),
        (
            "send_appointment_reminder",
            RemindOfAppointment(
                appointment_id=s.appointment, starts_at=s.starts_at, due=s.starts_at - hour, now=s.starts_at - hour
            ),
        ),
        ("send_intake_reminder", RemindOfIntake(client_id=s.filling_in, due=due, now=s.now)),
        (
            "send_invitation_reminder",
            RemindOfInvitation(invitation_id=s.invitation, client_id=s.invited, due=due, now=s.now),
        ),
        (
            "expire_invitation",
            ExpireInvitation(invitation_id=s.invitation, client_id=s.invited, now=s.now + timedelta(days=400)),
        ),
        ("close_journey", CloseJourney(client_id=s.invited, outcome=JourneyOutcome.LAPSED, now=s.now)),
        ("send_pay_again_notice", notice),
        ("send_fee_return_notice", notice),
        ("ask_to_pay_again", fee),
        ("stop_choosing", TakeUpLateFee(appointment_id=s.appointment, now=s.now)),
        ("leave_renewal", ChangeRenewal(practice_id=s.practice, now=s.now)),
        ("leave_plan", ChangePlan(practice_id=s.practice, now=s.now)),
        ("compare_money", CompareMoney(workflow_id=mine, now=s.now, grace=timedelta(minutes=2))),
        ("watch_processor", WatchProcessor(workflow_id=mine, now=s.now)),
        ("find_lost_events", FindLostEvents(workflow_id=mine, now=s.now, pace=Pace(settled=timedelta()))),
        ("sweep_holds", SweepEndedHolds(now=s.now)),
        ("sweep_waitlists", SweepWaitlists(now=s.now)),
        (
            "release_hold",
            ReleaseHold(appointment_id=s.appointment, reason=ReleaseReason.NOT_PAID, now=s.now),
        ),
        (
            "withdraw_appointment",
            WithdrawAppointment(appointment_id=s.appointment, cancelled_by=Actor.CLIENT, now=s.now),
        ),
        ("owe_back", fee),
        ("fulfil_appointment", FulfilAppointment(appointment_id=s.appointment, now=s.ends_at + hour)),
    ]


async def _scene(world: World, provider: Provider) -> tuple[Scene, str]:
    person, appointment = await world.booked_client(provider)
    await provider.told(person.client_id, "front_desk_told", times=2)
    filling_in = await world.anonymous_client(provider)
    await provider.stage(filling_in.client_id, "intake")
    invited = await provider.invite()
    await world.invitation_token(invited["email"])
    (row,) = world.rows("SELECT id FROM invitation WHERE client_id = %s", invited["id"])
    scene = Scene(
        practice=provider.seeded.practice_id,
        client=person.client_id,
        appointment=appointment["id"],
        fee=appointment["payment"]["id"],
        starts_at=datetime.fromisoformat(appointment["starts_at"]),
        ends_at=datetime.fromisoformat(appointment["ends_at"]),
        filling_in=filling_in.client_id,
        invited=invited["id"],
        invitation=row["id"],
        now=await world.now(),
    )
    return scene, person.address


async def test_whatever_an_activity_did_it_does_nothing_when_it_is_run_again(
    world: World, provider: Provider, run: Run
) -> None:
    scene, address = await _scene(world, provider)
    for name, command in _steps(scene):
        first = await run(name, command)
        before = await everything(world, provider, address)
        for _ in range(2):
            again = await run(name, command)
            assert name in _OF_ALL or again == first, name
        assert await everything(world, provider, address) == before, name


async def test_no_activity_is_left_out(world: World, provider: Provider) -> None:
    settings = settings_of(world.stack)
    database, processor = Database(settings.database_url, pool_size=1), processor_of(settings)
    bound = activities_of(
        settings, database, processor.payments, processor.merchants, processor.billing, processor.events
    )
    here = Path(__file__).parent
    rows = "".join((here / f"test_{one}.py").read_text() for one in ("twice", "twice_beside", "answers_lost"))
    missing = [one.__name__ for one in bound if f'"{one.__name__}"' not in rows]
    await processor.aclose()
    await database.close()
    assert missing == [], "each needs a row here, in test_twice.py or in test_answers_lost.py"
