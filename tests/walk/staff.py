"""People of a practice in front of the console."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pyotp

from tests.dashboard import in_dashboard, ledger_says
from tests.driver import Provider, new_address, ok, until
from tests.e2e.test_new_practice import owner_of_new_practice
from tests.merchants import ring
from tests.staffing import colleague, invite_colleague, owner_of, sign_in
from tests.subscribing import subscribed, unsubscribed
from tests.walk.scene import Persona, Scene, casting


async def _facts(provider: Provider) -> dict[str, str]:
    forms = await provider.get(f"/api/v1/providers/{provider.slug}/intake-forms")
    member = provider.world.rows("SELECT id FROM staff_member WHERE email = %s", provider.seeded.email)[0]["id"]
    return {"provider": provider.slug, "form_id": forms["items"][0]["id"], "staff_id": member, "version": "1"}


@casting
async def newcomer(scene: Scene) -> Persona:
    """An owner on the first day: nothing has happened yet."""
    provider = await scene.practice("empty")
    return Persona(facts=await _facts(provider), http=(await owner_of(provider)).http)


@casting
async def founder(scene: Scene) -> Persona:
    """The owner of a practice that has just been made: it has no provider yet."""
    _, owner = await owner_of_new_practice(scene.world, "Founders")
    return Persona(facts={}, http=owner.http)


@casting
async def owner(scene: Scene) -> Persona:
    """Of a practice with clients in every state; the client that paths name has booked and paid."""
    busy = await scene.practice("busy")
    booked = await scene.who("client_booked")
    # Somebody of each state, so that lists have something to show.
    for name in ("client_with_form", "client_holding", "client_cancelled", "invited"):
        await scene.who(name)
    return Persona(facts={**await _facts(busy), **booked.facts}, http=(await owner_of(busy)).http)


@casting
async def owner_subscribed(scene: Scene) -> Persona:
    """Of a practice that pays every month."""
    provider = await scene.practice("subscribed")
    unsubscribed(scene.world, provider)
    owner = await owner_of(provider)
    await subscribed(scene.world, provider, owner)
    return Persona(facts=await _facts(provider), http=owner.http)


@casting
async def owner_of_invited(scene: Scene) -> Persona:
    """Looks at somebody who hasn't opened the invitation."""
    somebody = await scene.who("owner")
    client = await (await scene.practice("busy")).invite(first_name="Nila")
    return replace(somebody, facts={**somebody.facts, "client_id": client["id"]})


@casting
async def owner_of_left(scene: Scene) -> Persona:
    """Of a practice whose provider has left."""
    provider = await scene.practice("left")
    await provider.invite(first_name="Lena")
    await colleague(await owner_of(provider), "provider", provider=provider.slug)
    path = f"/api/v1/providers/{provider.slug}/leave"
    ok(await provider.request("POST", path, json={"words": "Dr. Kim sees their clients now."}))
    return Persona(facts=await _facts(provider), http=(await owner_of(provider)).http)


@casting
async def owner_of_waiting(scene: Scene) -> Persona:
    """Of a practice with clients on the waitlist: one has a time kept, one is passed over, one waits."""
    facts = {**(await scene.who("client_offered")).facts}
    await scene.who("client_waiting")
    provider = await scene.practice("waited for")
    blocked = await scene.who("client_too_late")
    settings = {"allow_self_schedule": False, "reason": "As agreed"}
    ok(await provider.request("PUT", f"/api/v1/clients/{blocked.facts['client_id']}/policy", json=settings))
    return Persona(facts={**await _facts(provider), **facts}, http=(await owner_of(provider)).http)


@casting
async def owner_of_stuck(scene: Scene) -> Persona:
    """Looks at somebody whose address refuses mail."""
    somebody = await scene.who("owner")
    busy, wrong = await scene.practice("busy"), new_address()
    mailbox = scene.world.endpoints["mailbox_url"]
    ok(await scene.world.http.put(f"{mailbox}/api/faults", json=[{"to": wrong, "reply": 550, "times": 50}]))
    client = await busy.invite(first_name="Wren", email=wrong)

    async def stuck() -> bool:
        return (await busy.client(client["id"]))["attention"] is not None

    await until(stuck, "the refusal on the list")
    return replace(somebody, facts={**somebody.facts, "client_id": client["id"]})


@casting
async def owner_of_signed_up(scene: Scene) -> Persona:
    """Looks at somebody who has submitted the intake form and not booked."""
    somebody, client = await scene.who("owner"), await scene.who("client_ready")
    return replace(somebody, facts={**somebody.facts, "client_id": client.facts["client_id"]})


@casting
async def owner_of_duplicate(scene: Scene) -> Persona:
    """Looks at somebody who may be the same person as somebody else, and who shares the address with a child."""
    somebody = await scene.who("owner")
    busy, address = await scene.practice("busy"), new_address()
    ids = [(await busy.invite(first_name=name, email=address))["id"] for name in ("Dolly", "Dolly", "Kit")]
    facts = {**somebody.facts, "client_id": ids[0], "other": ids[1]}
    return replace(somebody, facts=facts)


@casting
async def owner_of_batch(scene: Scene) -> Persona:
    """Has sent invitations again; somebody was left out."""
    somebody = await scene.who("owner")
    busy = await scene.practice("busy")
    pending = await busy.invite(first_name="Bea")
    body = {"action": "send_invitation_again", "client_ids": [pending["id"], somebody.facts["client_id"]]}
    batch = ok(await busy.request("POST", "/api/v1/client-batches", json=body), 202)

    async def settled() -> bool:
        return bool((await busy.get(f"/api/v1/client-batches/{batch['id']}"))["settled"])

    await until(settled, "the batch")
    return replace(somebody, facts={**somebody.facts, "batch_id": batch["id"]})


@casting
async def owner_of_called_off(scene: Scene) -> Persona:
    """Has called off a day with one visit, and undone it."""
    somebody = await scene.who("owner")
    busy = await scene.practice("busy")
    client = (await busy.invite(first_name="Sid"))["id"]
    day = (await scene.world.now() + timedelta(days=50)).date().isoformat()
    visit = {"client_id": client, "starts_at": f"{day}T15:00:00Z", "override_reason": "as agreed"}
    ok(await busy.request("POST", "/api/v1/appointments", json=visit), 201)
    path = f"/api/v1/providers/{busy.slug}/called-off-days"
    body = {"first_day": day, "instead": "cancel", "reason": "ill"}
    run = ok(await busy.request("POST", path, json=body), 202)["id"]
    ok(await busy.request("POST", f"{path}/{run}/undo"))
    return replace(somebody, facts={**somebody.facts, "called_off_id": run, "day": day})


@casting
async def owner_of_two_persons(scene: Scene) -> Persona:
    """Looks at somebody of whom this has been decided."""
    somebody = await scene.who("owner")
    busy, address = await scene.practice("busy"), new_address()
    one, other = [(await busy.invite(first_name="Tove", email=address))["id"] for _ in range(2)]
    ok(await busy.request("POST", f"/api/v1/clients/{one}/two-persons", json={"client_id": other}))
    return replace(somebody, facts={**somebody.facts, "client_id": one})


@casting
async def owner_of_closed_duplicate(scene: Scene) -> Persona:
    somebody = await scene.who("owner")
    busy, address = await scene.practice("busy"), new_address()
    kept, closed = [(await busy.invite(first_name="Clo", email=address))["id"] for _ in range(2)]
    ok(await busy.request("POST", f"/api/v1/clients/{kept}/same-person", json={"client_id": closed}))
    await busy.stage(closed, "closed")
    return replace(somebody, facts={**somebody.facts, "client_id": closed, "other": kept})


@casting
async def owner_of_colleague(scene: Scene) -> Persona:
    """Looks at a colleague who is in."""
    somebody = await scene.who("owner")
    other = await colleague(await owner_of(await scene.practice("busy")), "front_desk")
    return replace(somebody, facts={**somebody.facts, "staff_id": other.staff_id})


@casting
async def owner_of_invited_colleague(scene: Scene) -> Persona:
    somebody = await scene.who("owner")
    address = await invite_colleague(await owner_of(await scene.practice("busy")), "front_desk")
    member = scene.world.rows("SELECT id FROM staff_member WHERE email = %s", address)[0]["id"]
    return replace(somebody, facts={**somebody.facts, "staff_id": member})


@casting
async def front_desk(scene: Scene) -> Persona:
    somebody = await scene.who("owner")
    other = await colleague(await owner_of(await scene.practice("busy")), "front_desk")
    return replace(somebody, http=other.http)


@casting
async def enrolling(scene: Scene) -> Persona:
    """About to turn on two-factor sign-in."""
    provider = await scene.practice("enrolling")
    return Persona(facts=await _facts(provider), http=(await owner_of(provider)).http)


@casting
async def with_second_factor(scene: Scene) -> Persona:
    provider = await scene.practice("second-factor")
    somebody = await owner_of(provider)
    page = await somebody.page("/console/account/two-factor")
    secret = re.search(r'class="code[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None, page
    code = pyotp.TOTP(secret.group(1).replace(" ", "")).now()
    answer = await somebody.submit("/console/account/two-factor", "/console/account/two-factor", code=code)
    assert answer.status_code == 200, answer.text
    return Persona(facts=await _facts(provider), http=somebody.http)


@casting
async def half_way(scene: Scene) -> Persona:
    """Has given the password, and not the code."""
    await scene.who("with_second_factor")
    seeded = (await scene.practice("second-factor")).seeded
    return Persona(facts={}, http=await sign_in(scene.world, seeded.email, seeded.password))


@casting
async def owner_of_types(scene: Scene) -> Persona:
    """Offers several appointment types, and an archived one; a client has booked one of them."""
    client = await scene.who("client_of_types")
    several = await scene.practice("several types")
    now = await scene.world.now()
    window = {"from": now.isoformat(), "to": (now + timedelta(days=9)).isoformat(), "type": client.facts["type_id"]}
    times = (await several.get(f"/api/v1/providers/{several.slug}/slots", params=window))["slots"]
    body = {"client_id": client.facts["client_id"], "starts_at": times[-1]["starts_at"], "type": window["type"]}
    ok(await several.request("POST", "/api/v1/appointments", json=body), 201)
    return Persona(facts={**client.facts, **await _facts(several)}, http=(await owner_of(several)).http)


@casting
async def owner_of_waived(scene: Scene) -> Persona:
    """Looks at somebody whose next fee is waived, for the second time."""
    somebody = await scene.who("owner")
    busy = await scene.practice("busy")
    client = await busy.invite(first_name="Wanda")
    path = f"/api/v1/clients/{client['id']}/fee-waiver"
    ok(await busy.request("POST", path, json={"reason": "Agreed on the phone"}), 201)
    ok(await busy.request("DELETE", path))
    ok(await busy.request("POST", path, json={"reason": "Hardship, agreed with the provider"}), 201)
    return replace(somebody, facts={**somebody.facts, "client_id": client["id"]})


@casting
async def owner_of_dispute(scene: Scene) -> Persona:
    """Looks at a payment that the cardholder's bank disputes."""
    somebody = await scene.who("owner")
    busy = await scene.practice("busy")
    _, appointment = await scene.world.booked_client(busy)
    fee = appointment["payment"]["id"]
    await in_dashboard(scene.world, fee, "refund", amount=500)
    await in_dashboard(scene.world, fee, "dispute", reason="unrecognized")
    found = await ledger_says(busy, fee, disputed=True, refunded_minor=500)
    dispute = found["disputes"][0]["id"]
    return replace(somebody, facts={**somebody.facts, "payment_id": fee, "dispute_id": dispute})


@casting
async def owner_of_unmatched(scene: Scene) -> Persona:
    """Takes money past Portico, too."""
    somebody = await scene.who("owner")
    account = (await scene.practice("busy")).seeded.merchant_account
    for kind in ("payment_intent.succeeded", "refund.created"):
        await ring(scene.world, kind, account, {"id": f"{kind[:2]}_elsewhere", "object": kind.partition(".")[0]})
    return somebody
