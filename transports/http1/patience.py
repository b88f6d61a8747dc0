"""
How long a client waits.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """
    Seconds, L{math.inf} for ever; see the arguments of
    L{penstock.transports.http1.pool.HTTPClient}.
    """

    connect: float
    """For a connection."""

    head: float
    """For the head of a response, after a sign of life."""

    content: float
    """For more of its content, after a sign of life."""

    idle: float
    """For the next request."""

    total: float
    """For a request and its response together."""
