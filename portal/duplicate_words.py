"""The words for why two clients may be the same person."""

from __future__ import annotations

from domain.duplicates import Resemblance

WHY = {
    Resemblance.NAME_AND_ADDRESS: "Name and email address are the same.",
    Resemblance.BIRTH_AND_ADDRESS: "Email address and date of birth are the same, the name differs: a twin?",
    Resemblance.NAME_AND_BIRTH: "Name and date of birth are the same, the email address differs.",
    Resemblance.ADDRESS: "They share an email address, as families do.",
}
