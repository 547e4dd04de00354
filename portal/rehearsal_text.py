"""A rehearsal on a terminal: one line for each moment, in the provider's time."""

from __future__ import annotations

from commands.rehearsing import Rehearsed
from domain.ports import Letter
from domain.rehearsal import Moment, MomentKind, SeenBy
from domain.wording import spoken_clock, spoken_date, spoken_time
from portal.rehearsal_words import SEEN_BY, TITLE, TRACK, VARIANT, kind_in_words, totals_in_words, week_in_words, why
from portal.zones import clock_beside


def rehearsal_text(rehearsed: Rehearsed) -> str:
    wish = rehearsed.wish
    lines = [
        f"{rehearsed.here.head.provider_name}, {rehearsed.here.head.practice_name}",
        f"{TRACK[wish.track]}. {VARIANT[wish.variant]}. {_visit(rehearsed)}",
        f"Times are those of {rehearsed.timezone}. Nothing is sent, charged or kept.",
    ]
    day = ""
    for moment, letter in zip(rehearsed.rehearsal.moments, rehearsed.letters, strict=True):
        local = moment.at.astimezone(rehearsed.here.around.availability.zone)
        today = f"{local:%A}, {spoken_date(moment.at, rehearsed.timezone)}"
        if today != day:
            lines += ["", today]
            day = today
        lines += _lines(rehearsed, moment, letter)
    return "\n".join([*lines, "", totals_in_words(rehearsed.rehearsal.totals)])


def _visit(rehearsed: Rehearsed) -> str:
    week = week_in_words(rehearsed.week)
    starts_at = rehearsed.script.starts_at
    if starts_at is None:
        return f"No time is open in the week of {week}."
    kind = f", for “{rehearsed.here.kind.name}”" if rehearsed.here.types.several else ""
    return f"The visit: {spoken_time(starts_at, rehearsed.timezone)}{kind}."


def _lines(rehearsed: Rehearsed, moment: Moment, letter: Letter | None) -> list[str]:
    clock = f"{spoken_clock(moment.at, rehearsed.timezone):>8}"
    beside = clock_beside(moment.at, rehearsed.timezone, rehearsed.clients_zone)
    title = TITLE[moment.what] + (f": {moment.money}" if moment.money is not None else "")
    to = f", to {SEEN_BY[moment.seen_by]}" if moment.seen_by is SeenBy.FRONT_DESK else ""
    line = f"  {clock}  {kind_in_words(moment) + to:25} {title}" + (f"  ({beside} for the client)" if beside else "")
    more = []
    if letter is not None:
        attached = moment.mail.attachments if moment.mail is not None else ()
        more.append(f"“{letter.subject}”" + (f" with {', '.join(attached)}" if attached else ""))
    if moment.kind is MomentKind.REFUSAL and why(moment):
        more.append(why(moment))
    return [line, *(f"{'':38}{one}" for one in more)]
