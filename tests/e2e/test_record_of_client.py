"""All data of one client in a file: every row that the database holds of them, and what was sealed, open."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from db.held import Whose
from db.holdings import HELD
from db.models import EmailChange, PasswordReset, PortalAccount, WebSession
from tests.canary.planting import Canaries
from tests.driver import PASSWORD, Person, Provider, World, new_address, ok, problem
from tests.e2e.test_client_batches import FORMS, confirm, settled
from tests.e2e.test_contact_data import audit
from tests.staffing import colleague, owner_of


async def a_full_record(world: World) -> tuple[Canaries, Person]:
    """Somebody with something in every table."""
    canaries = Canaries(world=world, provider=await world.new_provider())
    await canaries.practice_writes()
    person = await canaries.signs_up()
    await canaries.answers(person)
    appointment = await canaries.books_and_pays(person)
    await canaries.front_desk_moves_and_cancels(person, appointment)
    await canaries.front_desk_books(person)
    await canaries.is_taken_off_the_waitlist(person)
    await canaries.keeps_profile(person)
    await canaries.gets_an_override(person)
    await canaries.is_let_off_a_fee(person)
    provider = canaries.provider
    await settled(provider, await confirm(provider, FORMS, [{"id": person.client_id}]))
    return canaries, person


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(world: World, client_id: str) -> dict[str, list[dict[str, Any]]]:
    """By table, as SQL finds them: by the client's id, by the account's, by the appointments'."""
    account = world.rows("SELECT account_id FROM client WHERE id = %s", client_id)[0]["account_id"]
    by_client = [held.table.__tablename__ for held in HELD if "client_id" in held.table.__table__.columns]
    found = {name: world.rows(f"SELECT * FROM {name} WHERE client_id = %s", client_id) for name in by_client}
    found["client"] = world.rows("SELECT * FROM client WHERE id = %s", client_id)
    found["portal_account"] = world.rows("SELECT * FROM portal_account WHERE id = %s", account)
    found["email_change"] = world.rows("SELECT * FROM email_change WHERE account_id = %s", account)
    found["external_event"] = world.rows("SELECT * FROM external_event WHERE subject = %s", f"client:{client_id}")
    refunds = "SELECT r.* FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.client_id = %s"
    found["refund"] = world.rows(refunds, client_id)
    return found


async def test_an_export_holds_every_row_and_opens_what_was_sealed(world: World) -> None:
    canaries, person = await a_full_record(world)
    provider = canaries.provider
    held = rows_of(world, person.client_id)
    empty = {name for name, rows in held.items() if not rows}
    assert empty <= {"attention_item"}, "the record under test has something of everything"
    answer = await provider.request("GET", f"/api/v1/clients/{person.client_id}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    files = files_of(answer.content)
    everything = b"\n".join(files.values()).decode(errors="replace")
    for name, rows in held.items():
        if name in ("data_key", "idempotency_record", "client_policy_version"):
            continue  # without an id of their own
        for row in rows:
            assert str(row.get("id", row.get("key", row.get("batch_id", row.get("called_off_id"))))) in everything, name
    assert len(json.loads(files["data/settings.json"])) == len(held["client_policy_version"])

    # What they ever wrote is there to read; what is secret isn't.
    theirs = {
        name: word
        for name, word in canaries.planted.items()
        if not name.startswith(("phone", "invitation", "token")) and name not in NOT_THEIRS
    }
    assert {name for name, word in theirs.items() if word not in everything} == set()
    secrets = world.rows("SELECT password_hash FROM portal_account WHERE email = %s", canaries.address("changed"))
    assert secrets[0]["password_hash"] not in everything
    (pdf,) = [content for name, content in files.items() if name.endswith(".pdf")]
    assert pdf.startswith(b"%PDF-")
    assert {"index.html", "data/contact.json", "data/intake.json", "data/mails.json"} <= files.keys()
    assert any(name.startswith("forms/intake-") for name in files)
    index = files["index.html"].decode()
    for name in files:
        assert name == "index.html" or f'href="{name}"' in index, name
    assert canaries.word("Newstreet") in index
    assert [one["kind"] for one in await audit(provider, person.client_id)].count("client_exported") == 1


# Planted by the practice, only hashed, or changed since by the client.
NOT_THEIRS = {
    "Subject",
    "Body",
    "Label",
    "Password",
    "Preferred",
    "Pronouns",
    "Type",
    "Othertype",
    "Illreason",
    "signup",
}


async def test_somebody_who_was_only_invited_has_a_file_too(world: World, provider: Provider) -> None:
    client = await provider.invite()
    files = files_of((await provider.request("GET", f"/api/v1/clients/{client['id']}/export")).content)
    assert "Ines" in files["index.html"].decode()
    assert "data/intake.json" not in files


async def test_a_draft_is_in_the_clients_file_though_the_practice_doesnt_read_it(
    world: World, provider: Provider
) -> None:
    person = await world.anonymous_client(provider)
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "in-progress",
        "item": [
            {"linkId": "reason", "item": [{"linkId": "reason.words", "answer": [{"valueString": "Half a sentence"}]}]}
        ],
    }
    ok(await person.request("POST", "/api/v1/portal/intake", json={"response": response, "submit": False}))
    files = files_of((await provider.request("GET", f"/api/v1/clients/{person.client_id}/export")).content)
    assert "Half a sentence" in files["data/intake.json"].decode()
    assert "Half a sentence" not in files["index.html"].decode()
    assert not [name for name in files if name.endswith(".pdf")]


async def test_only_who_may_read_answers_exports(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    owner = await owner_of(provider)
    path = f"/console/clients/{person.client_id}/export.zip"
    assert (await (await colleague(owner, "front_desk")).request("GET", path)).status_code == 403
    own = await colleague(owner, "provider", provider=provider.slug)
    answer = await own.request("GET", path)
    assert answer.status_code == 200
    assert re.search(rf'filename="client-{person.client_id}\.zip"', answer.headers["content-disposition"])
    other = await world.new_provider()
    problem(await other.request("GET", f"/api/v1/clients/{person.client_id}/export"), "not-found", 404)


async def test_an_export_says_nothing_of_somebody_else(world: World, provider: Provider) -> None:
    mother = await world.invited_client(provider)
    child = await provider.invite(first_name="Zacharias", email=mother.address)
    neighbour = await provider.invite(first_name="Nathaniel", email=new_address())
    files = files_of((await provider.request("GET", f"/api/v1/clients/{mother.client_id}/export")).content)
    everything = b"\n".join(files.values()).decode(errors="replace")
    for foreign in ("Zacharias", child["id"], "Nathaniel", neighbour["id"]):
        assert foreign not in everything
    assert PASSWORD not in everything


def test_rows_of_nobody_are_nobodys() -> None:
    """An account that isn't there isn't everybody's."""
    of = Whose(client_id="cli_x", practice_id="prc_x", email="")
    for held in HELD:
        if held.table in (PortalAccount, WebSession, PasswordReset, EmailChange):
            compiled = str(held.theirs(of).compile(compile_kwargs={"literal_binds": True}))
            assert "IS NULL" in compiled, held.holding
