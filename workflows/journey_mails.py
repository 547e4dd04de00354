"""The mails of a client's journey, as steps: each decided when it is sent, each with its own end of usefulness."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.greetings import Greetings, SendGreetingEmail, greeting_step
    from activities.intake import Intake, RemindOfIntake
    from activities.invitations import (
        ExpireInvitation,
        Invitations,
        InvitationSent,
        RemindOfInvitation,
        SendPortalInvitation,
    )
    from activities.notices import Notices, Occurrence, TellFrontDesk
    from activities.standing import OpenInvitation
    from domain.cadence import front_desk_not_after, greeting_not_after, nudge_not_after
    from domain.greetings import Occasion
    from domain.states import AttentionAction
    from workflows.options import MAIL, named
    from workflows.steps import Steps, bookkeeping

FIRST_INVITATION = "portal_invitation"


class JourneyMails:
    """`note_sent` is told of each mail that went out."""

    def __init__(self, client_id: str, steps: Steps, note_sent: Callable[[str], None]) -> None:
        self._client_id = client_id
        self._steps = steps
        self._note_sent = note_sent

    async def send_invitation(self, invitation_id: str | None) -> InvitationSent | None:
        """The journey's first one (None), or one that was asked for again. It is wanted however late it goes out."""
        sent = await self._steps.take(
            FIRST_INVITATION if invitation_id is None else f"invitation:{invitation_id}",
            Invitations.send_portal_invitation,
            lambda now: SendPortalInvitation(client_id=self._client_id, invitation_id=invitation_id, now=now),
            named(MAIL, "portal invitation"),
        )
        if sent is not None:
            self._note_sent("invitation")
        return sent

    def stop_inviting(self) -> None:
        """Whatever invitation waits for better weather, or for a person's answer, isn't wanted any more."""
        for step in self._steps.waiting:
            if step == FIRST_INVITATION or step.startswith(("invitation:", "invitation_reminder:")):
                self._steps.answer(step, AttentionAction.SKIP)

    async def remind_of_invitation(self, invitation: OpenInvitation, due: datetime) -> None:
        sent = await self._steps.take(
            f"invitation_reminder:{due:%Y-%m-%d}",
            Invitations.send_invitation_reminder,
            lambda now: RemindOfInvitation(
                invitation_id=invitation.invitation_id, client_id=self._client_id, due=due, now=now
            ),
            named(MAIL, "remind of the invitation"),
            not_after=min(nudge_not_after(due), invitation.expires_at),
        )
        if sent:
            self._note_sent("invitation reminder")

    async def note_expired(self, invitation: OpenInvitation) -> None:
        command = ExpireInvitation(
            invitation_id=invitation.invitation_id, client_id=self._client_id, now=self._steps.now()
        )
        await bookkeeping(Invitations.expire_invitation, command, "the invitation has expired")

    async def remind_of_intake(self, due: datetime) -> None:
        sent = await self._steps.take(
            f"intake_reminder:{due:%Y-%m-%d}",
            Intake.send_intake_reminder,
            lambda now: RemindOfIntake(client_id=self._client_id, due=due, now=now),
            named(MAIL, "remind of the intake form"),
            not_after=nudge_not_after(due),
        )
        if sent:
            self._note_sent("intake reminder")

    async def greet_automatically(self) -> None:
        await self.greet(Occasion.AUTOMATIC, self._client_id)

    async def greet(self, occasion: Occasion, request_id: str) -> None:
        result = await self._steps.take(
            greeting_step(request_id),
            Greetings.send_greeting_email,
            lambda now: SendGreetingEmail(client_id=self._client_id, occasion=occasion, request_id=request_id, now=now),
            named(MAIL, f"greeting email ({occasion})"),
            not_after=greeting_not_after(self._steps.now()),
        )
        self._note_sent(f"greeting ({result or 'not sent'})")

    async def tell_front_desk(self) -> None:
        await self._steps.take(
            "tell_front_desk",
            Notices.tell_front_desk,
            lambda now: TellFrontDesk(
                client_id=self._client_id, occurrence=Occurrence.SIGNED_UP, ref=self._client_id, now=now
            ),
            named(MAIL, "tell the front desk"),
            not_after=front_desk_not_after(self._steps.now()),
        )
