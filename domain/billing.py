"""What Portico needs of the payment processor to sell its own subscription to practices: a port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from domain.subscriptions import SubscriptionView


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What can be subscribed to: `every` is for example "month", "year" or "3 months"."""

    price: str
    name: str
    amount: Money
    every: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionCheckout:
    """A hosted checkout of a subscription; `url` is None once nobody can pay there any more."""

    session: str
    url: str | None


@dataclass(frozen=True, kw_only=True)
class PlanChange:
    """What another plan would cost from a stated moment on, as the processor reckons it.

    `due` is charged at once; `unused` is what isn't used of the plan that is paid; `left_over` is what that exceeds the
    new plan by, and pays for what comes. `renews_at` is the next time that the new plan is paid for.
    """

    due: Money
    unused: Money
    left_over: Money
    renews_at: datetime


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """`page` is the processor's own page of it (where an open one can be paid), `file` the document."""

    number: str
    created_at: datetime
    amount: Money
    status: InvoiceStatus
    page: str | None
    file: str | None


class Billing(Protocol):
    """Subscriptions at the installation's own account. Raises `PaymentRefused` and `PaymentUnavailable`."""

    async def plans(self, prices: Sequence[str]) -> list[Plan]:
        """What these prices cost right now, in this order; one that isn't sold any more is left out."""

    async def create_customer(self, reference: str, idempotency_key: str) -> str:
        """Whom the processor bills (its id); `reference` is opaque, and all that it is told."""

    async def open_checkout(
        self, *, customer: str, price: str, reference: str, success_url: str, cancel_url: str, idempotency_key: str
    ) -> SubscriptionCheckout:
        """A checkout that begins a subscription; the same key gives the same one."""

    async def close_checkout(self, session: str) -> bool:
        """Close it, so that nobody can pay there; False where it has been paid already."""

    async def subscriptions(self, customer: str) -> list[SubscriptionView]:
        """All that this customer ever had, the newest first."""

    async def set_renewal(self, subscription: str, *, renews: bool, idempotency_key: str) -> None:
        """Whether it is renewed when its period ends. One that has ended stays as it is."""

    async def preview_change(self, subscription: str, *, price: str, at: datetime) -> PlanChange:
        """What it would cost to have this plan from then on. Nothing is changed."""

    async def change_plan(self, subscription: str, *, price: str, at: datetime, idempotency_key: str) -> None:
        """Have this plan, reckoned from then on, and charge what is due. One that has it already stays as it is.

        Raises `PaymentRefused` where the bank refuses the charge: then nothing was changed.
        """

    async def invoices(self, customer: str) -> list[Invoice]:
        """The newest first, two years of them."""

    async def portal(self, customer: str, return_url: str) -> str:
        """An address at which the customer changes the card; good briefly."""

    async def aclose(self) -> None:
        """Close the connections."""
