"""Which contact data a client changes themselves, and which only the practice."""

from __future__ import annotations

from domain.contact import contact_form
from domain.signup_form import default_signup_form
from domain.stages import Actor
from tests.domain.test_signup_form import form


def test_a_client_sees_an_address_only_where_the_form_asks_for_one_or_one_is_known() -> None:
    assert "address" not in contact_form(default_signup_form(), Actor.CLIENT, {}).by_key
    assert "address" in contact_form(form(address=False), Actor.CLIENT, {}).by_key
    known = {"address": {"line1": "1 Main St", "city": "Springfield", "postal_code": "12345"}}
    assert "address" in contact_form(default_signup_form(), Actor.CLIENT, known).by_key
    assert "address" in contact_form(default_signup_form(), Actor.STAFF, {}).by_key


def test_names_and_date_of_birth_are_the_practices_to_change() -> None:
    own = contact_form(default_signup_form(), Actor.CLIENT, {}).by_key
    assert not {"first_name", "last_name", "date_of_birth", "email"} & own.keys()
    staff = contact_form(default_signup_form(), Actor.STAFF, {}).by_key
    assert {"first_name", "last_name", "date_of_birth"} <= staff.keys()
    assert "email" not in staff


def test_what_the_form_requires_can_be_changed_but_not_taken_away() -> None:
    asked = form(phone=True)
    assert contact_form(asked, Actor.CLIENT, {"phone": "+14155550100"}).by_key["phone"].required
    # Who was invited has never given one: nothing else may hang on it.
    assert not contact_form(asked, Actor.CLIENT, {}).by_key["phone"].required
    assert not contact_form(asked, Actor.STAFF, {"phone": "+14155550100"}).by_key["phone"].required


def test_what_was_chosen_stays_a_choice_when_the_form_has_others_by_now() -> None:
    fields = contact_form(default_signup_form(), Actor.CLIENT, {"preferred_contact": "Pigeon"}).by_key
    assert fields["preferred_contact"].options == ("email", "phone", "text", "Pigeon")
