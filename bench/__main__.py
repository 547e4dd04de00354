"""`python -m bench [names...] [--quick]`: measures, and prints figure, floor and ratio of each line."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench import booking, claims, cost, doors, journeys, slots, startup, weeks
from bench.lines import Line, table
from bench.machine import machine

Measurement = Callable[[], Awaitable[list[Line]]]


def measurements(*, quick: bool, clients: int) -> Mapping[str, Measurement]:
    """By name, in the order of the report; `quick` ones are too short to mean anything."""
    rounds = 2 if quick else 4
    return {
        "cost": cost.measure,
        "journeys": lambda: journeys.measure(
            journeys.Size(rounds=rounds, journeys=5 if quick else max(1, clients // rounds))
        ),
        "doors": lambda: doors.measure(doors.Size(rounds=rounds, requests=20 if quick else 400)),
        "booking": lambda: booking.measure(booking.Size(clients=2 if quick else 40)),
        "weeks": lambda: weeks.measure(1 if quick else 3),
        "claims": lambda: claims.measure(claims.Size(rounds=rounds, claims=10 if quick else 200)),
        "slots": lambda: slots.measure(3 if quick else 200),
        "startup": lambda: startup.measure(startup.Size(rounds=1 if quick else 2)),
    }


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"any of {', '.join(measurements(quick=True, clients=1))}"
    )
    parser.add_argument("--quick", action="store_true", help="a smoke test: tiny counts")
    parser.add_argument("--journeys", type=int, default=1000, metavar="N", help="for memory and journeys per second")
    arguments = parser.parse_args(argv)
    available = measurements(quick=arguments.quick, clients=arguments.journeys)
    unknown = [name for name in arguments.names if name not in available]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}: choose from {', '.join(available)}")
    print(machine(), flush=True)
    for name in arguments.names or available:
        begun = time.perf_counter()
        lines = asyncio.run(_run(available[name]))
        print(f"\n{name} ({time.perf_counter() - begun:.0f} s)\n\n{table(lines)}", flush=True)
    return 0


async def _run(measurement: Measurement) -> list[Line]:
    return await measurement()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
