"""`portico run`: checks first, then the whole stack in the foreground, until it is asked to stop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from devstack.stack import Stack, StackPlan, port_taken
from devstack.supervisor import PartFailed


class CannotStart(Exception):
    """One line for the person at the terminal; nothing has been started."""


def hold_state_dir(state_dir: Path) -> TextIO:
    """The lock that one launcher at a time holds; the kernel gives it back however the launcher ends."""
    state_dir.mkdir(parents=True, exist_ok=True)
    lock = (state_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CannotStart(f"PORTICO_STATE_DIR: another Portico is running in {state_dir}") from None
    # What a killed launcher has left behind leads nowhere.
    (state_dir / "endpoints.json").unlink(missing_ok=True)
    return lock


def check_ports(plan: StackPlan) -> None:
    seen: dict[int, str] = {}
    for setting, port in plan.ports().items():
        if port in seen:
            raise CannotStart(f"{setting}: port {port} is asked for by {seen[port]} too")
        seen[port] = setting
        host = plan.http_host if setting == "PORTICO_HTTP_PORT" else "127.0.0.1"
        if port_taken(host, port):
            raise CannotStart(f"{setting}: port {port} is in use")


def run(plan: StackPlan) -> int:
    """Raises CannotStart before anything has been started; the exit code otherwise."""
    lock = hold_state_dir(plan.state_dir)
    check_ports(plan)
    try:
        return asyncio.run(_run(plan))
    finally:
        lock.close()


async def _run(plan: StackPlan) -> int:
    begun = time.monotonic()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    _say("Portico is starting (the first start takes a little longer)")
    stack = Stack(plan, _say)
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    elif error := starting.exception():
        code = 1
        for one in _causes(error):
            print(f"portico: {one}", file=sys.stderr, flush=True)
    else:
        _welcome(stack.endpoints, time.monotonic() - begun)
        await stop.wait()
    stopping.cancel()
    _say("stopping")
    await stack.stop()
    _say("stopped; everything is kept in " + os.fspath(plan.state_dir))
    return code


def _causes(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [line for one in error.exceptions for line in _causes(one)]
    return [str(error)] if isinstance(error, PartFailed | OSError) else [f"{type(error).__name__}: {error}"]


def _welcome(endpoints: Mapping[str, object], seconds: float) -> None:
    base = endpoints["base_url"]
    lines = [
        "",
        f"Portico is ready ({seconds:.1f} s).",
        "",
        f"  The provider's page        {base}/p/{endpoints['provider']}",
        f"  Client portal              {base}/portal",
        f"  Provider console           {base}/console",
        f"      sign in as             {endpoints['provider_email']}",
        f"      password               {endpoints['provider_password']}",
        f"  Mailbox (every mail)       {endpoints['mailbox_url']}",
        f"  Temporal UI (journeys)     {endpoints['temporal_ui_url']}",
        f"  Payments (simulation)      {endpoints['simulator_url']}",
        f"  API reference              {base}/docs",
        f"      API key                {endpoints['api_key']}",
        "",
        "Drive a client through it in another terminal: make demo",
        "Stop with Ctrl-C; `make run` goes on where it was.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)
