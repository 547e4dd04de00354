"""Appointment types: checked before they are saved, and what each of them is for one client."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.standpoint import Standpoint, standpoint
from db.appointment_types import load_types
from db.ids import new_id
from db.models import Client, Provider
from domain.appointment_types import AppointmentTypes, changed_types
from domain.stages import Actor


async def check_types(session: AsyncSession, provider: Provider, document: Mapping[str, object]) -> AppointmentTypes:
    """Types that the document doesn't name are archived. Raises ValidationFailed."""
    # Two savers at once: whoever comes second has to see the other's new types, or they would be lost.
    await session.execute(select(Provider.id).where(Provider.id == provider.id).with_for_update())
    before = await load_types(session, provider.id)
    return changed_types(before, document, lambda: new_id("typ"))


async def on_offer(session: AsyncSession, office: Office, client: Client) -> list[Standpoint]:
    """Where the client stands before each type that isn't archived, in the provider's order."""
    point = await standpoint(session, office, client, Actor.CLIENT)
    return [point.of(kind) for kind in point.here.types.open]
