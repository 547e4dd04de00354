"""A client's way as it would go: sign-up or invitation, account, intake form, and on to the visit."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.cadence import Waiting, booking_waiting, intake_waiting, invitation_waiting
from domain.decisions import signup_refusal
from domain.greetings import GreetingResult, Occasion, greeted_by_itself, greeting_refusal
from domain.intake_gate import intake_form_for, intake_gates
from domain.mail_facts import intake_reminder_facts, invitation_facts
from domain.rehearsal import Circumstances, Rehearsal, Script, What
from domain.rehearsal_notes import NOWHERE, Notes
from domain.rehearsal_visit import book
from domain.stages import Actor
from domain.subscriptions import is_open


def rehearse(around: Circumstances, script: Script) -> Rehearsal:
    """Everything that a client would get who does what the script says, under what is in force."""
    notes = Notes(around)
    if _comes_in(notes, script):
        _invitation(notes, script)
        _greeting(notes, script)
        ready_at = _account_and_intake(notes, script)
        booked = _books(notes, script, ready_at)
        # Whoever has an appointment, or had one, isn't waited for any more.
        if not booked and ready_at is not None:
            notes.waiting(booking_waiting(ready_at).lapses_at, What.WAY_LAPSES)
    return notes.rehearsal()


def _comes_in(notes: Notes, script: Script) -> bool:
    around, begun = notes.around, script.begins_at
    if not greeted_by_itself(around.track.track):
        notes.page(begun, What.INVITING, by_practice=True)
        return True
    refusal = signup_refusal(around.policy, around.standing)
    if refusal is None:
        notes.page(begun, What.SIGN_UP, "page_published", "allow_anonymous_signup")
        return True
    settings: tuple[str, ...] = ()
    if is_open(around.standing.subscription):
        settings = ("allow_anonymous_signup",) if around.policy.page_published else ("page_published",)
    notes.refusal(begun, What.SIGN_UP_CLOSED, *settings, detail=refusal.detail)
    return False


def _invitation(notes: Notes, script: Script) -> None:
    """The link, its reminders while nobody has come by it, its end, and the end of all waiting."""
    around, issued = notes.around, script.begins_at
    expires_at = issued + timedelta(days=around.policy.invitation_days)

    def mail(at: datetime, what: What, setting: str, unsubscribe_link: str = "") -> None:
        facts = invitation_facts(
            site=around.site,
            token=NOWHERE,
            first_name=around.first_name,
            expires_at=expires_at,
            now=at,
            unsubscribe_link=unsubscribe_link,
        )
        notes.mail(at, what, str(what), facts, setting)

    mail(issued, What.INVITATION, "invitation_days")
    waiting = invitation_waiting(around.policy, issued, expires_at)
    until = _answered_at(around, script)
    due = issued
    while (due := waiting.due_after(due, expires_at)) < waiting.lapses_at and (until is None or due < until):
        if due == expires_at:
            notes.waiting(due, What.INVITATION_EXPIRES, "invitation_days")
        else:
            mail(due, What.INVITATION_REMINDER, "invitation_reminder_days", notes.unsubscribe_link)
    if until is None:
        notes.waiting(waiting.lapses_at, What.WAY_LAPSES)


def _answered_at(around: Circumstances, script: Script) -> datetime | None:
    """When the invitation isn't waited for any more: the account is open, or the practice has booked."""
    by_staff = around.track.booked_by is Actor.STAFF and script.starts_at is not None
    booked_at = script.books_at if by_staff and is_open(around.standing.subscription) else None
    return min((one for one in (script.opens_account_at, booked_at) if one is not None), default=None)


def _greeting(notes: Notes, script: Script) -> None:
    around = notes.around
    by_itself = greeted_by_itself(around.track.track)
    at = script.begins_at if by_itself else script.forms_at
    if at is not None:
        refusal = greeting_refusal(
            Occasion.AUTOMATIC if by_itself else Occasion.NEW_CLIENT_FORMS,
            written=around.greeting_files is not None,
            send_greeting=around.policy.send_greeting,
        )
        if refusal is GreetingResult.SWITCHED_OFF:
            notes.refusal(at, What.GREETING_OFF, "send_greeting")
        elif refusal is not None:
            notes.refusal(at, What.GREETING_MISSING)
        elif by_itself:
            notes.greeting(at, What.GREETING, "send_greeting")
        else:
            notes.greeting(at, What.FORMS)
    if by_itself:
        notes.front_desk(script.begins_at, What.TOLD_SIGNED_UP, "signed_up")


def _account_and_intake(notes: Notes, script: Script) -> datetime | None:
    """When the client is ready to book; None where they never are."""
    around, opened = notes.around, script.opens_account_at
    if opened is None:
        return None
    notes.page(opened, What.ACCOUNT)
    if intake_form_for(around.policy, around.track.track) is None:
        return opened
    waiting = intake_waiting(around.policy, opened)
    _ask_for_intake(notes, opened, waiting, script.submits_intake_at)
    if script.submits_intake_at is None:
        notes.waiting(waiting.lapses_at, What.WAY_LAPSES)
        return None
    gate = ("require_intake",) if intake_gates(around.policy, around.track.track) else ()
    notes.page(script.submits_intake_at, What.INTAKE, "intake_form_id", *gate)
    return script.submits_intake_at


def _ask_for_intake(notes: Notes, opened: datetime, waiting: Waiting, until: datetime | None) -> None:
    facts = intake_reminder_facts(
        site=notes.around.site,
        client_id=NOWHERE,
        first_name=notes.around.first_name,
        unsubscribe_link=notes.unsubscribe_link,
    )
    due = opened
    while (due := waiting.due_after(due)) < waiting.lapses_at and (until is None or due < until):
        notes.mail(due, What.INTAKE_REMINDER, "intake_reminder", facts, "intake_form_id", "invitation_reminder_days")


def _books(notes: Notes, script: Script, ready_at: datetime | None) -> bool:
    """Whether an appointment came to stand. Staff book for anybody; clients once they are in the portal."""
    if script.books_at is None or (ready_at is None and notes.around.track.booked_by is Actor.CLIENT):
        return False
    return book(notes, script, script.books_at)
