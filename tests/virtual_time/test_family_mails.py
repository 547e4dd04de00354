"""Mails to an address that a family shares: each leads to the one it is about."""

from __future__ import annotations

import re

from tests.driver import PASSWORD, Provider, new_address, ok, text_of, until
from tests.virtual_time.conftest import TravellingWorld


async def test_the_reminder_of_each_child_s_form_leads_to_that_child(
    world: TravellingWorld, provider: Provider
) -> None:
    address = new_address()
    ids = []
    for count, name in enumerate(("Ana", "Ben"), start=1):
        ok(await world.sign_up(provider, first_name=name, email=address), 202)

        async def invited(wanted: int = count) -> bool:
            return len(await world.mails(address, "client portal")) == wanted

        await until(invited, f"{name}'s invitation")
        token = await world.invitation_token(address)
        url = f"{world.base_url}/api/v1/invitations/{token}/accept"
        ids.append(ok(await world.browser().post(url, json={"password": PASSWORD}))["client_id"])
        await provider.stage(ids[-1], "intake")
    await world.advance(days=3, minutes=1)
    for client in ids:
        await provider.told(client, "intake_reminder_sent")
    led_to = {}
    for mail in await world.mails(address, "isn't finished"):
        found = re.search(r"Hello (\w+),.*?/portal/intake\?client=(\w+)", text_of(mail), re.DOTALL)
        assert found is not None
        led_to[found.group(1)] = found.group(2)
    assert led_to == {"Ana": ids[0], "Ben": ids[1]}


async def test_who_has_been_told_that_they_have_an_account_is_not_reminded_to_open_one(
    world: TravellingWorld, provider: Provider
) -> None:
    address = new_address()
    person = await world.anonymous_client(provider, email=address)
    await provider.stage(person.client_id, "intake")
    await world.sign_up(provider, email=address)
    await world.mail(address, "already")
    (again,) = (await provider.client(person.client_id))["possible_duplicates"]
    outlook = await provider.get(f"/api/v1/clients/{again['client_id']}/outlook")
    assert [one["kind"] for one in outlook["ahead"]] == ["invitation_expires", "way_lapses"]
    await world.advance(days=13)
    assert "invitation_reminder_sent" not in await provider.timeline(again["client_id"])
    assert (await provider.timeline(person.client_id)).count("intake_reminder_sent") == 2
    await world.advance(days=33)
    lapsed = await provider.stage(again["client_id"], "closed")
    assert lapsed["outcome"] == "lapsed"
    assert (await provider.client(person.client_id))["stage"] == "intake"
