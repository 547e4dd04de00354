"""Saving the portal settings at one of their levels: checked, versioned, and their consequences told beforehand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db import settings_store
from db.consequences import touched_by
from db.models import Client, Practice, Provider
from db.policy_store import LevelVersion, level_in_force, save_level, versions_of_level
from db.tenancy import provider_of
from domain.consequences import Consequence, Touched
from domain.decisions import fee_refusal
from domain.errors import NotFound, ValidationFailed
from domain.policy import PortalPolicy, checked_settings, contradictions, documented
from domain.policy_levels import SETTINGS_AT, ResolvedPolicy, Source, resolve
from domain.states import SettingsKind
from domain.texts import clean_text, shown_name

_LONGEST_REASON = 500


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose settings they are, with the rows above: a client's own have a provider and a practice above them."""

    practice: Practice
    provider: Provider | None = None
    client: Client | None = None

    @property
    def level(self) -> Source:
        if self.client is not None:
            return Source.CLIENT
        return Source.PROVIDER if self.provider is not None else Source.PRACTICE

    @property
    def key(self) -> str:
        return (self.client or self.provider or self.practice).id


@dataclass(frozen=True, kw_only=True)
class LevelView:
    """What a level has saved, what is in force there with the levels above, and what would be without its own."""

    owner: Owner
    own: LevelVersion
    in_force: ResolvedPolicy
    inherited: ResolvedPolicy


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be saved: values by name, and the names that are to be inherited again.

    A value that is inherited already is passed over, so that a document that was read, changed and sent back whole
    pins what was changed and nothing else; with `replace` all that is named is pinned.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    inherit: Collection[str] = ()
    replace: bool = False  # whatever isn't named is inherited again
    known_form: str | None = None  # selectable as of this transaction, which the record system can't see yet


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A checked change, before it is saved: the level's new document, and what it brings about."""

    document: dict[str, Any]
    after: ResolvedPolicy
    touched: list[Touched]


async def owner_of_practice(session: AsyncSession, practice_id: str) -> Owner:
    return Owner(practice=await _practice(session, practice_id))


async def owner_of_provider(session: AsyncSession, provider: Provider) -> Owner:
    return Owner(practice=await _practice(session, provider.practice_id), provider=provider)


async def owner_of_client(session: AsyncSession, client: Client) -> Owner:
    provider = await provider_of(session, client.provider_id)
    return Owner(practice=await _practice(session, client.practice_id), provider=provider, client=client)


async def _practice(session: AsyncSession, practice_id: str) -> Practice:
    return await session.get_one(Practice, practice_id)


async def look_at_level(session: AsyncSession, owner: Owner) -> LevelView:
    documents = {Source.PRACTICE: (await level_in_force(session, Source.PRACTICE, owner.practice.id)).document}
    if owner.provider is not None:
        documents[Source.PROVIDER] = (await level_in_force(session, Source.PROVIDER, owner.provider.id)).document
    above = {str(level): document for level, document in documents.items() if level is not owner.level}
    own = await level_in_force(session, owner.level, owner.key)
    return LevelView(
        owner=owner,
        own=own,
        in_force=resolve(**above, **{str(owner.level): own.document}),
        inherited=resolve(**above),
    )


async def plan_change(session: AsyncSession, office: Office, owner: Owner, change: Change) -> Plan:
    """Check the change, and count whom it touches.

    Raises ValidationFailed, SubscriptionInactive, MerchantAccountMissing and RecordsUnavailable.
    """
    view = await look_at_level(session, owner)
    return await _planned(session, office, view, change)


async def change_level(
    session: AsyncSession,
    office: Office,
    owner: Owner,
    change: Change,
    *,
    saved_by: str,
    expected_version: int | None = None,
    reason: str | None = None,
) -> LevelView:
    """Save a new version; it applies from the next request on. A change of nothing saves nothing.

    Raises what `plan_change` raises, and Conflict when somebody saved since `expected_version`.
    """
    view = await look_at_level(session, owner)
    plan = await _planned(session, office, view, change)
    if plan.document == view.own.document and expected_version in (None, view.own.version):
        return view
    await save_level(
        session,
        owner.level,
        owner.key,
        plan.document,
        saved_by=saved_by,
        now=await office.clock.now(session),
        expected_version=expected_version,
        reason=_checked_reason(reason),
    )
    return await look_at_level(session, owner)


async def restore_level(
    session: AsyncSession, office: Office, owner: Owner, version: int, *, saved_by: str, expected_version: int | None
) -> LevelView:
    """Put an earlier version in force again, as a new one. Raises NotFound, and what `change_level` raises."""
    change, reason = await change_to_version(session, owner, version)
    return await change_level(
        session, office, owner, change, saved_by=saved_by, expected_version=expected_version, reason=reason
    )


async def change_to_version(session: AsyncSession, owner: Owner, version: int) -> tuple[Change, str | None]:
    """What would put an earlier version in force again, and its reason; 0 is the time before any. Raises NotFound."""
    versions = {one.version: one for one in await versions_of_level(session, owner.level, owner.key)}
    if version != 0 and version not in versions:
        raise NotFound("There is no such version of these settings.")
    earlier = versions[version] if version else LevelVersion(version=0, document={})
    return Change(values=earlier.document, replace=True), earlier.reason


def _checked_reason(reason: str | None) -> str | None:
    if reason is None or not reason.strip():
        return None
    try:
        return clean_text(reason, _LONGEST_REASON)
    except ValueError as error:
        raise ValidationFailed.of("reason", str(error)) from None


async def _planned(session: AsyncSession, office: Office, view: LevelView, change: Change) -> Plan:
    owner = view.owner
    allowed = SETTINGS_AT[owner.level]
    for name in change.inherit:
        if name not in allowed:
            raise ValidationFailed.of(shown_name(name), "is not a portal setting")
    named = documented(checked_settings(change.values, allowed))
    kept = {} if change.replace else view.own.document
    if not change.replace:
        current = view.in_force.policy.as_document()
        named = {name: value for name, value in named.items() if name in kept or value != current[name]}
    document = {name: value for name, value in {**kept, **named}.items() if name not in change.inherit}
    after = resolve(**_above(view), **{str(owner.level): document})
    _check_contradictions(owner, view.in_force.policy, after.policy)
    await _check_standing(session, owner, view.in_force.policy, after.policy)
    if after.policy.intake_form_id != change.known_form:
        await _check_form(office, owner, view.in_force.policy, after.policy)
    await _check_greeting(session, owner, view.in_force.policy, after.policy)
    now = await office.clock.now(session)
    if owner.provider is None:
        touched = await _touched_by_practice(session, owner, view.own.document, document, now)
    else:
        touched = await touched_by(session, owner.level, owner.key, view.in_force.policy, after.policy, now)
    return Plan(document=document, after=after, touched=touched)


async def _touched_by_practice(
    session: AsyncSession, owner: Owner, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> list[Touched]:
    """Provider by provider, added up: what a practice's change means depends on what each of them says themselves."""
    counts: dict[tuple[Consequence, str], int] = {}
    for provider in await session.scalars(select(Provider).where(Provider.practice_id == owner.practice.id)):
        own = (await level_in_force(session, Source.PROVIDER, provider.id)).document
        was, will = [resolve(practice=document, provider=own).policy for document in (before, after)]
        for one in await touched_by(session, Source.PROVIDER, provider.id, was, will, now):
            key = (one.consequence, one.setting)
            counts[key] = counts.get(key, 0) + one.count
    return [Touched(consequence=what, setting=setting, count=count) for (what, setting), count in counts.items()]


def _above(view: LevelView) -> dict[str, dict[str, Any]]:
    """What the levels above say, as one document for each level that says something."""
    found: dict[str, dict[str, Any]] = {}
    values = view.inherited.policy.as_document()
    for name, source in view.inherited.sources.items():
        if source is not Source.DEFAULT:
            found.setdefault(str(source), {})[name] = values[name]
    return found


def _check_contradictions(owner: Owner, before: PortalPolicy, after: PortalPolicy) -> None:
    """Only new ones: what another level has brought about doesn't keep anybody from saving something else."""
    known = {one.field for one in contradictions(before)}
    errors = [one for one in contradictions(after) if one.field not in known]
    if owner.level is Source.PRACTICE:
        # The form is each provider's own choice; where none is chosen, none is required.
        errors = [one for one in errors if one.field != "intake_form_id"]
    if errors:
        raise ValidationFailed(errors)


async def _check_standing(session: AsyncSession, owner: Owner, before: PortalPolicy, after: PortalPolicy) -> None:
    """Only checking the box is refused: what was allowed once may be saved again with other changes."""
    if before.require_fee or not after.require_fee:
        return
    providers = [owner.provider] if owner.provider is not None else await _inheriting(session, owner, "require_fee")
    for provider in providers:
        refusal = fee_refusal(after, await settings_store.practice_standing(session, provider))
        if refusal is None:
            continue
        if owner.provider is None:
            refusal.detail = f"{provider.name}: {refusal.detail}"
        raise refusal


async def _inheriting(session: AsyncSession, owner: Owner, name: str) -> list[Provider]:
    """The practice's providers who don't say something else themselves."""
    providers = await session.scalars(
        select(Provider).where(Provider.practice_id == owner.practice.id).order_by(Provider.name)
    )
    return [one for one in providers if name not in (await level_in_force(session, Source.PROVIDER, one.id)).document]


async def _check_form(office: Office, owner: Owner, before: PortalPolicy, after: PortalPolicy) -> None:
    """What is chosen already stays chosen, also while the record system can't be asked."""
    if owner.provider is None or after.intake_form_id is None or after.intake_form_id == before.intake_form_id:
        return
    forms = {form.id: form for form in await office.records.forms(owner.provider.id)}
    form = forms.get(after.intake_form_id)
    if form is None:
        raise ValidationFailed.of("intake_form_id", "There is no such form of this provider.")
    if not form.selectable:
        raise ValidationFailed.of("intake_form_id", "This form isn't marked as selectable.")


async def _check_greeting(session: AsyncSession, owner: Owner, before: PortalPolicy, after: PortalPolicy) -> None:
    """At the practice's level nothing is refused: a provider's greetings go out once one is written."""
    if owner.provider is None or before.send_greeting or not after.send_greeting:
        return
    greeting = await settings_store.load(session, owner.provider.id, SettingsKind.GREETING)
    if greeting.document is None:
        raise ValidationFailed.of("send_greeting", "Write the greeting first; then it can be sent.")
