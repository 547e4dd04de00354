"""Greetings and reminders can be declined by one click; the journey goes on without, and everybody sees why."""

from __future__ import annotations

import re
from email.message import EmailMessage

import httpx
import pytest

from tests.driver import Provider, World, new_address, ok, problem, text_of, until
from tests.staffing import owner_of

DAY = 24 * 3600


def link_of(mail: EmailMessage) -> str:
    """The address that a mail program posts to; it stands in the mail's own words, too."""
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in text_of(mail)
    html = mail.get_body(preferencelist=("html",))
    assert html is not None
    assert f'href="{link}"' in str(html.get_content())
    return link


async def one_click(link: str) -> httpx.Response:
    """As a mail provider's server does it: no cookies, an origin of its own, never following a redirect."""
    async with httpx.AsyncClient() as machine:
        headers = {"Origin": "https://mail.example.com"}
        return await machine.post(link, data={"List-Unsubscribe": "One-Click"}, headers=headers)


async def signed_up(world: World, provider: Provider) -> tuple[str, str]:
    """Client and address, with the greeting sent."""
    address = new_address()
    ok(await world.sign_up(provider, email=address), 202)
    await world.mail(address, "welcome")
    (row,) = world.rows("SELECT id FROM client WHERE email = %s", address)
    await provider.stage(row["id"], "invited")
    return row["id"], address


async def days_pass(world: World, client_id: str, days: int) -> None:
    await world.fast_forward(f"client-journey:{client_id}", seconds=days * DAY)


async def test_greetings_and_nudges_can_be_declined_and_what_must_be_said_cannot(
    world: World, provider: Provider
) -> None:
    await provider.change(require_fee=False)
    client, address = await signed_up(world, provider)
    await days_pass(world, client, 4)
    nudge = await world.mail(address, "still waiting")
    greeting = await world.mail(address, "welcome")
    assert link_of(greeting) == link_of(nudge)
    person = await world.open_account(provider, address)
    await provider.stage(client, "intake")
    await days_pass(world, client, 4)
    assert link_of(await world.mail(address, "isn't finished")) == link_of(greeting)
    await person.submit_intake()
    ok(await person.book(), 201, 202)
    await world.mail(address, "confirmed")
    others = [
        mail
        for mail in await world.mails(address)
        if not any(words in mail["Subject"] for words in ("Welcome", "still waiting", "isn't finished"))
    ]
    assert len(others) == 2
    for mail in others:
        assert mail["List-Unsubscribe"] is None
        assert "unsubscribe" not in text_of(mail)
    for mail in await world.mails(provider.seeded.front_desk):
        assert mail["List-Unsubscribe"] is None


async def test_looking_changes_nothing_and_one_click_does(world: World, provider: Provider) -> None:
    client, address = await signed_up(world, provider)
    link = link_of(await world.mail(address, "welcome"))
    shown = await world.browser().get(link)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert "No more greetings and reminders?" in shown.text
    assert address not in shown.text
    assert (await provider.client(client))["mails_declined_at"] is None

    for _ in range(2):
        answer = await one_click(link)
        assert (answer.status_code, answer.history) == (200, [])
        assert "You are unsubscribed" in answer.text
    assert (await provider.client(client))["mails_declined_at"] is not None
    assert (await provider.timeline(client)).count("mails_declined") == 1
    assert "You are unsubscribed" in (await world.browser().get(link)).text

    back = await world.browser().post(f"{link}/undo")
    assert "You get them again" in back.text
    assert (await provider.client(client))["mails_declined_at"] is None
    assert (await one_click(link)).status_code == 200
    timeline = await provider.timeline(client)
    assert (timeline.count("mails_declined"), timeline.count("mails_wanted_again")) == (2, 1)


async def test_the_journey_goes_on_without_nudges(world: World, provider: Provider) -> None:
    await provider.change(require_fee=False)
    client, address = await signed_up(world, provider)
    ahead = (await outlook(provider, client))["ahead"]
    assert "invitation_reminder" in ahead
    await one_click(link_of(await world.mail(address, "welcome")))
    assert "invitation_reminder" not in (await outlook(provider, client))["ahead"]
    await days_pass(world, client, 8)
    person = await world.open_account(provider, address)
    await provider.stage(client, "intake")
    await days_pass(world, client, 8)
    await person.submit_intake()
    assert "invitation_reminder_sent" not in await provider.timeline(client)
    assert "intake_reminder_sent" not in await provider.timeline(client)
    booked = ok(await person.book(), 201, 202)
    await person.in_state(booked["id"], "booked")
    await world.mail(address, "confirmed")


async def outlook(provider: Provider, client: str) -> dict[str, list[str]]:
    page = await (await owner_of(provider)).page(f"/console/clients/{client}")
    said = {"invitation_reminder": "A mail reminds of the invitation"}
    return {"ahead": [kind for kind, words in said.items() if words in page]}


async def test_no_greeting_goes_to_an_address_that_wants_none(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    _, address = await signed_up(world, provider)
    await one_click(link_of(await world.mail(address, "welcome")))
    world.execute("UPDATE effect SET at = at - interval '2 days' WHERE kind = 'greeting'")
    ok(await world.sign_up(provider, email=address, first_name="Child"), 202)
    (child,) = world.rows("SELECT id FROM client WHERE email = %s AND first_name = 'Child'", address)
    await provider.told(child["id"], "greeting_skipped")
    assert len(await world.mails(address, "welcome")) == 1
    # It is that practice's greetings that aren't wanted.
    ok(await world.sign_up(other_provider, email=address), 202)

    async def another() -> bool:
        return len(await world.mails(address, "welcome")) == 2

    await until(another, "the other practice's greeting")


async def test_new_client_forms_say_why_they_dont_go_out_until_the_client_wants_them(
    world: World, provider: Provider
) -> None:
    client, address = await signed_up(world, provider)
    await one_click(link_of(await world.mail(address, "welcome")))
    path = f"/api/v1/clients/{client}/send-new-client-forms"
    refusal = problem(await provider.request("POST", path), "mail-declined", 409)
    assert "unsubscribed" in refusal["detail"]
    assert refusal["declined_at"] is not None
    owner = await owner_of(provider)
    page = await owner.page(f"/console/clients/{client}")
    assert "Unsubscribed" in page
    assert "/send-new-client-forms" not in page

    answer = await owner.submit(f"/console/clients/{client}", f"/console/clients/{client}/mails-again")
    assert answer.status_code == 303
    assert "Unsubscribed</span>" not in await owner.page(f"/console/clients/{client}")
    (entry,) = world.rows("SELECT staff_id FROM audit_entry WHERE kind = 'mails_allowed_again'")
    assert entry["staff_id"] == owner.staff_id
    assert "mails_wanted_again" in await provider.timeline(client)
    ok(await provider.request("POST", path), 202)
    await provider.told(client, "new_client_forms_sent")


async def test_forms_that_are_on_their_way_stay_when_the_address_is_unsubscribed_meanwhile(
    world: World, provider: Provider
) -> None:
    client, address = await signed_up(world, provider)
    link = link_of(await world.mail(address, "welcome"))
    mailbox = f"{world.endpoints['mailbox_url']}/api/faults"
    ok(await world.http.put(mailbox, json=[{"to": address, "reply": 451, "times": 2}]))
    ok(await provider.request("POST", f"/api/v1/clients/{client}/send-new-client-forms"), 202)
    await one_click(link)
    await provider.told(client, "greeting_skipped")
    assert len(await world.mails(address, "welcome")) == 1
    page = await (await owner_of(provider)).page(f"/console/clients/{client}")
    assert "on their way" not in page


async def test_a_corrected_address_has_declined_nothing(world: World, provider: Provider) -> None:
    client, address = await signed_up(world, provider)
    await one_click(link_of(await world.mail(address, "welcome")))
    right = new_address()
    ok(await provider.request("POST", f"/api/v1/clients/{client}/correct-email", json={"email": right}), 200, 202)
    assert (await provider.client(client))["mails_declined_at"] is None


@pytest.mark.parametrize("change", [lambda link: link[:-3], lambda link: link.replace(":", ":0"), lambda link: "x"])
async def test_a_link_that_isnt_ours_does_nothing(world: World, provider: Provider, change: object) -> None:
    client, address = await signed_up(world, provider)
    link = link_of(await world.mail(address, "welcome"))
    base, _, token = link.rpartition("/")
    wrong = f"{base}/{change(token)}"  # type: ignore[operator]
    assert (await world.browser().get(wrong)).status_code == 404
    assert (await one_click(wrong)).status_code == 404
    assert (await one_click(f"{wrong}/undo")).status_code == 404
    assert (await provider.client(client))["mails_declined_at"] is None
    assert re.fullmatch(r"prc_\w+:[0-9a-f]{64}\.[\w-]+", token)
