"""A line of the report: a figure, its floor, their ratio, and what is required of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """`floor` is in the figure's unit. A ratio of 1 means as good as the floor, above 1 better, whatever the unit.

    `required` is the least ratio; `limit` the greatest figure, for what is counted and has no floor but a ceiling.
    """

    name: str
    figure: float
    unit: str
    floor: float | None = None
    more_is_better: bool = False
    required: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.floor or not self.figure:
            return None
        return self.figure / self.floor if self.more_is_better else self.floor / self.figure

    @property
    def verdict(self) -> str:
        if self.limit is not None:
            return f"at most {_number(self.limit)}: {'ok' if self.figure <= self.limit else 'OVER'}"
        if self.required is not None and self.ratio is not None:
            return f"at least {self.required:.1f}: {'ok' if self.ratio >= self.required else 'BELOW'}"
        return ""


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table, aligned for a terminal too; notes below it."""
    rows = [("line", "figure", "floor", "ratio", "required")]
    for line in lines:
        floor = f"{_number(line.floor)} {line.unit}" if line.floor is not None else "-"
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else "-"
        rows.append((line.name, f"{_number(line.figure)} {line.unit}", floor, ratio, line.verdict or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    drawn = [_row(row, widths) for row in rows]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {line.name}: {line.note}" for line in lines if line.note]
    return "\n".join([*drawn, *(["", *notes] if notes else [])])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that was measured, the greatest one where there are few."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
