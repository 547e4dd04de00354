"""Appointment types as a new client would see them, for the provider who sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.policy_store import PolicyInForce
from domain.appointment_types import AppointmentType, AppointmentTypes
from domain.decisions import Block
from domain.fees import FeeQuote, quote_for
from domain.policy import PortalPolicy


@dataclass(frozen=True, kw_only=True)
class Preview:
    kind: AppointmentType
    policy: PortalPolicy
    quote: FeeQuote | None
    blocks: Sequence[Block] = ()

    @property
    def said(self) -> str:
        fee = str(self.quote.amount) if self.quote else "no fee"
        return f"{self.kind.name} ({self.policy.appointment_minutes} minutes, {fee})"


def previews(types: AppointmentTypes, in_force: PolicyInForce) -> list[Preview]:
    """Of those that clients can book."""
    found = []
    for kind in types.open:
        policy = kind.under(in_force.policy, in_force.sources)
        found.append(Preview(kind=kind, policy=policy, quote=quote_for(policy, in_force.versions)))
    return found
