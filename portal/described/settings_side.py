"""Settings of practice, provider and client by API: documents with an ETag, what a change would mean, versions."""

from __future__ import annotations

from typing import Any

from domain.errors import Conflict, MerchantAccountMissing, PaymentRefused, SubscriptionInactive
from portal.described import answers, documents, requests
from portal.described import words as w
from portal.shapes import FHIR_JSON
from web.described import File, Told, listed

_PROVIDER = "/api/v1/providers/{provider}"
# Saved over by somebody else meanwhile.
_STALE = {412: (Conflict,)}
# A switch that needs an active subscription or a merchant account says so.
_GATES = (SubscriptionInactive, MerchantAccountMissing, Conflict)


def _level(path: str, whole: Any, some: Any) -> dict[str, Told]:
    saved = Told(takes=some, gives=whole, headers=("ETag",), refuses=_GATES, refuses_with=_STALE)
    without_body = Told(gives=whole, headers=("ETag",), refuses=_GATES, refuses_with=_STALE)
    return {
        f"GET {path}": Told(gives=whole, headers=("ETag",)),
        f"PUT {path}": saved,
        f"DELETE {path}/{{name}}": without_body,
        f"GET {path}/sources": Told(gives=listed(documents.SettingsSource)),
        f"POST {path}/preview": Told(takes=some, gives=listed(documents.Touched), refuses=_GATES),
        f"GET {path}/versions": Told(gives=listed(documents.SettingsVersion)),
        f"POST {path}/versions/{{version}}/restore": without_body,
    }


def _document(path: str, shape: Any, to_save: Any = None) -> dict[str, Told]:
    return {
        f"GET {path}": Told(gives=shape, headers=("ETag",)),
        f"PUT {path}": Told(takes=to_save or shape, gives=shape, headers=("ETag",), refuses_with=_STALE),
    }


SETTINGS_SIDE = {
    **_level("/api/v1/practice/portal-settings", documents.PracticeSettings, documents.SomePracticeSettings),
    **_level(f"{_PROVIDER}/portal-settings", documents.ProviderSettings, documents.SomeProviderSettings),
    **_level("/api/v1/clients/{client_id}/policy", documents.ClientSettings, documents.ClientSettings),
    **_document(f"{_PROVIDER}/signup-form", documents.SignupForm),
    **_document(f"{_PROVIDER}/greeting", documents.Greeting, documents.GreetingToSave),
    **_document(f"{_PROVIDER}/page", documents.Page, documents.PageToSave),
    **_document(f"{_PROVIDER}/availability", documents.Availability),
    **_document(f"{_PROVIDER}/appointment-types", documents.AppointmentTypes, documents.AppointmentTypesToSave),
    **_document("/api/v1/practice/holidays", documents.Holidays),
    f"POST {_PROVIDER}/availability/preview": Told(takes=documents.Availability, gives=listed(answers.Appointment)),
    "POST /api/v1/practice/holidays/preview": Told(takes=documents.Holidays, gives=listed(answers.Appointment)),
    f"POST {_PROVIDER}/greeting/attachments": Told(gives=documents.File),
    f"POST {_PROVIDER}/page/picture": Told(gives=documents.UploadedPicture),
    f"GET {_PROVIDER}/slots": Told(gives=answers.Slots, refuses=(Conflict,)),
    f"GET {_PROVIDER}/intake-forms": Told(gives=listed(documents.IntakeForm)),
    f"POST {_PROVIDER}/intake-forms": Told(takes=w.Questionnaire, gives=documents.ImportedForm, refuses=(Conflict,)),
    f"GET {_PROVIDER}/intake-forms/{{form_id}}": Told(gives=File(FHIR_JSON, w.Questionnaire)),
    f"PUT {_PROVIDER}/intake-forms/{{form_id}}/selectable": Told(
        takes=requests.Selectable, gives=documents.IntakeForm, refuses=(Conflict,)
    ),
    f"GET {_PROVIDER}/merchant-account": Told(gives=documents.MerchantAccount),
    f"POST {_PROVIDER}/merchant-account/onboarding": Told(
        gives=documents.Onboarding, refuses=(Conflict, PaymentRefused, SubscriptionInactive)
    ),
}
