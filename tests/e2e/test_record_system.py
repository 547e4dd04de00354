"""The record system: what can be chosen from it, what is filed to it, and how its weather is waited out."""

from __future__ import annotations

from typing import Any

from db.engine import Database
from db.record_system import BuiltInRecords
from db.sealing import unseal
from domain.ports import Filing
from gateways.secrets import AesVault
from settings import parse_keys
from tests.domain.questionnaires import document, item
from tests.driver import Provider, World, ok, problem, until


def forms_path(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/intake-forms"


async def imported(provider: Provider, *items: Any, **more: Any) -> Any:
    return ok(await provider.request("POST", forms_path(provider), json=document(*items) | more), 201)


async def test_only_what_is_marked_as_selectable_can_be_chosen(world: World, provider: Provider) -> None:
    form = await imported(provider, item("a"))
    path = f"{forms_path(provider)}/{form['id']}/selectable"
    ok(await provider.request("PUT", path, json={"selectable": False}))
    settings = await provider.get(f"/api/v1/providers/{provider.slug}/portal-settings")
    chosen = {**settings, "intake_form_id": form["id"]}
    refused = await provider.request("PUT", f"/api/v1/providers/{provider.slug}/portal-settings", json=chosen)
    assert problem(refused, "validation", 422)["errors"][0]["field"] == "intake_form_id"
    ok(await provider.request("PUT", path, json={"selectable": True}))
    await provider.change(intake_form_id=form["id"])
    # What is chosen stays selectable, or nobody could save the settings again.
    problem(await provider.request("PUT", path, json={"selectable": False}), "conflict", 409)


async def test_an_outage_of_the_record_system_delays_the_filing_only(world: World, provider: Provider) -> None:
    person = await world.anonymous_client(provider)
    world.execute("ALTER TABLE filed_response RENAME TO filed_response_away")
    try:
        await person.submit_intake()
        assert "intake_filed" not in await provider.timeline(person.client_id)

        async def shown() -> bool:
            handle = (await world.engine()).get_workflow_handle(f"client-journey:{person.client_id}")
            return "record system" in str(await handle.query("__temporal_workflow_metadata"))

        await until(shown, "the journey to say what it waits for")
        ok(await person.book(), 202)
    finally:
        world.execute("ALTER TABLE filed_response_away RENAME TO filed_response")
    await provider.told(person.client_id, "intake_filed")
    assert len(world.rows("SELECT id FROM filed_response WHERE client_id = %s", person.client_id)) == 1


async def test_what_is_filed_again_finds_the_first_and_can_be_read_by_its_own_key_only(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    await provider.told(person.client_id, "intake_filed")
    row = world.rows("SELECT * FROM filed_response WHERE client_id = %s", person.client_id)[0]
    database = Database(world.endpoints["database_url"], pool_size=1)
    vault = AesVault(parse_keys(world.stack.variables()["PORTICO_ENCRYPTION_KEYS"]))
    records = BuiltInRecords(database, vault)
    again = Filing(
        identifier=row["identifier"],
        provider_id=row["provider_id"],
        client_id=person.client_id,
        form_id=row["form_id"],
        response={"resourceType": "QuestionnaireResponse"},
        filed_at=row["filed_at"],
    )
    assert [await records.file(again) for _ in range(2)] == [row["id"]] * 2
    async with database.transaction() as session:
        filed = await unseal(session, vault, person.client_id, row["sealed_response"], row["id"])
    assert (filed["status"], filed["subject"]) == ("completed", {"reference": f"Patient/{person.client_id}"})
    assert filed == (await provider.get(f"/api/v1/clients/{person.client_id}/intake"))["response"]
    assert b"Maria" not in row["sealed_response"]
    await database.close()
