"""The words of the waitlist: a wish in a sentence, and how wishes and offers end."""

from __future__ import annotations

from datetime import date, datetime, time

from domain.hours import MINUTES_A_DAY, WEEKDAYS
from domain.waitlist import OfferState, Wish, WishEnd

_WORKING_WEEK = WEEKDAYS[:5]
# Said to the client.
ENDED = {
    WishEnd.TAKEN: "You took a time from the waitlist.",
    WishEnd.BOOKED: "You have booked, so you don't wait any more.",
    WishEnd.NOT_NEEDED: "The appointment was moved or cancelled, so no earlier time is looked for any more.",
    WishEnd.LAPSED: "The last day that you named is over.",
    WishEnd.UNANSWERED: "Three times in a row were kept for you and not answered, so we stopped looking.",
    WishEnd.UNREACHABLE: "Our mail to you came back. Please check your email address.",
    WishEnd.WITHDRAWN: "You have left the waitlist.",
    WishEnd.REMOVED: "The practice has taken you off the waitlist.",
    WishEnd.PROVIDER_LEFT: "The provider has left the practice, so no time is looked for any more.",
}
OFFER = {
    OfferState.OPEN: "Held",
    OfferState.TAKEN: "Taken",
    OfferState.DECLINED: "Declined",
    OfferState.LAPSED: "Not answered",
    OfferState.WITHDRAWN: "Withdrawn",
    OfferState.REFUSED: "Mail refused",
    OfferState.TAKEN_BACK: "Taken back: closed then",
}


def wish_in_words(wish: Wish) -> str:
    """For example "Monday to Friday, between 9:00 AM and 12:00 PM, Dec 1 to Dec 20, at least 24 hours ahead"."""
    parts = [_days(wish), _times(wish), f"{_day(wish.first_day)} to {_day(wish.last_day)}"]
    if wish.first_day == wish.last_day:
        parts[-1] = _day(wish.first_day)
    if wish.notice_hours:
        hours = "hour" if wish.notice_hours == 1 else "hours"
        parts.append(f"at least {wish.notice_hours} {hours} ahead")
    said = ", ".join(parts)
    return said[0].upper() + said[1:]


def _days(wish: Wish) -> str:
    if wish.weekdays == WEEKDAYS:
        return "any day"
    if wish.weekdays == _WORKING_WEEK:
        return "Monday to Friday"
    names = [f"{one.capitalize()}s" for one in wish.weekdays]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _times(wish: Wish) -> str:
    start, end = wish.between.start, wish.between.end
    if (start, end) == (0, MINUTES_A_DAY):
        return "at any time"
    if end == MINUTES_A_DAY:
        return f"from {clock_in_words(start)} on"
    return (
        f"until {clock_in_words(end)}" if start == 0 else f"between {clock_in_words(start)} and {clock_in_words(end)}"
    )


def clock_in_words(minutes: int) -> str:
    """Minutes since midnight as "9:00 AM"."""
    at = datetime.combine(date.min, time(minutes // 60 % 24, minutes % 60))
    return f"{at.hour % 12 or 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}"


def _day(day: date) -> str:
    return f"{day:%b} {day.day}"
