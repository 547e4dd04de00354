"""The least that finding slots takes: bookings sorted once, one pass over a grid of integers; no zones, no rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def free_starts(busy: Sequence[tuple[int, int]], grid: Iterator[int], length: int, capacity: int) -> list[int]:
    """The starts on the ascending `grid` at which fewer than `capacity` of `busy` touch the time; all in minutes."""
    starts, ends = sorted(start for start, _ in busy), sorted(end for _, end in busy)
    begun = over = 0
    found: list[int] = []
    for start in grid:
        while begun < len(starts) and starts[begun] < start + length:
            begun += 1
        while over < len(ends) and ends[over] <= start:
            over += 1
        if begun - over < capacity:
            found.append(start)
    return found
