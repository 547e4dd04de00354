"""A rehearsal in JSON: the same for the API and for the terminal."""

from __future__ import annotations

from commands.rehearsing import Rehearsed
from domain.money import Money
from domain.policy import documented
from domain.policy_levels import Source
from domain.ports import Letter
from domain.rehearsal import Moment
from portal.rehearsal_words import TITLE, why
from portal.shapes import Json, instant


def rehearsal_shape(rehearsed: Rehearsed) -> Json:
    totals = rehearsed.rehearsal.totals
    change = rehearsed.clock_change
    return {
        "track": str(rehearsed.wish.track),
        "variant": str(rehearsed.wish.variant),
        "week": rehearsed.week.name,
        "type": {"id": rehearsed.here.kind.id, "name": rehearsed.here.kind.name},
        "clock_change": change.name if change is not None else None,
        "timezone": rehearsed.timezone,
        "clients_timezone": rehearsed.clients_zone,
        "begins_at": instant(rehearsed.script.begins_at),
        "starts_at": instant(rehearsed.script.starts_at),
        "totals": {
            "client_mails": totals.client_mails,
            "practice_mails": totals.practice_mails,
            "pages": totals.pages,
            "charges": [_money(one) for one in totals.charges],
            "refunds": [_money(one) for one in totals.refunds],
        },
        "closed": [_moment(rehearsed, one, None) for one in rehearsed.rehearsal.closed],
        "moments": [
            _moment(rehearsed, moment, letter)
            for moment, letter in zip(rehearsed.rehearsal.moments, rehearsed.letters, strict=True)
        ],
    }


def settings_behind(rehearsed: Rehearsed, moment: Moment) -> list[Json]:
    """Name, value as it is for the appointment type that is rehearsed, and the level that it comes from."""
    policy, in_force = rehearsed.here.around.policy, rehearsed.here.policy

    def source(name: str) -> Source:
        of_the_type = getattr(policy, name) != getattr(in_force.policy, name)
        return Source.PROVIDER if of_the_type else in_force.source(name)

    values = documented({name: getattr(policy, name) for name in moment.settings})
    return [{"name": name, "value": value, "source": str(source(name))} for name, value in values.items()]


def _moment(rehearsed: Rehearsed, moment: Moment, letter: Letter | None) -> Json:
    return {
        "at": instant(moment.at),
        "kind": str(moment.kind),
        "what": str(moment.what),
        "seen_by": str(moment.seen_by),
        "title": TITLE[moment.what],
        "why": why(moment),
        "settings": settings_behind(rehearsed, moment),
        "mail": _mail(moment, letter),
        "amount": _money(moment.money) if moment.money is not None else None,
    }


def _mail(moment: Moment, letter: Letter | None) -> Json | None:
    if moment.mail is None or letter is None:
        return None
    return {
        "letter": moment.mail.letter,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "attachments": list(moment.mail.attachments),
        "calendar": str(moment.mail.calendar) if moment.mail.calendar is not None else None,
    }


def _money(amount: Money) -> Json:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}
