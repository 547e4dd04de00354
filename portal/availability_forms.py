"""Between the availability page's forms and the document: one small change at a time, errors by the input's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.availability import MOST_INTERVALS, parse_availability
from domain.errors import FieldError, NotFound, ValidationFailed
from domain.hours import MINUTES_A_DAY, WEEKDAYS, DayInterval, clock
from portal.forms import Form

Document = dict[str, Any]
Rows = list[tuple[str, str]]

_TYPED = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::00)?\s*([ap]\.?m\.?)?", re.IGNORECASE | re.ASCII)
_WORKDAYS = ("tuesday", "wednesday", "thursday", "friday")
_FREE = ("", "")
_BOTH = "needs both a start and an end"


@dataclass(frozen=True, kw_only=True)
class WeekSheet:
    """What the week's inputs hold: for each weekday pairs of start and end, a free one where the day is closed."""

    timezone: str
    days: dict[str, Rows]


def sheet_of(document: Mapping[str, Any]) -> WeekSheet:
    days: dict[str, Rows] = {str(weekday): [] for weekday in WEEKDAYS}
    for one in sorted(document["weekly"], key=lambda one: str(one["start"])):
        days[one["weekday"]].append((one["start"], _as_input(one["end"])))
    return WeekSheet(timezone=document["timezone"], days={day: rows or [_FREE] for day, rows in days.items()})


def sheet_from(form: Form) -> WeekSheet:
    """As it was typed, with the rows that were asked for."""
    days = {str(weekday): _rows(form, str(weekday)) for weekday in WEEKDAYS}
    action = form.first("action")
    if action == "copy":
        days |= {day: list(days["monday"]) for day in _WORKDAYS}
    more = action.removeprefix("more.")
    return WeekSheet(
        timezone=form.text("timezone"),
        days={day: [*rows, _FREE] if day == more else rows or [_FREE] for day, rows in days.items()},
    )


def changed(document: Mapping[str, Any], form: Form) -> Document:
    """The whole document with the change that the form asks for. Raises ValidationFailed naming the inputs."""
    after = whole(document)
    change, _, about = form.first("action").partition(".")
    match change:
        case "hours":
            return _hours(after, form)
        case "date":
            return _date(after, form)
        case "remove-date":
            return {**after, "overrides": [one for one in after["overrides"] if one["date"] != about]}
        case "time-off":
            return _time_off(after, form)
        case "remove-time-off":
            kept = [one for one in after["time_off"] if f"{one['first_day']}.{one['last_day']}" != about]
            return {**after, "time_off": kept}
        case "open" | "closed":
            others = [day for day in after["open_on_holidays"] if day != about]
            return {**after, "open_on_holidays": [*others, about] if change == "open" else others}
    raise NotFound("There is no such part of the availability.")


def whole(document: Mapping[str, Any]) -> Document:
    """With every member named, so that nothing of a newer version is kept."""
    return {"time_off": [], "open_on_holidays": [], **document}


def _hours(document: Document, form: Form) -> Document:
    errors: list[FieldError] = []
    weekly: list[Document] = []
    inputs = ["timezone"]
    for weekday in WEEKDAYS:
        for place, interval in _intervals(form, str(weekday), errors):
            weekly.append({"weekday": str(weekday), **interval})
            inputs.append(place)
    after = {**document, "timezone": form.text("timezone"), "weekly": weekly}
    return _checked(after, errors, {f"weekly[{index}]": place for index, place in enumerate(inputs[1:])})


def _date(document: Document, form: Form) -> Document:
    errors: list[FieldError] = []
    found = _intervals(form, "date", errors)
    day = form.text("date")
    override = {"date": day, "intervals": [interval for _, interval in found]}
    others = [one for one in document["overrides"] if one["date"] != day]
    path = f"overrides[{len(others)}]"
    inputs = {f"{path}.intervals[{index}]": place for index, (place, _) in enumerate(found)} | {f"{path}.date": "date"}
    return _checked({**document, "overrides": [*others, override]}, errors, inputs)


def _time_off(document: Document, form: Form) -> Document:
    first = form.text("first_day")
    one = {"first_day": first, "last_day": form.text("last_day") or first, "note": form.text("note")}
    path = f"time_off[{len(document['time_off'])}]"
    inputs = {f"{path}.{name}": name for name in one}
    return _checked({**document, "time_off": [*document["time_off"], one]}, [], inputs)


def _checked(document: Document, errors: Sequence[FieldError], inputs: Mapping[str, str]) -> Document:
    found = list(errors)
    try:
        parse_availability(document)
    except ValidationFailed as refusal:
        found += [FieldError(field=_input_of(one.field, inputs), message=one.message) for one in refusal.errors]
    if found:
        raise ValidationFailed(found)
    return document


def _input_of(path: str, inputs: Mapping[str, str]) -> str:
    """The input that a path of the document came from: `weekly[2].end` from `tuesday.1.end`."""
    if path in inputs:
        return inputs[path]
    entry, _, member = path.rpartition(".")
    return f"{inputs[entry]}.{member}" if entry in inputs else path


def _intervals(form: Form, name: str, errors: list[FieldError]) -> list[tuple[str, Document]]:
    """What was typed into the pairs called `name`, each with the name of its pair; empty pairs are none."""
    found = []
    for index, (start, end) in enumerate(_rows(form, name)):
        place = f"{name}.{index}"
        if not start and not end:
            continue
        times = [_minutes(place, "start", start, errors), _minutes(place, "end", end, errors)]
        if times[0] is not None and times[1] is not None:
            # The clock that ends a day shows the beginning of the next one.
            one = DayInterval(start=times[0], end=times[1] or MINUTES_A_DAY)
            found.append((place, one.as_document()))
    return found


def _minutes(place: str, side: str, text: str, errors: list[FieldError]) -> int | None:
    if not text:
        errors.append(FieldError(field=f"{place}.{side}", message=_BOTH))
        return None
    found = minutes_typed(text)
    if found is None or (side == "start" and found == MINUTES_A_DAY):
        errors.append(FieldError(field=f"{place}.{side}", message="must be a time such as 9:00 or 5:30 PM"))
        return None
    return found


def minutes_typed(text: str) -> int | None:
    """Minutes since midnight of "9:00", "17:30", "5:30 pm", "9 am" or "24:00"; None for anything else."""
    match = _TYPED.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()[:1]
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "p" else 0)
    elif match[2] is None:
        return None  # "9" could be either half of the day
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= MINUTES_A_DAY else None


def _rows(form: Form, name: str) -> Rows:
    pairs = []
    for index in range(MOST_INTERVALS):
        start, end = f"{name}.{index}.start", f"{name}.{index}.end"
        if not form.has(start) and not form.has(end):
            break
        pairs.append((form.text(start), form.text(end)))
    return pairs


def _as_input(end: str) -> str:
    """`<input type="time">` knows no 24:00."""
    return "00:00" if end == clock(MINUTES_A_DAY) else end
