"""The facts that each mail is written with: the same for the mail that is sent and for the one that is rehearsed."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.money import Money

Facts = dict[str, object]


def invitation_facts(
    *,
    site: str,
    token: str,
    first_name: str,
    expires_at: datetime,
    now: datetime,
    has_account: bool = False,
    unsubscribe_link: str = "",
) -> Facts:
    """Of the invitation and of its reminders; `days` is how long the link still works."""
    return {
        "first_name": first_name,
        "unsubscribe_link": unsubscribe_link,
        "link": f"{site}/invitations/{token}",
        "sign_in_link": f"{site}/portal/sign-in",
        "password_link": f"{site}/password",
        "has_account": has_account,
        "days": max(1, -(-(expires_at - now) // timedelta(days=1))),
    }


def intake_reminder_facts(*, site: str, client_id: str, first_name: str, unsubscribe_link: str) -> Facts:
    link = f"{site}/portal/intake?client={client_id}"
    return {"first_name": first_name, "link": link, "unsubscribe_link": unsubscribe_link}


def appointment_facts(*, site: str, appointment_id: str, first_name: str, when: str) -> Facts:
    """Of every mail about an appointment; `when` is its time as it is spoken."""
    return {"first_name": first_name, "when": when, "link": f"{site}/portal/appointments/{appointment_id}"}


def confirmation_facts(*, paid: Money | None, refund_rule: str) -> Facts:
    """The rule is told to whoever has paid."""
    return {"paid": str(paid) if paid is not None else "", "refund_rule": refund_rule if paid is not None else ""}


def reminder_facts(*, attending_link: str, confirmed: bool) -> Facts:
    """`attending_link` is to say "I'll be there" by; `confirmed` is whether that has been said."""
    return {"confirmed": confirmed, "attending_link": attending_link}


def cancellation_facts(*, paid: Money | None, due_minor: int, by_practice: bool, words: str = "") -> Facts:
    """`due_minor` of what was paid goes back, the rest is kept; nothing is said of nothing.

    `words` are the practice's own, where it has called off the whole day.
    """

    def said(amount_minor: int) -> str:
        return str(Money(amount_minor=amount_minor, currency=paid.currency)) if paid and amount_minor > 0 else ""

    kept = paid.amount_minor - due_minor if paid is not None else 0
    return {"refund": said(due_minor), "kept": said(kept), "by_practice": by_practice, "words": words}


def front_desk_facts(*, site: str, occurrence: str, client_id: str, ref: str) -> Facts:
    """Ids and a link: it is read wherever the practice reads its mail."""
    return {
        "occurrence": occurrence,
        "client_id": client_id,
        "ref": ref,
        "link": f"{site}/console/clients/{client_id}",
    }
