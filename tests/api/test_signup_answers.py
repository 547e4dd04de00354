"""What a sign-up says: refused by name, sealed at rest, and read by the form's version of that day."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import psycopg

from tests.driver import Provider, World, new_address, ok, problem

REASON = "Sleepless since the move"
TERMS = "I agree to sessions by video."


async def change_form(provider: Provider, *own: dict[str, Any], **states: str) -> int:
    """Each standard field as said: shown or required; the others are off."""
    path = f"/api/v1/providers/{provider.slug}/signup-form"
    fields = (await provider.get(path))["fields"]
    for field in fields:
        if field["key"] not in ("first_name", "last_name", "email"):
            state = states.get(field["key"], "off")
            field |= {"enabled": state != "off", "required": state == "required"}
    standard = [field for field in fields if "own" not in field["key"]]
    return int(ok(await provider.request("PUT", path, json={"fields": [*standard, *own]}))["version"])


def own(kind: str, **more: Any) -> dict[str, Any]:
    return {"key": f"own_{kind}", "type": kind, "label": f"Own {kind}", "enabled": True, "required": False} | more


def client_at(world: World, address: str) -> str:
    [row] = world.rows("SELECT id FROM client WHERE email = %s", address)
    return str(row["id"])


def messages(answer: httpx.Response) -> dict[str, str]:
    return {error["field"]: error["message"] for error in problem(answer, "validation", 422)["errors"]}


async def test_every_field_has_a_message_of_its_own(world: World, provider: Provider) -> None:
    own_fields = [
        own("number", min=1, max=5),
        own("choices", options=["Cat", "Dog"], required=True),
        own("date"),
        own("consent", label=TERMS, required=True),
    ]
    await change_form(
        provider, *own_fields, phone="shown", date_of_birth="required", guardian="required", address="shown"
    )
    refused = await world.sign_up(
        provider,
        first_name="Ada\u0007",
        last_name="",
        email="not an address",
        phone="12",
        date_of_birth="2020-05-31",
        address={"line1": "12 Elm St"},
        custom={"own_number": 9, "own_choices": [], "own_date": "May", "own_consent": "no"},
    )
    told = messages(refused)
    assert told == {
        "first_name": "Please leave out characters that can't be printed.",
        "last_name": "Please fill this in.",
        "email": "Please check this e-mail address, for example name@example.com.",
        "phone": "Please check this phone number, for example (201) 555-0123; outside the country, begin with + and"
        " its code.",
        "guardian.name": "Please fill this in.",
        "guardian.phone": "Please fill this in.",
        "address.city": "Please fill this in.",
        "address.postal_code": "Please fill this in.",
        "custom.own_number": "Please give a number of at most 5.",
        "custom.own_choices": "Please choose at least one of the answers.",
        "custom.own_date": "Please give a date as year-month-day, such as 1990-05-31.",
        "custom.own_consent": "Please agree to this.",
    }


async def test_what_is_not_contact_data_cannot_be_read_in_the_database(world: World, provider: Provider) -> None:
    await change_form(
        provider,
        own("long_text"),
        own("consent", label=TERMS),
        reason_for_contact="shown",
        insurance="shown",
        pronouns="shown",
        preferred_name="shown",
    )
    address, words = new_address(), ["Memberidcanary77", REASON, "Owncanarywords", "Acmecanary"]
    accepted = await world.sign_up(
        provider,
        email=address,
        preferred_name="Addie",
        pronouns="she/her",
        reason_for_contact=REASON,
        insurance={"carrier": words[3], "member_id": words[0]},
        custom={"own_long_text": words[2], "own_consent": True},
    )
    ok(accepted, 202)
    client = client_at(world, address)
    with psycopg.connect(world.endpoints["database_url"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert ("signup",) in tables
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
            everything = "\n".join(row[0] for row in rows)
            found = [word for word in words if word in everything or word.encode().hex() in everything]
            assert not found, table
    [key] = world.rows("SELECT length(wrapped_key) AS length FROM data_key WHERE client_id = %s", client)
    assert key["length"] > 32
    shown = await provider.client(client)
    assert (shown["preferred_name"], shown["pronouns"]) == ("Addie", "she/her")
    assert shown["details"] == {
        "reason_for_contact": REASON,
        "insurance": {"carrier": words[3], "member_id": words[0]},
    }
    assert shown["custom"] == {"own_long_text": words[2], "own_consent": True}
    consent = shown["consents"]["own_consent"]
    assert consent["sha256"] == hashlib.sha256(TERMS.encode()).hexdigest()
    assert (consent["text"], consent["given"]) == (TERMS, True)


async def test_answers_stay_with_the_version_they_were_given_on(world: World, provider: Provider) -> None:
    first = await change_form(provider, own("consent", label=TERMS), own("text", label="Your old school"))
    address = new_address()
    answers = {"own_consent": "yes", "own_text": "Elm High"}
    ok(await world.sign_up(provider, email=address, custom=answers), 202)
    second = await change_form(provider, own("consent", label="Other words"), own("text", label="Your new school"))
    assert second == first + 1
    client = await provider.client(client_at(world, address))
    assert client["signup_form_version"] == first
    assert client["consents"]["own_consent"]["form_version"] == first
    assert client["consents"]["own_consent"]["text"] == TERMS


async def test_intake_answers_are_sealed_under_the_key_that_the_sign_up_made(world: World, provider: Provider) -> None:
    await change_form(provider, reason_for_contact="required")
    address = new_address()
    ok(await world.sign_up(provider, email=address, reason_for_contact=REASON), 202)
    person = await world.open_account(provider, address)
    [before] = world.rows("SELECT wrapped_key FROM data_key WHERE client_id = %s", person.client_id)
    await provider.stage(person.client_id, "intake")
    await person.submit_intake()
    assert world.rows("SELECT wrapped_key FROM data_key WHERE client_id = %s", person.client_id) == [before]
    assert (await provider.client(person.client_id))["details"] == {"reason_for_contact": REASON}
