"""
The transports, as the tests of semantics ask over them.

What RFC 9110 says holds whatever carries the messages: so these tests ask a
tree of resources over each transport, in one process and in virtual time, and
want the same.  Where a transport can't be asked something, it lacks a
L{Facility}, and a test that needs it says so::

    @pytest.mark.needs(Facility.DATE)
    def test_date(serve: Serve) -> None:
        ...
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, Final

from twisted.internet.task import Clock

from penstock.core.headers import Headers
from penstock.core.server import Site
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.pool import HTTPClient
from penstock.transports.memory import MemoryRequester
from penstock.transports.rpc import RPCClient, RPCFactory

from ..pipe import PipeEndpoint
from .ends import Call, Message, Origin, Seen, answers


class Facility(Enum):
    """
    What is a transport's own, so that others have nothing of the kind.
    """

    DATE = "It dates responses; the others leave that to the gateway to HTTP."

    VERSION = "A request may be of HTTP/1.0."

    TARGET = "A target is sent as it is written, in whatever form."

    LIMITS = "Heads have a limit; those in memory are there already."

    OPEN = "Anybody may hear what is said; of the others only their makers know."


class Talk:
    """
    A request that is sent piece by piece.
    """

    def write(self, data: bytes) -> None:
        """
        Send some content.
        """
        raise NotImplementedError

    def end(self) -> None:
        """
        That was all of it.
        """
        raise NotImplementedError

    @property
    def answers(self) -> list[Message]:
        """
        The responses up to now, interim ones too.
        """
        raise NotImplementedError

    @property
    def codes(self) -> list[int]:
        """
        Their codes.
        """
        return [it.code for it in self.answers]


class Way:
    """
    A serving end, and somebody who asks it.

    @ivar root: the resource that is served.
    @ivar clock: by which its time goes.
    """

    facilities: ClassVar[frozenset[Facility]] = frozenset()

    def __init__(self, root: Any = None, clock: Any = None, site: Any = None) -> None:
        self.root: Any = Seen() if root is None else root
        self.clock: Any = clock or Clock()
        self.site = site or Site(self.root)

    def talk(
        self,
        method: bytes,
        target: bytes,
        fields: bytes,
        length: int | None = 0,
        version: bytes = b"1.1",
    ) -> Talk:
        """
        Send a head.

        @param fields: lines.
        @param length: of the content, which is to be sent then; L{None} if it
            isn't said.
        @param version: needs L{Facility.VERSION}.
        """
        raise NotImplementedError

    def ask(
        self,
        method: bytes = b"GET",
        target: bytes = b"/",
        fields: bytes = b"",
        content: bytes | None = None,
        version: bytes = b"1.1",
    ) -> list[Message]:
        """
        @return: all answers to a request, interim ones too.
        """
        length = 0 if content is None else len(content)
        talk = self.talk(method, target, fields, length, version)
        if content:
            talk.write(content)
            talk.end()
        return talk.answers

    def settle(self) -> None:
        """
        Let everything happen that needs no time.
        """
        self.clock.advance(0)

    def get(
        self,
        fields: bytes = b"",
        target: bytes = b"/",
        method: bytes = b"GET",
        content: bytes | None = None,
        version: bytes = b"1.1",
    ) -> Message:
        """
        @return: the final answer.
        """
        found = self.ask(method, target, fields, content, version)
        (final,) = (it for it in found if it.code >= 200)
        return final


class RawTalk(Talk):
    """
    In the octets of HTTP/1.1.
    """

    def __init__(self, origin: Origin, method: bytes, isChunked: bool) -> None:
        self._origin = origin
        self._method = method
        self._isChunked = isChunked
        self._received = b""

    def write(self, data: bytes) -> None:
        if self._isChunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._origin.send(data)

    def end(self) -> None:
        if self._isChunked:
            self._origin.send(b"0\r\n\r\n")

    @property
    def answers(self) -> list[Message]:
        self._received += self._origin.take()
        return answers(self._received, self._method)


class OverHTTP(Way):
    """
    Octets in, octets out: all that HTTP/1.1 says can be seen.
    """

    facilities = frozenset(Facility)

    def __init__(self, root: Any = None, clock: Any = None, site: Any = None) -> None:
        super().__init__(root, clock, site)
        self._origin = Origin(self.root, clock=self.clock, site=self.site)

    def talk(
        self,
        method: bytes,
        target: bytes,
        fields: bytes,
        length: int | None = 0,
        version: bytes = b"1.1",
    ) -> RawTalk:
        """
        See L{Way.talk}.
        """
        origin = self._origin
        if not origin.wire.open:
            origin.connect()
        origin.take()
        if length is None:
            fields += b"Transfer-Encoding: chunked\r\n"
        elif length or method in (b"PUT", b"POST", b"PATCH"):
            fields += b"Content-Length: %d\r\n" % length
        head = b"%b %b HTTP/%b\r\nHost: a\r\n%b\r\n"
        origin.send(head % (method, target, version, fields))
        return RawTalk(origin, method, length is None)


class CalledTalk(Talk):
    """
    By a transport's calling end.
    """

    def __init__(self, settle: Callable[[], None]) -> None:
        self.recorder = ResponseRecorder()
        self.settle = settle
        self.exchange: Any = None

    def write(self, data: bytes) -> None:
        self.exchange.writeData(data)
        self.settle()

    def end(self) -> None:
        self.exchange.finish()
        self.settle()

    @property
    def answers(self) -> list[Message]:
        recorder = self.recorder
        if recorder.reason is not None:
            recorder.reason.raiseException()
        found = [
            Message((b"", b"%d" % code, b""), list(headers), b"", [])
            for code, headers in recorder.intermediate
        ]
        if recorder.complete:
            start = (b"", b"%d" % recorder.code, recorder.message or b"")  # type: ignore[str-bytes-safe]
            trailers = list(recorder.trailers or ())
            found.append(
                Message(start, list(recorder.headers), recorder.content, trailers)
            )
        return found


class Called(Way):
    """
    What transports have in common whose octets are nobody's business.

    @ivar requester: the calling end.
    """

    requester: Any

    def call(
        self, method: str = "GET", uri: str = "/", fields: Any = (), body: Any = None
    ) -> Call:
        """
        Send a request that is well composed.
        """
        asked = Call(self.requester.request(method, uri, Headers(fields), body))
        self.settle()
        return asked

    def talk(
        self,
        method: bytes,
        target: bytes,
        fields: bytes,
        length: int | None = 0,
        version: bytes = b"1.1",
    ) -> CalledTalk:
        """
        See L{Way.talk}.
        """
        if version != b"1.1":
            raise NotImplementedError(version)
        headers = Headers()
        for line in fields.split(b"\r\n"):
            if line:
                name, _, value = line.partition(b":")
                headers.addRaw(name, value.strip(b" \t"))
        if length:
            headers.addRaw(b"content-length", b"%d" % length)
        talk = CalledTalk(self.settle)
        talk.exchange = self.requester.startRequest(
            method, target, headers, talk.recorder, length != 0
        )
        self.settle()
        return talk


class OverRPC(Called):
    """
    A session between two ends of a pipe.
    """

    facilities = frozenset((Facility.LIMITS,))

    def __init__(self, root: Any = None, clock: Any = None, site: Any = None) -> None:
        super().__init__(root, clock, site)
        factory = RPCFactory(self.site, reactor=self.clock)
        self._endpoint = PipeEndpoint(factory, self.clock)
        self.requester = RPCClient(self.clock, self._endpoint, authority=b"a")

    def settle(self) -> None:
        self._endpoint.settle()


class InMemory(Called):
    """
    Calls.
    """

    def __init__(self, root: Any = None, clock: Any = None, site: Any = None) -> None:
        super().__init__(root, clock, site)
        self.requester = MemoryRequester(self.site, self.clock, host=b"a")


class CalledOverHTTP(Called):
    """
    As L{OverHTTP}, but asked by the calling end.
    """

    facilities = frozenset((Facility.DATE, Facility.LIMITS, Facility.OPEN))

    def __init__(self, root: Any = None, clock: Any = None, site: Any = None) -> None:
        super().__init__(root, clock, site)
        factory = HTTPFactory(self.site, self.clock)
        self._endpoint = PipeEndpoint(factory, self.clock)
        self.requester = HTTPClient(self.clock, self._endpoint, host=b"a")

    def settle(self) -> None:
        self._endpoint.settle()


Serve = type[Way]
"""A L{Way} to ask."""

Calls = type[Called]
"""A calling end to ask with."""

# For what the serving end is asked.
WAYS: Final[dict[str, type[Way]]] = {
    "http": OverHTTP,
    "rpc": OverRPC,
    "memory": InMemory,
}

# For what the calling end is answered.
CALLS: Final[dict[str, type[Called]]] = {
    "http": CalledOverHTTP,
    "rpc": OverRPC,
    "memory": InMemory,
}
