"""The portal settings at their three levels: read, saved, looked at beforehand, inherited again, restored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.office import Office
from commands.policies import (
    Change,
    LevelView,
    Owner,
    change_level,
    look_at_level,
    owner_of_client,
    owner_of_practice,
    owner_of_provider,
    plan_change,
    restore_level,
)
from db.policy_store import versions_of_level
from domain.audit import AuditKind
from domain.consequences import told
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.policy_levels import SETTINGS_AT, Source
from portal.api.clients import OwnClient
from portal.api.etags import expected_version, stale, tagged
from portal.api.provider_settings import OwnProvider
from portal.shapes import Json, instant, listed
from web.bodies import json_object
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

practice_policy_router = APIRouter(prefix="/practice/portal-settings", tags=["portal settings"])
provider_policy_router = APIRouter(prefix="/providers/{provider}/portal-settings", tags=["portal settings"])
client_policy_router = APIRouter(prefix="/clients/{client_id}/policy", tags=["portal settings"])

IfMatch = Annotated[str | None, Header()]


async def practice_level(session: Transaction, staff: ApiPractice) -> Owner:
    return await owner_of_practice(session, staff.practice_id)


async def provider_level(session: Transaction, provider: OwnProvider) -> Owner:
    return await owner_of_provider(session, provider)


async def client_level(session: Transaction, client: OwnClient) -> Owner:
    return await owner_of_client(session, client)


def document_of(view: LevelView) -> Json:
    """What is in force at the level, for those that it may set; of a client only what is different for them."""
    if view.owner.level is Source.CLIENT:
        return {**view.own.document, **({"reason": view.own.reason} if view.own.reason else {})}
    values = view.in_force.policy.as_document()
    return {name: values[name] for name in SETTINGS_AT[view.owner.level]}


def sources_of(view: LevelView) -> list[Json]:
    """Each value with the level that it comes from, and what would be in force without this level's own word."""
    values, inherited = view.in_force.policy.as_document(), view.inherited.policy.as_document()
    return [
        {
            "name": name,
            "value": values[name],
            "source": str(view.in_force.sources[name]),
            "inherited": inherited[name],
            "inherited_source": str(view.inherited.sources[name]),
        }
        for name in SETTINGS_AT[view.owner.level]
    ]


def _change(owner: Owner, body: dict[str, Any]) -> tuple[Change, str | None]:
    """Practice and provider keep what isn't named; a client's own settings are replaced as a whole."""
    if owner.level is not Source.CLIENT:
        return Change(values=body), None
    reason = body.pop("reason", None)
    if reason is not None and not isinstance(reason, str):
        raise ValidationFailed.of("reason", "must be a text")
    return Change(values=body, replace=True), reason


async def _saved(
    session: AsyncSession, if_match: str | None, owner: Owner, save: Callable[[int | None], Awaitable[LevelView]]
) -> Response:
    expected, current = expected_version(if_match), (await look_at_level(session, owner)).own.version
    if expected is not None and expected != current:
        return stale(current)
    try:
        view = await save(expected)
    except Conflict as error:  # Somebody was quicker, between our look and the lock.
        if "version" not in error.data:
            raise
        return stale(error.data["version"])
    return tagged(document_of(view), view.own.version)


def _add_level_routes(router: APIRouter, level: Callable[..., Awaitable[Owner]], whose: str) -> None:
    @router.get("", summary=f"Read the portal settings of {whose}")
    async def read(session: Transaction, owner: Owner = Depends(level)) -> Response:
        view = await look_at_level(session, owner)
        return tagged(document_of(view), view.own.version)

    @router.put("", summary=f"Save portal settings of {whose} as a new version")
    async def save(
        request: Request,
        session: Transaction,
        office: TheOffice,
        staff: ApiPractice,
        owner: Owner = Depends(level),
        if_match: IfMatch = None,
    ) -> Response:
        change, reason = _change(owner, await json_object(request))

        async def change_it(expected: int | None) -> LevelView:
            view = await change_level(
                session, office, owner, change, saved_by=staff.name, expected_version=expected, reason=reason
            )
            await note(session, office, staff.who, AuditKind.SETTINGS_SAVED, owner.key)
            return view

        return await _saved(session, if_match, owner, change_it)

    @router.delete("/{name}", summary=f"Inherit one portal setting of {whose} again")
    async def inherit(
        name: str,
        session: Transaction,
        office: TheOffice,
        staff: ApiPractice,
        owner: Owner = Depends(level),
        if_match: IfMatch = None,
    ) -> Response:
        async def inherit_it(expected: int | None) -> LevelView:
            change = Change(inherit=(name,))
            reason = (await look_at_level(session, owner)).own.reason
            view = await change_level(
                session, office, owner, change, saved_by=staff.name, expected_version=expected, reason=reason
            )
            await note(session, office, staff.who, AuditKind.SETTINGS_SAVED, owner.key)
            return view

        return await _saved(session, if_match, owner, inherit_it)

    @router.get("/sources", summary=f"Where each portal setting of {whose} comes from")
    async def sources(session: Transaction, owner: Owner = Depends(level)) -> Json:
        return listed(sources_of(await look_at_level(session, owner)))

    @router.post("/preview", summary=f"What a change of the portal settings of {whose} would bring about")
    async def preview(request: Request, session: Transaction, office: TheOffice, owner: Owner = Depends(level)) -> Json:
        change, _ = _change(owner, await json_object(request))
        return await _previewed(session, office, owner, change)

    @router.get("/versions", summary=f"What was saved of the portal settings of {whose}, newest first")
    async def versions(session: Transaction, owner: Owner = Depends(level)) -> Json:
        found = await versions_of_level(session, owner.level, owner.key)
        return listed(
            [
                {
                    "version": one.version,
                    "saved_at": instant(one.saved_at),
                    "saved_by": one.saved_by,
                    "reason": one.reason,
                    "settings": one.document,
                }
                for one in found
            ]
        )

    @router.post("/versions/{version}/restore", summary=f"Put earlier portal settings of {whose} in force again")
    async def restore(
        version: str,
        session: Transaction,
        office: TheOffice,
        staff: ApiPractice,
        owner: Owner = Depends(level),
        if_match: IfMatch = None,
    ) -> Response:
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise NotFound("There is no such version of these settings.")

        async def restore_it(expected: int | None) -> LevelView:
            view = await restore_level(
                session, office, owner, int(version), saved_by=staff.name, expected_version=expected
            )
            await note(session, office, staff.who, AuditKind.SETTINGS_RESTORED, owner.key)
            return view

        return await _saved(session, if_match, owner, restore_it)


async def _previewed(session: AsyncSession, office: Office, owner: Owner, change: Change) -> Json:
    plan = await plan_change(session, office, owner, change)
    return listed(
        [
            {"kind": str(one.consequence), "setting": one.setting, "count": one.count, "text": told(one)}
            for one in plan.touched
        ]
    )


_add_level_routes(practice_policy_router, practice_level, "the practice")
_add_level_routes(provider_policy_router, provider_level, "a provider")
_add_level_routes(client_policy_router, client_level, "a client")
