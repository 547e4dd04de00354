"""The words for days that are called off, and for what becomes of each appointment."""

from __future__ import annotations

from domain.called_off_days import CallingOff, Fate, Instead, LeftBecause, PartState, Phase
from domain.stretches import DayStretch
from portal import hours_words

LABELS = {
    "first_day": "First day",
    "last_day": "Last day",
    "from_time": "From",
    "to_time": "To",
    "instead": "What becomes of the appointments",
    "within_days": "Within how many days",
    "reason": "Reason",
    "words": "A sentence for the clients",
}
PHASE = {
    Phase.WAITING: "Can be undone",
    Phase.RUNNING: "Under way",
    Phase.DONE: "Done",
    Phase.UNDONE: "Undone",
    Phase.STOPPED: "Stopped",
}
PHASE_TONE = {Phase.WAITING: "wait", Phase.RUNNING: "wait", Phase.DONE: "good"}
WILL = {
    Fate.MOVED: "Is moved",
    Fate.CANCELLED: "Is cancelled",
    Fate.RELEASED: "Held time is released",
    Fate.LEFT_ALONE: "Is left alone: it has begun",
}
WAS = {
    Fate.MOVED: "Moved",
    Fate.CANCELLED: "Cancelled",
    Fate.RELEASED: "Held time released",
}
STATE = {
    PartState.WAITING: "Waiting",
    PartState.CHANGED: "Changed meanwhile",
    PartState.LEFT: "Left alone",
    PartState.FAILED: "Not done",
}
LEFT = {
    LeftBecause.BEGUN: "It had begun.",
    LeftBecause.UNDONE: "It was undone.",
    LeftBecause.STOPPED: "It was stopped before.",
}
TONE = {"waiting": "wait", "done": "good", "failed": "trouble"}


def days(stretch: DayStretch) -> str:
    """ "Thursday, December 24, 2026", and from when to when where it is a part of it."""
    said = hours_words.days(stretch.first_day, stretch.last_day)
    return f"{said}, {hours_words.hours([stretch.part])}" if stretch.part else said


def instead(asked: CallingOff) -> str:
    if asked.instead is Instead.CANCEL:
        return "Appointments are cancelled."
    count = "1 day" if asked.within_days == 1 else f"{asked.within_days} days"
    return f"Appointments are moved to the next free time, up to {count} after; cancelled where there is none."


def appointments(count: int) -> str:
    return "1 appointment" if count == 1 else f"{count} appointments"


def summary(counts: dict[str, int]) -> str:
    """ "Moved: 3 · Cancelled: 1 · Waiting: 4" """
    said = [(WAS[fate], counts.get(str(fate), 0)) for fate in WAS]
    said += [(STATE[state], counts.get(str(state), 0)) for state in STATE]
    return " · ".join(f"{word}: {count}" for word, count in said if count)
