"""The benchmarks report a figure, its floor and their ratio. How great they are is no test's business."""

from __future__ import annotations

import math

import pytest

from bench import claims, journeys
from bench.__main__ import measurements
from bench.lines import Line, percentile, table
from bench.machine import machine


async def test_a_measurement_gives_figure_floor_and_ratio() -> None:
    [line] = await claims.measure(claims.Size(rounds=1, claims=4))

    assert line.figure > 0
    assert line.floor is not None and line.floor > 0
    assert line.ratio is not None and math.isclose(line.ratio, line.figure / line.floor)
    assert line.name in table([line])


async def test_journeys_written_into_the_records_come_all_the_way() -> None:
    speed, *_ = await journeys.measure(journeys.Size(rounds=1, journeys=2))

    assert speed.figure > 0 and speed.floor is not None and speed.floor > 0


@pytest.mark.parametrize(("more_is_better", "ratio"), [(True, 2.0), (False, 0.5)])
def test_a_ratio_above_one_is_better_than_the_floor(more_is_better: bool, ratio: float) -> None:
    line = Line(name="x", figure=10, floor=5, unit="u", more_is_better=more_is_better)

    assert line.ratio == ratio


def test_what_is_required_is_judged() -> None:
    below = Line(name="x", figure=1, floor=2, unit="/s", more_is_better=True, required=0.8)
    over = Line(name="x", figure=17, unit="actions", limit=16)

    assert (below.verdict, over.verdict) == ("at least 0.8: BELOW", "at most 16: OVER")
    assert (Line(name="x", figure=16, unit="actions", limit=16)).verdict == "at most 16: ok"


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([float(n) for n in range(1000)], 0.99) == 990.0


def test_the_report_names_the_machine_and_every_measurement() -> None:
    assert "cores" in machine()
    assert list(measurements(quick=True, clients=1)) == [
        *("cost", "journeys", "doors", "booking", "weeks", "claims", "slots", "startup")
    ]
