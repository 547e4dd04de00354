"""Events of the payment processor that it couldn't deliver: at whom they are asked for, how often, and how far back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.ports import ProcessorEvent
from domain.webhook_endpoints import ACCOUNT_EVENTS, FEE_EVENTS, SUBSCRIPTION_EVENTS

# The processor keeps events for 30 days; a little less, so that none disappears between two pages.
_KEPT = timedelta(days=29)
_A_MOMENT = timedelta(seconds=1)


OWN_ACCOUNT = "platform"  # stands for the account of the key itself, where no merchant is named


class Door(StrEnum):
    """Which webhook endpoint an event is for; also the source under which it is recorded."""

    FEES = "stripe-fees"
    SUBSCRIPTIONS = "stripe-subscriptions"


# One question names at most 20 types: https://docs.stripe.com/api/events/list
ASKED_FOR = {Door.FEES: FEE_EVENTS + ACCOUNT_EVENTS, Door.SUBSCRIPTIONS: SUBSCRIPTION_EVENTS}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often is asked, and how much at once.

    An account is busy while money is under way there or has lately moved. What is younger than `settled` is still being
    delivered for the first time. `overlap` allows for events that are listed late. A page is 100 events.
    """

    busy_every: timedelta = timedelta(minutes=10)
    quiet_every: timedelta = timedelta(days=1)
    busy_for: timedelta = timedelta(days=7)
    settled: timedelta = timedelta(minutes=2)
    overlap: timedelta = timedelta(hours=1)
    most_accounts: int = 200
    most_pages: int = 10
    counted_for: timedelta = timedelta(days=1)
    recurs_after: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How far an account's events have been asked for, on business time.

    All that happened before `looked_until` was. A look that found more than it may take at once goes on with what is
    older than `left_until`, and reaches to `reaches` when it is through.
    """

    asked_at: datetime | None = None
    looked_until: datetime | None = None
    left_until: datetime | None = None
    reaches: datetime | None = None
    unanswered_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """The oldest first. `more_until`: there are more than could be read at once, the newest of them of that moment."""

    events: Sequence[ProcessorEvent]
    more_until: datetime | None = None


def is_due(asked: Asked, *, busy: bool, now: datetime, pace: Pace) -> bool:
    if asked.asked_at is None or asked.left_until is not None:
        return True
    return asked.asked_at <= now - (pace.busy_every if busy else pace.quiet_every)


def window_of(asked: Asked, now: datetime, pace: Pace) -> Window:
    """What to ask for now: from the last look on, or what that one has left over."""
    since = now - _KEPT
    if asked.looked_until is not None:
        since = max(since, asked.looked_until - pace.overlap)
    return Window(since=since, until=asked.left_until or now - pace.settled)


def answered(asked: Asked, window: Window, more_until: datetime | None, now: datetime) -> Asked:
    """How far it has been asked for once everything in the answer was taken."""
    reaches = asked.reaches or window.until
    if more_until is None:
        return Asked(asked_at=now, looked_until=reaches)
    # In any case further back, or the same page would come for ever.
    left = min(more_until, window.until - _A_MOMENT)
    return Asked(asked_at=now, looked_until=asked.looked_until, left_until=left, reaches=reaches)


def unanswered(asked: Asked, now: datetime, *, refused: bool) -> Asked:
    """No answer leaves it due, so that the next look asks again; what is refused is asked again at the usual pace."""
    since = asked.unanswered_since or now
    return replace(asked, unanswered_since=since, asked_at=now if refused else asked.asked_at)


def recurs(first: datetime, last: datetime, pace: Pace) -> bool:
    """Whether it isn't one outage any more: events were lost, and later again."""
    return last - first >= pace.recurs_after


class EventLog(Protocol):
    """The processor's own list of what has happened. Raises `PaymentRefused` (final) or `PaymentUnavailable`."""

    async def undelivered(
        self, merchant_account: str | None, types: Sequence[str], window: Window, most_pages: int
    ) -> Undelivered:
        """Events of these types at this account whose webhooks failed, or are still being tried."""


class EventDoor(Protocol):
    async def take_undelivered(self, door: Door, event: ProcessorEvent) -> bool:
        """Through the door that webhooks come by; whether it rang, which a repeat doesn't."""
