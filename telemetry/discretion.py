"""What spans must not carry: addresses with their tokens and queries, and free text that a caller sends along."""

from __future__ import annotations

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import CarrierT, Getter, TextMapPropagator, default_getter
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# FastAPI names the template in `http.route` beside them: nothing is lost.
_PRIVATE = (
    "url.path",
    "url.query",
    "url.full",
    "http.request.method_original",
    "client.address",
    "user_agent.original",
)
_TRACEPARENT = "traceparent"


class Without(SpanProcessor):
    """Blanks private attributes when a span begins: they can be overwritten, not removed."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        given = span.attributes or {}
        for name in _PRIVATE:
            if name in given:
                span.set_attribute(name, "-")


class OnlyTheParent(TraceContextTextMapPropagator):
    """W3C's `traceparent` without `tracestate` and baggage, which hold any text and would get into histories."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        return super().extract({_TRACEPARENT: getter.get(carrier, _TRACEPARENT) or []}, context)


def set_propagator(propagator: TextMapPropagator) -> None:
    """For FastAPI, which asks for the process's."""
    propagate.set_global_textmap(propagator)
