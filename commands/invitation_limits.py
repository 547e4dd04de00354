"""How many invitations one mailbox gets in a day, whoever sends them and from however many providers.

A practice that presses *Send again* in despair, or a script with an API key, would fill a stranger's mailbox, and the
mail server's good name goes with it. So the address is what is counted, over the whole installation, in the command's
own transaction: what is rolled back isn't counted. See docs/decisions/0030-invitations-per-mailbox.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.rate_limits import bucket_name
from db.rate_counters import count_within
from db.settings_store import load_availability
from domain.invitations import too_many_invitations

_DAY = timedelta(days=1)


async def count_invitation(session: AsyncSession, office: Office, provider_id: str, email: str) -> None:
    """Count one mail with a new link to that address. Raises RateLimited, with `possible_at`, in business time."""
    now = await office.clock.now(session)
    begin = datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
    most = office.invitations_per_address
    if await count_within(session, (bucket_name("invitation-mail", email), begin)) <= most:
        return
    timezone = (await load_availability(session, provider_id)).timezone
    raise too_many_invitations(most, now, begin + _DAY, timezone)
