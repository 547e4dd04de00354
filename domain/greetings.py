"""The greeting: when it goes out, and why it doesn't."""

from __future__ import annotations

from enum import StrEnum

from domain.stages import Track


class Occasion(StrEnum):
    AUTOMATIC = "automatic"  # beside the invitation, on the anonymous track
    NEW_CLIENT_FORMS = "new_client_forms"  # the provider pressed the button


class GreetingResult(StrEnum):
    SENT = "sent"
    SWITCHED_OFF = "switched_off"
    NOT_WRITTEN = "not_written"
    SENT_TO_ADDRESS_TODAY = "sent_to_address_today"
    DECLINED = "declined"  # the client wants no greetings


def greeted_by_itself(track: Track) -> bool:
    """Who signed up on the website is greeted, and the front desk told of them, without anybody's click."""
    return track is Track.ANONYMOUS


def greeting_refusal(
    occasion: Occasion, *, written: bool, send_greeting: bool, declined: bool = False
) -> GreetingResult | None:
    """Why it isn't sent, as far as the settings and the client's wish say; None where it is."""
    if not written:
        return GreetingResult.NOT_WRITTEN
    if declined:
        return GreetingResult.DECLINED
    if occasion is Occasion.AUTOMATIC and not send_greeting:
        return GreetingResult.SWITCHED_OFF
    return None
