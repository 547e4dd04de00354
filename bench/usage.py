"""Memory and processor time of a part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """VmRSS of one process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def processor_seconds(pid: int) -> float:
    """User and system time so far of a process and its children, those that have ended included."""
    family = [_stat(pid), *(fields for fields in map(_stat, _pids()) if fields and int(fields[1]) == pid)]
    return sum(_own_seconds(fields) for fields in family if fields)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Processor time by part, at one moment."""

    seconds: Mapping[str, float]

    @classmethod
    def read(cls, pids: Mapping[str, int]) -> Clock:
        return cls(seconds={name: processor_seconds(pid) for name, pid in pids.items()} | {"driver": _mine()})

    def since(self, earlier: Clock, units: int) -> dict[str, float]:
        """Milliseconds per unit of work."""
        return {name: (now - earlier.seconds[name]) * 1000 / units for name, now in self.seconds.items()}


def told(milliseconds: Mapping[str, float]) -> str:
    """`temporal 40, worker 22, ...`, the most expensive first; what took less than half a millisecond is left out."""
    ranked = sorted(milliseconds.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {value:.0f}" for name, value in ranked if value >= 0.5)


def _mine() -> float:
    times = os.times()
    return times.user + times.system


def _pids() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields after the command's name: state, parent, group, session, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _own_seconds(fields: list[str]) -> float:
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS
