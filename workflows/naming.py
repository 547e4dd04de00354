"""Ids and queues: functions of opaque ids, from one place."""

from __future__ import annotations

TASK_QUEUE = "portico"
# A schedule and the workflow that it starts (to whose id Temporal adds the moment).
SWEEP_HOLDS = "sweep-holds"
SWEEP_PRACTICES = "sweep-practices"
COMPARE_MONEY = "compare-money"
WATCH_PROCESSOR = "watch-processor"
FIND_LOST_EVENTS = "find-lost-events"
READ_CALENDARS = "read-calendars"
SWEEP_WAITLISTS = "sweep-waitlists"


def client_journey_id(client_id: str) -> str:
    return f"client-journey:{client_id}"


def booking_id(appointment_id: str) -> str:
    return f"booking:{appointment_id}"


def greeting_test_id(test_id: str) -> str:
    return f"greeting-test:{test_id}"


def taken_payment_id(payment_id: str) -> str:
    return f"taken-payment:{payment_id}"


def merchant_account_id(provider_id: str) -> str:
    return f"merchant-account:{provider_id}"


def waitlist_id(provider_id: str) -> str:
    return f"waitlist:{provider_id}"


def portal_subscription_id(practice_id: str) -> str:
    return f"portal-subscription:{practice_id}"


def password_reset_id(reset_id: str) -> str:
    return f"password-reset:{reset_id}"


def client_batch_id(batch_id: str) -> str:
    return f"client-batch:{batch_id}"


def called_off_days_id(called_off_id: str) -> str:
    return f"called-off-days:{called_off_id}"


def email_change_id(change_id: str) -> str:
    return f"email-change:{change_id}"
