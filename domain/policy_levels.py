"""The three levels of the portal settings: practice, provider, single client; and which of them a value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from domain.policy import DEFAULTS, PortalPolicy, checked_settings


class Source(StrEnum):
    """The level that a value comes from, the most general first."""

    DEFAULT = "default"
    PRACTICE = "practice"
    PROVIDER = "provider"
    CLIENT = "client"


PROVIDER_SETTINGS = tuple(field.name for field in fields(PortalPolicy))
# A form is one provider's, and so is a page and what may embed it.
PRACTICE_SETTINGS = tuple(
    name for name in PROVIDER_SETTINGS if name not in ("intake_form_id", "page_published", "website_origins")
)
# What is about one client's booking. The calendar's grid and capacity are everybody's, and so is the website.
CLIENT_SETTINGS = (
    "clients_can_cancel",
    "cancel_notice_minutes",
    "allow_self_schedule",
    "max_upcoming_appointments",
    "require_fee",
    "fee",
    "fee_deposit_percent",
    "fee_first_visit_only",
    "refund_full_minutes",
    "refund_part_percent",
    "refund_part_minutes",
    "require_intake",
    "min_notice_minutes",
    "booking_horizon_days",
    "hold_minutes",
    "reminder_hours",
)
SETTINGS_AT = {
    Source.PRACTICE: PRACTICE_SETTINGS,
    Source.PROVIDER: PROVIDER_SETTINGS,
    Source.CLIENT: CLIENT_SETTINGS,
}

Saved = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ResolvedPolicy:
    """The settings in force, and the level that each value comes from."""

    policy: PortalPolicy
    sources: Mapping[str, Source]


def resolve(
    *, practice: Saved | None = None, provider: Saved | None = None, client: Saved | None = None
) -> ResolvedPolicy:
    """The settings in force for what each level has saved: the most special level that names a value wins.

    The documents hold what was set at their level and nothing else. What a level may not set is passed over, so that a
    setting can be withdrawn from a level later. Raises ValidationFailed for a value that was never checked.
    """
    values: dict[str, Any] = {name: getattr(DEFAULTS, name) for name in PROVIDER_SETTINGS}
    sources = dict.fromkeys(PROVIDER_SETTINGS, Source.DEFAULT)
    for source, saved in ((Source.PRACTICE, practice), (Source.PROVIDER, provider), (Source.CLIENT, client)):
        allowed = SETTINGS_AT[source]
        named = checked_settings({name: value for name, value in (saved or {}).items() if name in allowed})
        values |= named
        sources |= dict.fromkeys(named, source)
    return ResolvedPolicy(policy=PortalPolicy(**values), sources=sources)
