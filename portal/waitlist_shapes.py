"""The waitlist in JSON: wishes, offers, and why somebody is passed over."""

from __future__ import annotations

from typing import Any

from commands.waitlist import Waiting
from db.models import WaitlistOffer, WaitlistWish
from db.waitlist import as_wish
from portal.shapes import Json, instant

# Of a body: the wish itself, and what it is for.
WISH_FIELDS = ("from", "until", "weekdays", "start", "end", "notice_hours", "timezone")
ABOUT_FIELDS = ("type", "appointment_id")


def wish_shape(row: WaitlistWish) -> Json:
    """`appointment_id` is the appointment that it would replace."""
    about: dict[str, Any] = {
        "id": row.id,
        "client_id": row.client_id,
        "type": row.type_id,
        "appointment_id": row.replaces_id,
        "asked_at": instant(row.asked_at),
        "asked_by": row.asked_by,
        "ended_at": instant(row.ended_at),
        "ended_because": row.ended_because,
    }
    return about | as_wish(row).as_document()


def offer_shape(offer: WaitlistOffer) -> Json:
    return {
        "id": offer.id,
        "client_id": offer.client_id,
        "starts_at": instant(offer.starts_at),
        "ends_at": instant(offer.ends_at),
        "state": offer.state,
        "offered_at": instant(offer.offered_at),
        "expires_at": instant(offer.expires_at),
        "appointment_id": offer.appointment_id,
    }


def waiting_shape(one: Waiting) -> Json:
    passed_over = one.look.passed_over
    return wish_shape(one.look.row) | {
        "offer": offer_shape(one.offer) if one.offer is not None else None,
        "passed_over": {"rule": passed_over.rule, "detail": passed_over.detail} if passed_over is not None else None,
    }
