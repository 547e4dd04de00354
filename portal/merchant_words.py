"""The words of a provider's merchant account: what each state means, and what to do in it."""

from __future__ import annotations

from dataclasses import dataclass

from commands.merchant_accounts import MerchantView
from db.models import Provider
from domain.errors import DomainError, MerchantAccountMissing, SubscriptionInactive
from domain.states import MerchantStatus


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """`button` goes on at the processor; None where there is nothing to do there from here."""

    headline: str
    todo: str
    means: str = ""
    button: str | None = None


@dataclass(frozen=True, kw_only=True)
class Remedy:
    href: str
    text: str


_CONNECTED = {
    MerchantStatus.NONE: Guidance(
        headline="Clients can't pay online yet",
        todo="Connect an account of your own at the payment processor. It asks who you are and where your money should "
        "go; have your bank details at hand. Fees are then yours at once: nobody else holds them.",
        button="Connect an account",
    ),
    MerchantStatus.PENDING: Guidance(
        headline="Clients can't pay online yet",
        todo="The processor hasn't got all it needs. You can go on where you stopped.",
        button="Go on at the processor",
    ),
    MerchantStatus.ACTIVE: Guidance(
        headline="Clients can pay online",
        todo="Fees go straight to your account. Payouts, fees and your details are in the processor's own dashboard.",
    ),
    MerchantStatus.RESTRICTED: Guidance(
        headline="Clients can't pay online",
        means="Where a fee is required, nobody can book online. What is booked stays.",
        todo="The processor has restricted the account. Mostly it needs a document or a detail of you.",
        button="See what the processor needs",
    ),
    MerchantStatus.DISCONNECTED: Guidance(
        headline="Clients can't pay online",
        means="Where a fee is required, nobody can book online. What is booked stays.",
        todo="The account was disconnected at the processor, or closed. Refunds of fees that were paid to it have to "
        "be made in the processor's dashboard. You can connect an account again.",
        button="Connect an account",
    ),
}
_BEING_CHECKED = Guidance(
    headline="Clients can't pay online yet",
    todo="The processor has all it needs and is looking at it. That can take a few days; you will hear of it by mail.",
    button="See it at the processor",
)
_OWN = {
    MerchantStatus.NONE: "This installation takes fees on an account of its own. It hasn't been asked for yet.",
    MerchantStatus.PENDING: "This installation takes fees on an account of its own, which isn't ready yet. Please "
    "finish it in the processor's dashboard.",
    MerchantStatus.ACTIVE: "This installation takes fees on an account of its own.",
    MerchantStatus.RESTRICTED: "The processor has restricted the account of this installation. Its dashboard says why.",
    MerchantStatus.DISCONNECTED: "The key of this installation has no access to its account any more.",
}


def guidance(view: MerchantView) -> Guidance:
    if view.own:
        headline = "Clients can pay online" if view.status is MerchantStatus.ACTIVE else "Clients can't pay online"
        return Guidance(headline=headline, todo=_OWN[view.status])
    if view.status is MerchantStatus.PENDING and view.disabled_reason is not None and view.due == 0:
        return _BEING_CHECKED
    return _CONNECTED[view.status]


def asked_for(due: int) -> str:
    """What the processor still wants; which things it is says the processor's own page."""
    return "1 thing" if due == 1 else f"{due} things"


def fee_remedy(provider: Provider, refusal: DomainError | None) -> Remedy | None:
    """Where somebody can do something about a fee that can't be asked."""
    if isinstance(refusal, SubscriptionInactive):
        return Remedy(href="/console/subscription", text="Subscriptions and Payment")
    if isinstance(refusal, MerchantAccountMissing):
        return Remedy(href=f"/console/merchant-account/{provider.slug}", text="Merchant account")
    return None
