"""`make chaos`: the whole matrix on a stack of its own; CHAOS_ONLY (globs of cell names) and CHAOS_SEED choose.

Results are kept in `.chaos.json`, and a run that was broken off is gone on with; remove it to begin anew.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path

from tests.chaos import report
from tests.chaos.effects import Cell, matrix
from tests.chaos.ground import ground
from tests.chaos.rounds import Rounds


def chosen(only: str) -> list[Cell]:
    """`part:kind:moment:track:effect`, several globs by commas; what is left out at the end is everything."""
    globs = [f"{one.strip()}*" for one in only.split(",")]
    return [
        cell for cell in matrix() if cell.no_meaning is None and any(fnmatchcase(cell.name, glob) for glob in globs)
    ]


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(f"{text}{end}")
    sys.stdout.flush()


async def main() -> int:
    seed, only = int(os.environ.get("CHAOS_SEED", "1")), os.environ.get("CHAOS_ONLY", "")
    results = Path(os.environ.get("CHAOS_RESULTS", ".chaos.json"))
    outcomes = [] if only else report.kept(results)
    known = {outcome.cell.name for outcome in outcomes}
    cells = [cell for cell in chosen(only) if cell.name not in known]
    rounds = [list(group) for _, group in groupby(cells, key=lambda cell: (cell.part, cell.kind, cell.moment))]
    random.Random(seed).shuffle(rounds)
    say(f"{len(cells)} cells in {len(rounds)} rounds, seed {seed}")
    begun = time.monotonic()
    async with ground() as world:
        runner = Rounds(world, seed=seed, say=say)
        await runner.prepare()
        for number, group in enumerate(rounds, 1):
            say(f"[{number}/{len(rounds)} {time.monotonic() - begun:.0f} s] ", end="")
            found = await runner.run(group)
            outcomes += found
            for outcome in found:
                if outcome.wrong:
                    say(f"  WRONG {outcome.cell.name}: {'; '.join(outcome.wrong)}")
            if not only:
                report.keep(outcomes, results)
                report.write(outcomes, seed=seed)
        await runner.close()
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    say(f"{len(outcomes)} cells, {wrong} wrong, {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
