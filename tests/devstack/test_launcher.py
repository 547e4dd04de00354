"""`portico run` as a person starts, stops, kills and mistypes it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from devstack.processes import alive
from devstack.stack import free_port

PATIENCE_SECONDS = 90.0


def variables(state_dir: Path) -> dict[str, str]:
    ports = ("HTTP", "TEMPORAL", "TEMPORAL_UI", "MAILBOX", "SIMULATOR", "METRICS")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")},
        **{f"PORTICO_{name}_PORT": str(free_port()) for name in ports},
        "PORTICO_STATE_DIR": str(state_dir),
    }


def launch(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli", "run"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.05)


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    endpoints = Path(environment["PORTICO_STATE_DIR"]) / "endpoints.json"
    endpoints.unlink(missing_ok=True)  # a killed launcher's: this one's is waited for
    launcher = launch(environment)
    try:
        until(lambda: endpoints.exists() or launcher.poll() is not None, "the stack")
        assert launcher.poll() is None, launcher.stdout.read() if launcher.stdout else ""
        yield launcher, json.loads(endpoints.read_text())
    finally:
        launcher.kill()
        launcher.communicate()


def refused(environment: dict[str, str]) -> str:
    """The one line with which it refuses; nothing has been started."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "run"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


def test_it_starts_heals_stops_and_goes_on_where_it_was(tmp_path: Path) -> None:
    environment = variables(tmp_path / "state")
    with running(environment) as (launcher, endpoints):
        pids = endpoints["pids"]
        assert isinstance(pids, dict)
        assert set(pids) == {"server", "worker", "temporal", "postgres", "mailbox", "simulator"}
        assert (tmp_path / "state" / "endpoints.json").stat().st_mode & 0o077 == 0

        assert "another Portico" in refused(environment)

        os.kill(pids["mailbox"], signal.SIGKILL)
        mailbox = f"{endpoints['mailbox_url']}/healthz"
        until(lambda: not alive(pids["mailbox"]) and answers(mailbox), "the mailbox on its port")

        page = f"{endpoints['base_url']}/p/{endpoints['provider']}"
        assert httpx.get(page).status_code == 200
        launcher.send_signal(signal.SIGTERM)
        output, _ = launcher.communicate(timeout=60)
        assert launcher.returncode == 0
        assert "mailbox died" in output
        assert not any(alive(pid) for pid in pids.values())
        assert not (tmp_path / "state" / "endpoints.json").exists()

    with running(environment) as (launcher, again):
        assert again["api_key"] == endpoints["api_key"]
        after = again["pids"]
        assert isinstance(after, dict)
        launcher.kill()
        launcher.wait()
        until(lambda: not any(alive(pid) for pid in after.values()), "the parts to end with their launcher")

    with running(environment) as (launcher, third):
        assert third["provider_password"] == endpoints["provider_password"]
        launcher.send_signal(signal.SIGINT)
        launcher.communicate(timeout=60)
        assert launcher.returncode == 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    "setting", ["PORTICO_HTTP_PORT", "PORTICO_TEMPORAL_PORT", "PORTICO_MAILBOX_PORT", "PORTICO_SIMULATOR_PORT"]
)
def test_a_port_in_use_is_one_line_that_names_the_setting(tmp_path: Path, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(variables(tmp_path) | {setting: str(port)})
    assert setting in line
    assert str(port) in line


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PORTICO_HTTP_PORT", "eighty"),
        ("PORTICO_ENV", "staging"),
        ("PORTICO_SMTP_URL", "mail.example.com"),
        ("PORTICO_SECRET_KEYS", "short"),
        ("PORTICO_HTPP_PORT", "8000"),
        ("PORTICO_STRIPE_KEY", "sk_live_something"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path, setting: str, value: str) -> None:
    line = refused(variables(tmp_path) | {setting: value})
    assert setting in line
    assert "something" not in line
