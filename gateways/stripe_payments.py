"""The payment processor as Portico needs it: Stripe's hosted Checkout, authorised first and captured later.

Connect direct charges (https://docs.stripe.com/connect/direct-charges): the platform's key and the merchant's
account, or `merchant_account=None` with the restricted key of a single practice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import stripe

from domain.disputes import SeenDispute
from domain.errors import PaymentUnavailable
from domain.money import Money
from domain.ports import Checkout, CheckoutRequest, CheckoutStatus, ListedCheckout, MadeRefund, RefundStatus
from gateways.stripe_connection import StripeConnection
from gateways.stripe_disputes import seen_dispute
from gateways.stripe_errors import once, translated

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

_INTENT = {
    "requires_capture": CheckoutStatus.AUTHORIZED,
    "succeeded": CheckoutStatus.CAPTURED,
    "canceled": CheckoutStatus.VOIDED,
    "processing": CheckoutStatus.PROCESSING,
}
_REFUND = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


class StripePayments:
    """Implements `domain.ports.Payments`. One instance per event loop; `api_base` None is Stripe itself."""

    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._connection = StripeConnection(key, api_base, http_timeout_seconds)

    @property
    def _client(self) -> stripe.StripeClient:
        return self._connection.client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection.aclose()

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a hosted checkout that authorises; the same key and request give the same checkout."""
        params = _session_params(request)

        async def create(key: str) -> stripe.checkout.Session:
            options = _options(request.merchant_account, key)
            return await self._client.v1.checkout.sessions.create_async(params, options)

        with translated():
            return _checkout(await once(request.idempotency_key, create))

    async def read_checkout(self, merchant_account: str | None, session_id: str) -> Checkout:
        """Ask how a checkout stands."""
        with translated():
            return _checkout(await self._read(merchant_account, session_id))

    async def expire_checkout(self, merchant_account: str | None, session_id: str) -> Checkout:
        """Close an open checkout; one that isn't open is re-read and returned as it stands."""

        async def expire(key: str) -> stripe.checkout.Session:
            return await self._client.v1.checkout.sessions.expire_async(
                session_id, {"expand": ["payment_intent"]}, _options(merchant_account, key)
            )

        with translated():
            try:
                return _checkout(await once(f"{session_id}:expire", expire))
            except stripe.InvalidRequestError:
                session = await self._read(merchant_account, session_id)
                if session.status == "open":
                    raise
                return _checkout(session)

    async def capture(self, merchant_account: str | None, session_id: str) -> Checkout:
        """Take the authorised money; already captured is fine, anything else is returned as it stands."""

        async def capture(intent_id: str) -> None:
            async def call(key: str) -> stripe.PaymentIntent:
                options = _options(merchant_account, key)
                return await self._client.v1.payment_intents.capture_async(intent_id, {}, options)

            await once(f"{intent_id}:capture", call)

        return await self._settle(merchant_account, session_id, capture)

    async def void(self, merchant_account: str | None, session_id: str, *, duplicate: bool = False) -> Checkout:
        """Let the authorisation go; already voided is fine, a captured one is returned as it stands."""
        params: stripe.params.PaymentIntentCancelParams = {"cancellation_reason": "duplicate"} if duplicate else {}

        async def cancel(intent_id: str) -> None:
            async def call(key: str) -> stripe.PaymentIntent:
                options = _options(merchant_account, key)
                return await self._client.v1.payment_intents.cancel_async(intent_id, params, options)

            await once(f"{intent_id}:void{':duplicate' if duplicate else ''}", call)

        return await self._settle(merchant_account, session_id, cancel)

    async def list_checkouts(self, merchant_account: str | None, created_since: datetime) -> list[ListedCheckout]:
        """Every checkout that was opened at this account since then, ours or not."""
        with translated():
            sessions = await self._client.v1.checkout.sessions.list_async(
                {
                    "created": {"gte": int(created_since.timestamp())},
                    "expand": ["data.payment_intent.latest_charge"],
                    "limit": 100,
                },
                _options(merchant_account),
            )
            return [_listed(session) async for session in sessions.auto_paging_iter()]

    async def refund(
        self,
        merchant_account: str | None,
        payment_intent_id: str,
        amount: Money,
        refund_reference: str,
        *,
        duplicate: bool = False,
    ) -> MadeRefund:
        """Give back (part of) a captured payment; `refund_reference` makes repeats one refund."""
        params: stripe.params.RefundCreateParams = {
            "payment_intent": payment_intent_id,
            "amount": amount.amount_minor,
            "metadata": {"refund_reference": refund_reference},
        }
        if duplicate:
            params["reason"] = "duplicate"

        async def create(key: str) -> stripe.Refund:
            return await self._client.v1.refunds.create_async(params, _options(merchant_account, key))

        # The amount is part of the key: it can become less while nothing has gone back yet.
        key = f"{refund_reference}:{amount.amount_minor}:refund"
        with translated():
            # Keys are forgotten after 24 hours, so a late repeat looks for its refund first.
            made = await self._find_refund(merchant_account, payment_intent_id, refund_reference)
            return _made(made if made is not None else await once(key, create, after_refusal=True))

    async def list_refunds(self, merchant_account: str | None, payment_intent_id: str) -> list[MadeRefund]:
        """Every refund of a captured payment, ours or made past us; the oldest first."""
        with translated():
            return [_made(one) async for one in self._refunds(merchant_account, payment_intent_id)][::-1]

    async def list_disputes(self, merchant_account: str | None, payment_intent_id: str) -> list[SeenDispute]:
        """What banks ask back of a captured payment, the oldest first."""
        with translated():
            disputes = await self._client.v1.disputes.list_async(
                {"payment_intent": payment_intent_id, "limit": 100}, _options(merchant_account)
            )
            return [seen_dispute(one) async for one in disputes.auto_paging_iter()][::-1]

    async def _read(self, merchant_account: str | None, session_id: str) -> stripe.checkout.Session:
        return await self._client.v1.checkout.sessions.retrieve_async(
            session_id, {"expand": ["payment_intent"]}, _options(merchant_account)
        )

    async def _settle(
        self, merchant_account: str | None, session_id: str, act: Callable[[str], Awaitable[None]]
    ) -> Checkout:
        """Do something to an authorised payment, and say how it stands afterwards."""
        with translated():
            before = await self._read(merchant_account, session_id)
            intent = _intent(before)
            if intent is None or intent.status != "requires_capture":
                return _checkout(before)
            try:
                await act(intent.id)
            except stripe.InvalidRequestError:
                after = await self._read(merchant_account, session_id)
                if _status(after) is CheckoutStatus.AUTHORIZED:
                    raise
                return _checkout(after)
            return _checkout(await self._read(merchant_account, session_id))

    async def _find_refund(
        self, merchant_account: str | None, payment_intent_id: str, refund_reference: str
    ) -> stripe.Refund | None:
        async for refund in self._refunds(merchant_account, payment_intent_id):
            if _refund_reference(refund) == refund_reference:
                return refund
        return None

    async def _refunds(self, merchant_account: str | None, payment_intent_id: str) -> AsyncIterator[stripe.Refund]:
        """The newest first, as Stripe lists them."""
        refunds = await self._client.v1.refunds.list_async(
            {"payment_intent": payment_intent_id, "limit": 100}, _options(merchant_account)
        )
        async for refund in refunds.auto_paging_iter():
            yield refund


def _options(merchant_account: str | None, key: str | None = None) -> stripe.RequestOptions:
    options: stripe.RequestOptions = {}
    if merchant_account is not None:
        options["stripe_account"] = merchant_account
    if key is not None:
        options["idempotency_key"] = key
    return options


def _session_params(request: CheckoutRequest) -> SessionCreateParams:
    metadata = {"fee_reference": request.fee_reference}
    return {
        "mode": "payment",
        "adaptive_pricing": {"enabled": False},
        "allowed_payment_method_types": ["card"],
        "cancel_url": request.cancel_url,
        "client_reference_id": request.fee_reference,
        "expand": ["payment_intent"],
        "expires_at": int(request.expires_at.timestamp()),
        "line_items": [
            {
                "price_data": {
                    "currency": request.amount.currency,
                    "product_data": {"name": request.purpose},
                    "unit_amount": request.amount.amount_minor,
                },
                "quantity": 1,
            }
        ],
        "metadata": metadata,
        "payment_intent_data": {"capture_method": "manual", "metadata": metadata},
        "success_url": request.success_url,
    }


def _intent(session: stripe.checkout.Session) -> stripe.PaymentIntent | None:
    intent = session.payment_intent
    if isinstance(intent, str):
        # It was asked for expanded: an answer without it isn't one to decide by.
        raise PaymentUnavailable("intent_not_expanded")
    return intent


def _status(session: stripe.checkout.Session) -> CheckoutStatus:
    """By the payment intent; `session.payment_status` says "unpaid" of an authorised payment."""
    intent = _intent(session)
    if session.status == "expired":
        return CheckoutStatus.EXPIRED
    if intent is not None and intent.status in _INTENT:
        return _INTENT[intent.status]
    return CheckoutStatus.OPEN if session.status == "open" else CheckoutStatus.PROCESSING


def _checkout(session: stripe.checkout.Session) -> Checkout:
    intent = _intent(session)
    return Checkout(
        session_id=session.id,
        url=session.url,
        status=_status(session),
        amount=_amount(session, intent),
        fee_reference=session.client_reference_id,
        payment_intent_id=None if intent is None else intent.id,
    )


def _listed(session: stripe.checkout.Session) -> ListedCheckout:
    intent = _intent(session)
    charge = intent.latest_charge if intent is not None else None
    return ListedCheckout(
        checkout=_checkout(session),
        created_at=datetime.fromtimestamp(session.created, UTC),
        # What a let go authorisation released is called refunded, too.
        refunded_minor=charge.amount_refunded if isinstance(charge, stripe.Charge) and charge.captured else 0,
        disputed=isinstance(charge, stripe.Charge) and charge.disputed,
    )


def _amount(session: stripe.checkout.Session, intent: stripe.PaymentIntent | None) -> Money:
    """What was asked and is held. Where the two differ: zero, which matches no quote (a zero fee never gets here)."""
    asked = Money(amount_minor=session.amount_total or 0, currency=session.currency or "")
    if intent is None:
        return asked
    held = Money(amount_minor=intent.amount, currency=intent.currency)
    return asked if asked == held else Money(amount_minor=0, currency=held.currency)


def _refund_reference(refund: stripe.Refund) -> str | None:
    metadata = refund.metadata.to_dict() if refund.metadata is not None else {}
    return metadata.get("refund_reference")


def _made(refund: stripe.Refund) -> MadeRefund:
    return MadeRefund(
        refund_id=refund.id,
        status=_REFUND.get(refund.status or "pending", RefundStatus.PENDING),
        amount=Money(amount_minor=refund.amount, currency=refund.currency),
        reference=_refund_reference(refund),
    )
