"""Time zones as people choose them, and as a page names them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from urllib.parse import unquote
from zoneinfo import available_timezones

from fastapi import Request
from fastapi.responses import Response

from domain.availability import is_timezone
from domain.wording import spoken_clock
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


def clock_beside(at: datetime, first: str, second: str) -> str | None:
    """What the clock of `second` shows at that moment, where it isn't what that of `first` shows."""
    if same_clock(first, second, at):
        return None
    here, there = at.astimezone(zone(first)), at.astimezone(zone(second))
    day = "" if here.date() == there.date() else f"{there:%a} "
    return f"{day}{spoken_clock(at, second)} {there:%Z}"


def same_clock(first: str, second: str, at: datetime) -> bool:
    """Whether the clocks of two zones show the same at that moment."""
    return at.astimezone(zone(first)).utcoffset() == at.astimezone(zone(second)).utcoffset()


# Cookies of the client portal. The first is set by a script from what the device says, the second by a person's choice.
DETECTED, CHOSEN = "portico_zone", "portico_zone_chosen"
A_YEAR = 365 * 24 * 3600


def chosen_zone(request: Request) -> str | None:
    """The zone that the reader has asked for on some page, this one included."""
    return known_zone(request.query_params.get("zone")) or known_zone(request.cookies.get(CHOSEN))


def readers_zone(request: Request, remembered: str | None, provider_zone: str) -> str:
    """What was chosen, else what the device says, else what is known of the client, else where the provider is."""
    detected = known_zone(unquote(request.cookies.get(DETECTED, "")))
    return chosen_zone(request) or detected or known_zone(remembered) or provider_zone


def keep_choice(request: Request, response: Response) -> None:
    """A zone that was chosen on this page holds from now on."""
    zone = known_zone(request.query_params.get("zone"))
    if zone is not None:
        secure = request.url.scheme == "https"
        response.set_cookie(CHOSEN, zone, max_age=A_YEAR, path="/portal", samesite="lax", httponly=True, secure=secure)
