"""The signature under an intake form: a typed name, the words that were agreed to, their hash and the moment."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import Conflict, ValidationFailed
from domain.texts import clean_text

LONGEST_NAME = 200
_SIGNATURE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature"
# "Consent signature" of ASTM E1762, the value set of FHIR's Signature.type.
_CONSENT = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.7", "display": "Consent Signature"}


def consent_text(form_title: str, practice_name: str) -> str:
    """What a client agrees to by signing; whoever changes a word of it changes the hash that is kept."""
    return (
        f"I have read my answers to “{form_title}”, and they are true and complete as far as I know. I agree that "
        f"{practice_name} keeps them in my record and uses them for my care. My name, typed below, stands for my "
        "handwritten signature."
    )


def consent_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Signature:
    name: str
    consent: str
    consent_sha256: str
    signed_at: datetime

    def as_document(self) -> dict[str, str]:
        return {
            "name": self.name,
            "consent": self.consent,
            "consent_sha256": self.consent_sha256,
            "signed_at": self.signed_at.isoformat(),
        }


def signature_context(submission_id: str) -> str:
    """What the signature is sealed for; another context than the answers have."""
    return f"{submission_id}:signature"


def sign(name: object, seen_sha256: object, consent: str, now: datetime) -> Signature:
    """Raises ValidationFailed without a name, and Conflict where other words than these were shown."""
    typed = _checked_name(name)
    if seen_sha256 != consent_hash(consent):
        raise Conflict("The words to agree to have changed meanwhile. Please read them again, and sign again.")
    return Signature(name=typed, consent=consent, consent_sha256=consent_hash(consent), signed_at=now)


def read_signature(document: Mapping[str, str]) -> Signature:
    return Signature(
        name=document["name"],
        consent=document["consent"],
        consent_sha256=document["consent_sha256"],
        signed_at=datetime.fromisoformat(document["signed_at"]),
    )


def completed_response(
    response: Mapping[str, Any],
    *,
    identifier: str,
    form_id: str,
    client_id: str,
    submitted_at: datetime,
    signature: Signature | None,
) -> dict[str, Any]:
    """The submitted answers as a QuestionnaireResponse that stands by itself: whose, to what, when, signed by whom."""
    document: dict[str, Any] = {"resourceType": "QuestionnaireResponse"}
    if signature is not None:
        document["extension"] = [{"url": _SIGNATURE, "valueSignature": _fhir_signature(signature)}]
    document |= {
        "identifier": {"system": "urn:portico:intake", "value": identifier},
        "questionnaire": response.get("questionnaire") or f"urn:portico:form:{form_id}",
        "status": "completed",
        "subject": {"reference": f"Patient/{client_id}"},
        "authored": submitted_at.isoformat(timespec="seconds"),
        "source": {"reference": f"Patient/{client_id}"},
    }
    if response.get("item"):
        document["item"] = response["item"]
    return document


def _fhir_signature(signature: Signature) -> dict[str, Any]:
    """https://hl7.org/fhir/R4/datatypes.html#Signature; the data are the words that were signed, and the name."""
    signed = f"{signature.consent}\n\n{signature.name}"
    return {
        "type": [_CONSENT],
        "when": signature.signed_at.isoformat(timespec="seconds"),
        "who": {"display": signature.name},
        "sigFormat": "text/plain",
        "data": base64.b64encode(signed.encode()).decode(),
    }


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or sum(character.isalpha() for character in name) < 2:
        raise ValidationFailed.of("signature", "Please type your full name to sign.")
    try:
        return clean_text(name, LONGEST_NAME)
    except ValueError as error:
        raise ValidationFailed.of("signature", str(error)) from None
