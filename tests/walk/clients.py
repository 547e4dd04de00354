"""Clients in front of the portal, and people with a link from a mail."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from devstack.demo import required_answers
from tests.domain.questionnaires import answered
from tests.driver import PASSWORD, Person, new_address, ok, text_of, until
from tests.e2e.test_attending import link_in, reminded
from tests.e2e.test_late_payments import given_away
from tests.walk.scene import Persona, Scene, casting


def persona_of(person: Person, appointment: Any = None) -> Persona:
    facts = {"provider": person.provider.slug, "client_id": person.client_id}
    if appointment is not None:
        facts["appointment_id"] = appointment["id"]
        if appointment["payment"] is not None:
            facts["payment_id"] = appointment["payment"]["id"]
    return Persona(facts=facts, http=person.http)


@casting
async def nobody(scene: Scene) -> Persona:
    return Persona(facts={"provider": (await scene.practice("busy")).slug})


@casting
async def closed_door(scene: Scene) -> Persona:
    """Before a page on which nobody can sign up."""
    provider = await scene.practice("closed")
    await provider.change(allow_anonymous_signup=False)
    return Persona(facts={"provider": provider.slug})


@casting
async def hidden_door(scene: Scene) -> Persona:
    provider = await scene.practice("hidden")
    await provider.change(page_published=False)
    return Persona(facts={"provider": provider.slug})


@casting
async def invited(scene: Scene) -> Persona:
    """With an invitation that nobody has opened yet."""
    client = await (await scene.practice("busy")).invite(first_name="Ines")
    return Persona(facts={"token": await scene.world.invitation_token(client["email"])})


@casting
async def invited_relative(scene: Scene) -> Persona:
    """Invited at an address that has an account already."""
    busy = await scene.practice("busy")
    person = await scene.world.invited_client(busy)
    known = await scene.world.invitation_token(person.address)
    await busy.invite(first_name="Rowan", email=person.address)
    token = await _newer_token(scene, person.address, known)
    return Persona(facts={"token": token})


async def _newer_token(scene: Scene, address: str, known: str) -> str:
    async def look() -> str | None:
        token = await scene.world.invitation_token(address)
        return token if token != known else None

    return await until(look, "the newer invitation")


@casting
async def used_link(scene: Scene) -> Persona:
    person = await scene.world.invited_client(await scene.practice("busy"))
    return Persona(facts={"token": await scene.world.invitation_token(person.address)})


@casting
async def old_link(scene: Scene) -> Persona:
    """With an invitation that a newer one has replaced."""
    busy = await scene.practice("busy")
    client = await busy.invite(first_name="Olga")
    old = await scene.world.invitation_token(client["email"])
    ok(await busy.request("POST", f"/api/v1/clients/{client['id']}/invitation"), 202)
    await _newer_token(scene, client["email"], old)
    return Persona(facts={"token": old})


@casting
async def revoked_link(scene: Scene) -> Persona:
    busy = await scene.practice("busy")
    client = await busy.invite(first_name="Remy")
    token = await scene.world.invitation_token(client["email"])
    ok(await busy.request("POST", f"/api/v1/clients/{client['id']}/invitation/revoke"))
    return Persona(facts={"token": token})


@casting
async def forgetful(scene: Scene) -> Persona:
    """With a link for a new password."""
    return Persona(facts={"token": await _reset_token(scene)})


@casting
async def used_reset(scene: Scene) -> Persona:
    token = await _reset_token(scene)
    answer = await scene.world.browser().post(f"{scene.world.base_url}/password/{token}", data={"password": PASSWORD})
    assert answer.status_code == 303
    return Persona(facts={"token": token})


async def _reset_token(scene: Scene) -> str:
    world = scene.world
    person = await world.invited_client(await scene.practice("busy"))
    answer = await world.browser().post(f"{world.base_url}/password", data={"email": person.address, "kind": "client"})
    assert answer.status_code == 303
    found = re.search(r"/password/([\w.-]+)", text_of(await world.mail(person.address, "password")))
    assert found is not None
    return found.group(1)


@casting
async def client_with_form(scene: Scene) -> Persona:
    """Has an account; the intake form waits."""
    person = await scene.world.anonymous_client(await scene.practice("busy"), first_name="Fern")
    await _intake(person)
    return persona_of(person)


@casting
async def client_with_draft(scene: Scene) -> Persona:
    person = await scene.world.anonymous_client(await scene.practice("busy"), first_name="Dara")
    form = (await _intake(person))["form"]
    first = required_answers(form["item"])[:1]
    takes = {"linkId": "care", "item": [answered("medication", True, kind="Boolean")]}
    medications = [{"linkId": "medication.list", "item": [answered("medication.name", it)]} for it in ("Iron", "Zinc")]
    await _keep(person, [*first, takes, *medications])
    return persona_of(person)


@casting
async def client_before_signing(scene: Scene) -> Persona:
    """Has answered everything that has to be answered, and submitted nothing."""
    person = await scene.world.anonymous_client(await scene.practice("busy"), first_name="Sasha")
    form = (await _intake(person))["form"]
    await _keep(person, required_answers(form["item"]))
    return persona_of(person)


async def _intake(person: Person) -> Any:
    async def look() -> Any:
        view = await person.get("/api/v1/portal/intake")
        return view if view["form"] else None

    return await until(look, "the intake form")


async def _keep(person: Person, items: list[Any]) -> None:
    response = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": items}
    ok(await person.request("POST", "/api/v1/portal/intake", json={"response": response, "submit": False}))


@casting
async def client_ready(scene: Scene) -> Persona:
    return persona_of(await scene.world.ready_client(await scene.practice("busy")))


@casting
async def client_invited(scene: Scene) -> Persona:
    """On the invited track: no intake form, may book."""
    return persona_of(await scene.world.invited_client(await scene.practice("busy")))


@casting
async def client_holding(scene: Scene) -> Persona:
    """A time is held until the fee is paid."""
    person = await scene.world.ready_client(await scene.practice("busy"))
    appointment = ok(await person.book(), 201, 202)
    await person.checkout(appointment["id"])
    return persona_of(person, await person.appointment(appointment["id"]))


@casting
async def client_booked(scene: Scene) -> Persona:
    return persona_of(*await scene.world.booked_client(await scene.practice("busy")))


@casting
async def client_reminded(scene: Scene) -> Persona:
    """Has been reminded of an appointment, and hasn't said that they come."""
    practice = await scene.practice("busy")
    person, appointment = await scene.world.booked_client(practice)
    link = link_in(await reminded(scene.world, practice, person, appointment, hours=24))
    return Persona(facts={"token": link.rpartition("/")[2]})


@casting
async def client_cancelled(scene: Scene) -> Persona:
    """Booked, cancelled, and the fee given back."""
    person, appointment = await scene.world.booked_client(await scene.practice("busy"))
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    return persona_of(person, await person.in_state(appointment["id"], "cancelled"))


@casting
async def client_choosing(scene: Scene) -> Persona:
    """Paid for a time that somebody else has got; chooses another."""
    return persona_of(*await given_away(scene.world, await scene.practice("busy")))


@casting
async def client_blocked(scene: Scene) -> Persona:
    """Of a practice that makes its appointments itself."""
    provider = await scene.practice("self-schedule-off")
    await provider.change(allow_self_schedule=False)
    return persona_of(await scene.world.invited_client(provider))


@casting
async def family(scene: Scene) -> Persona:
    """Two clients behind one account."""
    world, busy = scene.world, await scene.practice("busy")
    person = await world.invited_client(busy)
    known = await world.invitation_token(person.address)
    await busy.invite(first_name="Rowan", email=person.address)
    token = await _newer_token(scene, person.address, known)
    url = f"{world.base_url}/api/v1/invitations/{token}/accept"
    ok(await person.http.post(url, json={"password": PASSWORD}))
    return persona_of(person)


@casting
async def payer_signed_out(scene: Scene) -> Persona:
    """Comes back from the payment page in another browser."""
    return Persona(facts=(await scene.who("client_booked")).facts)


@casting
async def changing_address(scene: Scene) -> Persona:
    """Has asked for another address; facts name the link that went to the new one."""
    persona, token = await _asked_for_another_address(scene, "confirm")
    return replace(persona, facts={**persona.facts, "token": token})


@casting
async def warned_of_a_change(scene: Scene) -> Persona:
    """Has been told at the old address that another one was asked for."""
    _, token = await _asked_for_another_address(scene, "stop")
    return Persona(facts={"token": token})


async def _asked_for_another_address(scene: Scene, link: str) -> tuple[Persona, str]:
    world = scene.world
    person = await world.invited_client(await scene.practice("busy"))
    new = new_address()
    body = {"email": new, "current": PASSWORD}
    ok(await person.request("POST", "/api/v1/portal/email-change", json=body), 202)
    address = new if link == "confirm" else person.address

    async def look() -> str | None:
        for mail in await world.mails(address):
            found = re.search(rf"/email/{link}/([\w.-]+)", text_of(mail))
            if found is not None:
                return found.group(1)
        return None

    return persona_of(person), await until(look, f"the link to {link}")


@casting
async def greeted(scene: Scene) -> Persona:
    """Has a greeting, and in it the way to get no more of them."""
    world, address = scene.world, new_address()
    ok(await world.sign_up(await scene.practice("busy"), email=address), 202)
    found = re.search(r"/unsubscribe/(\S+)", text_of(await world.mail(address, "welcome")))
    assert found is not None
    return Persona(facts={"token": found.group(1)})


@casting
async def client_of_types(scene: Scene) -> Persona:
    """Of a provider with several appointment types; one of them costs nothing."""
    several = await scene.practice("several types")
    types = [
        {"id": "standard", "name": "Appointment"},
        {"name": "First call", "minutes": 15, "fee_rule": "none"},
        {"name": "Long visit", "minutes": 80, "fee_rule": "own", "fee": {"amount_minor": 6500, "currency": "usd"}},
        {"name": "Group", "minutes": 120, "archived": True},
    ]
    path = f"/api/v1/providers/{several.slug}/appointment-types"
    saved = ok(await several.request("PUT", path, json={"types": types}))["types"]
    person = await scene.world.invited_client(several)
    persona = persona_of(person)
    return replace(persona, facts={**persona.facts, "type_id": saved[2]["id"], "client_id": person.client_id})
