"""What a client will see under settings: the steps of both tracks in words, for the provider who sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.decisions import PracticeStanding
from domain.intake_gate import intake_gates
from domain.policy import PortalPolicy
from domain.refunds import in_words
from domain.stages import Track
from domain.states import MerchantStatus
from domain.subscriptions import is_open
from portal.type_preview import Preview
from portal.wording import money, span


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the steps depend on beside the settings; `form` is the chosen form's title, if one is chosen."""

    standing: PracticeStanding
    questions: int
    form: str | None
    greeting: str | None  # its subject, where one is written
    attachments: int
    phone: str
    offered: tuple[Preview, ...] = ()  # appointment types, where there is one to be chosen


@dataclass(frozen=True, kw_only=True)
class Step:
    title: str
    text: str


_ACCOUNT = Step(title="Portal: account", text="They choose a password, and the portal says what comes next.")


def way_of(track: Track, policy: PortalPolicy, around: Surroundings) -> list[Step]:
    """From the first page to the visit."""
    first = _signing_up(policy, around) if track is Track.ANONYMOUS else _invited(around)
    if track is Track.ANONYMOUS and not _open(policy, around):
        return first
    return [*first, _ACCOUNT, *_intake(track, policy, around), *_booking(policy, around)]


def _open(policy: PortalPolicy, around: Surroundings) -> bool:
    there = is_open(around.standing.subscription) and not around.standing.left
    return there and policy.page_published and policy.allow_anonymous_signup


def _signing_up(policy: PortalPolicy, around: Surroundings) -> list[Step]:
    if not policy.page_published:
        return [Step(title="Your page", text="Isn't published: people are told to call " + around.phone + ".")]
    if not _open(policy, around):
        return [Step(title="Your page", text="“I'm a New Client” tells people how to get in touch with you instead.")]
    asked = "1 question" if around.questions == 1 else f"{around.questions} questions"
    steps = [
        Step(title="Your page", text=f"“I'm a New Client” leads to your sign-up form with {asked}."),
        Step(title="Mail: invitation", text=f"At once. {_invitation(policy)}"),
    ]
    if policy.send_greeting and around.greeting is not None:
        files = {0: "", 1: " With 1 attachment."}.get(around.attachments, f" With {around.attachments} attachments.")
        text = f"At once: “{around.greeting}”.{files} At most one per address and day."
        steps.append(Step(title="Mail: your greeting", text=text))
    return steps


def _invited(around: Surroundings) -> list[Step]:
    text = "“Send New Client Forms” sends your greeting" + (f": “{around.greeting}”." if around.greeting else ".")
    missing = " You haven't written one yet." if around.greeting is None else ""
    return [
        Step(title="Mail: invitation", text="When you invite them."),
        Step(title="Mail: your greeting", text=f"Only when you press it: {text}{missing}"),
    ]


def _invitation(policy: PortalPolicy) -> str:
    days = policy.invitation_reminder_days
    reminded = f", with reminders after {_listed(days)} days" if days else ", without reminders"
    return f"The link is good for {_count(policy.invitation_days, 'day')}{reminded}."


def _intake(track: Track, policy: PortalPolicy, around: Surroundings) -> list[Step]:
    if track is not Track.ANONYMOUS or around.form is None:
        return []
    when = "before they can choose a time" if intake_gates(policy, track) else "whenever they like; they can book first"
    return [Step(title="Portal: intake form", text=f"“{around.form}”, {when}.")]


def _booking(policy: PortalPolicy, around: Surroundings) -> list[Step]:
    if not is_open(around.standing.subscription):
        return [Step(title="Portal: booking", text="Closed while the portal subscription isn't active.")]
    if not policy.allow_self_schedule:
        call = f"They are told to call {around.phone}; you book, and they see it in the portal."
        return [Step(title="Portal: booking", text=call), *_afterwards(policy)]
    most = policy.max_upcoming_appointments
    limit = "" if most is None else f" At most {_count(most, 'upcoming appointment')}."
    notice = f"at the earliest {span(policy.min_notice_minutes)} from now" if policy.min_notice_minutes else "from now"
    each = "" if around.offered else f"{span(policy.appointment_minutes)} each, "
    offered = (
        f"{each}every {span(policy.slot_step_minutes)}, {notice} "
        f"up to {_count(policy.booking_horizon_days, 'day')} ahead.{limit}"
    )
    steps = [Step(title="Portal: choosing a time", text=offered[0].upper() + offered[1:])]
    if around.offered:
        said = "; ".join(one.said for one in around.offered)
        steps.insert(0, Step(title="Portal: choosing what to book", text=f"{said}."))
    fee = policy.due_fee
    amount = money(fee.amount_minor, fee.currency) if fee is not None else None
    if around.offered:
        amount = "The fee of what they chose" if any(one.quote for one in around.offered) else None
    if amount is not None:
        whose = " For the first visit only." if policy.fee_first_visit_only else ""
        paying = f"{amount}, while the time is held for {span(policy.hold_minutes)}. Unpaid, it is free again.{whose}"
        if around.standing.merchant is not MerchantStatus.ACTIVE:
            paying = f"{amount} would be due, but can't be paid: your merchant account isn't active. Nobody can book."
        steps.append(Step(title="Bill Pay: the fee", text=paying))
    return [*steps, *_afterwards(policy)]


def _afterwards(policy: PortalPolicy) -> list[Step]:
    hours = policy.reminder_hours
    reminded = f"Reminders {_listed(hours)} hours before." if hours else "No reminders."
    kept = (
        f"Until {span(policy.cancel_notice_minutes)} before, they can cancel or move online."
        if policy.clients_can_cancel
        else "They can't cancel or move online: the portal tells them to call you."
    )
    if policy.due_fee is not None:
        notice = policy.cancel_notice_minutes if policy.clients_can_cancel else None
        kept += f" The fee: {in_words(policy.refund_terms, policy.due_fee, notice)}"
    return [
        Step(title="Mail: confirmation", text=f"With the calendar entry. {reminded}"),
        Step(title="Portal: cancelling", text=kept),
    ]


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(one) for one in sorted(numbers)]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
