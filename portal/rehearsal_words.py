"""The words of a rehearsal: what happens at each moment, why, and where it can be seen or changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.money import Money
from domain.policy_levels import Source
from domain.rehearsal import Moment, MomentKind, RehearsedTrack, SeenBy, Totals, What
from domain.rehearsal_script import Variant
from domain.rehearsal_weeks import Week
from portal.policy_words import SECTION_OF, Section, full_name, in_words, source_in_words

TRACK = {
    RehearsedTrack.ANONYMOUS: "Signs up on the website",
    RehearsedTrack.INVITED: "You invite them, they book",
    RehearsedTrack.FRONT_DESK: "You invite them, the front desk books",
}
VARIANT = {
    Variant.PROMPT: "Does everything at once",
    Variant.SLOW: "Is slow: waits for every reminder",
    Variant.SILENT: "Never answers",
    Variant.UNPAID: "Chooses a time and doesn't pay",
    Variant.CANCELS_IN_TIME: "Cancels in time",
    Variant.CANCELS_LATE: "Cancels late",
}
KIND = {
    MomentKind.PAGE: "Page",
    MomentKind.MAIL: "Mail",
    MomentKind.CHARGE: "Charge",
    MomentKind.REFUND: "Refund",
    MomentKind.WAITING: "By itself",
    MomentKind.REFUSAL: "Closed",
}
TONE = {
    MomentKind.MAIL: "good",
    MomentKind.CHARGE: "wait",
    MomentKind.REFUND: "wait",
    MomentKind.REFUSAL: "trouble",
}
SEEN_BY = {SeenBy.CLIENT: "the client", SeenBy.FRONT_DESK: "your front desk"}
TITLE = {
    What.SIGN_UP: "Your page, and the sign-up form",
    What.INVITING: "You invite the client",
    What.ACCOUNT: "The client opens an account",
    What.INTAKE: "The client submits the intake form",
    What.CHOOSING: "The client chooses a time",
    What.PAYING: "Bill Pay: the fee is asked, and the time held",
    What.STAFF_BOOKS: "The front desk books an appointment",
    What.CANCELLING: "The client cancels in the portal",
    What.INVITATION: "Invitation to the portal",
    What.INVITATION_REMINDER: "Reminder of the invitation",
    What.GREETING: "Your greeting",
    What.FORMS: "Your greeting, if you press Send New Client Forms",
    What.INTAKE_REMINDER: "Reminder of the intake form",
    What.CONFIRMATION: "Confirmation of the appointment",
    What.REMINDER: "Reminder of the appointment",
    What.CANCELLATION: "Notice that the appointment is cancelled",
    What.TOLD_SIGNED_UP: "Your front desk is told of the sign-up",
    What.TOLD_BOOKED: "Your front desk is told of the booking",
    What.TOLD_CANCELLED: "Your front desk is told of the cancellation",
    What.FEE: "The fee is charged",
    What.FEE_BACK: "The fee goes back",
    What.INVITATION_EXPIRES: "The invitation's link stops working",
    What.HOLD_ENDS: "The time is free again, and nothing was charged",
    What.WAY_LAPSES: "Nobody is waited for any more",
    What.VISIT: "The visit",
    What.SIGN_UP_CLOSED: "Clients can't sign up by themselves",
    What.GREETING_OFF: "No greeting goes out by itself",
    What.GREETING_MISSING: "No greeting goes out: none has been written",
    What.BOOKING_CLOSED: "The client can't book",
    What.NO_TIMES: "There is no time to book in this week",
    What.CANCELLING_CLOSED: "The client can't cancel online",
    What.REMINDERS_OFF: "Nobody is reminded of appointments",
}
_WHY = {
    What.SIGN_UP: "The page is published, and anybody may sign up.",
    What.INVITATION: "Goes out at once to everybody who signs up or is invited.",
    What.INVITATION_REMINDER: "As long as the account isn't open.",
    What.GREETING: "Goes out beside the invitation to those who sign up; at most one per address and day.",
    What.FORMS: "Only when you press it: here a few minutes after inviting.",
    What.INTAKE: "The answers land in the client's record, never in a mail.",
    What.INTAKE_REMINDER: "In the rhythm of the invitation's reminders, as long as the form isn't in.",
    What.CONFIRMATION: "Always, as soon as the appointment stands, with an entry for the calendar.",
    What.CANCELLATION: "Always; it takes the entry out of the calendar, and says what becomes of the fee.",
    What.REMINDER: "At night, by the client's clock, it waits for 8 AM where it is still of use by then.",
    What.FEE: "The appointment stands only once it is paid.",
    What.FEE_BACK: "By the rule that was shown when they paid.",
    What.HOLD_ENDS: "They can choose again.",
    What.INVITATION_EXPIRES: "The client can ask for a new link on its page.",
    What.WAY_LAPSES: "The client is moved to Closed; a new invitation opens the way again.",
    What.STAFF_BOOKS: "Nobody is asked for a fee for what you book.",
    What.NO_TIMES: "Availability, how far ahead and how late can be booked leave none.",
    What.GREETING_MISSING: "Write one under Send email greeting.",
}


def why(moment: Moment) -> str:
    """One sentence or two: the rule's own words first."""
    return " ".join(part for part in (moment.detail, _WHY.get(moment.what, "")) if part)


def kind_in_words(moment: Moment) -> str:
    return "Visit" if moment.what is What.VISIT else KIND[moment.kind]


def sections_of(moment: Moment) -> list[Section]:
    """The parts of the settings that are behind it, each once."""
    return list({SECTION_OF[name].id: SECTION_OF[name] for name in moment.settings}.values())


def setting_in_words(name: str, value: object, source: Source) -> str:
    """For example "Invitations and reminders: days an invitation is valid: 14 days (Portico's default)"."""
    return f"{full_name(name)}: {in_words(name, value)} ({source_in_words(source)})"


def setting_link(slug: str, name: str) -> str:
    return f"/console/settings/{slug}#{SECTION_OF[name].id}"


def preview_link(slug: str, moment: Moment, form_id: str | None) -> tuple[str, str] | None:
    """Where the page can be looked at, and what the link says."""
    match moment.what:
        case What.SIGN_UP:
            return f"/console/providers/{slug}/signup-form", "See the sign-up form"
        case What.SIGN_UP_CLOSED:
            return f"/p/{slug}", "See your page"
        case What.INTAKE if form_id is not None:
            return f"/console/forms/{slug}/{form_id}", "See the form"
        case What.CHOOSING | What.PAYING | What.CANCELLING:
            return f"/console/settings/{slug}/seen", "What clients will see"
        case What.GREETING_MISSING:
            return f"/console/providers/{slug}/greeting", "Write a greeting"
        case What.NO_TIMES:
            return f"/console/providers/{slug}/availability", "See the availability"
        case What.INVITING:
            return "/console/clients/new", "Invite a client"
        case _:
            return None


def totals_in_words(totals: Totals) -> str:
    """For example "9 mails, 1 charge of $40.00, 3 pages"."""
    told = f", {totals.practice_mails} of them to your front desk" if totals.practice_mails else ""
    parts = [f"{_count(totals.mails, 'mail')}{told}", _amounts(totals.charges, "charge")]
    parts += [_amounts(totals.refunds, "refund")] if totals.refunds else []
    return "; ".join([*parts, _count(totals.pages, "page")])


def _amounts(amounts: Sequence[Money], word: str) -> str:
    if not amounts:
        return f"no {word}"
    return f"{_count(len(amounts), word)} of {' and '.join(str(one) for one in amounts)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number or 'no'} {word}s"


def week_in_words(week: Week) -> str:
    """For example "March 8 to 14, 2027"."""
    first, last = week.monday, week.monday + timedelta(days=6)
    if first.year != last.year:
        return f"{first:%B} {first.day}, {first.year} to {last:%B} {last.day}, {last.year}"
    end = f"{last.day}" if first.month == last.month else f"{last:%B} {last.day}"
    return f"{first:%B} {first.day} to {end}, {last.year}"
