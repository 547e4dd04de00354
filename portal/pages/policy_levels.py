"""What the pages of the portal settings have in common at all levels: the sections shown, saving one, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.office import Office
from commands.policies import (
    Change,
    LevelView,
    Owner,
    change_level,
    change_to_version,
    look_at_level,
    plan_change,
)
from db.policy_store import LevelVersion, versions_of_level
from db.settings_store import load_availability
from domain.audit import AuditKind
from domain.consequences import all_told
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.policy import checked_settings, documented
from domain.policy_levels import SETTINGS_AT, Source
from domain.roles import Reach
from portal.forms import CSRF_FIELD, Form
from portal.pages.frames import StaffFrame
from portal.pages.queries import timezone_of_practice
from portal.policy_forms import fields_shown, values_from
from portal.policy_words import SECTION_OF, SECTIONS, SETTINGS, Section, full_name, in_words, source_in_words
from portal.rendering import errors_by_field
from web.problems import status_of


def home_of(owner: Owner) -> str:
    """The address of the level's settings."""
    if owner.client is not None:
        return f"/console/clients/{owner.client.id}/settings"
    return f"/console/settings/{owner.provider.slug}" if owner.provider is not None else "/console/practice-settings"


def whose(owner: Owner) -> str:
    if owner.client is not None:
        return f"{owner.client.first_name} {owner.client.last_name}"
    return owner.provider.name if owner.provider is not None else owner.practice.name


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Under each field: where its value comes from, and what would be in force without this level's own word."""

    own: bool
    source: str
    inherited: str
    inherited_source: str


def origins_of(view: LevelView) -> dict[str, Origin]:
    inherited = view.inherited.policy.as_document()
    return {
        name: Origin(
            own=view.in_force.sources[name] is view.owner.level,
            source=source_in_words(view.in_force.sources[name]),
            inherited=in_words(name, inherited[name]),
            inherited_source=source_in_words(view.inherited.sources[name]),
        )
        for name in SETTINGS_AT[view.owner.level]
    }


def sections_at(level: Source) -> list[Section]:
    return [replace(one, names=one.names_at(level)) for one in SECTIONS if one.names_at(level)]


def shown_sections(
    view: LevelView, section: str | None = None, form: Form | None = None, refusal: DomainError | None = None
) -> dict[str, Any]:
    """For the templates. With a refusal its section shows what was typed, and what is wrong with it."""
    values = view.in_force.policy.as_document()
    shown = {one.id: fields_shown(one.names, values) for one in sections_at(view.owner.level)}
    if section in shown and form is not None and not isinstance(refusal, Conflict):
        shown[section] = form.flat()
    return {
        "shown": shown,
        "policy_sections": sections_at(view.owner.level),
        "settings": SETTINGS,
        "origins": origins_of(view),
        "policy_home": home_of(view.owner),
        "policy_version": view.own.version,
        "asks_reason": view.owner.level is Source.CLIENT,
        "failed": section if refusal else None,
        "refusal": refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        "errors": _by_input(section, refusal),
        "saved": None,
        "forms": None,
        "fee_reason": None,
        "fee_remedy": None,
    }


def _by_input(section: str | None, refusal: DomainError | None) -> dict[str, str]:
    """Messages by the name of the input that they belong to."""
    if not isinstance(refusal, ValidationFailed):
        return {}
    inputs = {"fee": "amount", "reason": f"{section}-reason"}
    return {inputs.get(name, name): message for name, message in errors_by_field(refusal.errors).items()}


async def save_section(
    session: AsyncSession, office: Office, frame: StaffFrame, owner: Owner, section: str, form: Form
) -> Response:
    """Save what was changed; where that touches somebody it is said first. Raises DomainError."""
    found = next((one for one in sections_at(owner.level) if one.id == section), None)
    if found is None:
        raise NotFound("There is no such part of the settings.")
    view, expected = await look_at_level(session, owner), posted_version(form)
    change = _typed(view, found, form)
    reason = form.text("reason") or None
    if change.values and reason is None and owner.level is Source.CLIENT:
        raise ValidationFailed.of("reason", "Please say why, for whoever looks at this later.")
    refused = await _confirmation(session, office, frame, owner, change, form, expected)
    if refused is not None:
        return refused
    await change_level(
        session, office, owner, change, saved_by=frame.staff.name, expected_version=expected, reason=reason
    )
    await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, owner.key)
    return RedirectResponse(f"{home_of(owner)}?saved={section}#{section}", 303)


async def restore_version(
    session: AsyncSession, office: Office, frame: StaffFrame, owner: Owner, version: str, form: Form
) -> Response:
    """Put an earlier version in force again, as a new one. Raises DomainError."""
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise NotFound("There is no such version of these settings.")
    expected = posted_version(form)
    change, reason = await change_to_version(session, owner, int(version))
    refused = await _confirmation(session, office, frame, owner, change, form, expected)
    if refused is not None:
        return refused
    await change_level(
        session, office, owner, change, saved_by=frame.staff.name, expected_version=expected, reason=reason
    )
    await note(session, office, frame.staff.who, AuditKind.SETTINGS_RESTORED, owner.key)
    return RedirectResponse(f"{home_of(owner)}?done=settings-restored", 303)


async def _confirmation(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    owner: Owner,
    change: Change,
    form: Form,
    expected: int,
) -> Response | None:
    """The page that says whom the change touches; None where it touches nobody, or where that has been read."""
    plan = await plan_change(session, office, owner, change)
    current = (await look_at_level(session, owner)).own.version
    if expected != current:
        raise Conflict("Somebody else has saved these settings meanwhile. Please look at theirs first.")
    if not plan.touched or form.has("confirmed"):
        return None
    posted = [(name, value) for name, values in form.values.items() if name != CSRF_FIELD for value in values]
    return frame.render(
        "console/policy_confirm.html",
        posted=posted,
        action=frame.request.url.path,
        told=all_told(plan.touched),
        whose=whose(owner),
        policy_home=home_of(owner),
    )


def _typed(view: LevelView, section: Section, form: Form) -> Change:
    """Only what differs from what is in force is set here; the rest goes on being inherited."""
    inherit = [name for name in form.values.get("inherit", []) if name in section.names]
    if form.has("only_inherit"):
        return Change(inherit=inherit)
    typed = documented(checked_settings(values_from(section.names, form)))
    current = view.in_force.policy.as_document()
    changed = {name: value for name, value in typed.items() if value != current[name] and name not in inherit}
    return Change(values=changed, inherit=inherit)


def posted_version(form: Form) -> int:
    text = form.first("version")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Conflict("Please load the page again.")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One version, and what it changed: name, before and after in words."""

    version: LevelVersion
    changes: list[tuple[str, str, str]]


def what_was_saved(versions: Sequence[LevelVersion]) -> list[Saved]:
    """Newest first, as `versions` are."""
    documents = [*(one.document for one in versions), {}]
    return [
        Saved(version=one, changes=_changes(before, one.document))
        for one, before in zip(versions, documents[1:], strict=True)
    ]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    def said(document: Mapping[str, Any], name: str) -> str:
        return in_words(name, document[name]) if name in document else ""

    names = [name for one in SECTIONS for name in one.names if before.get(name, ...) != after.get(name, ...)]
    return [(full_name(name), said(before, name), said(after, name)) for name in names]


@dataclass(frozen=True, kw_only=True)
class OwnSetting:
    """A setting of one client's own: who set it, when, and why."""

    name: str
    section: str
    label: str
    value: str
    since: LevelVersion


def own_settings(versions: Sequence[LevelVersion]) -> list[OwnSetting]:
    """What the newest version sets, each with the version that it came with; `versions` newest first."""
    if not versions:
        return []
    found = []
    for name, value in versions[0].document.items():
        since = versions[0]
        for one in versions:
            if one.document.get(name, ...) != value:
                break
            since = one
        label, section = full_name(name), SECTION_OF[name].id
        found.append(OwnSetting(name=name, section=section, label=label, value=in_words(name, value), since=since))
    return found


async def versions_page(session: AsyncSession, frame: StaffFrame, owner: Owner) -> Response:
    versions = await versions_of_level(session, owner.level, owner.key)
    return frame.render(
        "console/policy_versions.html",
        saved_versions=what_was_saved(versions),
        whose=whose(owner),
        policy_home=home_of(owner),
        above={Source.PRACTICE: "Portico's default", Source.PROVIDER: "the practice's"}.get(
            owner.level, "as for everybody"
        ),
        timezone=await zone_of(session, owner),
    )


async def zone_of(session: AsyncSession, owner: Owner) -> str:
    if owner.provider is not None:
        return (await load_availability(session, owner.provider.id)).timezone
    return await timezone_of_practice(session, Reach(practice_id=owner.practice.id))


def status(refusal: DomainError | None) -> int:
    return status_of(refusal) if refusal else 200
