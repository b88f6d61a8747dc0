"""
Server-sent events, over each transport.
"""

from __future__ import annotations

from typing import Any

from penstock.resources.events import Channel


def test_events(way: Any) -> None:
    """
    An event comes when it is published, and the listener's leaving is noticed.
    """
    channel = Channel(way.clock)
    response = way.wait(way.start(channel, "GET", "/"))
    assert response.headers.get("content-type") == b"text/event-stream"
    way.settle()
    for number in range(3):
        channel.publish(f"event {number}")
        came = way.wait(response.content.next())
        assert came == b"id: %d\ndata: event %d\n\n" % (number + 1, number)
    assert channel.listeners == 1
    response.cancel()
    way.settle()
    assert channel.listeners == 0


def test_keepAlive(way: Any) -> None:
    """
    A comment comes where nothing happens.
    """
    channel = Channel(way.clock, keepAlive=0.05)
    response = way.wait(way.start(channel, "GET", "/"))
    coming = response.content.next()
    if hasattr(way.clock, "advance"):
        way.clock.advance(0.05)
    assert way.wait(coming) == b":\n\n"
    response.cancel()
    way.settle()
    assert channel.listeners == 0
