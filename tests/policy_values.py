"""Two values of every portal setting; the second is what it is changed to while clients are on their way."""

from __future__ import annotations

from typing import Any

MONTHS = 60 * 24 * 60

# A new setting without values here fails the tests that go over all of them.
VALUES: dict[str, tuple[Any, Any]] = {
    "page_published": (True, False),
    "clients_can_cancel": (True, False),
    "cancel_notice_minutes": (60, MONTHS),
    "allow_anonymous_signup": (True, False),
    "website_origins": ([], ["https://site.example"]),
    "allow_self_schedule": (True, False),
    "max_simultaneous_appointments": (1, 2),
    "max_upcoming_appointments": (2, 1),
    "require_fee": (False, True),
    "fee": ({"amount_minor": 4000, "currency": "usd"}, {"amount_minor": 1500, "currency": "usd"}),
    "fee_deposit_percent": (100, 50),
    "fee_first_visit_only": (False, True),
    "refund_full_minutes": (0, 4320),
    "refund_part_percent": (0, 50),
    "refund_part_minutes": (0, 1440),
    "require_intake": (False, True),
    "intake_form_id": ("frm_some", None),
    "send_greeting": (False, True),
    "min_notice_minutes": (0, 43_200),
    "booking_horizon_days": (90, 7),
    "appointment_minutes": (50, 30),
    "slot_step_minutes": (60, 30),
    "buffer_minutes": (0, 30),
    "hold_minutes": (30, 45),
    "waitlist_offer_minutes": (60, 0),
    "invitation_days": (14, 10),
    "invitation_reminder_days": ([3, 7], [2]),
    "reminder_hours": ([24], [48]),
}
# What makes a setting bite.
_FEE = {"require_fee": True, "fee": {"amount_minor": 4000, "currency": "usd"}}
AROUND: dict[str, dict[str, Any]] = {
    "fee": _FEE,
    "require_fee": _FEE,
    "fee_deposit_percent": _FEE,
    "fee_first_visit_only": _FEE,
    "require_intake": {"intake_form_id": "frm_some"},
}
