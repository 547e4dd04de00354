"""Stripe's official CLI: it runs its own scripts (`stripe trigger EVENT`) against the simulator of a running stack."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.driver import World
from tests.seeding import settings_of

_BROUGHT = Path(__file__).parent / "node_modules" / "@stripe" / "cli-linux-x64" / "bin" / "stripe"
_PATIENCE_SECONDS = 60


async def trigger(world: World, event: str, *, account: str | None = None) -> str:
    """The CLI's own way to an event, on that connected account (or the platform's); all that it says."""
    return await _run(world, event, account)


async def act(world: World, path: str, *, account: str, **params: Any) -> str:
    """One request of the CLI's to the processor's API."""
    step = {"name": "it", "path": path, "method": "post", "params": params}
    script = json.dumps({"_meta": {"template_version": 0}, "fixtures": [step]})
    # An event has to be named all the same; the script takes the place of its own.
    return await _run(world, "payment_intent.created", account, "--raw", script)


async def _run(world: World, event: str, account: str | None, *more: str) -> str:
    url, home = str(world.endpoints["simulator_url"]), world.stack.plan.state_dir / "stripe-cli"
    options = ["--api-base", url, *(["--stripe-account", account] if account else []), *more]
    process = await asyncio.create_subprocess_exec(
        *(_program(), "trigger", event, *options),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "STRIPE_API_KEY": str(settings_of(world.stack).stripe_key),
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            # It would ask the internet for a newer version of itself: nobody listens there, and loopback has no proxy.
            "HTTPS_PROXY": "http://127.0.0.1:9",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        said, _ = await process.communicate()
    words = said.decode()
    assert process.returncode == 0 and "Trigger succeeded" in words, f"stripe trigger {event}: {words}"
    return words


def _program() -> str:
    found = str(_BROUGHT) if _BROUGHT.exists() else shutil.which("stripe")
    assert found is not None, "Stripe's CLI isn't installed: run make browser, or put `stripe` 1.52.0 on the PATH"
    return found
