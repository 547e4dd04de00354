"""Pre-payment: the fee that is authorised, verified and captured before an appointment stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from db.cancelling import owe_refund
from db.engine import Database
from db.fees import amount_of, payment_for, quote_of
from db.holds import superseded
from db.merchant_accounts import notice_merchant_account
from db.models import Payment
from db.tenancy import appointment_by_id, payment_of_appointment, provider_of
from db.timeline import tell
from db.waivers import waived_while_due
from domain.cadence import pay_again_until
from domain.errors import NotFound, PaymentRefused
from domain.fees import RefundCause
from domain.ports import Checkout, CheckoutRequest, CheckoutStatus, Payments
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState, TimelineKind


@dataclass(frozen=True, kw_only=True)
class OpenPrePayment:
    """`checkout_expires_at` is fixed by the workflow, so that a retry sends the same bytes."""

    payment_id: str
    checkout_expires_at: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class PrePaymentStep:
    """`at_hold_end`: because the hold has ended, and for no other reason."""

    payment_id: str
    now: datetime
    at_hold_end: bool = False


@dataclass(frozen=True, kw_only=True)
class PayAgain:
    """The fee, asked once more; the time is kept until then."""

    payment_id: str
    hold_expires_at: datetime


class Fee(StrEnum):
    """What the processor says of the fee, after we have compared it with what was asked."""

    OPEN = "open"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    GONE = "gone"  # voided or expired: no money moved
    RAN_OUT = "over"  # authorised, and let go by the bank or at the processor before we had taken it
    WAIVED = "waived"  # while it was due: the checkout is closed, no money moved, and the appointment stands
    MISMATCH = "mismatch"  # another amount, currency or reference than ours: never to be confirmed


_FEES = {
    CheckoutStatus.OPEN: Fee.OPEN,
    CheckoutStatus.PROCESSING: Fee.OPEN,
    CheckoutStatus.AUTHORIZED: Fee.AUTHORIZED,
    CheckoutStatus.CAPTURED: Fee.CAPTURED,
    CheckoutStatus.VOIDED: Fee.GONE,
    CheckoutStatus.EXPIRED: Fee.GONE,
}
_STATES = {
    CheckoutStatus.AUTHORIZED: PaymentState.AUTHORIZED,
    CheckoutStatus.CAPTURED: PaymentState.CAPTURED,
    CheckoutStatus.VOIDED: PaymentState.VOIDED,
    CheckoutStatus.EXPIRED: PaymentState.EXPIRED,
}
_NOT_LET_GO_BY_US = (PaymentState.REQUESTED, PaymentState.AUTHORIZED)
_TOLD = {
    PaymentState.AUTHORIZED: TimelineKind.FEE_AUTHORIZED,
    PaymentState.CAPTURED: TimelineKind.FEE_CAPTURED,
    PaymentState.VOIDED: TimelineKind.FEE_VOIDED,
}


class PrePayments:
    """`environment` is part of each idempotency key, so that two installations can't meet in one Stripe account."""

    def __init__(self, database: Database, payments: Payments, *, base_url: str, environment: str) -> None:
        self._database = database
        self._payments = payments
        self._base_url = base_url
        self._environment = environment

    @activity.defn
    async def open_pre_payment(self, command: OpenPrePayment) -> None:
        """Open the hosted checkout at the merchant's account; the client's page finds its address in the ledger."""
        payment = await self._payment(command.payment_id)
        if payment.session_id is not None:
            return
        request = CheckoutRequest(
            merchant_account=payment.merchant_account,
            fee_reference=payment.id,
            amount=amount_of(payment),
            purpose=payment.purpose,
            success_url=f"{self._base_url}/portal/payments/{payment.id}/return",
            cancel_url=f"{self._base_url}/portal/appointments/{payment.appointment_id}",
            expires_at=command.checkout_expires_at,
            idempotency_key=f"{self._environment}:{payment.id}:{payment.attempt}:session",
        )
        try:
            checkout = await self._payments.open_checkout(request)
        except PaymentRefused:
            await self._have_account_read(payment)
            raise
        async with self._database.transaction() as session:
            row = await _locked(session, payment.id)
            row.session_id = checkout.session_id
            row.changed_at = command.now
            held = (await appointment_by_id(session, row.appointment_id)).status == AppointmentStatus.PENDING
            if held:
                row.checkout_url = checkout.url
                kind = TimelineKind.CHECKOUT_OPENED
                await tell(session, row.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=row.id)
        if not held:
            # The answer took so long that the booking gave up and let the time go: nobody may pay for it now.
            await self._payments.expire_checkout(payment.merchant_account, checkout.session_id)

    @activity.defn
    async def verify_pre_payment(self, command: PrePaymentStep) -> Fee:
        """Read our own session again, at the merchant's account, and compare amount, currency and reference."""
        payment = await self._payment(command.payment_id)
        if payment.session_id is None:
            return Fee.OPEN
        checkout = await self._payments.read_checkout(payment.merchant_account, payment.session_id)
        return await self._take_note(payment, checkout, command.now)

    @activity.defn
    async def close_pre_payment(self, command: PrePaymentStep) -> Fee:
        """Close the checkout at the hold's end; the answer says whether it was paid after all.

        A client who asked for more time in the last moment has it, and is only looked after: the booking may not have
        heard of that yet.
        """
        payment = await self._payment(command.payment_id)
        if payment.session_id is None:
            return Fee.WAIVED if await self._waived(payment) else Fee.GONE
        if command.at_hold_end and await self._held_longer(payment.appointment_id, command.now):
            return await self.verify_pre_payment(command)
        checkout = await self._payments.expire_checkout(payment.merchant_account, payment.session_id)
        return await self._take_note(payment, checkout, command.now)

    @activity.defn
    async def capture_pre_payment(self, command: PrePaymentStep) -> Fee:
        """Take the authorised money."""
        payment = await self._payment(command.payment_id)
        assert payment.session_id is not None
        checkout = await self._payments.capture(payment.merchant_account, payment.session_id)
        return await self._take_note(payment, checkout, command.now)

    @activity.defn
    async def ask_to_pay_again(self, command: PrePaymentStep) -> PayAgain | None:
        """A fee that couldn't be taken, asked once more; None when it was before, or the visit is too near."""
        async with self._database.transaction() as session:
            failed = await _locked(session, command.payment_id)
            appointment = await appointment_by_id(session, failed.appointment_id, for_update=True)
            newest = await payment_of_appointment(session, appointment.id)
            if newest is not None and newest.attempt > failed.attempt and appointment.hold_expires_at is not None:
                return PayAgain(payment_id=newest.id, hold_expires_at=appointment.hold_expires_at)
            until = pay_again_until(command.now, appointment.starts_at)
            if until is None or failed.attempt > 1 or appointment.status != AppointmentStatus.PENDING:
                return None
            # The same fee; the quote holds.
            again = payment_for(
                appointment, quote_of(failed), failed.merchant_account, command.now, attempt=failed.attempt + 1
            )
            session.add(again)
            appointment.hold_expires_at = until
            kind = TimelineKind.PAYMENT_ASKED_AGAIN
            await tell(session, failed.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=again.id)
            return PayAgain(payment_id=again.id, hold_expires_at=until)

    @activity.defn
    async def void_pre_payment(self, command: PrePaymentStep) -> Fee:
        """Let the authorisation go: no money moves."""
        payment = await self._payment(command.payment_id)
        assert payment.session_id is not None
        async with self._database.transaction() as session:
            twice = await superseded(session, await appointment_by_id(session, payment.appointment_id))
        checkout = await self._payments.void(payment.merchant_account, payment.session_id, duplicate=twice)
        async with self._database.transaction() as session:
            row = await _locked(session, payment.id)
            await _set_state(session, row, checkout, command.now)
        return _FEES[checkout.status]

    @activity.defn
    async def owe_back(self, command: PrePaymentStep) -> str | None:
        """Money was taken and no appointment stands: the refund that is due, None where nothing was taken."""
        async with self._database.transaction() as session:
            payment = await _locked(session, command.payment_id)
            if payment.state != PaymentState.CAPTURED:
                return None
            twice = await superseded(session, await appointment_by_id(session, payment.appointment_id))
            cause = RefundCause.DUPLICATE if twice else RefundCause.RETURNED
            return await owe_refund(session, payment, command.now, cause=cause)

    async def _have_account_read(self, payment: Payment) -> None:
        """Something may be wrong with the merchant account, and nobody has rung: before the next client finds out."""
        async with self._database.transaction() as session:
            provider = await provider_of(session, payment.provider_id)
            await notice_merchant_account(session, provider, source="refused-checkout", external_id=payment.id)

    async def _payment(self, payment_id: str) -> Payment:
        async with self._database.transaction() as session:
            payment = await session.get(Payment, payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
            return payment

    async def _held_longer(self, appointment_id: str, now: datetime) -> bool:
        async with self._database.transaction() as session:
            one = await appointment_by_id(session, appointment_id)
            held = one.status == AppointmentStatus.PENDING and one.cancel_requested_at is None
            return held and one.hold_expires_at is not None and one.hold_expires_at > now

    async def _take_note(self, payment: Payment, checkout: Checkout, now: datetime) -> Fee:
        fee = _FEES[checkout.status]
        async with self._database.transaction() as session:
            row = await _locked(session, payment.id)
            if fee in (Fee.AUTHORIZED, Fee.CAPTURED) and not _is_ours(row, checkout):
                kind = TimelineKind.FEE_REJECTED
                await tell(session, row.client_id, kind, at=now, actor=Actor.SYSTEM, ref=row.id)
                return Fee.MISMATCH
            # Looked up with the payment locked: a waiver comes before what is written down here, or not at all.
            waived = fee is not Fee.CAPTURED and await waived_while_due(session, row.appointment_id)
            if not waived:
                if checkout.status is CheckoutStatus.VOIDED and row.state in _NOT_LET_GO_BY_US:
                    return Fee.RAN_OUT  # Written down by whoever lets it go: asked again, this is the answer again.
                await _set_state(session, row, checkout, now)
        return await self._let_off(payment, now) if waived else fee

    async def _let_off(self, payment: Payment, now: datetime) -> Fee:
        """Close the checkout, and let go what was authorised in the last moment: nothing is due any more."""
        assert payment.session_id is not None
        checkout = await self._payments.expire_checkout(payment.merchant_account, payment.session_id)
        if checkout.status is CheckoutStatus.AUTHORIZED:
            checkout = await self._payments.void(payment.merchant_account, payment.session_id)
        async with self._database.transaction() as session:
            await _set_state(session, await _locked(session, payment.id), checkout, now)
        fee = _FEES[checkout.status]
        return Fee.WAIVED if fee is Fee.GONE else fee

    async def _waived(self, payment: Payment) -> bool:
        async with self._database.transaction() as session:
            return await waived_while_due(session, payment.appointment_id)


def _is_ours(payment: Payment, checkout: Checkout) -> bool:
    """The session is the one we created (we asked for it by id at the merchant's account), for what we asked."""
    return (
        checkout.session_id == payment.session_id
        and checkout.amount == amount_of(payment)
        and checkout.fee_reference == payment.id
    )


async def _locked(session: AsyncSession, payment_id: str) -> Payment:
    payment = await session.get(Payment, payment_id, with_for_update=True)
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


async def _set_state(session: AsyncSession, payment: Payment, checkout: Checkout, now: datetime) -> None:
    payment.payment_intent_id = checkout.payment_intent_id or payment.payment_intent_id
    state = _STATES.get(checkout.status)
    if state is None or payment.state in (state, PaymentState.REFUNDED):
        return
    payment.state = str(state)
    payment.changed_at = now
    told = _TOLD.get(state)
    if told is not None:
        await tell(session, payment.client_id, told, at=now, actor=Actor.SYSTEM, ref=payment.id)
