"""The JSON API: the provider's side by API key, the client's side by cookie, the demo's switches."""

from fastapi import APIRouter

from portal.api.appointments import appointments_router
from portal.api.attention import attention_router
from portal.api.client_portal import client_portal_router
from portal.api.clients import clients_router
from portal.api.demo import demo_router
from portal.api.provider_settings import provider_settings_router
from portal.api.sessions import sessions_router

api_router = APIRouter(prefix="/api/v1")
for _router in (
    provider_settings_router,
    clients_router,
    attention_router,
    appointments_router,
    sessions_router,
    client_portal_router,
):
    api_router.include_router(_router)

__all__ = ["api_router", "demo_router"]
