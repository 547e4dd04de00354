"""Moving a client's stage: the only writer of that column, by the table of legal moves in the domain."""

from __future__ import annotations

from db.models import Client
from domain.stages import JourneyOutcome, Stage, move

_ORDER = [Stage.RECORDED, Stage.INVITED, Stage.ACCOUNT, Stage.INTAKE, Stage.READY, Stage.BOOKED, Stage.CLOSED]


def move_stage(client: Client, to: Stage) -> Stage:
    """Move the locked client to `to`; a client who is further on already stays there."""
    stage = Stage(client.stage)
    if stage is Stage.CLOSED and to is not Stage.CLOSED:
        client.outcome = client.closed_reason = None  # the way has been opened again
    if to in (Stage.BOOKED, Stage.CLOSED):
        if to is Stage.BOOKED and stage is not Stage.BOOKED:
            client.stage_before_booking = str(stage)
        client.stage = str(move(stage, to))
    elif stage is Stage.BOOKED:
        # What is done meanwhile counts when the appointment falls away.
        client.stage_before_booking = str(_further(Stage(client.stage_before_booking or stage), to))
    elif stage is Stage.CLOSED or _ORDER.index(to) > _ORDER.index(stage):
        client.stage = str(move(stage, to))
    return Stage(client.stage)


def step_back(client: Client) -> Stage:
    """A booked client whose last appointment fell away stands where they stood before."""
    if client.stage == Stage.BOOKED:
        client.stage = str(move(Stage.BOOKED, Stage(client.stage_before_booking or Stage.READY)))
        client.outcome = None
    return Stage(client.stage)


def book(client: Client) -> None:
    move_stage(client, Stage.BOOKED)
    client.outcome = str(JourneyOutcome.BOOKED)


def _further(one: Stage, other: Stage) -> Stage:
    return max(one, other, key=_ORDER.index)
