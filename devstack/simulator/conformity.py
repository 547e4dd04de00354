"""Checks what the simulator says against the SDK's resource classes: no field that Stripe hasn't, none missing."""

from __future__ import annotations

import builtins
import sys
import typing
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

import stripe
from stripe._stripe_object import StripeObject, UntypedStripeObject

CLASSES: Mapping[str, type[StripeObject]] = {
    "account": stripe.Account,
    "account_link": stripe.AccountLink,
    "application": stripe.Application,
    "capability": stripe.Capability,
    "charge": stripe.Charge,
    "billing_portal.session": stripe.billing_portal.Session,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "item": stripe.LineItem,
    "invoiceitem": stripe.InvoiceItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


class NotAsStripeError(Exception):
    """The simulator was about to say something that Stripe's SDK doesn't know: a bug of the simulator."""


class _Names(dict[str, Any]):
    """Names in the SDK's annotations, of which many are imported for type checkers only."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._module = vars(sys.modules[module])

    def __missing__(self, name: str) -> Any:
        for place in (self._module, vars(builtins), CLASSES_BY_NAME):
            if name in place:
                return place[name]
        return Any


CLASSES_BY_NAME: Mapping[str, type[StripeObject]] = {cls.__name__: cls for cls in CLASSES.values()}


def demand(said: Mapping[str, Any]) -> None:
    """Raise `NotAsStripeError` unless an object, or each object of a list, is as the SDK declares it."""
    if said.get("object") == "list":
        for item in said["data"]:
            demand(item)
        return
    cls = CLASSES.get(str(said.get("object")))
    if cls is None:
        raise NotAsStripeError(f"unknown object: {said.get('object')}")
    if complaints := _of_object(cls, said, cls.__name__):
        raise NotAsStripeError("; ".join(complaints))


@cache
def _hints(cls: Any) -> dict[str, Any]:
    # Of this class alone: what the bases annotate is machinery, not fields.
    own = type(cls.__name__, (), {"__annotations__": cls.__annotations__, "__module__": cls.__module__})
    hints = typing.get_type_hints(own, localns=_Names(cls.__module__))
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def _of_object(cls: type[StripeObject], said: Any, path: str) -> list[str]:
    if not isinstance(said, Mapping):
        return [f"{path} is no object"]
    key: Any = cls  # mypy finds the SDK's classes unhashable
    hints = _hints(key)
    if said.get("deleted") is True and "deleted" in hints:
        # Of what is deleted, its id is all that is said.
        return [f"{path}.{name} is said of what is deleted" for name in said if name not in ("id", "object", "deleted")]
    complaints = [f"{path}.{name} is unknown" for name in said if name not in hints]
    for name, hint in hints.items():
        if name in said:
            complaints += _of_value(hint, said[name], f"{path}.{name}")
        elif type(None) not in get_args(hint):
            complaints.append(f"{path}.{name} is missing")
    return complaints


def _of_value(hint: Any, said: Any, path: str) -> list[str]:
    origin = get_origin(hint)
    if hint is Any:
        return []
    if origin in (Union, UnionType):
        return _of_union(get_args(hint), said, path)
    if origin is Literal:
        return [] if said in get_args(hint) else [f"{path} is {said!r}"]
    if origin is list:
        return _of_list(get_args(hint)[0], said, path)
    cls = origin or hint
    if isinstance(cls, type) and issubclass(cls, UntypedStripeObject | dict):
        return [] if isinstance(said, Mapping) else [f"{path} is no object"]
    if cls is stripe.ListObject:
        data = said.get("data") if isinstance(said, Mapping) else None
        return _of_list(get_args(hint)[0], data, f"{path}.data")
    if isinstance(cls, type) and issubclass(cls, StripeObject):
        return _of_object(cls, said, path)
    wanted: Any = str if cls is Decimal else cls
    fits = type(said) in ((int, float) if wanted is float else (wanted,))
    return [] if fits else [f"{path} is a {type(said).__name__}"]


def _of_union(options: tuple[Any, ...], said: Any, path: str) -> list[str]:
    # `Literal[...] | str` is the SDK's openness to the future; the simulator says only what is known today.
    known = any(get_origin(option) is Literal for option in options)
    complaints: list[str] = []
    for option in options:
        if known and option is str:
            continue
        found = _of_value(option, said, path)
        if not found:
            return []
        # The deepest answer is the most telling one.
        complaints = max(complaints, found, key=lambda each: len(each[0]) if each else 0)
    return complaints


def _of_list(hint: Any, said: Any, path: str) -> list[str]:
    if not isinstance(said, list):
        return [f"{path} is no list"]
    return [found for i, item in enumerate(said) for found in _of_value(hint, item, f"{path}[{i}]")]
