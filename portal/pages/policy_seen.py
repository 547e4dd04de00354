"""The page that says what clients will see under the settings in force."""

from __future__ import annotations

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.policies import Owner, look_at_level
from db.appointment_types import load_types
from db.models import Practice, Provider
from db.settings_store import load, load_signup_form, practice_standing
from domain.errors import RecordsUnavailable
from domain.policy_levels import ResolvedPolicy
from domain.stages import Track
from domain.states import SettingsKind
from portal.client_way import Surroundings, way_of
from portal.pages.frames import StaffFrame
from portal.pages.policy_levels import home_of, whose
from portal.type_preview import previews


async def what_is_seen(session: AsyncSession, office: Office, frame: StaffFrame, owner: Owner) -> Response:
    """For a provider, or one client: the way that the settings in force make."""
    assert owner.provider is not None
    in_force = (await look_at_level(session, owner)).in_force
    around = await _surroundings(session, office, owner.practice, owner.provider, in_force)
    titles = {Track.ANONYMOUS: "Who signs up on the website", Track.INVITED: "Whom you invite"}
    tracks = [Track(owner.client.track)] if owner.client is not None else list(titles)
    return frame.render(
        "console/policy_seen.html",
        provider=owner.provider,
        client=owner.client,
        whose=whose(owner),
        policy_home=home_of(owner),
        ways=[(titles[track], way_of(track, in_force.policy, around)) for track in tracks],
    )


async def _surroundings(
    session: AsyncSession, office: Office, practice: Practice, provider: Provider, in_force: ResolvedPolicy
) -> Surroundings:
    policy, form = in_force.policy, None
    types = await load_types(session, provider.id)
    if policy.intake_form_id is not None:
        try:
            titles = {one.id: one.title for one in await office.records.forms(provider.id)}
            form = titles.get(policy.intake_form_id, "Intake form")
        except RecordsUnavailable:
            form = "Intake form"
    greeting = (await load(session, provider.id, SettingsKind.GREETING)).document or {}
    return Surroundings(
        standing=await practice_standing(session, provider),
        questions=len((await load_signup_form(session, provider.id))[1].asked),
        form=form,
        greeting=greeting.get("subject") or None,
        attachments=len(greeting.get("attachments", ())),
        phone=practice.phone,
        offered=tuple(previews(types, in_force.policy, in_force.sources)) if types.several else (),
    )
