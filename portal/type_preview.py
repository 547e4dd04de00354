"""Appointment types as a new client would see them, for the provider who sets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.appointment_types import AppointmentType, AppointmentTypes
from domain.decisions import Block
from domain.fees import FeeQuote, quote_for
from domain.policy import PortalPolicy
from domain.policy_levels import Source


@dataclass(frozen=True, kw_only=True)
class Preview:
    kind: AppointmentType
    policy: PortalPolicy
    quote: FeeQuote | None
    blocks: Sequence[Block] = ()
    waived: bool = False

    @property
    def said(self) -> str:
        fee = str(self.quote.amount) if self.quote else "no fee"
        return f"{self.kind.name} ({self.policy.appointment_minutes} minutes, {fee})"


def previews(types: AppointmentTypes, policy: PortalPolicy, sources: Mapping[str, Source]) -> list[Preview]:
    """Of those that clients can book, under settings that may not have been saved."""
    found = []
    for kind in types.open:
        own = kind.under(policy, sources)
        found.append(Preview(kind=kind, policy=own, quote=quote_for(own, "")))
    return found
