"""The client's side of the API."""

from __future__ import annotations

from domain.errors import (
    CancelNotAllowed,
    CancelWindowClosed,
    Conflict,
    FeeRequired,
    Forbidden,
    IntakeRequired,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    LimitReached,
    MerchantAccountMissing,
    NotFound,
    ProviderLeft,
    RateLimited,
    SelfScheduleOff,
    SlotTaken,
    SlotUnavailable,
    SubscriptionInactive,
    Unauthorized,
)
from portal.described import answers, documents, requests
from web.described import Told, listed

# What may stand between a client and a time.
BOOKING_RULES = (
    *(IntakeRequired, SelfScheduleOff, SlotTaken, SlotUnavailable, LimitReached),
    *(ProviderLeft, SubscriptionInactive, MerchantAccountMissing, FeeRequired, Conflict),
)

CLIENT_SIDE = {
    "POST /api/v1/invitations/{token}/accept": Told(
        takes=requests.Password,
        gives=answers.AccountOpened,
        headers=("Set-Cookie",),
        refuses=(Forbidden, InvitationExpired, InvitationUsed, InvitationRevoked, RateLimited, Unauthorized),
        example={"password": "four unrelated words again"},
    ),
    "POST /api/v1/portal/session": Told(
        takes=requests.SignIn,
        gives=answers.SignedIn,
        headers=("Set-Cookie",),
        refuses=(Unauthorized, Forbidden, RateLimited),
    ),
    "DELETE /api/v1/portal/session": Told(refuses=(Forbidden,)),
    "GET /api/v1/portal/me": Told(gives=answers.Standing),
    "GET /api/v1/portal/intake": Told(gives=answers.Intake),
    "POST /api/v1/portal/intake": Told(takes=requests.WriteIntake, gives=answers.Intake, refuses=(Conflict,)),
    "GET /api/v1/portal/slots": Told(gives=answers.Slots, refuses=(Conflict,)),
    "GET /api/v1/portal/appointment-types": Told(gives=listed(answers.TypeOnOffer)),
    "GET /api/v1/portal/appointments": Told(gives=listed(answers.Appointment)),
    "POST /api/v1/portal/appointments": Told(
        takes=requests.Book,
        gives={201: answers.Appointment, 202: answers.Appointment},
        refuses=BOOKING_RULES,
        example={"starts_at": "2026-12-01T14:00:00Z"},
    ),
    "GET /api/v1/portal/appointments/{appointment_id}": Told(gives=answers.Appointment),
    "POST /api/v1/portal/appointments/{appointment_id}/cancel": Told(
        gives=answers.Appointment, refuses=(CancelWindowClosed, CancelNotAllowed, Conflict)
    ),
    "GET /api/v1/portal/fee-quote": Told(gives=answers.QuoteNow, refuses=(Conflict,)),
    "GET /api/v1/portal/appointments/{appointment_id}/can-cancel": Told(gives=answers.CanCancel),
    "POST /api/v1/portal/appointments/{appointment_id}/extend-hold": Told(
        gives=answers.Appointment, refuses=(Conflict,)
    ),
    "POST /api/v1/portal/appointments/{appointment_id}/move": Told(
        takes=requests.ChooseTime,
        gives=answers.Appointment,
        refuses=(*BOOKING_RULES, CancelWindowClosed, CancelNotAllowed),
    ),
    "GET /api/v1/portal/profile": Told(gives=documents.ContactSheet),
    "PUT /api/v1/portal/profile": Told(takes=requests.ContactData, gives=documents.ContactSheet, refuses=(Conflict,)),
    "GET /api/v1/portal/email-change": Told(gives=answers.EmailChange),
    "POST /api/v1/portal/email-change": Told(
        takes=requests.AskForAddress, gives=answers.EmailChange, refuses=(Conflict, RateLimited)
    ),
    "DELETE /api/v1/portal/email-change": Told(),
    "POST /api/v1/portal/password": Told(takes=requests.ChangePassword, refuses=(RateLimited,)),
    "GET /api/v1/portal/sessions": Told(gives=listed(answers.OpenSession)),
    "DELETE /api/v1/portal/sessions/{session_id}": Told(refuses=(NotFound,)),
}
