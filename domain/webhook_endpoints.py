"""Which endpoints the payment processor has to ring at, about what, and what is wrong with those that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What Portico acts on; docs/operations.md lists them for whoever sets the endpoints up.
FEE_EVENTS = (
    *("checkout.session.completed", "checkout.session.expired"),
    *("payment_intent.amount_capturable_updated", "payment_intent.succeeded"),
    *("payment_intent.canceled", "payment_intent.payment_failed"),
    *("charge.captured", "charge.expired", "charge.refunded"),
    *("refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
    *("charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"),
)
ACCOUNT_EVENTS = ("account.updated", "capability.updated", "account.application.deauthorized")
SUBSCRIPTION_EVENTS = (
    *("customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted"),
    *("invoice.paid", "invoice.payment_failed"),
)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """As the processor has it. `connected`: of connected accounts, not of the key's own. `*` is every event."""

    url: str
    events: tuple[str, ...]
    enabled: bool
    connected: bool


@dataclass(frozen=True, kw_only=True)
class WantedEndpoint:
    url: str
    events: tuple[str, ...]
    connected: bool


def wanted_endpoints(base_url: str, *, own_account: bool, sells: bool) -> list[WantedEndpoint]:
    """By what the installation does: takes fees, and perhaps sells subscriptions."""
    # Nobody disconnects an installation's own account from itself.
    of_account = ACCOUNT_EVENTS[:1] if own_account else ACCOUNT_EVENTS
    wanted = [
        WantedEndpoint(
            url=f"{base_url}/webhooks/stripe/fees", events=FEE_EVENTS + of_account, connected=not own_account
        )
    ]
    if sells:
        address = f"{base_url}/webhooks/stripe/subscriptions"
        wanted.append(WantedEndpoint(url=address, events=SUBSCRIPTION_EVENTS, connected=False))
    return wanted


def complaint(wanted: WantedEndpoint, found: Sequence[Endpoint]) -> str | None:
    """What is wrong, for whoever can mend it in the processor's dashboard; None where all is well."""
    here = [one for one in found if one.url == wanted.url]
    if not here:
        return f"there is no webhook endpoint for {wanted.url}: add it in the processor's dashboard"
    of_kind = [one for one in here if one.connected is wanted.connected]
    if not of_kind:
        whose = "connected accounts" if wanted.connected else "your own account"
        return f"{wanted.url} has to listen to events of {whose}: add such an endpoint"
    enabled = [one for one in of_kind if one.enabled]
    if not enabled:
        return f"{wanted.url} is disabled: enable it"
    heard = {event for one in enabled for event in one.events}
    missing = [event for event in wanted.events if event not in heard and "*" not in heard]
    return f"{wanted.url} isn't told of {', '.join(missing)}: add them" if missing else None
