"""Names that parameters had in earlier versions of the API: who names no version speaks an account's older one.

Source: https://docs.stripe.com/api/versioning. The SDK always names its own; Stripe's CLI names none.
"""

from __future__ import annotations

import stripe

from devstack.simulator.errors import ApiError
from devstack.simulator.forms import Form

# `allowed_payment_method_types` is what the SDK's version calls it.
_RENAMED = {"payment_method_types": "allowed_payment_method_types"}


def as_of(version: str | None, form: Form) -> Form:
    """The request in the words of the SDK's version; raises `ApiError` for another one."""
    if version is None:
        return {_RENAMED.get(name, name): value for name, value in form.items()}
    if version != stripe.api_version:
        message = f"Invalid Stripe API version: {version} (the simulator speaks {stripe.api_version})"
        raise ApiError(message)
    return form
