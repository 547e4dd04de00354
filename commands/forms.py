"""A provider's forms in the built-in record system: imported, made here, marked selectable, taken into use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.policies import Change, change_level, owner_of_provider
from db.ids import new_id
from db.models import IntakeForm, Provider
from db.policy_store import load_policy
from domain.errors import Conflict, FieldError, NotFound, PayloadTooLarge, ValidationFailed
from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.states import FormOrigin

LARGEST_FORM = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ImportedForm:
    """`warnings` name what is kept in the form and has no effect here."""

    form: IntakeForm
    warnings: tuple[FieldError, ...]


async def forms_of(session: AsyncSession, provider: Provider) -> list[IntakeForm]:
    """Every version of every form, oldest first."""
    query = select(IntakeForm).where(IntakeForm.provider_id == provider.id)
    return list(await session.scalars(query.order_by(IntakeForm.created_at, IntakeForm.version, IntakeForm.id)))


async def form_of(session: AsyncSession, provider: Provider, form_id: str) -> IntakeForm:
    form = await session.get(IntakeForm, form_id)
    if form is None or form.provider_id != provider.id:
        raise NotFound("There is no such form of this provider.")
    return form


async def import_form(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    questionnaire: dict[str, Any],
    *,
    source: str | None = None,
) -> ImportedForm:
    """Import a FHIR R4 Questionnaire as a selectable form; the same `url` again is a new version of it.

    Raises ValidationFailed naming each item with what is wrong or not supported.
    """
    if len(source or json.dumps(questionnaire)) > LARGEST_FORM:
        raise PayloadTooLarge("A form may have at most 1 MB.")
    aside = office.validate_questionnaire(questionnaire)
    parsed = parse_questionnaire(questionnaire)
    key = str(questionnaire.get("url") or new_id("form"))
    if len(key) > 500:
        raise ValidationFailed.of("url", "must have at most 500 characters")
    if is_own(office, key):
        raise ValidationFailed.of("url", "is that of a form made here; change it there, or import it under its own url")
    versions = await _locked_versions(session, provider, key)
    form = await _add(session, office, provider, parsed, key, FormOrigin.IMPORTED, len(versions) + 1)
    form.source = source
    await session.flush()
    return ImportedForm(form=form, warnings=(*aside, *parsed.warnings))


async def save_own_form(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    document: Mapping[str, Any],
    base: IntakeForm | None,
) -> IntakeForm:
    """A new version of a form made here, or (from none, or an imported one) a new form. Raises ValidationFailed.

    Raises Conflict when `base` isn't the newest version any more.
    """
    continues = base is not None and base.origin == FormOrigin.OWN
    key = base.form_key if base is not None and continues else f"{_prefix(office)}{new_id('form')}"
    versions = await _locked_versions(session, provider, key)
    if base is not None and continues and base.version != len(versions):
        raise Conflict("Somebody else has saved this form meanwhile. Please look at the newest version first.")
    version = len(versions) + 1
    written = _identified(document, key, version, base)
    office.validate_questionnaire(written)
    form = await _add(session, office, provider, parse_questionnaire(written), key, FormOrigin.OWN, version)
    form.selectable = base.selectable if base is not None and continues else True
    await session.flush()
    return form


async def mark_selectable(
    session: AsyncSession, provider: Provider, form: IntakeForm, *, selectable: bool
) -> IntakeForm:
    """Raises Conflict for the form that is chosen in the portal settings: whoever is chosen stays selectable."""
    await _lock(session, provider)
    if not selectable and await chosen_form_id(session, provider) == form.id:
        raise Conflict("This form is chosen in the portal settings. Choose another one there first.", form_id=form.id)
    form.selectable = selectable
    await session.flush()
    return form


async def choose_form(
    session: AsyncSession, office: Office, provider: Provider, form: IntakeForm, *, saved_by: str
) -> None:
    """Take this version into use for new clients: a new version of the portal settings."""
    await mark_selectable(session, provider, form, selectable=True)
    change = Change(values={"intake_form_id": form.id}, known_form=form.id)
    await change_level(session, office, await owner_of_provider(session, provider), change, saved_by=saved_by)


async def chosen_form_id(session: AsyncSession, provider: Provider) -> str | None:
    return (await load_policy(session, provider.id)).policy.intake_form_id


def exported(form: IntakeForm) -> str:
    """The text that was imported; for a form made here its document."""
    return form.source or json.dumps(form.questionnaire, ensure_ascii=False, indent=2)


def is_own(office: Office, url: str) -> bool:
    return url.startswith(_prefix(office))


def _prefix(office: Office) -> str:
    return f"{office.base_url.rstrip('/')}/forms/"


def _identified(document: Mapping[str, Any], key: str, version: int, base: IntakeForm | None) -> dict[str, Any]:
    """The document under our own url; a copy says what it was made from."""
    written: dict[str, Any] = {**document, "url": key, "version": str(version), "status": "active"}
    if base is not None and base.origin == FormOrigin.IMPORTED and base.questionnaire.get("url"):
        url, published = base.questionnaire["url"], base.questionnaire.get("version")
        written["derivedFrom"] = [f"{url}|{published}" if published else url]
    return written


async def _lock(session: AsyncSession, provider: Provider) -> None:
    """The provider's row serialises savers (settings_store locks it too), so that two can't make the same version."""
    await session.execute(select(Provider.id).where(Provider.id == provider.id).with_for_update())


async def _locked_versions(session: AsyncSession, provider: Provider, key: str) -> list[str]:
    await _lock(session, provider)
    query = select(IntakeForm.id).where(IntakeForm.provider_id == provider.id, IntakeForm.form_key == key)
    return list(await session.scalars(query))


async def _add(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    parsed: Questionnaire,
    key: str,
    origin: FormOrigin,
    version: int,
) -> IntakeForm:
    form = IntakeForm(
        id=new_id("frm"),
        provider_id=provider.id,
        form_key=key,
        version=version,
        title=parsed.title,
        selectable=True,
        origin=str(origin),
        questionnaire=parsed.as_document(),
        created_at=await office.clock.now(session),
    )
    session.add(form)
    return form
