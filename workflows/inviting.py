"""The invitation on a client's way: sent, sent again, taken back; and the wait for the account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.standing import OpenInvitation
    from domain.cadence import booking_waiting, revoked_waiting
    from domain.stages import Stage
    from workflows.journey_mails import JourneyMails
    from workflows.messages import InvitationRevoked
    from workflows.steps import Steps
    from workflows.waiting import answered_within


class Inviting:
    """`say` is told what is waited for, and until when."""

    def __init__(self, steps: Steps, mails: JourneyMails, say: Callable[[str, datetime | None], None]) -> None:
        self._steps = steps
        self._mails = mails
        self._say = say
        self._taken_back: str | None = None
        self.current: OpenInvitation | None = None

    async def send(self, invitation_id: str | None) -> Stage | None:
        """The stage after it; None when it didn't go out."""
        sent = await self._mails.send_invitation(invitation_id)
        if sent is None:
            return None
        # Otherwise it was taken back while its mail went out.
        if sent.invitation.invitation_id != self._taken_back:
            self.current = sent.invitation
        return sent.stage

    def take_back(self, fact: InvitationRevoked) -> None:
        self._taken_back = fact.invitation_id
        self.current = OpenInvitation(
            invitation_id=fact.invitation_id,
            expires_at=fact.revoked_at,
            waiting=revoked_waiting(fact.revoked_at),
            revoked=True,
        )
        self._mails.stop_inviting()

    async def await_account(self, settled: Callable[[], bool]) -> bool:
        """Reminders while the link works; it expires; a new one can be asked for. False when the way lapses."""
        reminded_until = self._steps.now()
        while not settled():
            invitation = self.current
            waiting = invitation.waiting if invitation else booking_waiting(reminded_until)
            expires_at = invitation.expires_at if invitation and not invitation.revoked else None
            due = waiting.due_after(reminded_until, expires_at)
            if invitation is not None and invitation.revoked:
                self._say("the practice to invite again: the invitation was taken back", due)
            else:
                self._say("the client to open an account", expires_at if expires_at and expires_at >= due else due)

            def answered(known: OpenInvitation | None = invitation) -> bool:
                return settled() or self.current is not known

            if await answered_within(answered, due - self._steps.now(), "the invitation: remind, expire or lapse"):
                continue
            reminded_until = due
            if due >= waiting.lapses_at:
                return False
            if invitation is not None and due == expires_at:
                await self._mails.note_expired(invitation)
            elif invitation is not None:
                await self._mails.remind_of_invitation(invitation, due)
        return True
