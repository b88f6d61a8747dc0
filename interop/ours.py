"""
Penstock's own calling end, as the client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

from compare import Difference, differences
from orders import Answer, Order
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.epollreactor import EPollReactor

from penstock.core.errors import ExchangeLost, LocalProtocolError
from penstock.core.headers import Headers
from penstock.transports.http1 import HTTPClient

SOURCE = "127.0.0.30"

Work = list[tuple[Order, Answer]]


def adapted(order: Order) -> Order:
    """
    @return: C{order}, as a requester can carry it out: connections are its own
        business.
    """
    return replace(order, trailers=(), old=False, close=False, pipelined=False)


class OurCaller:
    """
    Sends orders, several at a time.
    """

    def __init__(self, port: int, clients: int) -> None:
        """
        @param clients: how many there may be at the same time.
        """
        # Not installed: others may come after it.
        self.reactor: Any = EPollReactor()  # type: ignore[no-untyped-call]
        self.reactor.startRunning(installSignalHandlers=False)
        self.connections = 0
        endpoint = TCP4ClientEndpoint(
            self.reactor, "127.0.0.1", port, bindAddress=(SOURCE, 0)
        )
        self._endpoint = endpoint
        self._clients = clients
        self.requester = HTTPClient(self.reactor, self, maxConnections=clients)
        self.found: list[tuple[Order, list[Difference], Answer]] = []
        self.kinds: list[str] = []
        self.octets = 0
        self.slowest = (0.0, "")

    def connect(self, factory: Any) -> Any:
        """
        See L{twisted.internet.interfaces.IStreamClientEndpoint}: counts.
        """
        self.connections += 1
        return self._endpoint.connect(factory)

    def run(self, work: Work) -> None:
        """
        Send all, and compare.
        """
        waiting = iter(work)
        self.work(lambda: self._compare(waiting))

    def work(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """
        Run as many of the coroutines that C{make} makes as there are clients.
        """
        done: list[Any] = []
        workers = [Deferred.fromCoroutine(make()) for _ in range(self._clients)]
        DeferredList(workers, fireOnOneErrback=True, consumeErrors=True).addBoth(
            done.append
        )
        while not done:
            self._turn()
        if not isinstance(done[0], list):
            done[0].value.subFailure.raiseException()
        closed: list[Any] = []
        self.requester.close().addBoth(closed.append)
        while not closed:
            self._turn()

    def _turn(self) -> None:
        self.reactor.runUntilCurrent()
        wait = self.reactor.timeout()
        self.reactor.doIteration(0.1 if wait is None else min(0.1, wait))

    async def _compare(self, waiting: Iterator[tuple[Order, Answer]]) -> None:
        for order, expected in waiting:
            started = time.monotonic()
            got = await self.call(order)
            self.slowest = max(
                self.slowest, (time.monotonic() - started, order.describe())
            )
            self.kinds.append(order.kind)
            self.octets += got.size + order.size
            if got.lost != "left":
                found = differences(order, expected, got, SOURCE)
                if found:
                    self.found.append((order, found, got))

    async def call(self, order: Order, keep: bool = False) -> Answer:
        """
        @param keep: whether to keep all content.

        @return: what came of C{order}.
        """
        fields = [("Host", order.host), *order.fields]
        if order.expect:
            fields.append(("Expect", "100-continue"))
        headers = Headers((name, value.encode("latin-1")) for name, value in fields)
        body: Any = None
        if order.body is not None:
            body = b"".join(order.body)
            if order.chunked:
                body = iter([piece for piece in order.body if piece])
        answer = Answer()
        try:
            calling = self.requester.request(order.method, order.target, headers, body)
            if order.leave and order.number % 2:
                calling.addErrback(lambda failure: None)
                calling.cancel()
                return Answer(lost="left")
            response = await calling
            if order.leave:
                response.cancel()
                return Answer(lost="left")
            content = await response.read(1 << 26)
        except (ExchangeLost, LocalProtocolError) as problem:
            answer.lost = repr(problem)
            return answer
        answer.code = response.code
        answer.interim = [code for code, _ in response.intermediate]
        answer.fields = _texts(response.headers)
        answer.trailers = _texts(response.trailers)
        answer.take(content, keep or order.isEcho)
        return answer


def _texts(headers: Headers | None) -> list[tuple[str, str]]:
    return [
        (name.decode("ascii").lower(), value.decode("latin-1"))
        for name, value in headers or ()
    ]
