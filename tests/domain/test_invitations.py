"""How an invitation stands, and what its link says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Conflict, InvitationExpired, InvitationRevoked, InvitationUsed
from domain.invitations import (
    InvitationState,
    InvitationTimes,
    RevokedBecause,
    again_refusal,
    invitation_state,
    is_invited,
    link_refusal,
    revoke_refusal,
    too_many_invitations,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUED = InvitationTimes(issued_at=NOW, expires_at=NOW + timedelta(days=14))
SENT = replace(ISSUED, sent_at=NOW)
REVOKED = replace(SENT, revoked_at=NOW, revoked_because=RevokedBecause.PRACTICE)


@pytest.mark.parametrize(
    ("times", "later", "state"),
    [
        (ISSUED, 0, InvitationState.ISSUED),
        (SENT, 13.9, InvitationState.SENT),
        (SENT, 14, InvitationState.EXPIRED),
        (ISSUED, 14, InvitationState.EXPIRED),
        (replace(SENT, accepted_at=NOW), 20, InvitationState.ACCEPTED),
        (REVOKED, 0, InvitationState.REVOKED),
        (REVOKED, 20, InvitationState.REVOKED),
        (replace(REVOKED, revoked_because=RevokedBecause.REPLACED), 0, InvitationState.REPLACED),
        (replace(REVOKED, revoked_because=RevokedBecause.LAPSED), 50, InvitationState.EXPIRED),
        (replace(REVOKED, revoked_because=None), 0, InvitationState.REPLACED),
    ],
)
def test_an_invitation_stands_in_one_way(times: InvitationTimes, later: float, state: InvitationState) -> None:
    assert invitation_state(times, NOW + timedelta(days=later)) is state


def test_every_link_that_does_not_work_says_why() -> None:
    said = {state: type(link_refusal(state)) for state in InvitationState}
    assert said == {
        InvitationState.ISSUED: type(None),
        InvitationState.SENT: type(None),
        InvitationState.ACCEPTED: InvitationUsed,
        InvitationState.EXPIRED: InvitationExpired,
        InvitationState.REVOKED: InvitationRevoked,
        InvitationState.REPLACED: InvitationExpired,
    }
    assert InvitationRevoked.slug == InvitationExpired.slug == "invitation-expired"


def test_whoever_was_taken_back_counts_as_not_invited_until_they_are_invited_again() -> None:
    assert not is_invited(None, ever_sent=False)
    assert not is_invited(InvitationState.ISSUED, ever_sent=False)
    assert is_invited(InvitationState.SENT, ever_sent=True)
    assert is_invited(InvitationState.EXPIRED, ever_sent=True)
    assert not is_invited(InvitationState.REVOKED, ever_sent=True)
    assert is_invited(InvitationState.ISSUED, ever_sent=True), "a new one is on its way"


def test_with_the_account_open_there_is_nothing_to_send_or_take_back() -> None:
    assert isinstance(again_refusal(has_account=True), Conflict)
    assert isinstance(revoke_refusal(has_account=True), Conflict)
    assert again_refusal(has_account=False) is None
    assert revoke_refusal(has_account=False) is None


def test_too_many_says_how_many_and_from_when_on_the_practices_clock() -> None:
    refusal = too_many_invitations(10, NOW, NOW + timedelta(hours=12), "America/New_York")
    assert refusal.detail.startswith("This email address has been sent 10 invitations today")
    assert refusal.detail.endswith("The next one can be sent from Monday, November 23, 2026 at 7:00 PM EST.")
    assert refusal.data["retry_after_seconds"] == 12 * 3600
    assert too_many_invitations(1, NOW, NOW, "UTC").data["retry_after_seconds"] == 1
    assert "sent 1 invitation today" in too_many_invitations(1, NOW, NOW, "UTC").detail
