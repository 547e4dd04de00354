"""The words for roles and for what the audit log tells."""

from __future__ import annotations

from domain.audit import AuditKind
from domain.roles import Permission, Role

ROLE = {Role.OWNER: "Owner", Role.PROVIDER: "Provider", Role.FRONT_DESK: "Front desk"}
ROLE_HINT = {
    Role.OWNER: "Everything: clients, settings, staff, audit log.",
    Role.PROVIDER: "Their own clients with intake answers, and their own settings.",
    Role.FRONT_DESK: "All clients and appointments; no intake answers, no settings.",
}
PERMISSION = {
    Permission.SEE_CLIENTS: "See clients, appointments, fees and what needs attention",
    Permission.SERVE_CLIENTS: "Invite, send forms, book, move, cancel, refund, waive, answer what needs attention",
    Permission.READ_ANSWERS: "Read and export intake answers; read health questions of the sign-up",
    Permission.EXPORT_CLIENT: "Export all data of a client",
    Permission.ERASE_CLIENT: "Erase a client",
    Permission.MAKE_EXCEPTIONS: "Portal settings for one client only",
    Permission.CHANGE_PROVIDER: "A provider's settings, page, sign-up form, intake forms, greeting, availability, "
    "merchant account",
    Permission.CHANGE_PRACTICE: "Portal settings of the practice",
    Permission.MANAGE_SUBSCRIPTION: "Subscribe, change the card, see invoices, cancel the portal subscription",
    Permission.MANAGE_STAFF: "Invite staff, change roles, require two-factor sign-in",
    Permission.READ_AUDIT: "Read and export the audit log",
}

AUDIT = {
    AuditKind.SIGNED_IN: "Signed in",
    AuditKind.SIGN_IN_FAILED: "Sign-in failed",
    AuditKind.SIGNED_OUT_EVERYWHERE: "Signed out everywhere",
    AuditKind.TWO_FACTOR_ON: "Turned on two-factor sign-in",
    AuditKind.TWO_FACTOR_OFF: "Turned off two-factor sign-in",
    AuditKind.TWO_FACTOR_RESET: "Reset somebody’s two-factor sign-in",
    AuditKind.RECOVERY_CODE_USED: "Used a recovery code",
    AuditKind.TWO_FACTOR_REQUIRED: "Required two-factor sign-in of all staff",
    AuditKind.TWO_FACTOR_NOT_REQUIRED: "No longer required two-factor sign-in",
    AuditKind.STAFF_INVITED: "Invited a staff member",
    AuditKind.STAFF_INVITED_AGAIN: "Invited a staff member again",
    AuditKind.STAFF_CHANGED: "Changed a role",
    AuditKind.STAFF_DEACTIVATED: "Took a sign-in away",
    AuditKind.STAFF_REACTIVATED: "Gave a sign-in back",
    AuditKind.ANSWERS_READ: "Read intake answers",
    AuditKind.ANSWERS_EXPORTED: "Exported intake answers",
    AuditKind.SETTINGS_SAVED: "Saved settings",
    AuditKind.SETTINGS_RESTORED: "Restored settings",
    AuditKind.FORMS_CHANGED: "Changed a form",
    AuditKind.FILE_UPLOADED: "Uploaded a file for the greeting, and confirmed that it holds no PHI",
    AuditKind.CLIENT_INVITED: "Invited a client",
    AuditKind.INVITATION_SENT_AGAIN: "Sent an invitation again",
    AuditKind.INVITATION_REVOKED: "Revoked an invitation",
    AuditKind.FORMS_SENT: "Sent new client forms",
    AuditKind.MAILS_ALLOWED_AGAIN: "Let greetings and reminders go out again, as the client asked",
    AuditKind.CONTACT_CHANGED: "Changed contact data",
    AuditKind.EMAIL_CORRECTED: "Corrected an email address",
    AuditKind.CLIENT_CLOSED: "Closed a client’s way",
    AuditKind.CLIENT_EXPORTED: "Exported all data of a client",
    AuditKind.CLIENT_ERASED: "Erased a client",
    AuditKind.SAME_PERSON: "Closed a duplicate: two clients are the same person",
    AuditKind.TWO_PERSONS: "Said that two clients are two persons",
    AuditKind.TWO_PERSONS_FORGOTTEN: "Took back that two clients are two persons",
    AuditKind.APPOINTMENT_BOOKED: "Booked an appointment",
    AuditKind.APPOINTMENT_MOVED: "Moved an appointment",
    AuditKind.APPOINTMENT_CANCELLED: "Cancelled an appointment",
    AuditKind.PAYMENT_REFUNDED: "Refunded a payment",
    AuditKind.FEE_WAIVED: "Waived a client’s fee",
    AuditKind.FEE_WAIVER_TAKEN_BACK: "Took back a waived fee",
    AuditKind.PAYMENTS_EXPORTED: "Exported payments",
    AuditKind.EVIDENCE_EXPORTED: "Downloaded the evidence about a disputed payment",
    AuditKind.VISIT_RECORDED: "Recorded a visit",
    AuditKind.ATTENTION_ANSWERED: "Answered what needed attention",
    AuditKind.AUDIT_EXPORTED: "Exported the audit log",
    AuditKind.BUSY_CALENDAR_ADDED: "Added a calendar elsewhere, whose busy times block time here",
    AuditKind.BUSY_CALENDAR_REMOVED: "Removed the calendar elsewhere",
    AuditKind.CALENDAR_FEED_MADE: "Made an address for a provider’s calendar",
    AuditKind.CALENDAR_FEED_REVOKED: "Revoked the address of a provider’s calendar",
    AuditKind.MERCHANT_ACCOUNT_ASKED: "Went to connect a merchant account",
    AuditKind.SUBSCRIPTION_ASKED: "Went to subscribe",
    AuditKind.SUBSCRIPTION_CANCELLED: "Cancelled the portal subscription",
    AuditKind.SUBSCRIPTION_RESUMED: "Had the portal subscription renewed after all",
    AuditKind.PORTAL_OPENED: "Opened the portal without a subscription",
    AuditKind.PORTAL_CLOSED: "Closed the portal",
}
