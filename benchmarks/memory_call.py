"""
A GET in memory: calls per second through penstock's client and through
werkzeug's test client, in turn.

Run as C{python memory_call.py [ROUNDS]}.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from penstock.core.resource import Resource
from penstock.transports.memory import MemoryClient

BODY = b"Hello, world!\n"
SECONDS = 1.0


class Hello(Resource):
    """
    Returns bytes.
    """

    def render_GET(self, request: Any) -> bytes:
        return BODY


@Request.application
def hello(request: Request) -> Response:
    """
    The same, there.
    """
    return Response(BODY)


def rate(call: Callable[[], object]) -> float:
    """
    @return: calls per second.
    """
    calls = 0
    begin = time.perf_counter()
    while (took := time.perf_counter() - begin) < SECONDS:
        for _ in range(100):
            call()
        calls += 100
    return calls / took


def main() -> None:
    """
    Print medians and their ratio.
    """
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    ours = MemoryClient(Hello())
    theirs = Client(hello)

    def callOurs() -> None:
        if ours.get("/").body != BODY:
            raise RuntimeError("wrong answer")

    def callTheirs() -> None:
        if theirs.get("/").data != BODY:
            raise RuntimeError("wrong answer")

    pairs = [(rate(callOurs), rate(callTheirs)) for _ in range(rounds)]
    print(f"penstock     {statistics.median(a for a, _ in pairs):10,.0f} calls/s")
    print(f"werkzeug     {statistics.median(b for _, b in pairs):10,.0f} calls/s")
    print(f"ratio        {statistics.median(a / b for a, b in pairs):10.2f}")


if __name__ == "__main__":
    main()
