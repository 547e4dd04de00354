"""The closed list of what is written down about staff: who changed or read what."""

from __future__ import annotations

from enum import StrEnum


class AuditKind(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    TWO_FACTOR_ON = "two_factor_on"
    TWO_FACTOR_OFF = "two_factor_off"
    TWO_FACTOR_RESET = "two_factor_reset"
    RECOVERY_CODE_USED = "recovery_code_used"
    TWO_FACTOR_REQUIRED = "two_factor_required"
    TWO_FACTOR_NOT_REQUIRED = "two_factor_not_required"
    STAFF_INVITED = "staff_invited"
    STAFF_INVITED_AGAIN = "staff_invited_again"
    STAFF_CHANGED = "staff_changed"
    STAFF_DEACTIVATED = "staff_deactivated"
    STAFF_REACTIVATED = "staff_reactivated"
    ANSWERS_READ = "answers_read"
    ANSWERS_EXPORTED = "answers_exported"
    SETTINGS_SAVED = "settings_saved"
    SETTINGS_RESTORED = "settings_restored"
    FORMS_CHANGED = "forms_changed"
    FILE_UPLOADED = "file_uploaded"  # and confirmed to hold no health data of anybody
    CLIENT_INVITED = "client_invited"
    INVITATION_SENT_AGAIN = "invitation_sent_again"
    INVITATION_REVOKED = "invitation_revoked"
    FORMS_SENT = "forms_sent"
    CONTACT_CHANGED = "contact_changed"
    EMAIL_CORRECTED = "email_corrected"
    CLIENT_CLOSED = "client_closed"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    VISIT_RECORDED = "visit_recorded"
    ATTENTION_ANSWERED = "attention_answered"
    AUDIT_EXPORTED = "audit_exported"
    MERCHANT_ACCOUNT_ASKED = "merchant_account_asked"
