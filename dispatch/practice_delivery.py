"""Telling what concerns a practice's own affairs: each is looked after by a workflow that any news starts again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.events import EventKind
from workflows.merchant_account import MerchantAccount
from workflows.messages import (
    MerchantAccountNoticed,
    StartMerchantAccount,
    StartPortalSubscription,
    StartWaitlist,
    SubscriptionNoticed,
    WaitlistNoticed,
)
from workflows.naming import TASK_QUEUE, merchant_account_id, portal_subscription_id, waitlist_id
from workflows.portal_subscription import PortalSubscription
from workflows.search_attributes import opening_affair
from workflows.waitlist import Waitlist

OF_PRACTICES = frozenset(
    {EventKind.MERCHANT_ACCOUNT_NOTICED, EventKind.SUBSCRIPTION_NOTICED, EventKind.WAITLIST_NOTICED}
)
_RPC_TIMEOUT = timedelta(seconds=3)


async def tell_practice(engine: Client, kind: EventKind, payload: Mapping[str, Any], skew: timedelta) -> None:
    """Signal the workflow, started where it doesn't run: it reads how things stand, and repeats nothing.

    Raises RPCError and RuntimeError while the engine is away.
    """
    await _TELL[kind](engine, kind, payload, int(skew.total_seconds()))


async def _tell_subscription(engine: Client, kind: EventKind, payload: Mapping[str, Any], skew: int) -> None:
    practice_id = payload["practice_id"]
    await engine.start_workflow(
        PortalSubscription.run,
        StartPortalSubscription(practice_id=practice_id, skew_seconds=skew),
        id=portal_subscription_id(practice_id),
        task_queue=TASK_QUEUE,
        search_attributes=opening_affair(practice_id=practice_id, provider_id=None, stage="unknown"),
        static_summary="Portal subscription",
        static_details="The practice's own subscription, and the gates it opens and closes.",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=str(kind),
        start_signal_args=[SubscriptionNoticed()],
        rpc_timeout=_RPC_TIMEOUT,
    )


async def _tell_merchant_account(engine: Client, kind: EventKind, payload: Mapping[str, Any], skew: int) -> None:
    provider_id, practice_id = payload["provider_id"], payload["practice_id"]
    await engine.start_workflow(
        MerchantAccount.run,
        StartMerchantAccount(provider_id=provider_id, practice_id=practice_id, skew_seconds=skew),
        id=merchant_account_id(provider_id),
        task_queue=TASK_QUEUE,
        search_attributes=opening_affair(practice_id=practice_id, provider_id=provider_id, stage="unknown"),
        static_summary="Merchant account",
        static_details="Reads a provider's account at the payment processor, and tells where clients can't pay.",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=str(kind),
        start_signal_args=[MerchantAccountNoticed()],
        rpc_timeout=_RPC_TIMEOUT,
    )


async def _tell_waitlist(engine: Client, kind: EventKind, payload: Mapping[str, Any], skew: int) -> None:
    provider_id, practice_id = payload["provider_id"], payload["practice_id"]
    await engine.start_workflow(
        Waitlist.run,
        StartWaitlist(provider_id=provider_id, practice_id=practice_id, skew_seconds=skew),
        id=waitlist_id(provider_id),
        task_queue=TASK_QUEUE,
        search_attributes=opening_affair(practice_id=practice_id, provider_id=provider_id, stage="unknown"),
        static_summary="Waitlist",
        static_details="Holds each freed time for the first who waits for one like it, and after a while for the next.",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=str(kind),
        start_signal_args=[WaitlistNoticed()],
        rpc_timeout=_RPC_TIMEOUT,
    )


_TELL = {
    EventKind.MERCHANT_ACCOUNT_NOTICED: _tell_merchant_account,
    EventKind.SUBSCRIPTION_NOTICED: _tell_subscription,
    EventKind.WAITLIST_NOTICED: _tell_waitlist,
}
