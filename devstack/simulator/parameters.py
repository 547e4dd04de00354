"""Checks every request against the SDK's own TypedDicts, so that what passes here is what Stripe's API declares."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from devstack.simulator.errors import ApiError, missing_param
from devstack.simulator.forms import Form

# The SDK's options travel as headers; they aren't parameters, though its TypedDicts inherit them.
_OPTIONS = frozenset(RequestOptions.__annotations__)
_INTEGER = re.compile(r"-?\d+$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")


@cache
def _hints(schema: type) -> dict[str, Any]:
    module = vars(sys.modules[schema.__module__])
    names = {"StripeContext": Any, "Mapping": Mapping}
    return typing_extensions.get_type_hints(schema, globalns=module, localns=names)


def _required(schema: type) -> frozenset[str]:
    keys: frozenset[str] = getattr(schema, "__required_keys__", frozenset())
    return keys - _OPTIONS


def check(schema: type, form: Form, prefix: str = "") -> dict[str, Any]:
    """Return the parameters with their types; raises `ApiError` 400 naming the parameter that is wrong."""
    hints = _hints(schema)
    checked: dict[str, Any] = {}
    for key, node in form.items():
        name = f"{prefix}[{key}]" if prefix else key
        if key not in hints or key in _OPTIONS:
            raise ApiError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        checked[key] = _coerce(hints[key], node, name)
    for key in sorted(_required(schema) - set(form)):
        raise missing_param(f"{prefix}[{key}]" if prefix else key)
    return checked


def _coerce(hint: Any, node: Any, name: str) -> Any:
    origin: Any = get_origin(hint)
    if origin in (Union, UnionType):
        return _one_of(get_args(hint), node, name)
    if origin is Literal:
        return _literal(get_args(hint), node, name)
    if typing_extensions.is_typeddict(hint):
        return check(hint, _as_object(node, name), name)
    if origin is list:
        return [_coerce(get_args(hint)[0], item, f"{name}[{i}]") for i, item in _items(node, name)]
    if origin in (dict, UntypedStripeObject):
        value_hint = get_args(hint)[-1]
        return {key: _entry(value_hint, item, f"{name}[{key}]") for key, item in _as_object(node, name).items()}
    return _leaf(hint, node, name)


def _one_of(options: tuple[Any, ...], node: Any, name: str) -> Any:
    nested = [option for option in options if _takes_object(option)]
    if isinstance(node, dict) and nested:
        return _coerce(nested[0], node, name)
    flat = [option for option in options if option not in (*nested, type(None))] or nested
    literals = [option for option in flat if _is_literal(option) and any(get_args(option))]
    if literals:
        # `Literal[...] | str` keeps old SDKs open to new values; Stripe itself refuses a value it doesn't know.
        flat = [option for option in flat if option is not str]
    failure: ApiError | None = None
    # '' unsets: it is tried first, so that it isn't read as a value.
    for option in sorted(flat, key=_is_literal, reverse=True):
        try:
            return _coerce(option, node, name)
        except ApiError as error:
            failure = error
    raise failure or ApiError(f"Invalid value for {name}", param=name)


def _is_literal(hint: Any) -> bool:
    origin: Any = get_origin(hint)
    return origin is Literal


def _takes_object(hint: Any) -> bool:
    return typing_extensions.is_typeddict(hint) or get_origin(hint) in (list, dict, UntypedStripeObject)


def _as_object(node: Any, name: str) -> Form:
    if not isinstance(node, dict):
        raise ApiError("Invalid object", param=name)
    return node


def _items(node: Any, name: str) -> list[tuple[int, Any]]:
    if not isinstance(node, dict) or not all(key.isdigit() for key in node):
        raise ApiError("Invalid array", param=name)
    return list(enumerate(node[key] for key in sorted(node, key=int)))


def _literal(values: tuple[Any, ...], node: Any, name: str) -> Any:
    if node in values:
        return node
    wanted = ", ".join(str(value) for value in values if value != "")
    raise ApiError(f"Invalid {name}: must be one of {wanted}", param=name)


def _entry(hint: Any, node: Any, name: str) -> Any:
    # In a dictionary (metadata) the empty string unsets a key.
    return "" if node == "" else _coerce(hint, node, name)


def _leaf(hint: Any, node: Any, name: str) -> Any:
    if hint is Any:
        return node
    if not isinstance(node, str):
        raise ApiError(f"Invalid string: {name}", param=name)
    if hint is bool:
        if node not in ("true", "false"):
            raise ApiError(f"Invalid boolean: {node}", param=name)
        return node == "true"
    if hint is int:
        if not _INTEGER.match(node):
            raise ApiError(f"Invalid integer: {node}", code="parameter_invalid_integer", param=name)
        return int(node)
    if hint in (float, Decimal):
        if not _NUMBER.match(node):
            raise ApiError(f"Invalid decimal: {node}", param=name)
        return node
    if node == "":
        message = f"You passed an empty string for '{name}', which cannot be unset."
        raise ApiError(message, code="parameter_invalid_empty", param=name)
    return node


def check_metadata(params: Mapping[str, Any]) -> dict[str, str]:
    """Stripe's limits: 50 keys, 40 characters a key, 500 a value. https://docs.stripe.com/api/metadata"""
    metadata: dict[str, str] = params.get("metadata") or {}
    if len(metadata) > 50:
        raise ApiError("Metadata can have at most 50 keys.", param="metadata")
    for key, value in metadata.items():
        if len(key) > 40:
            raise ApiError("Metadata keys can be at most 40 characters.", param="metadata")
        if len(value) > 500:
            raise ApiError("Metadata values can be at most 500 characters.", param=f"metadata[{key}]")
    return metadata
