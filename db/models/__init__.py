"""Tables, one class each."""

from db.models.base import Base
from db.models.batches import BatchItem, ClientBatch
<<<<<<< HEAD
from db.models.booking import Appointment, Dispute, Payment, Refund
=======
from db.models.booking import Appointment, Payment, Refund
from db.models.calendars import CalendarFeed
>>>>>>> 4ea5fd2e924b2acba22e0071efc3f82bbb114c24
from db.models.client import (
    AttentionItem,
    Client,
    ClientPolicyVersion,
    DataKey,
    EmailChange,
    FiledResponse,
    IntakeSubmission,
    Invitation,
    PortalAccount,
    Signup,
    TimelineEntry,
    TwoPersons,
)
from db.models.events import (
    DemoClock,
    Effect,
    EventSubject,
    ExternalEvent,
    IdempotencyRecord,
    PasswordReset,
    RateCounter,
    WebSession,
)
from db.models.greeting import DeclinedMails, GreetingAttachment, GreetingTest
from db.models.practice import (
    ApiKey,
    IntakeForm,
    MerchantAccount,
    PagePicture,
    PortalSubscription,
    Practice,
    PracticeHolidaysVersion,
    PracticeSettingsVersion,
    Provider,
    ProviderCalendar,
    ProviderWebhookSecret,
    SettingsVersion,
)
from db.models.staff import AuditEntry, RecoveryCode, StaffMember

__all__ = [
    "ApiKey",
    "Appointment",
    "AttentionItem",
    "AuditEntry",
    "Base",
    "BatchItem",
    "CalendarFeed",
    "Client",
    "ClientBatch",
    "ClientPolicyVersion",
    "DataKey",
    "DeclinedMails",
    "DemoClock",
    "Dispute",
    "Effect",
    "EmailChange",
    "EventSubject",
    "ExternalEvent",
    "FiledResponse",
    "GreetingAttachment",
    "GreetingTest",
    "IdempotencyRecord",
    "IntakeForm",
    "IntakeSubmission",
    "Invitation",
    "MerchantAccount",
    "PagePicture",
    "PasswordReset",
    "Payment",
    "PortalAccount",
    "PortalSubscription",
    "Practice",
    "PracticeHolidaysVersion",
    "PracticeSettingsVersion",
    "Provider",
    "ProviderCalendar",
    "ProviderWebhookSecret",
    "RateCounter",
    "RecoveryCode",
    "Refund",
    "SettingsVersion",
    "Signup",
    "StaffMember",
    "TimelineEntry",
    "TwoPersons",
    "WebSession",
]
