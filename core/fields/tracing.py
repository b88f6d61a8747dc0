"""
Rows for which request caused which, and how long it took.
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import LIST, REQUEST, RESPONSE, SINGLE, TRAILER
from penstock.core.fieldtable import Field
from penstock.core.values import timing, trace

ROWS: Final = (
    Field(
        "traceparent",
        trace.parseTraceParent,
        trace.generateTraceParent,
        "TraceParent",
        "Trace Context, section 3.2",
        SINGLE,
        REQUEST,
    ),
    Field(
        "tracestate",
        trace.parseTraceState,
        trace.generateTraceState,
        "TraceState",
        "Trace Context, section 3.3",
        LIST,
        REQUEST,
    ),
    Field(
        "Server-Timing",
        timing.parseMetrics,
        timing.generateMetrics,
        "tuple of Metric",
        "Server Timing",
        LIST,
        RESPONSE | TRAILER,
    ),
)
