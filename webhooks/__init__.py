"""What machines send in: website sign-ups, provider commands, payment events."""

from fastapi import APIRouter

from webhooks.providers import providers_router
from webhooks.signups import signups_router
from webhooks.stripe import stripe_router

webhooks_router = APIRouter(prefix="/webhooks", tags=["webhooks"])
webhooks_router.include_router(signups_router)
webhooks_router.include_router(providers_router)
webhooks_router.include_router(stripe_router)

__all__ = ["webhooks_router"]
