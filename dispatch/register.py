"""Registering the search attributes in a namespace: a one-off at installation, harmless when repeated."""

from __future__ import annotations

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client

from workflows.search_attributes import REGISTRY


async def register_search_attributes(client: Client) -> list[str]:
    """Add what is missing; the names that were added."""
    missing = await missing_search_attributes(client)
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace, search_attributes={name: REGISTRY[name] for name in missing}
            )
        )
    return missing


async def missing_search_attributes(client: Client) -> list[str]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return [name for name in REGISTRY if name not in listed.custom_attributes]
