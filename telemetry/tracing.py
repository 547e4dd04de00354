"""Traces by OpenTelemetry, where a collector is configured: requests, journeys and activities, ids and names only.

The packages are the extra `otel`, imported by `start_tracing` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from temporalio.contrib.opentelemetry import TracingInterceptor


# Retries included: a collector that is away doesn't hold up a process that is to stop.
_EXPORT_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class Tracing:
    """`provider` is for FastAPI's request spans, `interceptor` for Temporal's client (and with it the worker)."""

    provider: TracerProvider
    interceptor: TracingInterceptor

    def close(self) -> None:
        """Send what hasn't been sent yet; takes some three seconds if the collector is away."""
        self.provider.shutdown()


def start_tracing(endpoint: str, *, service: str, environment: str) -> Tracing:
    """Export by OTLP over HTTP to `endpoint` (its base, as OTEL_EXPORTER_OTLP_ENDPOINT is).

    Headers, sampling and batches by OpenTelemetry's own variables. The settings have made sure that the extra is there.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from temporalio.contrib.opentelemetry import TracingInterceptor

    from telemetry.discretion import OnlyTheParent, Without, set_propagator

    resource = Resource.create({"service.name": service, "deployment.environment.name": environment})
    # An exception's text can quote what somebody typed; spans carry those texts as events.
    provider = TracerProvider(resource=resource, span_limits=SpanLimits(max_events=0), shutdown_on_exit=False)
    provider.add_span_processor(Without())
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    set_propagator(OnlyTheParent())
    interceptor = TracingInterceptor(provider.get_tracer("portico"))
    interceptor.text_map_propagator = OnlyTheParent()
    return Tracing(provider=provider, interceptor=interceptor)
