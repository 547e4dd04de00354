"""The rehearsal on page, API and terminal: one plan, for those who may see settings; nothing leaves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import text

from commands.rehearsing import read_wish, rehearse_with
from db.engine import Database
from db.tenancy import provider_by_slug
from domain.rehearsal import RehearsedTrack
from domain.rehearsal_script import Variant
from tests.driver import Provider, World, ok, problem
from tests.e2e.test_appointment_types import CALL, save_types
from tests.seeding import office_for
from tests.staffing import colleague, owner_of

ROOT = Path(__file__).parents[2]
SPRING = "2027-W11"


def api(provider: Provider) -> str:
    return f"/api/v1/providers/{provider.slug}/rehearsal"


def terminal(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "rehearse", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=world.stack.variables(), capture_output=True, text=True, timeout=120, check=False
    )


async def test_page_api_and_terminal_tell_the_same(world: World, provider: Provider) -> None:
    told = await provider.get(api(provider), params={"track": "anonymous", "variant": "slow", "week": SPRING})
    assert (told["week"], told["timezone"], told["starts_at"]) == (SPRING, "America/New_York", "2027-03-15T13:00:00Z")
    assert told["totals"]["charges"] == [{"amount_minor": 4000, "currency": "usd"}]
    subjects = [one["mail"]["subject"] for one in told["moments"] if one["mail"]]
    assert len(subjects) == told["totals"]["client_mails"] + told["totals"]["practice_mails"] == 10
    greeting = next(one["mail"] for one in told["moments"] if one["what"] == "greeting")
    assert (greeting["attachments"], "Alex" in greeting["text"]) == (["Welcome.pdf"], True)
    confirmation = next(one["mail"] for one in told["moments"] if one["what"] == "booking_confirmation")
    assert confirmation["calendar"] == "REQUEST"
    assert "Monday, March 15, 2027 at 9:00 AM EDT" in confirmation["text"]
    sources = {behind["name"]: behind["source"] for one in told["moments"] for behind in one["settings"]}
    assert (sources["fee"], sources["reminder_hours"]) == ("provider", "default")

    owner = await owner_of(provider)
    path = f"/console/settings/{provider.slug}/rehearsal"
    page = unescape(await owner.page(f"{path}?track=anonymous&variant=slow&week={SPRING}"))
    assert re.findall(r"<summary>“(.*?)”", page) == subjects
    assert "10 mails, 2 of them to your front desk; 1 charge of $40.00; 5 pages" in page
    assert page.count("<iframe") == 10 == page.count('<iframe class="mail" sandbox ')

    done = terminal(world, "--provider", provider.slug, "--variant", "slow", "--week", SPRING, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, told), done.stderr
    readable = terminal(world, "--provider", provider.slug, "--variant", "slow", "--week", SPRING)
    assert re.findall(r"“(.*?)”", readable.stdout) == subjects
    assert "10 mails, 2 of them to your front desk; 1 charge of $40.00; 5 pages" in readable.stdout


async def test_a_rehearsal_reads_and_does_nothing_else(world: World, provider: Provider) -> None:
    database = Database(world.stack.variables()["PORTICO_DATABASE_URL"], pool_size=1)
    office = office_for(world.stack, database)
    try:
        async with database.transaction() as session:
            await session.execute(text("SET TRANSACTION READ ONLY"))  # whatever is written is an error from here on
            row = await provider_by_slug(session, provider.slug)
            for track in RehearsedTrack:
                for variant in Variant:
                    await rehearse_with(session, office, row, read_wish(track, variant, SPRING, "Asia/Tokyo"))
    finally:
        await database.close()
    before = await what_there_is(world, provider)
    await provider.get(api(provider))
    await (await owner_of(provider)).page(f"/console/settings/{provider.slug}/rehearsal")
    after = await what_there_is(world, provider)
    assert before == after
    assert before["mails"] == before["requests"] == 0


async def what_there_is(world: World, provider: Provider) -> dict[str, int]:
    """Rows of every table that names this provider or its practice (but for sign-ins), mails, and money's requests."""
    owned = world.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name IN ('provider_id', 'practice_id', 'tenant') AND table_name NOT IN ('audit_entry')"
    )
    (row,) = world.rows("SELECT id, practice_id FROM provider WHERE slug = %s", provider.slug)
    counts = {}
    for one in owned:
        table, column = one["table_name"], one["column_name"]
        query = f'SELECT count(*) AS n FROM "{table}" WHERE "{column}" IN (%s, %s)'
        counts[f"{table}.{column}"] = world.rows(query, row["id"], row["practice_id"])[0]["n"]
    assert len(counts) > 10
    mailbox = world.endpoints["mailbox_url"]
    desk = ok(await world.http.get(f"{mailbox}/api/messages", params={"to": provider.seeded.front_desk}))["items"]
    asked = [one for one in await world.simulator_requests() if provider.seeded.merchant_account in json.dumps(one)]
    return counts | {"mails": len(desk), "requests": len(asked)}


async def test_what_is_closed_is_said_with_the_way_to_its_setting(world: World, provider: Provider) -> None:
    await provider.change(page_published=False)
    told = await provider.get(api(provider))
    assert [one["what"] for one in told["closed"]] == [one["what"] for one in told["moments"]] == ["sign_up_closed"]
    assert told["moments"][0]["settings"] == [{"name": "page_published", "value": False, "source": "provider"}]
    owner = await owner_of(provider)
    page = unescape(await owner.page(f"/console/settings/{provider.slug}/rehearsal"))
    assert "Clients can't sign up by themselves" in page
    assert f'href="/console/settings/{provider.slug}#website"' in page
    assert 'id="website"' in await owner.page(f"/console/settings/{provider.slug}")


async def test_what_is_booked_can_be_chosen_and_has_its_own_length_and_fee(world: World, provider: Provider) -> None:
    long = {"name": "Long visit", "minutes": 90, "fee_rule": "own", "fee": {"amount_minor": 12000, "currency": "usd"}}
    ids = await save_types(provider, {"id": "standard", "name": "Visit"}, long, CALL)
    charged = {}
    for asked in (None, ids["Long visit"], "first CALL"):
        params = {"week": SPRING, "variant": "cancels-in-time"} | ({"type": asked} if asked else {})
        told = await provider.get(api(provider), params=params)
        charged[told["type"]["name"]] = [one["amount_minor"] for one in told["totals"]["charges"]]
        assert told["totals"]["refunds"] == told["totals"]["charges"]
    assert charged == {"Visit": [4000], "Long visit": [12000], "First call": []}
    path = f"/console/settings/{provider.slug}/rehearsal?week={SPRING}&type={ids['Long visit']}"
    page = unescape(await (await owner_of(provider)).page(path))
    assert f'<option value="{ids["Long visit"]}" selected>Long visit (90 minutes, $120.00)</option>' in page
    assert "1 charge of $120.00" in page
    archived = await save_types(provider, {"id": "standard", "name": "Visit"})
    assert len(archived) == 3
    refused = await provider.request("GET", api(provider), params={"type": ids["Long visit"]})
    assert [one["field"] for one in problem(refused, "validation", 422)["errors"]] == ["type"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("track", "nobody"), ("variant", "odd"), ("week", "2027-W60"), ("zone", "Nowhere/Land"), ("type", "massage")],
)
async def test_what_cannot_be_rehearsed_is_refused_by_its_field(
    world: World, provider: Provider, field: str, value: str
) -> None:
    body = problem(await provider.request("GET", api(provider), params={field: value}), "validation", 422)
    assert [one["field"] for one in body["errors"]] == [field]
    owner = await owner_of(provider)
    answer = await owner.request("GET", f"/console/settings/{provider.slug}/rehearsal?{field}={value}")
    assert (answer.status_code, f'href="#f-{field}"' in answer.text) == (422, True)


async def test_the_terminal_says_in_one_line_what_is_wrong(world: World, provider: Provider) -> None:
    done = terminal(world, "--provider", provider.slug, "--week", "soon")
    said = "portico: --week must be a week such as 2027-W10\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


async def test_only_those_who_may_see_settings_see_the_rehearsal(world: World, provider: Provider) -> None:
    desk = await colleague(await owner_of(provider), "front_desk")
    answer = await desk.request("GET", f"/console/settings/{provider.slug}/rehearsal")
    assert answer.status_code == 403
    other = await world.new_provider()
    problem(await other.request("GET", api(provider)), "not-found", 404)
