"""What the four pages have in common on which a time is picked: client and staff, booking and moving."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.zones import remember_zone
from db.models import Appointment, Client, Provider
from domain.errors import DomainError, SlotTaken, SlotUnavailable, ValidationFailed
from domain.wording import local_date
from portal.forms import Form
from portal.pages.frames import ClientFrame, StaffFrame
from portal.pages.times import Offer, Picker, Wanted, pick
from portal.paths import with_query
from portal.zones import known_zone
from web.fields import moment


def offer_to(frame: ClientFrame, moving: Appointment | None = None, *, type_id: str | None = None) -> Offer:
    """The provider's times, for the client whose portal it is, on the reader's clock."""
    return Offer(
        practice=frame.practice,
        provider=frame.provider,
        client=frame.client,
        provider_zone=frame.timezone,
        zone=frame.zone,
        type_id=type_id,
        moving=moving,
    )


def taken_time(refusal: DomainError | None, chosen: str) -> datetime | None:
    """The chosen time, where it was refused because it isn't free or isn't offered."""
    return instant_of(chosen) if isinstance(refusal, SlotTaken | SlotUnavailable) else None


def instant_of(text: str) -> datetime | None:
    try:
        return moment("starts_at", text)
    except ValidationFailed:
        return None


async def keep_zone(office: Office, frame: ClientFrame, form: Form) -> None:
    """The zone in which the client chose a time is the one they live by. In a transaction of its own, after theirs."""
    zone = known_zone(form.first("zone"))
    if zone is not None and zone != frame.client.timezone:
        async with office.database.transaction() as session:
            await remember_zone(session, frame.client.id, zone)


async def staff_picker(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    client: Client,
    timezone: str,
    form: Form,
    path: str,
    refusal: DomainError | None,
    *,
    type_id: str | None = None,
    moving: Appointment | None = None,
) -> Picker:
    """For the front desk, on the provider's clock; a time that was picked before is on the day that is shown."""
    offer = Offer(
        practice=frame.practice,
        provider=provider,
        client=client,
        provider_zone=timezone,
        zone=timezone,
        type_id=type_id,
        moving=moving,
    )
    picked = instant_of(form.first("starts_at"))
    wanted = Wanted.of(form.first("on") or None, form.first("view") or None)
    if wanted.on is None and picked is not None:
        wanted = Wanted(on=local_date(picked, timezone), view=wanted.view)
    return await pick(
        session,
        office,
        offer,
        wanted,
        lambda day, view: with_query(
            path, type=type_id, on=day.isoformat(), view=str(view), back=form.first("back") or None
        ),
        refused=taken_time(refusal, form.first("starts_at")),
    )
