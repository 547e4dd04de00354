"""Time zones as people choose them, and as a page names them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from domain.availability import is_timezone
from portal.wording import zone

# Of the zone directory, what is a place; the rest are old names and offsets.
_AREAS = ("America", "Europe", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian", "Antarctica", "Arctic")


@cache
def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """For a select: each area with its zones, as (name, label)."""
    names = sorted(available_timezones())
    areas = [
        (area, [(name, place(name)) for name in names if name.startswith(f"{area}/") and is_timezone(name)])
        for area in _AREAS
    ]
    return [*areas, ("Other", [("UTC", "UTC")])]


def place(name: str) -> str:
    """ "America/Argentina/Buenos_Aires" as "Argentina / Buenos Aires"."""
    return " / ".join(name.split("/")[1:] or [name]).replace("_", " ")


def known_zone(name: str | None) -> str | None:
    """The name, where this machine knows such a zone."""
    return name if name and len(name) <= 60 and is_timezone(name) else None


def same_clock(first: str, second: str, at: datetime) -> bool:
    """Whether the clocks of two zones show the same at that moment."""
    return at.astimezone(zone(first)).utcoffset() == at.astimezone(zone(second)).utcoffset()
