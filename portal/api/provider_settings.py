"""A provider's settings: versioned documents with ETag and If-Match, attachments, slots."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from commands.audit import note
from commands.booking import free_slots
from commands.greetings import add_attachment
from commands.page import add_picture, picture_path
from commands.settings import read_settings, save_settings
from db.models import Provider
from db.tenancy import provider_by_slug
from domain.audit import AuditKind
from domain.errors import Conflict
from domain.pictures import MAX_PICTURE_BYTES
from domain.states import SettingsKind
from portal.api.etags import expected_version, stale, tagged
from portal.api.uploads import ATTACHMENT_SCHEMA, FILE_SCHEMA, uploaded_file
from portal.shapes import Json, slots_shape
from web.bodies import json_object
from web.fields import moment, opaque_id
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

provider_settings_router = APIRouter(prefix="/providers/{provider}", tags=["provider settings"])


async def own_provider(provider: str, session: Transaction, staff: ApiPractice) -> Provider:
    """The provider of the path, if it belongs to the key's practice."""
    return await provider_by_slug(session, opaque_id(provider), staff.reach)


OwnProvider = Annotated[Provider, Depends(own_provider)]


def _add_settings_routes(kind: SettingsKind) -> None:
    path = f"/{kind}"

    async def read(session: Transaction, provider: OwnProvider) -> Response:
        view = await read_settings(session, provider, kind)
        return tagged(view.document, view.version)

    async def save(
        request: Request,
        session: Transaction,
        office: TheOffice,
        staff: ApiPractice,
        provider: OwnProvider,
        if_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        document = await json_object(request)
        expected = expected_version(if_match)
        current = await read_settings(session, provider, kind)
        if expected is not None and expected != current.version:
            return stale(current.version)
        try:
            view = await save_settings(
                session, office, provider, kind, document, saved_by=staff.name, expected_version=expected
            )
        except Conflict as error:  # Somebody was quicker, between our look and the lock.
            return stale(error.data.get("version", current.version))
        await note(session, office, staff.who, AuditKind.SETTINGS_SAVED, provider.id)
        return tagged(view.document, view.version)

    router = provider_settings_router
    router.add_api_route(path, read, methods=["GET"], summary=f"Read {kind}", name=f"read {kind}")
    router.add_api_route(path, save, methods=["PUT"], summary=f"Save {kind} as a new version", name=f"save {kind}")


for _kind in SettingsKind:
    _add_settings_routes(_kind)


@provider_settings_router.post(
    "/greeting/attachments",
    status_code=201,
    summary="Upload a file for the greeting (no PHI)",
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": ATTACHMENT_SCHEMA}}}
    },
)
async def upload(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider
) -> Json:
    """It goes with the greeting once a PUT of the greeting names it."""
    file, no_phi = await uploaded_file(request)
    attachment = await add_attachment(
        session, office, provider, name=file.name, content=file.content, who=staff.who, no_phi=no_phi
    )
    return {"id": attachment.id, "name": attachment.name}


@provider_settings_router.post(
    "/page/picture",
    status_code=201,
    summary="Upload a picture for the provider's page",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FILE_SCHEMA}}}},
)
async def upload_picture(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider
) -> Json:
    """JPEG, PNG or WebP. Shown once the page is saved with `"picture": {"id", "alt"}`; its `url` works from then on."""
    file, _ = await uploaded_file(request, MAX_PICTURE_BYTES)
    picture = await add_picture(session, office, provider, file.content, uploaded_by=staff.name)
    await note(session, office, staff.who, AuditKind.SETTINGS_SAVED, provider.id)
    url = picture_path(provider, picture.id)
    return {"id": picture.id, "url": url, "width": picture.width, "height": picture.height}


@provider_settings_router.get("/slots", summary="The times on offer")
async def slots(
    session: Transaction,
    office: TheOffice,
    provider: OwnProvider,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    type_id: Annotated[str | None, Query(alias="type", max_length=40)] = None,
) -> Json:
    """As long as the appointment type; without one it is the provider's default."""
    window = moment("from", start), moment("to", end)
    return slots_shape(await free_slots(session, office, provider, *window, type_id=type_id))
