"""The JSON API: the provider's side by API key, the client's side by cookie, the demo's switches."""

from fastapi import APIRouter, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from portal.api.appointments import appointments_router
from portal.api.attention import attention_router
from portal.api.audit import audit_router
from portal.api.called_off_days import called_off_days_router
from portal.api.client_batches import client_batches_router
from portal.api.client_portal import client_portal_router
from portal.api.clients import clients_router
from portal.api.demo import demo_router
from portal.api.duplicates import duplicates_router
from portal.api.hours import hours_router
from portal.api.intake_forms import intake_forms_router
from portal.api.merchant_accounts import merchant_accounts_router
from portal.api.payments import payments_router
from portal.api.policies import client_policy_router, practice_policy_router, provider_policy_router
from portal.api.profile import profile_router
from portal.api.provider_settings import provider_settings_router
from portal.api.providers import providers_router
from portal.api.record import record_router
from portal.api.rehearsal import rehearsal_router
from portal.api.sessions import sessions_router
from portal.api.subscription import subscription_router
from portal.api.waitlist import client_waitlist_router, waitlist_router
from portal.api.waivers import waivers_router

api_router = APIRouter(prefix="/api/v1")
# For /openapi.json: who is asking is found out by `web.identity`.
_bearer = HTTPBearer(scheme_name="apiKey", description="The practice's API key.", auto_error=False)
_cookie = APIKeyCookie(
    name="portico_client",
    scheme_name="clientSession",
    description="The client's session; `__Host-portico_client` wherever there is TLS.",
    auto_error=False,
)

for _router in (
    providers_router,
    practice_policy_router,
    provider_policy_router,
    client_policy_router,
    provider_settings_router,
    hours_router,
    rehearsal_router,
    intake_forms_router,
    merchant_accounts_router,
    clients_router,
    record_router,
    duplicates_router,
    client_batches_router,
    called_off_days_router,
    waivers_router,
    waitlist_router,
    attention_router,
    appointments_router,
    payments_router,
    audit_router,
    subscription_router,
):
    api_router.include_router(_router, dependencies=[Security(_bearer)])
api_router.include_router(sessions_router)
for _router in (client_portal_router, client_waitlist_router, profile_router):
    api_router.include_router(_router, dependencies=[Security(_cookie)])

__all__ = ["api_router", "demo_router"]
