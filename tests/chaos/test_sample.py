"""A seeded sample of the fault matrix (the whole of it: `make chaos`): each part, kind and moment, effects by lot."""

from __future__ import annotations

import random

from tests.chaos.effects import Cell, Kind, Moment, Part, matrix
from tests.chaos.rounds import Rounds
from tests.driver import World

_SEED = 20261123
_CELLS_PER_ROUND = 2
# Each part, each kind, each moment; what hangs for long (mailbox, processor) hangs in the whole matrix only.
_ROUNDS = (
    (Part.WORKER, Kind.KILLED, Moment.DURING),
    (Part.TEMPORAL, Kind.HUNG, Moment.AFTER),
    (Part.POSTGRES, Kind.KILLED, Moment.DURING),
    (Part.SERVER, Kind.KILLED, Moment.BEFORE),
    (Part.MAILBOX, Kind.ERRORING, Moment.DURING),
    (Part.SIMULATOR, Kind.ERRORING, Moment.AFTER),
)


def drawn() -> list[list[Cell]]:
    lot = random.Random(_SEED)
    rounds = []
    for part, kind, moment in _ROUNDS:
        cells = [one for one in matrix() if (one.part, one.kind, one.moment) == (part, kind, moment)]
        cells = [one for one in cells if one.no_meaning is None]
        rounds.append(sorted(lot.sample(cells, _CELLS_PER_ROUND), key=cells.index))
    return rounds


async def test_a_sample_of_the_matrix_holds(own_world: World) -> None:
    runner = Rounds(own_world, seed=_SEED, say=lambda line: None)
    outcomes = [outcome for cells in drawn() for outcome in await runner.run(cells)]
    await runner.close()
    assert {one.cell.name: one.wrong for one in outcomes if one.wrong} == {}
    assert len(outcomes) == _CELLS_PER_ROUND * len(_ROUNDS)


def test_the_sample_has_each_part_kind_and_moment() -> None:
    assert {part for part, _, _ in _ROUNDS} == set(Part)
    assert {kind for _, kind, _ in _ROUNDS} == set(Kind)
    assert {moment for _, _, moment in _ROUNDS} == set(Moment)


def test_every_combination_is_in_the_matrix_or_says_why_not() -> None:
    cells = list(matrix())
    assert len({cell.name for cell in cells}) == len(cells)
    for part in Part:
        for kind in Kind:
            for moment in Moment:
                those = [cell for cell in cells if (cell.part, cell.kind, cell.moment) == (part, kind, moment)]
                assert any(cell.no_meaning is None for cell in those), (part, kind, moment)
                assert {cell.track for cell in those} == {"anonymous", "invited"}
