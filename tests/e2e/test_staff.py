"""Staff: invited by mail, given roles, with a second factor, and everything they do written down."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import psycopg
import pyotp
import pytest
from playwright.async_api import Browser, expect

from commands.accounts import SessionKind, is_over, sign_in_name
from commands.rate_limits import SIGN_INS_PER_NAME, buckets
from domain.audit import AuditKind
from portal.staff_words import AUDIT
from tests.browsers import PHONE, fits
from tests.driver import PASSWORD, Provider, World, ok, problem, text_of, until
from tests.e2e.test_settings_pages import staff_page
from tests.staffing import accept, colleague, invite_colleague, owner_of, sign_in


async def kinds(provider: Provider, **query: str) -> list[str]:
    return [one["kind"] for one in (await provider.get("/api/v1/audit", params=query))["items"]]


async def test_a_colleague_is_invited_chooses_a_password_and_signs_in(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    address = await invite_colleague(owner, "front_desk")
    # Without a password nobody is in, whatever they type.
    refused = await world.browser().post(
        f"{world.base_url}/console/sign-in", data={"email": address, "password": PASSWORD}
    )
    assert refused.status_code == 422
    await accept(world, address)
    http = await sign_in(world, address, PASSWORD)
    assert (await http.get(f"{world.base_url}/console")).status_code == 200
    assert "Settings" not in (await http.get(f"{world.base_url}/console")).text
    mail = text_of(await world.mail(address, "sign-in"))
    assert provider.seeded.practice_id not in mail
    assert {"staff_invited", "signed_in"} <= set(await kinds(provider))


async def test_an_invitation_that_is_taken_back_or_sent_again_ends_the_earlier_link(
    world: World, provider: Provider
) -> None:
    owner = await owner_of(provider)
    address = await invite_colleague(owner, "provider", provider=provider.slug)
    first = re.search(r"/password/[\w.-]+", text_of(await world.mail(address, "sign-in")))
    assert first is not None
    staff_id = world.rows("SELECT id FROM staff_member WHERE email = %s", address)[0]["id"]
    home = f"/console/staff/{staff_id}"
    assert (await owner.submit(home, f"{home}/again")).status_code == 303
    assert (await world.browser().get(f"{world.base_url}{first.group()}")).status_code == 410

    async def second() -> bool:
        return len(await world.mails(address, "sign-in")) == 2

    await until(second, "the second mail")
    assert (await owner.submit(home, f"{home}/deactivate")).status_code == 303
    newest = re.search(r"/password/[\w.-]+", text_of((await world.mails(address, "sign-in"))[0]))
    assert newest is not None
    assert (await world.browser().get(f"{world.base_url}{newest.group()}")).status_code == 410


async def test_who_loses_access_is_out_at_once_and_the_last_owner_stays(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    desk = await colleague(owner, "front_desk")
    home = f"/console/staff/{desk.staff_id}"
    assert (await desk.request("GET", "/console")).status_code == 200
    assert (await owner.submit(home, f"{home}/deactivate")).status_code == 303
    assert (await desk.request("GET", "/console")).status_code == 303
    mine = f"/console/staff/{owner.staff_id}"
    for action in ("deactivate", "role"):
        refused = await owner.submit(mine, f"{mine}/{action}", role="front_desk")
        assert refused.status_code == 409
        assert "The practice needs an owner who can sign in" in refused.text
    assert (await owner.submit(home, f"{home}/reactivate")).status_code == 303
    assert (await owner.submit(home, f"{home}/role", role="owner")).status_code == 303
    assert (await owner.submit(mine, f"{mine}/role", role="front_desk")).status_code == 303
    assert (await owner.request("GET", "/console/staff")).status_code == 403


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "", "email": "a@example.com", "role": "owner"}, "Please enter a name"),
        ({"name": "A", "email": "nobody", "role": "owner"}, "Email"),
        ({"name": "A", "email": "a@example.com", "role": "boss"}, "Please choose a role"),
        ({"name": "A", "email": "a@example.com", "role": "provider"}, "Please choose which provider"),
    ],
)
async def test_a_wrong_invitation_is_refused_by_field(
    world: World, provider: Provider, fields: dict[str, str], message: str
) -> None:
    owner = await owner_of(provider)
    answer = await owner.submit("/console/staff", "/console/staff", **fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert len(world.rows("SELECT 1 FROM staff_member WHERE practice_id = %s", provider.seeded.practice_id)) == 1


async def test_nobody_reads_answers_without_a_line_in_the_log_that_nobody_can_change(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    owner = await owner_of(provider)
    desk = await colleague(owner, "front_desk")
    home = f"/console/clients/{person.client_id}"
    assert (await desk.request("GET", f"{home}?intake=true")).status_code == 403
    assert "answers_read" not in await kinds(provider)
    assert "The answers are for the provider" in await desk.page(home)
    await owner.page(f"{home}?intake=true")
    ok(await owner.request("GET", f"{home}/intake.json"))
    entries = (await provider.get("/api/v1/audit", params={"who": owner.staff_id}))["items"]
    assert [one["kind"] for one in entries[:2]] == ["answers_exported", "answers_read"]
    assert {one["object_id"] for one in entries[:2]} == {person.client_id}
    assert entries[0]["address"] == "127.0.0.1"
    assert entries[0]["request_id"]
    for statement in (
        "UPDATE audit_entry SET name = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="never changed or removed"):
            world.execute(statement)
    rows = list(csv.DictReader(io.StringIO((await owner.request("GET", "/console/audit/export.csv")).text)))
    assert {"answers_read", "staff_invited"} <= {row["kind"] for row in rows}
    page = await owner.page("/console/audit?kind=answers_read")
    assert page.count(AUDIT[AuditKind.ANSWERS_READ]) == 2  # the choice in the filter, and the one entry
    problem(await provider.request("GET", "/api/v1/audit", params={"cursor": "x"}), "validation", 422)


async def test_the_front_desk_reads_no_health_questions_of_the_sign_up(world: World, provider: Provider) -> None:
    fields = {"reason_for_contact": "Trouble sleeping", "address": {"line1": "1 Main St", "city": "Boston"}}
    form = await provider.get(f"/api/v1/providers/{provider.slug}/signup-form")
    asked = [{**one, "enabled": one["enabled"] or one["key"] == "reason_for_contact"} for one in form["fields"]]
    ok(await provider.request("PUT", f"/api/v1/providers/{provider.slug}/signup-form", json={"fields": asked}))
    person = await world.anonymous_client(provider, reason_for_contact=fields["reason_for_contact"])
    owner = await owner_of(provider)
    desk = await colleague(owner, "front_desk")
    home = f"/console/clients/{person.client_id}"
    assert "Trouble sleeping" in await owner.page(home)
    page = await desk.page(home)
    assert "Trouble sleeping" not in page
    assert "are for the provider" in page


async def test_two_factor_sign_in_from_the_first_picture_to_a_lost_phone(
    world: World, provider: Provider, browser: Browser
) -> None:
    page = await staff_page(world, provider, browser, PHONE | {"java_script_enabled": False}, "/console/account")
    await fits(page)
    await page.get_by_role("link", name="Turn it on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Turn on two-factor sign-in")
    await fits(page)
    secret = (await page.locator(".code").inner_text()).replace(" ", "")
    await page.get_by_label("Code").fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This code isn't right")
    assert (await page.locator(".code").inner_text()).replace(" ", "") == secret
    enrolled = pyotp.TOTP(secret).now()
    await page.get_by_label("Code").fill(enrolled)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    codes = [await one.inner_text() for one in await page.locator("code").all()]
    assert len(set(codes)) == 10
    stored = world.rows("SELECT totp_sealed_secret FROM staff_member WHERE email = %s", provider.seeded.email)[0]
    assert secret.encode() not in bytes(stored["totp_sealed_secret"])

    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.locator("#two-factor + p")).to_contain_text("10 recovery codes left")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.goto(f"{world.base_url}/console/settings")
    await page.get_by_label("Email").fill(provider.seeded.email)
    await page.locator("input[name=password]").fill(provider.seeded.password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    await fits(page)
    # The password alone opens nothing, and a code is good once.
    assert "/sign-in" in (await page.context.request.get(f"{world.base_url}/console")).url
    await page.get_by_label("Code").fill(enrolled)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("has been used")
    await page.get_by_label("Code").fill(codes[0])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    found = await kinds(provider)
    assert {"two_factor_on", "recovery_code_used", "sign_in_failed", "signed_in"} <= set(found)

    await page.goto(f"{world.base_url}/console/account")
    await page.locator("summary", has_text="Turn it off").click()
    await page.locator("[id$=off]").fill(codes[0])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").or_(page.locator(".problem")).first).to_contain_text("has been used")
    await page.locator("[id$=off]").fill(codes[1])
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Two-factor sign-in is off.")
    await page.context.close()


async def test_guessing_the_password_of_staff_is_throttled(world: World, provider: Provider) -> None:
    (name, since), *_ = buckets((SIGN_INS_PER_NAME, sign_in_name(SessionKind.STAFF, provider.seeded.email)))
    sent = SIGN_INS_PER_NAME.requests - 1
    world.execute(f"INSERT INTO rate_counter VALUES ('{name}', '{since.isoformat()}', {sent})")
    url, email = f"{world.base_url}/console/sign-in", provider.seeded.email
    guess = await world.browser().post(url, data={"email": email, "password": "wrong guess"})
    assert guess.status_code == 422
    right = await world.browser().post(url, data={"email": email, "password": provider.seeded.password})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0


async def test_guessing_codes_is_throttled(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    secret_page = await owner.page("/console/account/two-factor")
    found = re.search(r'class="code">([^<]+)<', secret_page)
    assert found is not None
    code = pyotp.TOTP(found.group(1).replace(" ", "")).now()
    assert (
        await owner.submit("/console/account/two-factor", "/console/account/two-factor", code=code)
    ).status_code == 200
    http = await sign_in(world, provider.seeded.email, provider.seeded.password)
    answers = [await http.post(f"{world.base_url}/console/sign-in/code", data={"code": "000000"}) for _ in range(8)]
    assert [one.status_code for one in answers] == [422] * 6 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_a_practice_that_requires_two_factor_lets_nobody_on_without_it(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    desk = await colleague(owner, "front_desk")
    answer = await owner.submit("/console/staff", "/console/staff/two-factor", required="on")
    assert answer.status_code == 303
    answer = await desk.request("GET", "/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account/two-factor")
    assert "asks all staff for a second step" in await desk.page("/console/account/two-factor")


async def test_signing_out_everywhere_else_keeps_this_session(world: World, provider: Provider) -> None:
    owner = await owner_of(provider)
    elsewhere = await sign_in(world, provider.seeded.email, provider.seeded.password)
    assert (await owner.page("/console/account")).count("last used") == 2
    answer = await owner.submit("/console/account", "/console/account/sign-out-everywhere")
    assert answer.status_code == 303
    assert (await elsewhere.get(f"{world.base_url}/console")).status_code == 303
    assert (await owner.page("/console/account")).count("last used") == 1


@pytest.mark.parametrize(
    ("kind", "idle", "over"),
    [
        (SessionKind.STAFF, timedelta(minutes=29, seconds=59), False),
        (SessionKind.STAFF, timedelta(minutes=30, seconds=1), True),
        (SessionKind.CLIENT, timedelta(minutes=30, seconds=1), True),
        (SessionKind.STAFF_CODE, timedelta(minutes=5, seconds=1), True),
    ],
)
def test_idle_sessions_end_by_themselves(kind: SessionKind, idle: timedelta, over: bool) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert is_over(kind, now - idle, now + timedelta(hours=1), now) is over
    assert is_over(kind, now, now, now)
