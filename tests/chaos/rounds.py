"""A round: one fault that strikes many clients, each of them at an effect of its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from tests.chaos.effects import Call, Cell, Effect, Kind, Mail, Moment, Part, Record
from tests.chaos.faults import Faults
from tests.chaos.gates import Gate, Gates, Ledger
from tests.chaos.invariants import violations
from tests.chaos.walker import Walker
from tests.driver import Provider, World, until

# A client's request to the processor gives up after 10 s; a gate that has held longer holds nobody any more.
_HELD_AT_MOST_SECONDS = 9.0
_AT_ONCE = 12


class NotHit(Exception):
    """The clients weren't in place in time: a loaded machine. Nobody was struck where it was meant."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    cell: Cell
    wrong: tuple[str, ...]


@dataclass(kw_only=True)
class _Hit:
    """One client, and the cells that its fate decides (several, where they are the same scenario)."""

    cells: list[Cell]
    walker: Walker
    cancels: bool
    failure: str | None = None

    @property
    def effect(self) -> Effect:
        return self.cells[0].effect


class Rounds:
    """Runs cells on one stack. `say` gets a line per round."""

    def __init__(self, world: World, *, seed: int, say: Callable[[str], None]) -> None:
        self._world = world
        self._ledger = Ledger(world.endpoints["database_url"])
        self._faults = Faults(world, self._ledger)
        self._random = random.Random(seed)
        self._say = say
        self._providers: list[Provider] = []
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def prepare(self) -> None:
        await self._ledger.prepare()

    async def close(self) -> None:
        await self._ledger.close()

    async def run(self, cells: Iterable[Cell]) -> list[Outcome]:
        """Cells of the same part, kind and moment, struck by one fault (by more, where the machine is slow)."""
        cells = list(cells)
        try:
            return await self._round(cells)
        except NotHit:
            if len(cells) < 2:
                raise
            self._say(f"{len(cells)} clients weren't in place in time; by halves")
            return [*await self.run(cells[::2]), *await self.run(cells[1::2])]

    async def _round(self, cells: list[Cell]) -> list[Outcome]:
        hits = await self._hits(cells)
        first = hits[0].cells[0]
        begun = time.monotonic()
        await self._together(hits, lambda hit: hit.walker.arrive_at(hit.effect.step))
        struck = time.monotonic()
        try:
            await self._strike(first.part, first.kind, first.moment, hits)
        finally:
            await self._faults.well_again()
        well = time.monotonic()
        await self._together(hits, lambda hit: hit.walker.finish(cancels=hit.cancels))
        outcomes = [outcome for judged in await asyncio.gather(*map(self._judged, hits)) for outcome in judged]
        wrong = sum(bool(outcome.wrong) for outcome in outcomes)
        self._say(
            f"{first.part} {first.kind} {first.moment}: {len(outcomes)} cells, {len(hits)} clients, {wrong} wrong"
            f" ({struck - begun:.0f} + {well - struck:.0f} + {time.monotonic() - well:.0f} s)"
        )
        return outcomes

    async def _hits(self, cells: list[Cell]) -> list[_Hit]:
        """Before a trigger, all that follows from it is the same scenario: one client for those."""
        if cells[0].moment is Moment.BEFORE:
            by_step = groupby(cells, key=lambda cell: (cell.track, cell.effect.step))
            groups = [list(group) for _, group in by_step]
        else:
            groups = [[cell] for cell in cells]
        # Limits are there against strangers who guess; these clients all come from one address.
        await self._ledger.rows("DELETE FROM rate_counter")
        while len(self._providers) < len(groups):
            self._providers.append(await self._world.new_provider())
        return [
            _Hit(
                cells=group,
                walker=Walker(world=self._world, ledger=self._ledger, provider=provider, track=group[0].track),
                cancels=group[0].effect.step == "cancel" or self._random.random() < 0.5,
            )
            for group, provider in zip(groups, self._providers, strict=False)
        ]

    async def _strike(self, part: Part, kind: Kind, moment: Moment, hits: list[_Hit]) -> None:
        hits = [hit for hit in hits if hit.failure is None]
        walkers = [hit.walker for hit in hits]
        if moment is Moment.BEFORE:
            async with self._faults.on(part, kind, walkers):
                acting = self._act(hits)
                await asyncio.gather(*(hit.walker.attempted.wait() for hit in hits if kind is not Kind.HUNG))
        else:
            self_inflicted = kind is Kind.ERRORING and part in (Part.MAILBOX, Part.SIMULATOR)
            loses = self_inflicted and moment is Moment.DURING
            gates = Gates(self._world, self._ledger, [g for hit in hits for g in _gates(hit, moment, loses=loses)])
            await gates.close()
            acting = self._act(hits)
            try:
                await self._in_place(gates, hits, moment)
                if not loses:
                    async with self._faults.on(part, kind, walkers):
                        if not self_inflicted:
                            await gates.open_far()
                        if part is not Part.POSTGRES:
                            await gates.open_records()
            finally:
                await gates.open_far()
                await gates.open_records()
        await acting

    async def _in_place(self, gates: Gates, hits: list[_Hit], moment: Moment) -> None:
        try:
            await gates.all_held()
            await asyncio.gather(*(self._visible(hit, moment) for hit in hits))
        except AssertionError as error:
            raise NotHit from error
        if gates.first_held is not None and time.monotonic() - gates.first_held > _HELD_AT_MOST_SECONDS:
            raise NotHit

    def _act(self, hits: list[_Hit]) -> asyncio.Task[None]:
        return asyncio.create_task(self._together(hits, lambda hit: hit.walker.act(hit.effect.step), places=False))

    async def _visible(self, hit: _Hit, moment: Moment) -> None:
        """After an effect that is only ours: its row is there for everybody."""
        if moment is not Moment.AFTER or hit.effect.far is not None:
            return

        async def look() -> bool:
            return hit.effect.record in await hit.walker.facts()

        await until(look, f"{hit.effect.name} to be visible")

    async def _judged(self, hit: _Hit) -> list[Outcome]:
        wrong = [hit.failure] if hit.failure else []
        try:
            wrong += await violations(self._world, hit.walker, cancelled=hit.cancels and not hit.failure)
        except Exception as error:  # A client that never got far has nothing to judge: the failure says why.
            wrong.append(f"{type(error).__name__}: {error}")
        return [Outcome(cell=cell, wrong=tuple(wrong)) for cell in hit.cells]

    async def _together(self, hits: list[_Hit], do: Callable[[_Hit], Awaitable[None]], *, places: bool = True) -> None:
        """All at once (no more than the machine bears); one that fails is noted, and the others go on."""

        async def one(hit: _Hit) -> None:
            if hit.failure is not None:
                return
            try:
                if places:
                    async with self._places:
                        await do(hit)
                else:
                    await do(hit)
            except Exception as error:  # Whatever it is: it is this cell's result.
                hit.failure = f"{type(error).__name__}: {error}"

        await asyncio.gather(*(one(hit) for hit in hits))


def _gates(hit: _Hit, moment: Moment, *, loses: bool) -> list[Gate]:
    effect, walker = hit.effect, hit.walker

    def gate(at: Record | Mail | Call, *, acted: bool = True) -> Gate:
        return Gate(
            address=walker.address,
            desk=walker.provider.seeded.front_desk,
            merchant=walker.provider.seeded.merchant_account,
            at=at,
            acted=acted,
            loses=loses,
        )

    own = gate(Record(label=effect.record))
    if moment is Moment.DURING:
        return [gate(effect.far)] if effect.far is not None else [own]
    if effect.far is not None:
        return [own]
    return [gate(effect.next, acted=False)] if effect.next is not None else []
