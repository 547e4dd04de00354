"""How a payment stands and why, in plain words: for the practice, and for the client."""

from __future__ import annotations

from db.models import Appointment, Payment, Refund
from domain.fees import RefundCause
from domain.money import Money
from domain.ports import RefundStatus
from domain.states import AppointmentStatus, PaymentState

CAUSE = {
    RefundCause.CANCELLED: "The appointment was cancelled",
    RefundCause.RETURNED: "No appointment came of it",
    RefundCause.DUPLICATE: "Paid twice",
    RefundCause.STAFF: "By the practice",
    RefundCause.PROCESSOR: "Made in Stripe",
}
REFUND = {
    RefundStatus.PENDING: "On its way",
    RefundStatus.SUCCEEDED: "Refunded",
    RefundStatus.FAILED: "Refused by the bank",
    RefundStatus.OVERTAKEN: "Not needed any more",
}
REFUND_TONE = {
    RefundStatus.PENDING: "wait",
    RefundStatus.SUCCEEDED: "good",
    RefundStatus.FAILED: "trouble",
    RefundStatus.OVERTAKEN: "",
}
_WHY_TOLD = {
    RefundCause.PROCESSOR: " (made by the practice in Stripe)",
    RefundCause.DUPLICATE: " (you had paid twice)",
}

_KEPT = {
    AppointmentStatus.PENDING: "Paid; the appointment is being confirmed.",
    AppointmentStatus.BOOKED: "Paid; the appointment stands.",
    AppointmentStatus.FULFILLED: "Paid; the client came.",
    AppointmentStatus.NOSHOW: "Paid; the client didn't come, and the fee is kept.",
    AppointmentStatus.CANCELLED: "Paid; cancelled when no refund was due any more.",
}


def why(payment: Payment, appointment: Appointment) -> str:
    """For the practice."""
    match PaymentState(payment.state):
        case PaymentState.REQUESTED:
            held = appointment.status == AppointmentStatus.PENDING
            return "Waiting for the client to pay; the time is held." if held else "Not paid; the time was released."
        case PaymentState.AUTHORIZED:
            return "Approved by the bank; nothing is taken before the appointment stands."
        case PaymentState.VOIDED:
            return "Approved and let go again: nothing was charged."
        case PaymentState.EXPIRED:
            return "Not paid in time: the checkout is closed, and nothing was charged."
        case PaymentState.REFUNDED:
            return "Paid, and all of it went back."
        case PaymentState.CAPTURED:
            return _taken(payment, appointment)


def _taken(payment: Payment, appointment: Appointment) -> str:
    if payment.disputed:
        return "Paid; the cardholder's bank disputes it. Nothing goes back until that is decided."
    if payment.lost_minor:
        return f"Paid; {_money(payment, payment.lost_minor)} was lost to a dispute."
    on_its_way = payment.refund_due_minor - payment.refunded_minor
    if on_its_way:
        return f"Paid; {_money(payment, on_its_way)} is on its way back."
    if payment.refunded_minor:
        kept = payment.amount_minor - payment.refunded_minor
        return f"Paid; {_money(payment, payment.refunded_minor)} went back, {_money(payment, kept)} is kept."
    if appointment.choose_until is not None:
        return "Paid when its time had been given away; the client is choosing another one."
    return _KEPT[AppointmentStatus(appointment.status)]


def told_client(refund: Refund, currency: str, *, disputed: bool = False) -> str:
    """One refund, to the client: its state, who made it where it wasn't made here, and when to expect the money."""
    amount = Money(amount_minor=refund.amount_minor, currency=currency)
    why = _WHY_TOLD.get(RefundCause(refund.cause), "")
    match RefundStatus(refund.status):
        case RefundStatus.SUCCEEDED:
            return f"{amount} returned to your card{why}; banks take 5 to 10 days to show it."
        case RefundStatus.PENDING if disputed:
            return f"{amount} is owed to you; your bank is looking into this payment, and decides first."
        case RefundStatus.PENDING:
            return f"{amount} is being returned to your card{why}."
        case RefundStatus.FAILED:
            return f"{amount} could not be returned to your card yet; the practice is looking into it."
        case RefundStatus.OVERTAKEN:
            return f"{amount} was asked to be returned, and wasn't needed any more: see the other refunds."


def _money(payment: Payment, amount_minor: int) -> str:
    return str(Money(amount_minor=amount_minor, currency=payment.currency))
