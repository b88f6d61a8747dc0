"""
One tree, asked over each transport, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from penstock.core.errors import ExchangeLost
from penstock.core.headers import Headers
from penstock.core.server import Site
from penstock.transports.http1 import HTTPClient, HTTPFactory
from penstock.transports.memory import MemoryRequester, VirtualClock
from penstock.transports.rpc import RPCClient, RPCFactory

from ..everywhere import carrier, pytest_generate_tests
from ..loop import Loop

# For pytest.
__all__ = ["carrier", "pytest_generate_tests"]


class Answer(NamedTuple):
    """
    A response as its caller has it.  The code is 0 if there was none, and the
    body L{None} if it never came to its end.
    """

    code: int
    headers: Headers
    body: bytes | None
    trailers: Headers | None
    intermediate: list[tuple[int, Headers]]


class Way:
    """
    A way to ask.

    @ivar clock: that its time goes by.
    """

    clock: Any = None

    def __init__(self) -> None:
        self._requesters: dict[int, Any] = {}

    def requester(self, factory: Any) -> Any:
        raise NotImplementedError

    def wait(self, deferred: Deferred[Any]) -> Any:
        raise NotImplementedError

    def settle(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def start(
        self, root: Any, method: str, target: str, fields: Any = (), body: Any = None
    ) -> Deferred[Any]:
        """
        Send a request.

        @param root: a resource, or a L{Site}.
        """
        requester = self._requesters.get(id(root))
        if requester is None:
            factory = root if isinstance(root, Site) else Site(root)
            requester = self._requesters[id(root)] = self.requester(factory)
        # Other fields that a transport adds are none of the test's business.
        return requester.request(method, target, Headers(fields), body)  # type: ignore[no-any-return]

    def ask(
        self,
        root: Any,
        method: str = "GET",
        target: str = "/",
        fields: Any = (),
        body: Any = None,
    ) -> Answer:
        """
        Send a request, and wait for all of its response.
        """
        try:
            response = self.wait(self.start(root, method, target, fields, body))
        except ExchangeLost:
            return Answer(0, Headers(), None, None, [])
        try:
            content = self.wait(response.read(1 << 26))
        except ExchangeLost:
            content = None
        return Answer(
            response.code,
            response.headers,
            content,
            response.trailers,
            response.intermediate,
        )


class InMemory(Way):
    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()

    def requester(self, factory: Any) -> Any:
        return MemoryRequester(factory, self.clock)

    def wait(self, deferred: Deferred[Any]) -> Any:
        outcome: list[Any] = []
        deferred.addBoth(outcome.append)
        self.clock.advance(0)
        if not outcome:
            raise TimeoutError("nothing came of it")
        if hasattr(outcome[0], "raiseException"):
            outcome[0].raiseException()
        return outcome[0]

    def settle(self) -> None:
        self.clock.advance(0)

    def close(self) -> None:
        pass


class OverSockets(Way):
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop
        self.clock = loop.reactor

    def endpoint(self, factory: Any) -> Any:
        port = self.loop.listen(factory)
        return TCP4ClientEndpoint(self.loop.reactor, "127.0.0.1", port)

    def wait(self, deferred: Deferred[Any]) -> Any:
        return self.loop.run(deferred, 20.0)

    def settle(self) -> None:
        self.loop.settle()

    def close(self) -> None:
        for requester in self._requesters.values():
            requester.close()
        self.loop.settle()


class OverHTTP(OverSockets):
    def requester(self, factory: Any) -> Any:
        reactor = self.loop.reactor
        return HTTPClient(reactor, self.endpoint(HTTPFactory(factory, reactor)))


class OverRPC(OverSockets):
    def requester(self, factory: Any) -> Any:
        reactor = self.loop.reactor
        return RPCClient(reactor, self.endpoint(RPCFactory(factory, reactor=reactor)))


WAYS: dict[str, Callable[[Loop], Way]] = {
    "memory": lambda loop: InMemory(),
    "http": OverHTTP,
    "rpc": OverRPC,
}


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def way(request: Any, loop: Loop) -> Iterator[Way]:
    """
    Each way, one after the other.
    """
    made: Way = request.param(loop)
    yield made
    made.close()
