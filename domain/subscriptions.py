"""A practice's portal subscription: what keeps the gates open, what closes them and when, and who is told before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.states import SubscriptionStatus

# The portal is open to new business in these.
OPEN = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.GRACE})


def is_open(status: SubscriptionStatus) -> bool:
    """Whether new sign-ups and bookings are taken; what is booked is honoured in any case."""
    return status in OPEN


class SubscriptionState(StrEnum):
    """As the processor has it, in our words."""

    BEGUN = "begun"  # its first payment isn't through
    PAID = "paid"
    PAST_DUE = "past_due"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class SubscriptionView:
    """What the processor says of a subscription right now. `ends_at` is planned, `ended_at` has happened."""

    subscription: str
    state: SubscriptionState
    price: str
    created_at: datetime
    period_start: datetime
    period_end: datetime
    ends_at: datetime | None = None
    ended_at: datetime | None = None


class Ending(StrEnum):
    """Why access ends."""

    CANCELLED = "cancelled"  # not to be renewed
    PAST_DUE = "past_due"
    ENDED = "ended"  # ended at the processor, without a word before


@dataclass(frozen=True, kw_only=True)
class SubscriptionTerms:
    """`grace` after a refused renewal; `notice` between telling the practice and closing; `reminder` before that.

    A mail that can't be delivered delays the closing by `patience` at the most.
    """

    grace: timedelta = timedelta(days=14)
    notice: timedelta = timedelta(days=2)
    reminder: timedelta = timedelta(days=3)
    patience: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the practice stands: what the gates read, and the ending that is ahead (or has come), if there is one."""

    status: SubscriptionStatus
    ending: Ending | None = None
    closes_at: datetime | None = None
    told_at: datetime | None = None  # when somebody at the practice had the first word of this ending

    @property
    def open(self) -> bool:
        return is_open(self.status)


def chosen(views: Sequence[SubscriptionView]) -> SubscriptionView | None:
    """The subscription that counts: the oldest that lives, else the one that ended last. More may be an accident."""
    living = [one for one in views if one.state in (SubscriptionState.PAID, SubscriptionState.PAST_DUE)]
    if living:
        return min(living, key=lambda one: (one.created_at, one.subscription))
    ended = [one for one in views if one.state is SubscriptionState.ENDED]
    if ended:
        return max(ended, key=lambda one: (one.ended_at or one.period_end, one.subscription))
    return views[0] if views else None


def doubled(views: Sequence[SubscriptionView]) -> bool:
    """Whether the practice pays more than once."""
    return sum(one.state in (SubscriptionState.PAID, SubscriptionState.PAST_DUE) for one in views) > 1


def decide(view: SubscriptionView | None, before: Standing, now: datetime, terms: SubscriptionTerms) -> Standing:
    """How the practice stands, by what the processor says and what it has been told.

    Without a subscription nothing changes: an installation may have opened the portal without one.
    """
    if view is None or view.state is SubscriptionState.BEGUN:
        return before
    if view.state is SubscriptionState.ENDED and not before.open:
        closed = before.status is SubscriptionStatus.PAST_DUE
        return replace(before, status=SubscriptionStatus.CANCELLED) if closed else before
    ending = _ending(view, terms)
    if ending is None:
        return Standing(status=SubscriptionStatus.ACTIVE)
    why, at = ending
    if not before.open and why is Ending.PAST_DUE:
        return replace(before, status=SubscriptionStatus.PAST_DUE)
    return _closing(why, at, before, now, terms)


def _ending(view: SubscriptionView, terms: SubscriptionTerms) -> tuple[Ending, datetime] | None:
    if view.state is SubscriptionState.ENDED:
        return Ending.ENDED, view.ended_at or view.period_end
    if view.state is SubscriptionState.PAST_DUE:
        return Ending.PAST_DUE, view.period_start + terms.grace
    return (Ending.CANCELLED, view.ends_at) if view.ends_at is not None else None


def _closing(why: Ending, at: datetime, before: Standing, now: datetime, terms: SubscriptionTerms) -> Standing:
    """Never sooner than the practice was told, whatever happens at the processor meanwhile."""
    if before.open and before.ending is not None and why in (before.ending, Ending.ENDED):
        kept = before if why is not Ending.CANCELLED else replace(before, closes_at=at)
    else:
        earliest = now if why is Ending.CANCELLED else now + terms.notice
        kept = Standing(status=SubscriptionStatus.ACTIVE, ending=why, closes_at=max(at, earliest))
    overdue = kept.ending is Ending.PAST_DUE
    if closes_now(kept, now, terms):
        # What can still be paid is past due; what has ended at the processor has to be begun anew.
        payable = overdue and why is Ending.PAST_DUE
        return replace(kept, status=SubscriptionStatus.PAST_DUE if payable else SubscriptionStatus.CANCELLED)
    return replace(kept, status=SubscriptionStatus.GRACE if overdue else SubscriptionStatus.ACTIVE)


def closes_now(standing: Standing, now: datetime, terms: SubscriptionTerms) -> bool:
    moment = closing_moment(standing, terms)
    return moment is not None and now >= moment


def closing_moment(standing: Standing, terms: SubscriptionTerms) -> datetime | None:
    """When the gates close: as was told, and not before somebody has had the time to read it."""
    if standing.closes_at is None:
        return None
    if standing.told_at is None:
        return standing.closes_at + terms.patience
    # What its owner ended themselves needs no time to get used to.
    return (
        standing.closes_at
        if standing.ending is Ending.CANCELLED
        else max(standing.closes_at, standing.told_at + terms.notice)
    )


class PlanBlock(StrEnum):
    """Why another plan can't be had right now."""

    NONE_RUNNING = "none_running"  # there is nothing to change: subscribe
    UNPAID = "unpaid"  # what is owed comes first
    NOT_RENEWED = "not_renewed"  # it ends: renew it after all, or choose anew when it has
    UNDER_WAY = "under_way"
    SAME_PLAN = "same_plan"


def may_change_plan(
    standing: Standing, *, living: bool, renews: bool, under_way: bool, same: bool = False
) -> PlanBlock | None:
    """The page's offer, the command's refusal. `living`: there is a subscription at the processor, not ended."""
    if not living:
        return PlanBlock.NONE_RUNNING
    if standing.status is not SubscriptionStatus.ACTIVE:
        return PlanBlock.UNPAID
    if not renews or standing.ending is not None:
        return PlanBlock.NOT_RENEWED
    if under_way:
        return PlanBlock.UNDER_WAY
    return PlanBlock.SAME_PLAN if same else None


class SubscriptionNotice(StrEnum):
    """What owners are told by mail."""

    OPENED = "opened"
    PLAN_CHANGED = "plan_changed"
    PAYMENT_FAILED = "payment_failed"
    ENDING = "ending"
    CLOSING_SOON = "closing_soon"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class DueNotice:
    """A notice that is due, the moment that names it, and until when it is of use."""

    notice: SubscriptionNotice
    about: datetime
    not_after: datetime


_FIRST_WORD = {
    Ending.PAST_DUE: SubscriptionNotice.PAYMENT_FAILED,
    Ending.CANCELLED: SubscriptionNotice.ENDING,
    Ending.ENDED: SubscriptionNotice.ENDING,
}
_NEWS_KEEPS = timedelta(days=14)


def notices_due(
    standing: Standing, since: datetime, now: datetime, terms: SubscriptionTerms, plan_since: datetime | None = None
) -> tuple[DueNotice, ...]:
    """What owners are to be told now, as far as they haven't been.

    `since` is when this status began, `plan_since` when the plan was changed, if it ever was.
    """
    due = _notices(standing, since, now, terms)
    if plan_since is not None and standing.open:
        changed = DueNotice(
            notice=SubscriptionNotice.PLAN_CHANGED, about=plan_since, not_after=plan_since + terms.reminder
        )
        due = (*due, changed)
    return tuple(one for one in due if one.not_after > now)


def _notices(standing: Standing, since: datetime, now: datetime, terms: SubscriptionTerms) -> tuple[DueNotice, ...]:
    if standing.ending is None or standing.closes_at is None:
        if standing.status is not SubscriptionStatus.ACTIVE:
            return ()
        return (DueNotice(notice=SubscriptionNotice.OPENED, about=since, not_after=since + terms.reminder),)
    closes = standing.closes_at
    if not standing.open:
        return (DueNotice(notice=SubscriptionNotice.CLOSED, about=closes, not_after=since + _NEWS_KEEPS),)
    due = [DueNotice(notice=_FIRST_WORD[standing.ending], about=closes, not_after=closes + terms.patience)]
    if reminder_at(standing, terms) is not None and now >= closes - terms.reminder:
        due.append(DueNotice(notice=SubscriptionNotice.CLOSING_SOON, about=closes, not_after=closes))
    return tuple(due)


def reminder_at(standing: Standing, terms: SubscriptionTerms) -> datetime | None:
    """When the closing is told of once more; not at all where the first word came little earlier."""
    if standing.closes_at is None or standing.told_at is None or not standing.open:
        return None
    at = standing.closes_at - terms.reminder
    return at if at - standing.told_at >= timedelta(days=1) else None


def next_look(
    standing: Standing, view: SubscriptionView | None, now: datetime, terms: SubscriptionTerms
) -> datetime | None:
    """When to ask the processor again though nobody rings: before something is told or closed, and after renewals."""
    moments = [closing_moment(standing, terms) if standing.open else None, reminder_at(standing, terms)]
    if standing.open and standing.ending is None and view is not None:
        moments.append(max(view.period_end + _RENEWED_BY, now + _RENEWED_BY))
    ahead = [one for one in moments if one is not None and one > now]
    return min(ahead) if ahead else None


# A renewal is tried within the hour after the period has ended.
_RENEWED_BY = timedelta(hours=2)
