"""The closed sets of states of appointments, money, accounts and forms, and what the timeline may tell."""

from __future__ import annotations

from enum import StrEnum


class AppointmentStatus(StrEnum):
    PENDING = "pending"
    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"


# The states that take time in the provider's calendar.
BLOCKING = frozenset({AppointmentStatus.PENDING, AppointmentStatus.BOOKED})


class PaymentState(StrEnum):
    REQUESTED = "requested"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"


class SubscriptionStatus(StrEnum):
    """Which of them keep the portal open says `domain.subscriptions.is_open`."""

    NONE = "none"
    ACTIVE = "active"
    GRACE = "grace"  # a payment was refused; open for a stated time
    PAST_DUE = "past_due"  # that time is over
    CANCELLED = "cancelled"


class MerchantStatus(StrEnum):
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    RESTRICTED = "restricted"
    DISCONNECTED = "disconnected"


class SubmissionStatus(StrEnum):
    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"


class EffectState(StrEnum):
    RESERVED = "reserved"  # its place is taken; it hasn't happened
    INTENDED = "intended"  # an attempt is under way, or its process has died
    DONE = "done"
    UNCERTAIN = "uncertain"  # an attempt may have arrived, none is known to have
    REFUSED = "refused"


class AttentionAction(StrEnum):
    CORRECT_EMAIL = "correct_email"
    RETRY = "retry"
    SKIP = "skip"


class AttentionOwner(StrEnum):
    """Who is to answer first; unanswered, it is passed on."""

    FRONT_DESK = "front_desk"
    OPERATOR = "operator"


class FormOrigin(StrEnum):
    """An imported form stays as its publisher wrote it; one made here can be edited."""

    IMPORTED = "imported"
    OWN = "own"


class SettingsKind(StrEnum):
    """A provider's own documents; the portal settings have levels (`domain.policy_levels`)."""

    SIGNUP_FORM = "signup-form"
    GREETING = "greeting"
    PAGE = "page"
    AVAILABILITY = "availability"
    APPOINTMENT_TYPES = "appointment-types"


class TimelineKind(StrEnum):
    """Every kind of fact that a client's timeline can hold (documented in docs/glossary.md)."""

    SIGNED_UP = "signed_up"
    INVITED = "invited"
    INVITATION_SENT = "invitation_sent"
    INVITATION_REMINDED = "invitation_reminder_sent"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_ASKED_AGAIN = "invitation_asked_again"
    INVITATION_REVOKED = "invitation_revoked"
    GREETING_SENT = "greeting_sent"
    GREETING_SKIPPED = "greeting_skipped"
    MAILS_DECLINED = "mails_declined"
    MAILS_WANTED_AGAIN = "mails_wanted_again"
    FORMS_REQUESTED = "new_client_forms_requested"
    FORMS_SENT = "new_client_forms_sent"
    ACCOUNT_OPENED = "account_opened"
    INTAKE_ASSIGNED = "intake_assigned"
    INTAKE_REMINDED = "intake_reminder_sent"
    INTAKE_SUBMITTED = "intake_submitted"
    INTAKE_FILED = "intake_filed"
    SLOT_HELD = "slot_held"
    CHECKOUT_OPENED = "checkout_opened"
    FEE_AUTHORIZED = "fee_authorized"
    FEE_CAPTURED = "fee_captured"
    FEE_VOIDED = "fee_voided"
    FEE_REFUNDED = "fee_refunded"
    FEE_WAIVED = "fee_waived"
    FEE_WAIVER_TAKEN_BACK = "fee_waiver_taken_back"
    FEE_REJECTED = "fee_rejected"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PAYMENT_ASKED_AGAIN = "payment_asked_again"
    PAY_AGAIN_SENT = "pay_again_sent"
    TIME_LOST = "time_lost"
    OTHER_TIME_OFFERED = "other_time_offered"
    FEE_RETURN_SENT = "fee_return_sent"
    HOLD_EXTENDED = "hold_extended"
    HOLD_RELEASED = "hold_released"
    APPOINTMENT_BOOKED = "appointment_booked"
    CONFIRMATION_SENT = "confirmation_sent"
    APPOINTMENT_MOVED = "appointment_moved"
    ATTENDANCE_CONFIRMED = "attendance_confirmed"
    MOVE_SENT = "move_notice_sent"
    APPOINTMENT_REMINDED = "appointment_reminder_sent"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    CANCELLATION_SENT = "cancellation_sent"
    DAY_CALLED_OFF = "day_called_off"
    APPOINTMENT_FULFILLED = "appointment_fulfilled"
    APPOINTMENT_NOSHOW = "appointment_noshow"
    JOURNEY_LAPSED = "journey_lapsed"
    JOURNEY_WITHDRAWN = "journey_withdrawn"
    MAIL_DROPPED = "mail_dropped"
    FRONT_DESK_TOLD = "front_desk_told"
    ATTENTION_RAISED = "attention_raised"
    ATTENTION_SETTLED = "attention_settled"
    EMAIL_CORRECTED = "email_corrected"
    CLOSED_AS_DUPLICATE = "closed_as_duplicate"
    DUPLICATE_CLOSED = "duplicate_closed"
    TWO_PERSONS = "two_persons"
    EMAIL_CHANGED = "email_changed"
    CONTACT_CHANGED = "contact_changed"
    WAITLIST_JOINED = "waitlist_joined"
    WAITLIST_CHANGED = "waitlist_changed"
    WAITLIST_LEFT = "waitlist_left"
    WAITLIST_OFFERED = "waitlist_offered"
    WAITLIST_OFFER_SENT = "waitlist_offer_sent"
    WAITLIST_OFFER_TAKEN = "waitlist_offer_taken"
    WAITLIST_OFFER_DECLINED = "waitlist_offer_declined"
    WAITLIST_OFFER_LAPSED = "waitlist_offer_lapsed"
    WAITLIST_OFFER_TAKEN_BACK = "waitlist_offer_taken_back"
    WAITLIST_APOLOGY_SENT = "waitlist_apology_sent"
