"""E-mail addresses and phone numbers: checked and normalised (RFC 5321, E.164), without asking the network."""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email


class LibraryContactChecks:
    """The port `ContactChecks`.

    `test_domains` allows addresses under `.test` (RFC 6761), for the demo and the tests.
    """

    def __init__(self, *, test_domains: bool = False) -> None:
        self._test_domains = test_domains

    def email(self, value: str) -> str:
        return check_email(value, test_domains=self._test_domains)

    def phone(self, value: str, country: str) -> str:
        return check_phone(value, country)


def check_email(value: str, *, test_domains: bool = False) -> str:
    """The address in lower case: one account per address, and no mailbox of our day tells the two apart.

    Raises ValueError with a sentence that doesn't repeat the address.
    """
    try:
        checked = validate_email(
            value.strip(), allow_smtputf8=False, check_deliverability=False, test_environment=test_domains
        )
    except EmailNotValidError:
        raise ValueError("Please check this e-mail address, for example name@example.com.") from None
    return (checked.ascii_email or checked.normalized).lower()


def check_phone(value: str, default_country: str) -> str:
    """The number as E.164 (`+12125550123`).

    Only its length for the country is checked: lists of numbers in use go out of date. Raises ValueError.
    """
    try:
        number = phonenumbers.parse(value, default_country)
    except phonenumbers.NumberParseException:
        raise ValueError(_wrong_phone(default_country)) from None
    if number.extension:
        raise ValueError("Please give the phone number without an extension.")
    # "Possible, but only within its own area" doesn't reach anybody from here.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError(_wrong_phone(default_country))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _wrong_phone(country: str) -> str:
    example = phonenumbers.example_number(country)
    shown = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL) if example else "+12015550123"
    return f"Please check this phone number, for example {shown}; outside the country, begin with + and its code."
