"""Moves that the client isn't told of yet: another may follow within the grace, and only the result is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.cadence import move_told_at
    from workflows.messages import AppointmentMoved


class Moves:
    """`due` is when the client is told of another time; None where they know the appointment as it is."""

    def __init__(self) -> None:
        self.due: datetime | None = None
        self._told: datetime | None = None
        self._newest: AppointmentMoved | None = None

    def start_from(self, starts_at: datetime) -> None:
        """That is the time that the client is told by the confirmation."""
        self._told, self._newest, self.due = starts_at, None, None

    @property
    def known(self) -> datetime | None:
        """By which time the client knows the appointment, where that isn't its time any more."""
        return self._told if self.due is not None else None

    def happened(self, moved: AppointmentMoved, now: datetime) -> None:
        known = self._told or moved.starts_at
        told_at = move_told_at(now, timedelta(seconds=moved.grace_seconds), known, moved.starts_at)
        self._newest = moved
        self.due = told_at if self.due is None else min(self.due, told_at)

    def to_tell(self, now: datetime) -> AppointmentMoved | None:
        """What is to be told now; None while it waits, and where the appointment is back at the time that is known."""
        if self.due is None or self._newest is None or now < self.due:
            return None
        newest, self._newest, self.due = self._newest, None, None
        if newest.starts_at == self._told:
            return None
        self._told = newest.starts_at
        return newest
