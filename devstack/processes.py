"""Child processes that never outlive the launcher, and those that an earlier one has left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

_PR_SET_PDEATHSIG = 1


class RunsAs(Protocol):
    """The account of a process that mustn't be root."""

    @property
    def uid(self) -> int: ...

    @property
    def gid(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the stack; `ready` is asked (in a thread) until it says yes."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    account: RunsAs | None = None
    stop_signal: str = "SIGTERM"
    stop_seconds: float = 12.0


def forked(account: RunsAs | None) -> dict[str, Any]:
    """Arguments for `subprocess`: a session of its own, the right account, and death with its parent."""
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def before_exec() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        # After the change of account, which clears it.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return {"preexec_fn": before_exec, "start_new_session": True}


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and waits to be reaped doesn't."""
    fields = _stat(pid)
    return fields is not None and fields[0] != "Z"


def wait_for_session(leader: int, *, seconds: float = 10.0) -> None:
    """Wait until nothing runs any more in the session that this process led; OSError when something goes on."""
    deadline = time.monotonic() + seconds
    while any(_runs_in(int(one.name), leader) for one in Path("/proc").iterdir() if one.name.isdigit()):
        if time.monotonic() > deadline:
            raise OSError(f"processes of an earlier run (session {leader}) don't end")
        time.sleep(0.05)


def _runs_in(pid: int, session: int) -> bool:
    fields = _stat(pid)
    return fields is not None and fields[0] != "Z" and int(fields[3]) == session


def _stat(pid: int) -> list[str] | None:
    """What the kernel says of a process from its state on: state, parent, group, session, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def stop_stale(pid: int, *, expected: str, signals: Sequence[str]) -> None:
    """End a process of an earlier run, if this pid is still that process (its command line holds `expected`)."""
    for name in signals:
        if not _is(pid, expected):
            return
        os.kill(pid, signal.Signals[name])
        deadline = time.monotonic() + 10
        while _is(pid, expected) and time.monotonic() < deadline:
            time.sleep(0.05)


def _is(pid: int, expected: str) -> bool:
    try:
        return alive(pid) and expected.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
