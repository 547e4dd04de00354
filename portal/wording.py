"""The words of the pages for closed sets: states, stages, rules and what the timeline tells."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.busy_calendars import Unreadable
from domain.decisions import Lifter
from domain.money import Money
from domain.questionnaire_items import ItemType, Operator
from domain.stages import Actor, PortalStatus, Stage, Track
from domain.states import (
    AppointmentStatus,
    AttentionAction,
    AttentionOwner,
    PaymentState,
    TimelineKind,
)
from domain.wording import spoken_clock, spoken_span

EMERGENCY = (
    "If you are in danger or need help right now, call 911 (US) or your local emergency number. "
    "For the Suicide & Crisis Lifeline, call or text 988."
)

ITEM_TYPE = {
    ItemType.GROUP: "Section",
    ItemType.DISPLAY: "Text to read",
    ItemType.STRING: "A line of text",
    ItemType.TEXT: "A longer text",
    ItemType.BOOLEAN: "Yes or no",
    ItemType.CHOICE: "Choice",
    ItemType.OPEN_CHOICE: "Choice, or one's own words",
    ItemType.INTEGER: "Whole number",
    ItemType.DECIMAL: "Number",
    ItemType.QUANTITY: "Amount with a unit",
    ItemType.DATE: "Date",
    ItemType.TIME: "Time of day",
    ItemType.DATE_TIME: "Date and time",
    ItemType.URL: "Web address",
}
# What the editor offers; the others stay what they are.
ORDINARY_TYPES = frozenset(ITEM_TYPE) - {ItemType.QUANTITY, ItemType.DATE_TIME, ItemType.URL}
OPERATOR = {
    Operator.EQUAL: "this answer",
    Operator.NOT_EQUAL: "another answer than",
    Operator.EXISTS: "answered at all (yes or no)",
    Operator.AT_LEAST: "at least",
    Operator.AT_MOST: "at most",
    Operator.MORE: "more than",
    Operator.LESS: "less than",
}

PORTAL_STATUS = {PortalStatus.NO: "No", PortalStatus.PENDING: "Pending", PortalStatus.ACTIVE: "Active"}
TRACK = {Track.ANONYMOUS: "Signed up online", Track.INVITED: "Invited"}
STAGE = {
    Stage.RECORDED: "Just arrived",
    Stage.INVITED: "Invitation sent",
    Stage.ACCOUNT: "Account open",
    Stage.INTAKE: "Filling in intake",
    Stage.READY: "Ready to book",
    Stage.BOOKED: "Booked",
    Stage.CLOSED: "Closed",
}
ACTOR = {Actor.CLIENT: "client", Actor.STAFF: "practice", Actor.SYSTEM: "Portico"}
APPOINTMENT = {
    AppointmentStatus.PENDING: "Held",
    AppointmentStatus.BOOKED: "Booked",
    AppointmentStatus.FULFILLED: "Kept",
    AppointmentStatus.NOSHOW: "Missed",
    AppointmentStatus.CANCELLED: "Cancelled",
}
PAYMENT = {
    PaymentState.REQUESTED: "To pay",
    PaymentState.AUTHORIZED: "Being confirmed",
    PaymentState.CAPTURED: "Paid",
    PaymentState.REFUNDED: "Refunded",
    PaymentState.VOIDED: "Not charged",
    PaymentState.EXPIRED: "Not paid, nothing charged",
}
ATTENTION_ACTION = {
    AttentionAction.CORRECT_EMAIL: "Correct the address",
    AttentionAction.RETRY: "Try again",
    AttentionAction.SKIP: "Skip this step",
}
ATTENTION_OWNER = {AttentionOwner.FRONT_DESK: "For the front desk", AttentionOwner.OPERATOR: "Passed on to operations"}
# Which color a state has: good, waiting, trouble; whatever isn't named is quiet.
TONE = {
    "active": "good",
    "paid": "good",
    "open": "wait",
    "pending": "wait",
    "booked": "good",
    "fulfilled": "good",
    "noshow": "trouble",
    "captured": "good",
    "requested": "wait",
    "authorized": "wait",
    "grace": "wait",
    "past_due": "trouble",
    "restricted": "trouble",
    "disconnected": "trouble",
}

TIMELINE = {
    TimelineKind.SIGNED_UP: "Signed up on the website",
    TimelineKind.INVITED: "Invited by the practice",
    TimelineKind.INVITATION_SENT: "Portal invitation sent",
    TimelineKind.INVITATION_REMINDED: "Reminded of the invitation",
    TimelineKind.INVITATION_EXPIRED: "Invitation expired unused",
    TimelineKind.INVITATION_ASKED_AGAIN: "Client asked for a new invitation",
    TimelineKind.INVITATION_REVOKED: "Invitation revoked by the practice",
    TimelineKind.GREETING_SENT: "Email greeting sent",
    TimelineKind.GREETING_SKIPPED: "Email greeting not sent (unsubscribed, switched off, or had one today)",
    TimelineKind.MAILS_DECLINED: "Unsubscribed from greetings and reminders",
    TimelineKind.MAILS_WANTED_AGAIN: "Gets greetings and reminders again",
    TimelineKind.FORMS_REQUESTED: "Send New Client Forms pressed",
    TimelineKind.FORMS_SENT: "New client forms sent",
    TimelineKind.ACCOUNT_OPENED: "Portal account opened",
    TimelineKind.INTAKE_ASSIGNED: "Intake form made available",
    TimelineKind.INTAKE_REMINDED: "Reminded of the intake form",
    TimelineKind.INTAKE_SUBMITTED: "Intake form submitted",
    TimelineKind.INTAKE_FILED: "Intake answers filed in the client's record",
    TimelineKind.SLOT_HELD: "Time chosen and held",
    TimelineKind.CHECKOUT_OPENED: "Bill Pay opened for the fee",
    TimelineKind.FEE_AUTHORIZED: "Fee approved by the bank",
    TimelineKind.FEE_CAPTURED: "Fee paid",
    TimelineKind.FEE_VOIDED: "Fee let go; nothing was charged",
    TimelineKind.FEE_REFUNDED: "Fee refunded",
    TimelineKind.FEE_WAIVED: "Fee waived",
    TimelineKind.FEE_WAIVER_TAKEN_BACK: "Waiver taken back: the next appointment has a fee again",
    TimelineKind.FEE_REJECTED: "Payment didn't match the fee and was not taken",
    TimelineKind.DISPUTE_OPENED: "The cardholder's bank disputes the payment",
    TimelineKind.DISPUTE_WON: "The dispute ended in the practice's favor",
    TimelineKind.DISPUTE_LOST: "The dispute was lost: the bank took the money back",
    TimelineKind.PAYMENT_ASKED_AGAIN: "The bank didn't release the fee; it is asked once more",
    TimelineKind.PAY_AGAIN_SENT: "Asked to pay again",
    TimelineKind.TIME_LOST: "Paid when the time had been given away: another one can be chosen",
    TimelineKind.OTHER_TIME_OFFERED: "Another time offered",
    TimelineKind.FEE_RETURN_SENT: "Told that the fee goes back",
    TimelineKind.HOLD_EXTENDED: "Hold made longer",
    TimelineKind.HOLD_RELEASED: "Held time released",
    TimelineKind.APPOINTMENT_BOOKED: "Appointment booked",
    TimelineKind.CONFIRMATION_SENT: "Confirmation sent",
    TimelineKind.APPOINTMENT_MOVED: "Appointment moved",
    TimelineKind.ATTENDANCE_CONFIRMED: "The client says: I'll be there",
    TimelineKind.MOVE_SENT: "Notice of the new time sent",
    TimelineKind.APPOINTMENT_REMINDED: "Reminded of the appointment",
    TimelineKind.APPOINTMENT_CANCELLED: "Appointment cancelled",
    TimelineKind.CANCELLATION_SENT: "Cancellation notice sent",
    TimelineKind.DAY_CALLED_OFF: "The provider's day was called off",
    TimelineKind.APPOINTMENT_FULFILLED: "Client came to the appointment",
    TimelineKind.APPOINTMENT_NOSHOW: "Client didn't come to the appointment",
    TimelineKind.JOURNEY_LAPSED: "No answer for a long time: closed",
    TimelineKind.JOURNEY_WITHDRAWN: "Closed by the practice",
    TimelineKind.MAIL_DROPPED: "A mail was dropped: it would have come too late",
    TimelineKind.FRONT_DESK_TOLD: "Front desk told by mail",
    TimelineKind.ATTENTION_RAISED: "A step needs attention",
    TimelineKind.ATTENTION_SETTLED: "Attention settled",
    TimelineKind.EMAIL_CORRECTED: "Email address corrected",
    TimelineKind.CLOSED_AS_DUPLICATE: "Closed: the same person as another client",
    TimelineKind.DUPLICATE_CLOSED: "A duplicate of this client was closed",
    TimelineKind.TWO_PERSONS: "Not the same person as somebody who looked alike",
    TimelineKind.EMAIL_CHANGED: "Email address changed by the client, and confirmed",
    TimelineKind.CONTACT_CHANGED: "Contact data changed",
    TimelineKind.WAITLIST_JOINED: "On the waitlist",
    TimelineKind.WAITLIST_CHANGED: "Wish on the waitlist changed",
    TimelineKind.WAITLIST_LEFT: "Off the waitlist",
    TimelineKind.WAITLIST_OFFERED: "A freed time is held for them",
    TimelineKind.WAITLIST_OFFER_SENT: "Freed time offered by mail",
    TimelineKind.WAITLIST_OFFER_TAKEN: "Took the offered time",
    TimelineKind.WAITLIST_OFFER_DECLINED: "Declined the offered time",
    TimelineKind.WAITLIST_OFFER_LAPSED: "Didn't answer the offer in time",
    TimelineKind.WAITLIST_OFFER_TAKEN_BACK: "The offered time is closed after all: taken back",
    TimelineKind.WAITLIST_APOLOGY_SENT: "Told by mail that the offered time isn't free",
}

# What comes next for somebody, in a list.
NEXT_STEP = {
    "offer": "Next: a time is kept for an answer",
    "intake": "Next: the intake form",
    "book": "Next: choose a time",
    "pay": "Next: pay to confirm an appointment",
    "wait": "An appointment is being confirmed",
    "none": "Nothing to do right now",
}

RELEASED = {
    "not_paid": "The time was released because the fee wasn't paid in time.",
    "payment_refused": "The fee couldn't be paid online, so the time was released. You have not been charged. "
    "Please call the practice.",
    "payment_mismatch": "The payment didn't match the fee, so the time was released. You have not been charged. "
    "Please call the practice.",
    "capture_failed": "Your bank didn't release the fee, so the time was released. You have not been charged.",
}
RELEASED_STAFF = {
    "not_paid": "Released: the fee wasn't paid in time.",
    "payment_refused": "Released: the checkout for the fee couldn't be opened.",
    "payment_mismatch": "Released: the payment differed from what was asked.",
    "capture_failed": "Released: the bank had approved the fee, and then didn't release it.",
}

_RULES = {
    "provider-left": "The provider has left the practice",
    "subscription-inactive": "The portal subscription isn't active",
    "self-schedule-off": "“Allow clients to self-schedule” is off",
    "intake-required": "The intake form has to be in first",
    "limit-reached": "“Max upcoming appointments” is reached",
    "fee-required": "They hold a time whose fee isn’t paid yet",
    "merchant-account-missing": "The fee can't be paid online: no active merchant account",
    "slot-unavailable": "That time isn't offered",
    "slot-taken": "That time is taken",
}
_STEPS = {
    "booking_confirmation": "Sending the confirmation",
    "cancellation_notice": "Sending the cancellation notice",
    "portal_invitation": "Sending the portal invitation",
    "refunded_past_us": "The fee was refunded in Stripe: does the appointment stay?",
    "money_compared": "Payments, Stripe and appointments don't agree",
    "processor_silent": "Nothing is heard of Stripe: check the webhooks",
    "webhooks_lost": "Stripe's webhooks don't all arrive: check the endpoint",
    "refunds_differ": "What Stripe says was refunded can't be",
    "taken_payment": "Reading what became of a payment",
}


def rule(slug: str) -> str:
    """A booking rule, as the practice knows it."""
    return _RULES.get(slug, slug)


def lifters(lifted_by: tuple[Lifter, ...]) -> str:
    """Who can do something about it, seen from the practice."""
    names = {Lifter.CLIENT: "the client", Lifter.STAFF: "the practice"}
    return " or ".join(names[who] for who in lifted_by)


def lifters_for_client(lifted_by: tuple[Lifter, ...]) -> str:
    """The same, said to the client."""
    if Lifter.CLIENT in lifted_by:
        return "You can change this yourself" + (", or ask the practice." if Lifter.STAFF in lifted_by else ".")
    return "The practice can help with this."


# Why a calendar elsewhere can't be read.
UNREADABLE = {
    Unreadable.NO_ANSWER: "its server doesn't answer, or has no valid certificate",
    Unreadable.SERVER_ERROR: "its server has a problem of its own",
    Unreadable.NOT_ALLOWED: "the address leads to a place that may not be read from here",
    Unreadable.NOT_FOUND: "there is no calendar at that address; it may have been renewed",
    Unreadable.REFUSED: "its server refuses us; it has to be an address that needs no sign-in",
    Unreadable.NOT_A_CALENDAR: "what came isn't a calendar (iCalendar, .ics), or is damaged",
    Unreadable.TOO_LARGE: "the file is larger than 5 MB",
    Unreadable.TOO_MUCH: "it repeats too much to be worked through",
}

_REASONS = {
    "(550)": "the address doesn't exist, or its mail server refuses us",
    "(551)": "the address has moved",
    "(552)": "the mailbox is full, or the mail too large",
    "(553)": "the address isn't valid",
    "(554)": "the mail server refused the mail",
    "(uncertain)": "the mail may have gone out already: have it sent again, or leave it at that",
    "mail server unavailable": "the mail server doesn't answer; it is tried again by itself",
    "payment processor unavailable": "the payment processor doesn't answer; it is tried again by itself",
    "account": "the merchant account doesn't take this payment",
    **{f"calendar {why}": f"{said}; the last copy still blocks time" for why, said in UNREADABLE.items()},
}


def attention_step(step: str) -> str:
    """What a stuck step was about."""
    if step.startswith("event:"):
        return "Passing on something that was received"
    if step.startswith("greeting:"):
        return "Sending the greeting"
    if step.startswith("invitation:"):
        return _STEPS["portal_invitation"]
    if step.startswith("dispute:"):
        return "A payment is disputed: answer the bank in Stripe"
    if step.startswith("money_out_of_reach:"):
        return "Payments at a disconnected account can’t be compared with Stripe"
    if step.startswith("refund_failed:"):
        return "A refund came back: give the money back another way"
    if step.startswith("waitlist_offer:"):
        return "A time from the waitlist couldn't be offered: the client left the list"
    if step == "keep_waitlist":
        return "Looking after the waitlist"
    if step.startswith("refund:"):
        return "Giving money back"
    if step == "portal_subscription":
        return "Reading the portal subscription"
    if step.startswith("subscription_renewal"):
        return "Changing whether the portal subscription is renewed"
    if step.startswith("subscription_notice:"):
        return "Telling an owner about the portal subscription"
    if step == "subscription_doubled":
        return "The practice pays for two portal subscriptions"
    if step == "busy_calendar":
        return "Reading busy times from a provider’s calendar elsewhere"
    if step == "merchant_account":
        return "Reading the merchant account"
    if step.startswith("merchant_notice:"):
        return "Telling staff about the merchant account"
    if "pre_payment" in step:
        return "Taking or returning the fee"
    return _STEPS.get(step, step.replace("_", " ").capitalize())


def attention_reason(reason: str) -> str:
    """The code-only reason of a refusal, in words that a receptionist can act on; the code stays in brackets."""
    for code, words in _REASONS.items():
        if code in reason:
            return f"{words} [{reason}]"
    return reason


def zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


def short_time(instant: datetime, timezone: str) -> str:
    """For example "Dec 1, 2026, 9:00 AM EST"."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%b} {local.day}, {local.year}, {spoken_clock(instant, timezone)} {local:%Z}"


def short_day(instant: datetime, timezone: str) -> str:
    """For example "Dec 1, 2026": where the time of day doesn't matter."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%b} {local.day}, {local.year}"


def money(amount_minor: int, currency: str) -> str:
    return str(Money(amount_minor=amount_minor, currency=currency))


span = spoken_span
