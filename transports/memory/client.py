"""
A client for tests of resources.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, Unpack

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Fields, Headers
from penstock.core.interfaces import IResource, RequestFactory
from penstock.core.order import Stage
from penstock.core.server import Site
from penstock.transports.memory.composing import Meaning, compose
from penstock.transports.memory.exchange import MemoryChannelRequest
from penstock.transports.memory.requester import (
    MemoryRequester,
    checkLine,
)
from penstock.transports.memory.visit import MemoryExchange, StillWaiting
from penstock.transports.memory.watch import (
    ContractBroken,
    TimedChannelRequest,
    Watch,
    WatchedChannelRequest,
)

# Octets of a response that are collected before its reader stops reading, so
# that a body without an end ends a test and not the machine's memory.
LIMIT: Final = 16 * 1024 * 1024

# Request lines that were found to be good.
_MAX_KNOWN: Final = 1024


class WatchedRequester(MemoryRequester):
    """
    A requester whose serving ends tell a L{Watch} of what they see.
    """

    watch: Watch | None = None

    def _makeServer(self) -> MemoryChannelRequest:
        if self.watch is None:
            return super()._makeServer()
        if self.watch.blocking is not None:
            return TimedChannelRequest(
                self, self._version, self.watch, self.watch.blocking
            )
        return WatchedChannelRequest(self, self._version, self.watch)


class MemoryClient:
    """
    Makes requests of a tree of resources, in memory, and looks closely at what
    comes of them::

        with MemoryClient(root) as client:
            response = client.get("/hello?name=you")
            assert response.code == 200
            assert response.text == "Hello, you"

    Calls return as soon as nothing more can happen without time passing or the
    test doing something.  Time is virtual: L{advance} lets it pass.

    A C{strict} client raises what went wrong behind the response: an exception
    in the resource or in anything else that was logged as an error, as it is
    (one left behind in a Deferred at the end, when the client is closed);
    and L{ContractBroken} for calls after C{finish}, content where there can be
    none, fields changed after they were sent, a success without having read the
    request's content, a resource that blocks (if C{blocking} says for how long
    it may), and, at the end, for requests that were never answered in full.

    @ivar requester: the L{MemoryRequester}, for those who want a Deferred:
        C{await client.requester.request("GET", "/")}.
    @ivar limit: see L{__init__}.
    @ivar clock: gives the time to resources that are made with it.
    """

    def __init__(
        self,
        root: Any,
        clock: Any = None,
        *,
        strict: bool = True,
        blocking: float | None = None,
        limit: int = LIMIT,
        **terms: Any,
    ) -> None:
        """
        @param root: an L{IResource}, or a L{RequestFactory} such as a
            L{Site}.
        @param clock: a L{twisted.internet.task.Clock}; a new
            L{penstock.transports.memory.clock.VirtualClock} by default.
        @param strict: whether to raise what else goes wrong.
        @param blocking: seconds, of real time, that a resource may keep the
            event loop busy each time that it is called; L{None} for any
            number, since a machine may stand still.
        @param limit: octets of a response that are collected before its reader
            stops reading.
        @param terms: what else L{MemoryRequester} takes: C{window}, C{piece},
            C{host}, C{peer}, C{local}, C{secure}, C{deadline}, C{version},
            C{trustFacts}, C{certifiedHosts}.
        """
        if IResource.providedBy(root) or isinstance(root, type):
            root = Site(root)
        factory: RequestFactory = root
        self.requester = WatchedRequester(factory, clock, **terms)
        self.clock = self.requester.clock
        self.limit = limit
        self._watch = watch = Watch(blocking)
        self._expected: list[tuple[tuple[type[Exception], ...], list[Exception]]] = []
        self._known: dict[tuple[bytes | str, bytes | str], tuple[bytes, bytes]] = {}
        if strict:
            self.requester.watch = watch
            watch.start()
            # For clients that nobody closes.
            weakref.finalize(self, watch.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if problem is None:
            self.close()
        else:
            # What went wrong first is what the reader wants to see.
            self._shut()

    # Whole requests

    def request(
        self,
        method: bytes | str,
        target: bytes | str,
        headers: Fields | None = None,
        body: bytes | str | Iterable[bytes] | None = None,
        **meaning: Unpack[Meaning],
    ) -> MemoryExchange:
        """
        Send a whole request::

            client.request("POST", "/", body="some text")
            client.request("POST", "/", json=["a", "b"])
            client.request("POST", "/", form={"name": "Ada"})
            client.request("POST", "/", files={"picture": ("a.png", b"...")})

        @param target: the request target, in any of the four forms of RFC
            9112, section 3.2, as it is to stand in the request line.
        @param headers: the fields to send, in any form that can be turned into
            L{Headers}.
        @param body: the content; L{str} is sent as UTF-8, an iterable of
            L{bytes} without a Content-Length.
        @param meaning: what the content is made of, instead of C{body}, with
            its Content-Type.

        @return: the exchange, whose head is there; and all of its content that
            comes without time passing.
        @raise TypeError: if C{body} can't be one, or is not alone.
        @raise StillWaiting: if it isn't answered yet.
        @raise penstock.core.errors.ExchangeLost: if it never will be.
        @raise penstock.core.errors.LocalProtocolError: if something may not go
            on a wire.
        """
        line = self._known.get((method, target))
        if line is None:
            line = self._learn(method, target)
        fields = None if headers is None else Headers.of(headers)
        if meaning:
            if body is not None:
                raise TypeError("content is given as a body, or in another way")
            mediaType, body = compose(meaning)
            fields = Headers() if fields is None else fields.copy()
            if not fields.hasHeader(b"content-type"):
                fields.setRaw(b"content-type", mediaType)
        exchange = MemoryExchange(self, line)
        hasContent = False
        if body is not None:
            hasContent = True
            exchange.prepare(hasContent)
            if isinstance(body, str):
                body = body.encode("utf-8")
            elif isinstance(body, (Mapping, int)):
                kind = type(body).__name__
                raise TypeError(f"a body is bytes, text or pieces of bytes, no {kind}")
            if isinstance(body, bytes):
                fields = Headers() if fields is None else fields.copy()
                fields.setRaw(b"content-length", b"%d" % len(body))
                body = (body,)
        watch = self._watch
        watch.inside += 1
        try:
            client = self.requester.start(
                line[0], line[1], fields, exchange, hasContent
            )
            if body is not None:
                for part in body:
                    client.writeData(part)
                    if client.isOver:
                        break
                client.finish()
            if not exchange.complete:
                self.clock.advance(0)
        finally:
            watch.inside -= 1
        if watch.problems:
            self._raise()
        if exchange.code is None:
            self._raiseUnanswered(exchange)
        return exchange

    def get(self, target: bytes | str, headers: Fields | None = None) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"GET", target, headers)

    def head(
        self, target: bytes | str, headers: Fields | None = None
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"HEAD", target, headers)

    def options(
        self, target: bytes | str, headers: Fields | None = None
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"OPTIONS", target, headers)

    def delete(
        self, target: bytes | str, headers: Fields | None = None
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"DELETE", target, headers)

    def post(
        self,
        target: bytes | str,
        body: bytes | str | Iterable[bytes] | None = None,
        headers: Fields | None = None,
        **meaning: Unpack[Meaning],
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"POST", target, headers, body, **meaning)

    def put(
        self,
        target: bytes | str,
        body: bytes | str | Iterable[bytes] | None = None,
        headers: Fields | None = None,
        **meaning: Unpack[Meaning],
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"PUT", target, headers, body, **meaning)

    def patch(
        self,
        target: bytes | str,
        body: bytes | str | Iterable[bytes] | None = None,
        headers: Fields | None = None,
        **meaning: Unpack[Meaning],
    ) -> MemoryExchange:
        """
        See L{request}.
        """
        return self.request(b"PATCH", target, headers, body, **meaning)

    # Step by step

    def open(
        self,
        method: bytes | str,
        target: bytes | str,
        headers: Fields | None = None,
        *,
        contentLength: int | None = 0,
        paused: bool = False,
        breakAfter: int | None = None,
    ) -> MemoryExchange:
        """
        Send the head of a request.  Never waits for an answer.

        @param contentLength: octets of content that will be sent; 0 if there
            is none, L{None} if that isn't known beforehand or C{headers} has
            it.
        @param paused: whether to begin as a slow reader: see
            L{MemoryExchange.pause}.
        @param breakAfter: break the connection inside the callback for this
            many events of L{MemoryExchange.events}, counted from 1.
        """
        line = self._known.get((method, target)) or self._learn(method, target)
        fields = None if headers is None else Headers.of(headers)
        if contentLength:
            fields = Headers() if fields is None else fields.copy()
            fields.setRaw(b"content-length", b"%d" % contentLength)
        hasContent = contentLength != 0
        exchange = MemoryExchange(self, line)
        exchange.prepare(hasContent, paused, breakAfter)
        with self.inside():
            self.requester.start(*line, fields, exchange, hasContent)
        return exchange

    # Time

    def pump(self) -> None:
        """
        Let everything happen that can without time passing.
        """
        self.advance(0)

    def advance(self, seconds: float) -> None:
        """
        Let time pass, and all happen that is due meanwhile.
        """
        with self.inside():
            self.clock.advance(seconds)

    # What else goes wrong

    @contextmanager
    def inside(self) -> Iterator[None]:
        """
        For exchanges: what happens in here is this client's doing, and its
        consequences are waited for.
        """
        watch = self._watch
        watch.inside += 1
        try:
            yield
            if watch.inside == 1:
                self.clock.advance(0)
        finally:
            watch.inside -= 1
        if watch.problems and not watch.inside:
            self._raise()

    @contextmanager
    def expecting(self, *kinds: type[Exception]) -> Iterator[list[Exception]]:
        """
        Expect something to go wrong::

            with client.expecting(ZeroDivisionError):
                assert client.get("/broken").code == 500

        @param kinds: what is expected; L{ContractBroken} among others.
        @return: gives a list, which has the exceptions afterwards.
        @raise ContractBroken: if nothing of that kind went wrong.
        """
        caught: list[Exception] = []
        self._expected.append((kinds, caught))
        try:
            yield caught
        finally:
            self._expected.pop()
        if not caught:
            names = ", ".join(kind.__name__ for kind in kinds)
            raise ContractBroken(f"expected, and did not come: {names}")

    def close(self) -> None:
        """
        Break off what is still under way, and see that nothing was left
        undone.  Harmless twice.

        @raise ContractBroken: in a strict client, if a request has been sent
            in full and was neither answered in full nor given up.
        """
        if self.requester.watch is not None:
            for client in self.requester.underWay:
                served = client.server.stage in (Stage.FINISHED, Stage.LOST)
                if client.stage is Stage.FINISHED and not served:
                    self._watch.complain(
                        f"{client.callbacks!r}: the server never finished it, and"
                        " nobody gave it up"
                    )
        self._shut()
        if self._watch.problems:
            self._raise()

    def _shut(self) -> None:
        watch = self._watch
        watch.inside += 1
        try:
            self.requester.breakConnections()
            self.clock.advance(0)
            if self.requester.watch is not None:
                # A Deferred that nobody listens to logs its failure when it
                # goes; and what it has failed with may keep it.  The young
                # generations are enough, and take well below a millisecond.
                gc.collect(1)
        finally:
            watch.inside -= 1
            watch.stop()

    def _raise(self) -> None:
        """
        Raise the problems that nobody expects.
        """
        problems, self._watch.problems = self._watch.problems, []
        left = [problem for problem in problems if not self._isExpected(problem)]
        if len(left) == 1:
            raise left[0]
        if left:
            raise ExceptionGroup("several things went wrong", left)

    def _isExpected(self, problem: Exception) -> bool:
        for kinds, caught in reversed(self._expected):
            if isinstance(problem, kinds):
                caught.append(problem)
                return True
        return False

    def _raiseUnanswered(self, exchange: MemoryExchange) -> None:
        if exchange.lost is not None:
            raise exchange.lost
        now = self.clock.seconds()
        times = [call.getTime() for call in self.clock.getDelayedCalls()]
        if times:
            clock = f"the clock makes its next call in {min(times) - now:g} s"
        else:
            clock = "nothing is scheduled"
        raise StillWaiting(f"{exchange!r}: {clock}", exchange)

    def _learn(self, method: bytes | str, target: bytes | str) -> tuple[bytes, bytes]:
        line = (_octets(method, "a method"), _octets(target, "a target"))
        checkLine(*line)
        if len(self._known) < _MAX_KNOWN:
            self._known[method, target] = line
        return line


def _octets(text: bytes | str, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{what} must be visible ASCII") from None
