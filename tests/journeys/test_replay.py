"""Journeys that are weeks old have to go on under today's code: every recorded shape replays."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from dispatch.plugin import portico_plugin
from tests.journeys.record import HISTORIES, KEYS

RECORDED = sorted(HISTORIES.glob("*.json"))


def replayer() -> Replayer:
    return Replayer(workflows=[], plugins=[portico_plugin(KEYS)])


def history(name: str) -> str:
    return (HISTORIES / f"{name}.json").read_text()


@pytest.mark.parametrize("name", [path.stem for path in RECORDED])
async def test_a_recorded_journey_replays(name: str) -> None:
    await replayer().replay_workflow(WorkflowHistory.from_json("recorded", history(name)))


def test_both_tracks_and_every_end_are_recorded() -> None:
    assert {path.stem for path in RECORDED} >= {
        *("anonymous_journey", "invited_journey", "returning_journey", "revoked_journey"),
        *("booking_paid_and_cancelled", "booking_visited", "booking_abandoned", "booking_held_longer"),
        *(
            "merchant_account",
            "portal_subscription",
            "portal_subscription_another_plan",
            "taken_payment_refunded",
            "taken_payment_disputed",
        ),
        "booking_reminded_in_the_morning",
    }


async def test_a_journey_whose_steps_have_changed_does_not_replay() -> None:
    text = history("anonymous_journey")
    changed = text.replace("send_portal_invitation", "send_another_invitation")
    assert changed != text
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json("changed", changed))
