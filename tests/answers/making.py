"""
Answers that are made while they are sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from penstock.core.resource import Resource
from penstock.core.server import Request

BIG = bytes(range(256)) * 4096


class Making(Resource):
    """
    Answers with what its function makes.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__()
        self.make = make

    def render_GET(self, request: Request) -> Any:
        return self.make()


class Marked(Exception):
    """
    What the resource fails with.
    """


# What fires in the next turn.
PENDING: list[Deferred[None]] = []


def fired() -> Deferred[None]:
    """
    What fires in the reactor's next turn, or the clock's.
    """
    waiting: Deferred[None] = Deferred()
    PENDING.append(waiting)
    return waiting


def turn(way: Any, answer: Deferred[Any]) -> Any:
    """
    Let what waits go on, and the answer come.
    """
    way.settle()
    while PENDING:
        PENDING.pop().callback(None)
        way.settle()
    return way.wait(answer)
