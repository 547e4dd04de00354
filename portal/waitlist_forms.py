"""The form of a wish: what it shows, and the document that is made of what was typed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from domain.errors import ValidationFailed
from domain.hours import WEEKDAYS, clock
from domain.waitlist import Wish
from portal.forms import Form

_USUAL_DAYS = 21


def document_of(form: Form) -> dict[str, Any]:
    """For `commands.waitlist.ask`. Raises ValidationFailed for what isn't a number."""
    notice = form.text("notice_hours") or "0"
    if not notice.isascii() or not notice.isdigit() or len(notice) > 4:
        raise ValidationFailed.of("notice_hours", "must be a whole number of hours")
    end = form.text("end")
    return {
        "from": form.text("from"),
        "until": form.text("until"),
        "weekdays": form.values.get("weekdays", []),
        "start": form.text("start") or None,
        "end": "24:00" if end == "00:00" else end or None,  # a browser knows no 24:00
        "notice_hours": int(notice),
        "timezone": form.text("timezone") or None,
    }


def first_values(today: date, wish: Wish | None) -> dict[str, Any]:
    """What the form shows before anything is typed: the wish as it is, or the next weeks."""
    if wish is None:
        until = today + timedelta(days=_USUAL_DAYS)
        return {
            "from": today.isoformat(),
            "until": until.isoformat(),
            "weekdays": [str(one) for one in WEEKDAYS],
            "start": "",
            "end": "",
            "notice_hours": "24",
        }
    document = wish.as_document()
    whole = (wish.between.start, wish.between.end) == (0, 24 * 60)
    times = {"start": "", "end": ""} if whole else {"start": clock(wish.between.start), "end": _end(wish)}
    return {**document, **times, "notice_hours": str(wish.notice_hours)}


def _end(wish: Wish) -> str:
    return "00:00" if wish.between.end == 24 * 60 else clock(wish.between.end)


def typed_values(form: Form) -> dict[str, Any]:
    """What was typed, shown again when something has to be corrected."""
    return {**form.flat(), "weekdays": form.values.get("weekdays", [])}
