"""Who is asked for an intake form, and whether it has to be in before they may book."""

from __future__ import annotations

from domain.policy import PortalPolicy
from domain.stages import Track


def intake_form_for(policy: PortalPolicy, track: Track) -> str | None:
    """The form that a client is asked to fill in once the account is open: only on the anonymous track."""
    return policy.intake_form_id if track is Track.ANONYMOUS else None


def intake_gates(policy: PortalPolicy, track: Track) -> bool:
    """Whether it has to be in before this client may book."""
    return policy.require_intake and intake_form_for(policy, track) is not None
