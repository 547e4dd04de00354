"""Stripe's errors as Portico's: a code and nothing else, since a vendor's message may repeat what was sent to it.

Source: https://docs.stripe.com/error-codes
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import stripe

from domain.errors import PaymentRefused, PaymentUnavailable

_T = TypeVar("_T")
_CODE = re.compile(r"[a-z0-9_]{1,64}$")
# A 500 is replayed under its key for 24 hours: how many further keys an effect may use up.
_GENERATIONS = 5


@contextmanager
def translated() -> Iterator[None]:
    """Raise `PaymentRefused` for what Stripe refuses for good, `PaymentUnavailable` for what may pass."""
    try:
        yield
    except stripe.StripeError as error:
        raise _domain_error(error) from None


async def once(key: str, act: Callable[[str], Awaitable[_T]], *, after_refusal: bool = False) -> _T:
    """Do it under the key. A stored failure that is replayed under it never was an effect: go on to the next key.

    `after_refusal`: so is a stored refusal, where what it was about may have changed since.
    """
    for generation in range(1, _GENERATIONS + 1):
        try:
            return await act(key if generation == 1 else f"{key}:{generation}")
        except stripe.StripeError as error:
            if not _is_replayed(error, least=400 if after_refusal else 500):
                raise
    raise PaymentUnavailable("replayed_failures")


def _is_replayed(error: stripe.StripeError, *, least: int) -> bool:
    """An answer from Stripe's memory rather than of this attempt: the same key will give it again for 24 hours."""
    return (error.http_status or 0) >= least and (error.headers or {}).get("idempotent-replayed") == "true"


def _domain_error(error: stripe.StripeError) -> PaymentRefused | PaymentUnavailable:
    code = code_of(error)
    return PaymentUnavailable(code) if _may_pass(error) else PaymentRefused(code)


def _may_pass(error: stripe.StripeError) -> bool:
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
        return True
    status = error.http_status
    # 401 is about our key, not about this payment: it passes when the operator has mended it. 409: the key is in use.
    return status is None or not 400 <= status < 500 or status in (401, 409, 429)


def code_of(error: stripe.StripeError) -> str:
    """Stripe's own code from the answer's body; the SDK doesn't hand it on for every kind of error."""
    if isinstance(error, stripe.APIConnectionError):
        return "no_answer"
    body = error.json_body
    facts = body.get("error") if isinstance(body, dict) else None
    facts = facts if isinstance(facts, dict) else {}
    for name in ("decline_code", "code", "type"):
        value = facts.get(name)
        # Only what looks like one of Stripe's own words is passed on.
        if isinstance(value, str) and _CODE.match(value):
            return value
    return f"http_{error.http_status}"
