"""The command `portico`: every way to start, inspect and mend an installation."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta

from settings import PREFIX, Settings, SettingsError, load_settings


def _run(arguments: argparse.Namespace) -> int:
    from devstack.launch import CannotStart, run
    from devstack.stack import StackPlan

    settings = load_settings()
    if settings.env == "production":
        raise SettingsError("PORTICO_ENV: `portico run` is for one machine; in production start server and worker")
    plan = StackPlan(
        state_dir=settings.state_dir.absolute(),
        environment=settings.env,
        http_host=settings.http_host,
        http_port=settings.http_port,
        base_url=settings.base_url or f"http://{settings.http_host}:{settings.http_port}",
        temporal_port=settings.temporal_port,
        temporal_ui_port=settings.temporal_ui_port,
        mailbox_port=settings.mailbox_port,
        simulator_port=settings.simulator_port,
        metrics_port=settings.metrics_port,
        given={name: value for name, value in os.environ.items() if name.startswith(PREFIX)},
    )
    try:
        return run(plan)
    except CannotStart as error:
        raise SettingsError(str(error)) from None


def _server(arguments: argparse.Namespace) -> int:
    gc.disable()  # nothing that is imported ever goes; turned on again where the server is up
    import server

    server.main()
    return 0


def _worker(arguments: argparse.Namespace) -> int:
    gc.disable()  # as above
    import worker

    worker.main()
    return 0


def _migrate(arguments: argparse.Namespace) -> int:
    from db.migrate import upgrade

    upgrade(_needed(load_settings(), "database_url"))
    return 0


def _seed_demo(arguments: argparse.Namespace) -> int:
    from composition import office_of
    from db.engine import Database
    from devstack.seed import seed_demo

    settings = load_settings()

    async def seed() -> None:
        database = Database(_needed(settings, "database_url"))
        print(json.dumps(await seed_demo(office_of(settings, database), next(iter(settings.secret_keys.values())))))
        await database.close()

    asyncio.run(seed())
    return 0


def _register(arguments: argparse.Namespace) -> int:
    from composition import engine_address
    from dispatch.connection import connect_when_there
    from dispatch.register import register_schedules, register_search_attributes

    settings = load_settings()
    _needed(settings, "temporal_address")

    async def register() -> None:
        client = await connect_when_there(engine_address(settings), settings.codec_keys)
        added = await register_search_attributes(client)
        print(f"registered: {', '.join(added)}" if added else "all search attributes are registered")
        await register_schedules(
            client,
            sweep_every=timedelta(minutes=settings.sweep_minutes),
            calendars_every=timedelta(minutes=settings.calendar_minutes),
        )
        print(f"holds are swept every {settings.sweep_minutes} minutes, accounts at the processor read every day")
        print(f"calendars elsewhere are read every {settings.calendar_minutes} minutes")

    asyncio.run(register())
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from devstack.demo import drive

    return drive(load_settings().state_dir / "endpoints.json")


def _stack_settings() -> Settings:
    """The settings of a running stack: what is set, and for the rest what the launcher told its parts."""
    settings = load_settings()
    kept = settings.state_dir / "settings.json"
    if settings.env != "production" and not settings.database_url and kept.exists():
        for name, value in json.loads(kept.read_text()).items():
            os.environ.setdefault(name, value)
        return load_settings()
    return settings


def _journeys(arguments: argparse.Namespace) -> int:
    import operators
    from domain.states import AttentionAction

    settings = _stack_settings()
    _needed(settings, "temporal_address")
    answers = {"retry": AttentionAction.RETRY, "skip": AttentionAction.SKIP, "correct": AttentionAction.CORRECT_EMAIL}
    try:
        if arguments.what == "list":
            asyncio.run(operators.list_journeys(settings, attention=arguments.attention))
        elif arguments.client_id is None:
            raise operators.Failed("name the client: portico journeys show CLIENT_ID")
        elif arguments.what == "show":
            asyncio.run(operators.show_journey(settings, arguments.client_id))
        else:
            action = answers[arguments.what]
            asyncio.run(operators.answer(settings, arguments.client_id, action, arguments.email))
    except operators.Failed as error:
        print(f"portico: {error}", file=sys.stderr)
        return 1
    return 0


def _portal(arguments: argparse.Namespace) -> int:
    import operators

    settings = _stack_settings()
    _needed(settings, "database_url")
    try:
        asyncio.run(operators.set_portal(settings, arguments.practice_id, is_open=arguments.what == "open"))
    except operators.Failed as error:
        print(f"portico: {error}", file=sys.stderr)
        return 1
    return 0


def _practices(arguments: argparse.Namespace) -> int:
    import operators

    settings = _stack_settings()
    _needed(settings, "database_url")
    given = {name: getattr(arguments, name) or "" for name in ("name", "phone", "email", "country")}
    try:
        if arguments.what == "list":
            asyncio.run(operators.show_practices(settings))
        else:
            owner = arguments.owner_name or "", arguments.owner_email or ""
            asyncio.run(operators.new_practice(settings, given, owner_name=owner[0], owner_email=owner[1]))
    except operators.BadInput as error:
        raise SettingsError(str(error)) from None
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    import operators

    settings = _stack_settings()
    _needed(settings, "database_url")
    if not arguments.provider:
        raise SettingsError("name the provider: portico rehearse --provider SLUG")
    wish = {name: getattr(arguments, name) for name in ("track", "variant", "week", "zone", "kind")}
    try:
        asyncio.run(operators.rehearse(settings, arguments.provider, **wish, as_json=arguments.json))
    except operators.BadInput as error:
        raise SettingsError(str(error)) from None
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from doctor import doctor

    settings = _stack_settings()
    for name in ("database_url", "temporal_address", "smtp_url", "stripe_key"):
        _needed(settings, name)
    return 0 if asyncio.run(doctor(settings)) else 1


def _reconcile(arguments: argparse.Namespace) -> int:
    from operators import Failed
    from reconcile import Asked, as_json, as_text, reconcile

    settings = _stack_settings()
    for name in ("database_url", "temporal_address", "stripe_key"):
        _needed(settings, name)
    asked = Asked(
        repair=arguments.repair,
        end_unknown=arguments.end_unknown,
        grace=timedelta(seconds=arguments.grace_seconds),
        look_back=timedelta(days=arguments.days),
    )
    try:
        outcome = asyncio.run(reconcile(settings, asked))
    except Failed as error:
        print(f"portico: {error}", file=sys.stderr)
        return 1
    print(as_json(outcome) if arguments.json else as_text(outcome))
    return 1 if outcome.left else 0


def _needed(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if not value:
        raise SettingsError(f"{PREFIX}{name.upper()} has to be set")
    return str(value)


_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "run": (_run, "start the whole stack on this machine, in the foreground"),
    "server": (_server, "the web server"),
    "worker": (_worker, "the worker: journeys, and the relay of recorded events"),
    "migrate": (_migrate, "bring the database to the newest schema"),
    "register": (_register, "register search attributes and schedules in Temporal's namespace"),
    "seed-demo": (_seed_demo, "make the demo practices, and print their credentials"),
    "journeys": (_journeys, "look at journeys, and answer the steps that wait for a person"),
    "practices": (_practices, "list the practices, or make one and invite its owner"),
    "portal": (_portal, "open or close the portal of a practice that has no subscription of its own"),
    "reconcile": (_reconcile, "compare records, Temporal and payment processor, after a restore above all"),
    "rehearse": (_rehearse, "show every mail, page and charge that a client would get; nothing is sent"),
    "doctor": (_doctor, "check database, clock, Temporal, worker, relay, mail, payments and webhooks, each by name"),
    "demo": (_demo, "drive one client from sign-up to a paid, booked appointment"),
}


_WITH_ENGINE = ("register", "journeys", "reconcile", "doctor")


def main() -> int:
    parser = argparse.ArgumentParser(prog="portico", description="The durable front door of a practice.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, purpose) in _COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name == "journeys":
            command.add_argument("what", choices=["list", "show", "retry", "skip", "correct"])
            command.add_argument("client_id", nargs="?")
            command.add_argument("--attention", action="store_true", help="list: only those that need attention")
            command.add_argument("--email", help="correct: the right address")
        if name == "practices":
            command.add_argument("what", choices=["list", "new"])
            command.add_argument("--name", help="the practice's name, as clients read it")
            command.add_argument("--phone", help="its phone number")
            command.add_argument("--email", help="the front desk's address")
            command.add_argument("--country", default="US", help="two letters, of phone numbers (US)")
            command.add_argument("--owner-name", help="who gets the first sign-in")
            command.add_argument("--owner-email", help="where the invitation goes")
        if name == "portal":
            command.add_argument("what", choices=["open", "close"])
            command.add_argument("practice_id")
        if name == "rehearse":
            command.add_argument("--provider", help="the slug, as in the address of the provider's page")
            command.add_argument("--track", help="anonymous (as it is without), invited, front-desk")
            command.add_argument(
                "--variant", help="prompt (as it is without), slow, silent, unpaid, cancels-in-time, cancels-late"
            )
            command.add_argument(
                "--week", help="of the visit: 2027-W10, next (as it is without), clock-change, after-clock-change"
            )
            command.add_argument("--zone", help="the client's time zone, such as America/Chicago")
            command.add_argument("--type", dest="kind", help="the appointment type, by its name (the default one)")
            command.add_argument("--json", action="store_true", help="for machines, mails included")
        if name == "reconcile":
            command.add_argument("--repair", action="store_true", help="repair what can be; without it, only report")
            command.add_argument(
                "--end-unknown",
                action="store_true",
                help="with --repair: terminate workflows that the records know nothing of",
            )
            command.add_argument("--json", action="store_true", help="for machines")
            command.add_argument("--days", type=float, default=7, help="how far back money is compared (7)")
            command.add_argument(
                "--grace-seconds", type=float, default=120, help="what is younger may still be under way (120)"
            )
    arguments = parser.parse_args()
    try:
        code = _COMMANDS[arguments.command][0](arguments)
    except SettingsError as error:
        print(f"portico: {error}", file=sys.stderr)
        return 2
    if arguments.command in _WITH_ENGINE:
        # The Temporal SDK's threads can abort the interpreter's own way out (PyGILState_Release): leave before that.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
