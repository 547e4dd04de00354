"""The refund rule: how much of a fee goes back, by how long before the start an appointment is called off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.money import Money
from domain.wording import spoken_span

ALL_OF_IT = 100
NOTHING = 0


@dataclass(frozen=True, kw_only=True)
class RefundStep:
    """Up to and including `until`, this percentage goes back."""

    percent: int
    until: datetime


@dataclass(frozen=True, kw_only=True)
class RefundTerms:
    """All of it until `full_minutes` before the start, `part_percent` until `part_minutes` before it, nothing after.

    `at_most_percent` is what is left to a client who moved when less than all would have gone back: moving to a later
    day doesn't bring back what had lapsed.
    """

    full_minutes: int = 0
    part_percent: int = 0
    part_minutes: int = 0
    at_most_percent: int = ALL_OF_IT

    def percent_at(self, starts_at: datetime, now: datetime) -> int:
        percent = NOTHING
        if now <= starts_at - timedelta(minutes=self.full_minutes):
            percent = ALL_OF_IT
        elif now <= starts_at - timedelta(minutes=self.part_minutes):
            percent = self.part_percent
        return min(percent, self.at_most_percent)

    def stages(self, notice_minutes: int) -> tuple[tuple[int, int], ...]:
        """(percent, minutes before the start until which it goes back), for a client who may cancel until the notice.

        The earliest first; each tells less than the one before it, and the last one ends with the notice.
        """
        found: list[tuple[int, int]] = []
        bounds = ((ALL_OF_IT, self.full_minutes), (self.part_percent, self.part_minutes), (NOTHING, 0))
        for percent, minutes in bounds:
            most, until = min(percent, self.at_most_percent), max(minutes, notice_minutes)
            if found and until >= found[-1][1]:
                continue
            if found and found[-1][0] == most:
                found.pop()
            found.append((most, until))
        return tuple(found)

    def steps(self, starts_at: datetime, notice_minutes: int, now: datetime) -> tuple[RefundStep, ...]:
        """What is still ahead of a client who may cancel until the notice: the first step is what counts now."""
        steps = [
            RefundStep(percent=percent, until=starts_at - timedelta(minutes=minutes))
            for percent, minutes in self.stages(notice_minutes)
        ]
        return tuple(step for step in steps if step.until >= now)


def part_of(amount: Money, percent: int) -> Money:
    """That part of an amount, rounded up in the client's favour to what can be paid in its currency."""
    exact, step = amount.amount_minor * percent, amount.payable_step
    return Money(
        amount_minor=-(-exact // (100 * step)) * step if percent < 100 else amount.amount_minor,
        currency=amount.currency,
    )


def still_due(amount: Money, percent: int, given_minor: int, lost_minor: int = 0) -> Money:
    """What the rule gives back, less what has been given back by hand; what a bank has taken isn't there any more."""
    due = min(part_of(amount, percent).amount_minor, amount.amount_minor - lost_minor) - given_minor
    return Money(amount_minor=max(due, 0), currency=amount.currency)


def in_words(terms: RefundTerms, amount: Money, notice_minutes: int | None) -> str:
    """The rule before anybody has paid or cancelled; without a notice clients don't cancel online at all."""
    tail = "If the practice cancels, you get all of it back; if you don't come, it is kept."
    if notice_minutes is None:
        return tail
    told = ""
    for percent, minutes in terms.stages(notice_minutes):
        before = f"until {spoken_span(minutes)} before" if minutes else "until it begins"
        if not told:
            told = f"Cancel online {before}, and {_goes_back(amount, percent, first=True)}"
        else:
            told += f"; {before}, {_goes_back(amount, percent, first=False)}"
    return f"{told}. {tail}"


def _goes_back(amount: Money, percent: int, *, first: bool) -> str:
    if percent == ALL_OF_IT:
        return f"the fee of {amount} goes back in full"
    if percent == NOTHING:
        return f"the fee of {amount} is kept" if first else "nothing"
    return f"{part_of(amount, percent)} of {amount}" + (" goes back" if first else "")
