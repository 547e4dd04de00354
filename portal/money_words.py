"""The words for the practice's own money: its subscription, its invoices, its providers' merchant accounts."""

from __future__ import annotations

from domain.billing import InvoiceStatus
from domain.states import MerchantStatus, SubscriptionStatus

SUBSCRIPTION = {
    SubscriptionStatus.NONE: "No subscription",
    SubscriptionStatus.ACTIVE: "Active",
    SubscriptionStatus.GRACE: "Payment refused, still open",
    SubscriptionStatus.PAST_DUE: "Payment past due",
    SubscriptionStatus.CANCELLED: "Cancelled",
}
INVOICE = {
    InvoiceStatus.DRAFT: "Being written",
    InvoiceStatus.OPEN: "To pay",
    InvoiceStatus.PAID: "Paid",
    InvoiceStatus.VOID: "Withdrawn",
    InvoiceStatus.UNCOLLECTIBLE: "Written off",
}
MERCHANT = {
    MerchantStatus.NONE: "Not connected",
    MerchantStatus.PENDING: "Being set up",
    MerchantStatus.ACTIVE: "Active",
    MerchantStatus.RESTRICTED: "Restricted",
    MerchantStatus.DISCONNECTED: "Disconnected",
}
