"""What a practice's people do at the processor past us, as tests do it; and what the ledger says then."""

from __future__ import annotations

from typing import Any

from tests.driver import Provider, World, ok, until


def intent_of(world: World, payment_id: str) -> str:
    return str(world.rows("SELECT payment_intent_id FROM payment WHERE id = %s", payment_id)[0]["payment_intent_id"])


async def in_dashboard(world: World, payment_id: str, act: str, **facts: Any) -> Any:
    path = f"{world.endpoints['simulator_url']}/_sim/payment_intents/{intent_of(world, payment_id)}/{act}"
    return ok(await world.http.post(path, json=facts))


async def ledger(provider: Provider, payment_id: str) -> Any:
    return await provider.get(f"/api/v1/payments/{payment_id}")


async def ledger_says(provider: Provider, payment_id: str, **facts: Any) -> Any:
    """Wait until the payment by API has these facts."""

    async def look() -> Any:
        found = await ledger(provider, payment_id)
        return found if all(found[name] == value for name, value in facts.items()) else None

    return await until(look, f"the ledger to say {facts}", 30)


async def asked(provider: Provider, step: str) -> Any:
    """The open item of attention whose step begins so."""

    async def look() -> Any:
        items = (await provider.get("/api/v1/attention"))["items"]
        return next((one for one in items if one["step"].startswith(step)), None)

    return await until(look, f"attention for {step}", 30)


async def struck(world: World) -> None:
    """Wait until each fault that was to strike so many times has done so."""

    async def look() -> bool:
        listed = ok(await world.http.get(f"{world.endpoints['simulator_url']}/_sim/faults"))["items"]
        return not any(one["times"] for one in listed)

    await until(look, "the processor's faults to strike", 30)


async def lose_webhooks(world: World, *types: str) -> None:
    await world.simulator_faults(*({"match": one, "action": "drop", "times": 50} for one in types))
