"""The practice's figures for Prometheus: what the database holds, counted when somebody asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from db.census import Census, take_census
from db.clock import Clock
from db.engine import Database
from domain.stages import Stage, Track
from domain.states import PaymentState

# Scrapers come every 15 s or so, several of them perhaps: they share one count.
_KEPT_SECONDS = 2.0
# Prometheus gives a scrape up after ten.
_PATIENCE_SECONDS = 3.0


class Figures(Collector):
    """The last census as gauges. `refresh` first; without a database there is `portico_database_up 0` and no figures.

    Every server and worker shows the same figures: take `max`, not `sum`, over them.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counting = asyncio.Lock()
        self._census: Census | None = None
        self._counted_at: float | None = None

    async def refresh(self) -> None:
        """Count, unless somebody has just done so."""
        async with self._counting:
            if self._counted_at is not None and time.monotonic() - self._counted_at < _KEPT_SECONDS:
                return
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS), self._database.transaction() as session:
                    self._census = await take_census(session, self._clock)
            except (SQLAlchemyError, OSError):
                self._census = None
            self._counted_at = time.monotonic()

    def collect(self) -> Iterator[Metric]:
        census = self._census
        yield _gauge("portico_database_up", "Whether the figures could be counted.", float(census is not None))
        if census is None:
            return
        clients = GaugeMetricFamily("portico_clients", "Clients by stage and track.", labels=["stage", "track"])
        for stage in Stage:
            for track in Track:
                clients.add_metric([stage, track], census.clients.get((stage, track), 0))
        yield clients
        effects = GaugeMetricFamily(
            "portico_effects", "Effects in the ledger by kind and state.", labels=["kind", "state"]
        )
        for (kind, state), count in sorted(census.effects.items()):
            effects.add_metric([kind, state], count)
        yield effects
        uncertain = GaugeMetricFamily(
            "portico_uncertain_attempts", "Attempts of which nobody knows whether they arrived.", labels=["kind"]
        )
        for kind, count in sorted(census.uncertain_attempts.items()):
            uncertain.add_metric([kind], count)
        yield uncertain
        payments = GaugeMetricFamily("portico_open_payments", "Payments under way by state.", labels=["state"])
        for state in (PaymentState.REQUESTED, PaymentState.AUTHORIZED):
            payments.add_metric([state], census.open_payments.get(state, 0))
        yield payments
        yield _gauge("portico_attention_open", "Steps that wait for a person.", census.attention)
        yield _gauge(
            "portico_attention_oldest_seconds", "Age of the oldest of them, 0 if none.", census.attention_age_seconds
        )
        yield _gauge("portico_events_waiting", "Recorded events not yet told to Temporal.", census.events_waiting)
        yield _gauge("portico_relay_lag_seconds", "Age of the oldest of them, 0 if none.", census.relay_lag_seconds)
        yield _gauge("portico_events_parked", "Recorded events that can't be told.", census.events_parked)
        yield _gauge("portico_holds_ended", "Holds that have ended and are pending all the same.", census.holds_ended)
        yield _gauge(
            "portico_holds_ended_oldest_seconds", "How long ago the oldest ended.", census.holds_ended_age_seconds
        )
        yield _gauge("portico_money_differences", "Differences left for a person.", census.money_differences)
        yield _gauge(
            "portico_money_compared_age_seconds",
            "Age of the oldest last comparison.",
            census.money_compared_age_seconds,
        )
        yield _gauge("portico_processor_silent", "Practices of which nothing is heard.", census.processor_silent)
        yield _gauge(
            "portico_events_undelivered",
            "The processor's events of the last day that came only when asked for.",
            census.events_undelivered,
        )
        yield _gauge(
            "portico_accounts_unanswered_seconds",
            "How long the longest of the accounts can't be asked for events, 0 if all can.",
            census.accounts_unanswered_age_seconds,
        )
        yield CounterMetricFamily("portico_holds_swept", "Holds that a sweep has found.", value=census.holds_swept)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def process_registry() -> CollectorRegistry:
    """A registry of this process's own: memory, open files, garbage collection, Python's version."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class Metrics:
    """Everything that one process shows: its own registry, and the figures."""

    def __init__(self, registry: CollectorRegistry, figures: Figures) -> None:
        self._registry = registry
        self._figures = figures
        registry.register(figures)

    async def exposition(self) -> bytes:
        """Prometheus's text format, the figures at most two seconds old."""
        await self._figures.refresh()
        return generate_latest(self._registry)
