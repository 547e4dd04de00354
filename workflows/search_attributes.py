"""The search attributes that operators filter by: opaque ids and closed words only."""

from __future__ import annotations

from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

PRACTICE = SearchAttributeKey.for_keyword("Practice")
PROVIDER = SearchAttributeKey.for_keyword("Provider")
CLIENT_REF = SearchAttributeKey.for_keyword("ClientRef")
STAGE = SearchAttributeKey.for_keyword("Stage")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")

REGISTRY: dict[str, IndexedValueType.ValueType] = {
    "Practice": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Provider": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "ClientRef": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Stage": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "NeedsAttention": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}


def opening_affair(*, practice_id: str, provider_id: str | None, stage: str) -> TypedSearchAttributes:
    """What a workflow about the practice's own affairs starts with."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(PRACTICE, practice_id),
        SearchAttributePair(STAGE, stage),
        SearchAttributePair(NEEDS_ATTENTION, False),
    ]
    if provider_id is not None:
        pairs.append(SearchAttributePair(PROVIDER, provider_id))
    return TypedSearchAttributes(pairs)


def opening(*, practice_id: str, provider_id: str, client_id: str, stage: str) -> TypedSearchAttributes:
    """What a journey starts with."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(PRACTICE, practice_id),
            SearchAttributePair(PROVIDER, provider_id),
            SearchAttributePair(CLIENT_REF, client_id),
            SearchAttributePair(STAGE, stage),
            SearchAttributePair(NEEDS_ATTENTION, False),
        ]
    )
