"""Contact data after the first contact: what clients change themselves, and what the practice changes for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.signup_fields import SignupField, standard_field
from domain.signup_form import SignupForm
from domain.signup_values import Answer
from domain.stages import Actor

# The e-mail address isn't among them: it has ways of its own, since mail and sign-in hang on it.
_CLIENTS_OWN = ("preferred_name", "pronouns", "phone", "preferred_contact", "address")
_BY_STAFF = ("first_name", "last_name", "preferred_name", "pronouns", "date_of_birth", *_CLIENTS_OWN[2:])
_NAMES = ("first_name", "last_name")


def contact_form(asked: SignupForm, actor: Actor, current: Mapping[str, Answer]) -> SignupForm:
    """The fields that may be changed, as a form: with the labels and choices of the provider's sign-up form.

    Clients are shown an address only where the sign-up form asks for one, or one is known; and what the form requires
    of a client they can change, but not take away. Staff write down what they know.
    """
    fields = []
    for key in _CLIENTS_OWN if actor is Actor.CLIENT else _BY_STAFF:
        known = asked.by_key.get(key)
        shown = known is not None and known.enabled
        if key == "address" and actor is Actor.CLIENT and not shown and not current.get(key):
            continue
        field = known if known is not None and shown else standard_field(key, enabled=True)
        required = key in _NAMES or (actor is Actor.CLIENT and field.required and bool(current.get(key)))
        fields.append(replace(_with_choice(field, current.get(key)), required=required, section="", help=""))
    return SignupForm(fields=tuple(fields))


def _with_choice(field: SignupField, value: Answer | None) -> SignupField:
    """What was chosen stays a choice, though the form may have others by now."""
    if not field.options or not isinstance(value, str) or not value or value in field.options:
        return field
    return replace(field, options=(*field.options, value))
