"""The practice's side of the API: clients, appointments, attention, the audit log; and the demo's switches."""

from __future__ import annotations

from domain.errors import (
    CancelNotAllowed,
    Conflict,
    GreetingMissing,
    MailDeclined,
    NotFound,
    ProviderLeft,
    RateLimited,
    SlotTaken,
    SlotUnavailable,
    SubscriptionInactive,
)
from portal.described import answers, documents, requests
from portal.described.client_side import BOOKING_RULES
from web.described import File, Told, listed, one_word

_CLIENT = "/api/v1/clients/{client_id}"
_APPOINTMENT = "/api/v1/appointments/{appointment_id}"

PRACTICE_SIDE = {
    "GET /api/v1/providers": Told(gives=listed(documents.Provider)),
    "POST /api/v1/providers": Told(
        takes=requests.NewProvider,
        gives=documents.Provider,
        example={"name": "Dr. Jane Doe", "timezone": "America/New_York"},
    ),
    "GET /api/v1/providers/{provider}/leaving": Told(gives=documents.Leaving),
    "POST /api/v1/providers/{provider}/leave": Told(
        takes=requests.LeaveWords, gives=documents.Leaving, refuses=(Conflict,), example={"words": "Ask for Dr. Kim."}
    ),
    "POST /api/v1/providers/{provider}/come-back": Told(gives=documents.Provider),
    "GET /api/v1/clients": Told(gives=listed(answers.Client)),
    "POST /api/v1/clients": Told(
        takes=requests.NewClient,
        gives=answers.Client,
        refuses=(ProviderLeft, SubscriptionInactive, Conflict, RateLimited),
        example={"first_name": "Ines", "last_name": "Invited", "email": "ines@example.com"},
    ),
    f"GET {_CLIENT}": Told(gives=answers.Client),
    f"POST {_CLIENT}/same-person": Told(takes=requests.SamePerson, gives=answers.Client, refuses=(Conflict,)),
    f"POST {_CLIENT}/two-persons": Told(takes=requests.OtherClient, gives=answers.Client, refuses=(Conflict,)),
    f"DELETE {_CLIENT}/two-persons/{{other_id}}": Told(gives=answers.Client, refuses=(Conflict,)),
    f"PUT {_CLIENT}/contact": Told(takes=requests.ContactData, gives=answers.Client, refuses=(Conflict,)),
    f"GET {_CLIENT}/timeline": Told(gives=listed(answers.TimelineItem)),
    f"GET {_CLIENT}/outlook": Told(gives=answers.Outlook),
    f"GET {_CLIENT}/can-book": Told(gives=answers.CanBook, refuses=(Conflict,)),
    f"GET {_CLIENT}/fee-waiver": Told(gives=documents.WaiverNow),
    f"POST {_CLIENT}/fee-waiver": Told(takes=requests.WaiveFee, gives=documents.WaiverNow, refuses=(Conflict,)),
    f"DELETE {_CLIENT}/fee-waiver": Told(gives=documents.WaiverNow, refuses=(Conflict,)),
    f"GET {_CLIENT}/intake": Told(gives=answers.SubmittedIntake),
    f"GET {_CLIENT}/intake.pdf": Told(gives=File("application/pdf")),
    f"POST {_CLIENT}/send-new-client-forms": Told(
        gives=answers.FormsSent, refuses=(ProviderLeft, GreetingMissing, MailDeclined, Conflict)
    ),
    f"POST {_CLIENT}/withdraw": Told(takes=requests.GivenReason, gives=answers.WayEnded, refuses=(Conflict,)),
    f"POST {_CLIENT}/invitation": Told(gives=answers.InvitedAgain, refuses=(ProviderLeft, Conflict, RateLimited)),
    f"POST {_CLIENT}/invitation/revoke": Told(gives=answers.Invitation, refuses=(Conflict,)),
    f"POST {_CLIENT}/correct-email": Told(takes=requests.CorrectEmail, gives=answers.Resolved, refuses=(Conflict,)),
    f"POST {_CLIENT}/retry": Told(may_take=requests.AnswerAttention, gives=answers.Resolved, refuses=(Conflict,)),
    f"POST {_CLIENT}/skip": Told(may_take=requests.AnswerAttention, gives=answers.Resolved, refuses=(Conflict,)),
    "GET /api/v1/attention": Told(gives=listed(answers.AttentionItem)),
    "GET /api/v1/audit": Told(gives=listed(answers.AuditEntry)),
    "GET /api/v1/appointments": Told(gives=listed(answers.Appointment)),
    "POST /api/v1/appointments": Told(
        takes=requests.BookForClient,
        gives=answers.Appointment,
        refuses=(*BOOKING_RULES, NotFound),
        example={"client_id": "cli_abcdefghij2345670000", "starts_at": "2026-12-01T14:00:00Z"},
    ),
    f"GET {_APPOINTMENT}": Told(gives=answers.Appointment),
    f"POST {_APPOINTMENT}/cancel": Told(
        may_take=requests.WithReason, gives=answers.Appointment, refuses=(CancelNotAllowed, Conflict)
    ),
    f"POST {_APPOINTMENT}/move": Told(
        takes=requests.Move, gives=answers.Appointment, refuses=(SlotTaken, SlotUnavailable, CancelNotAllowed, Conflict)
    ),
    f"POST {_APPOINTMENT}/no-show": Told(gives=answers.Appointment, refuses=(Conflict,)),
    f"POST {_APPOINTMENT}/fulfil": Told(gives=answers.Appointment, refuses=(Conflict,)),
    f"GET {_APPOINTMENT}/can-cancel": Told(gives=answers.CanCancel),
    "GET /api/v1/payments": Told(gives=answers.ListedPayments),
    "GET /api/v1/payments/{payment_id}": Told(gives=answers.PaymentWithRefunds),
    "POST /api/v1/payments/{payment_id}/refund": Told(
        takes=requests.RefundPayment, gives=answers.PaymentWithRefunds, refuses=(Conflict,)
    ),
    # The demo's switches
    "PUT /api/v1/demo/providers/{provider}/subscription": Told(
        takes=requests.SubscriptionStatus, gives=requests.SubscriptionStatus
    ),
    "PUT /api/v1/demo/providers/{provider}/merchant-account": Told(
        takes=requests.MerchantStatus, gives=requests.MerchantStatus
    ),
    "POST /api/v1/demo/advance": Told(takes=requests.Advance, gives=one_word("now"), refuses=(Conflict,)),
}
