"""What machines send in: website sign-ups, provider commands, payment events."""

from webhooks.providers import providers_router
from webhooks.signups import signups_router
from webhooks.stripe import stripe_router

# Included one by one, the busiest first: each router within a router is matched anew for each request.
webhook_routers = (signups_router, stripe_router, providers_router)

__all__ = ["webhook_routers"]
