"""Telling what became of a payment after it was taken: any news starts the workflow that reads it, or wakes it."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.events import EventKind
from db.telling import ClientRow
from workflows.messages import StartTakenPayment, TakenPaymentNoticed
from workflows.naming import TASK_QUEUE, taken_payment_id
from workflows.search_attributes import opening
from workflows.taken_payment import TakenPayment

_RPC_TIMEOUT = timedelta(seconds=3)


async def tell_taken_payment(engine: Client, payment_id: str, client: ClientRow, skew: timedelta) -> None:
    """Also of a client who was erased: the ledger stays, and has to be true."""
    await engine.start_workflow(
        TakenPayment.run,
        StartTakenPayment(payment_id=payment_id, client_id=client.id, skew_seconds=int(skew.total_seconds())),
        id=taken_payment_id(payment_id),
        task_queue=TASK_QUEUE,
        search_attributes=opening(
            practice_id=client.practice_id, provider_id=client.provider_id, client_id=client.id, stage="unknown"
        ),
        static_summary="A payment that was taken",
        static_details="Reads what went back of it at the payment processor, and has the ledger follow.",
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=str(EventKind.TAKEN_PAYMENT_NOTICED),
        start_signal_args=[TakenPaymentNoticed()],
        rpc_timeout=_RPC_TIMEOUT,
    )
