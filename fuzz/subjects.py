"""
The readers, to be fuzzed.
"""

from __future__ import annotations

from typing import Any, Final

from invariants import Broken, Target, joinedBy

from penstock.core import headers
from penstock.transports.http1 import head
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.request_reader import RequestReader, State
from penstock.transports.http1.response_reader import Head, ResponseReader
from penstock.transports.rpc import codec, heads
from penstock.transports.rpc.codec import MAGIC, Decoder, frame
from penstock.transports.rpc.greeting import Greeting, NotUnderstood, readHello
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import Hello, Ping, Request
from penstock.transports.rpc.violation import Violation

NORMAL: Final = Limits()

# So small that inputs reach them.
SMALL: Final = Limits(
    startLine=60,
    fieldBlock=120,
    fields=5,
    emptyLines=1,
    chunkLine=20,
    extensions=40,
    trailers=60,
    trailerFields=2,
)

# A field is two objects and their places; a reader and its parts are a dozen.
_PER_FIELD: Final = 400
_OBJECTS: Final = 8 * 1024


def _bound(limits: Limits) -> int:
    """
    @return: what may be held of one connection: a head that isn't whole and
        the one before, in three forms; or the beginning of a line of chunks.
    """
    head = limits.startLine + limits.fieldBlock
    kept = 3 * min(4096, head) + _PER_FIELD * limits.fields
    content = limits.chunkLine + limits.trailers
    return max(head, content) + kept + _OBJECTS


class RequestSubject:
    """
    The reader of requests, as the channel uses it.
    """

    def __init__(self, limits: Limits) -> None:
        self._reader = RequestReader(limits)
        self.bound = _bound(limits)

    @property
    def rejected(self) -> bool:
        """
        Whether nothing is read any more.
        """
        return self._reader.state is State.REJECTED

    def receive(self, piece: bytes) -> list[Any]:
        """
        See L{invariants.Subject}.
        """
        self._reader.receive(piece)
        events: list[Any] = []
        while (event := self._reader.nextEvent()) is not None:
            events.append(event)
        return events

    def facts(self) -> tuple[Any, ...]:
        """
        See L{invariants.Subject}.
        """
        reader = self._reader
        return reader.state, reader.remaining, reader.inHead

    def held(self) -> object:
        """
        See L{invariants.Subject}.
        """
        return self._reader

    def goOn(self) -> None:
        """
        See L{invariants.Subject}.
        """
        if self._reader.state is State.HEAD and not self._reader.buffered:
            found = self.receive(AFTER)
            if (
                [type(event) for event in found] != [RequestHead, End]
                or found[0].target != b"/after"
                or tuple(found[0].fields) != ((b"Host", b"a"),)
            ):
                raise Broken(f"the next request became {found}")

    def end(self) -> list[Any]:
        """
        See L{invariants.Subject}.  A server's reader isn't told.
        """
        return []


AFTER: Final = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"


class ResponseSubject:
    """
    The reader of responses, as the client uses it.
    """

    def __init__(self, limits: Limits, isHead: bool, clean: bool) -> None:
        self._reader = ResponseReader(limits)
        self._reader.expect(isHead)
        self._clean = clean
        self._ended = False
        self.rejected = False
        self.bound = _bound(limits)

    def receive(self, piece: bytes) -> list[Any]:
        """
        See L{invariants.Subject}.
        """
        events = self._reader.receive(piece)
        if events:
            self.rejected = self.rejected or type(events[-1]) is Rejected
            self._ended = self._ended or any(type(event) is End for event in events)
        return events

    def facts(self) -> tuple[Any, ...]:
        """
        See L{invariants.Subject}.
        """
        reader = self._reader
        return (
            reader.awaitsHead,
            reader.persistent,
            reader.remaining,
            reader.endsOnClosing,
        )

    def held(self) -> object:
        """
        See L{invariants.Subject}.
        """
        return self._reader

    def goOn(self) -> None:
        """
        See L{invariants.Subject}.
        """
        if self._ended and self._reader.persistent:
            self._reader.expect(False)
            found: list[Any] = list(self._reader.receive(NEXT))
            if (
                [type(event) for event in found] != [Head, Data, End]
                or found[0].code != 299
                or found[1].data != b"after"
            ):
                raise Broken(f"the next response became {found}")

    def end(self) -> list[Any]:
        """
        See L{invariants.Subject}.
        """
        return [self._reader.receiveEnd(self._clean), self._reader.receive(NEXT)]


NEXT: Final = b"HTTP/1.1 299 Next\r\nContent-Length: 5\r\n\r\nafter"


class DecoderSubject:
    """
    The decoder of RPC, and what looks at the heads that it makes.
    """

    def __init__(self, maxFrame: int) -> None:
        self._decoder = Decoder(maxFrame)
        self._limits = RPCLimits()
        self._fields = heads.FieldReader(self._limits.fields, self._limits.head)
        # A frame that isn't whole, twice while pieces are put together, and
        # the pieces themselves.
        self.bound = 3 * maxFrame + _OBJECTS
        self.rejected = False

    def receive(self, piece: bytes) -> list[Any]:
        """
        See L{invariants.Subject}.
        """
        events: list[Any] = []
        for message in self._decoder.receive(piece):
            if isinstance(message, codec.Rejected):
                self.rejected = True
                events.append((type(message.problem).__name__, str(message.problem)))
            else:
                events += (message, self._look(message))
        return events

    def _look(self, message: Any) -> object:
        """
        @return: what comes of what is in C{message}.
        """
        again = Decoder(16 * 1024 * 1024)
        if type(message) is Hello:
            octets = MAGIC + frame(message)
        else:
            octets = OPENING + frame(message)
        found = again.receive(octets)[-1]
        if found != message or type(found) is not type(message):
            raise Broken(f"{message} was written, and {found} was read")
        try:
            if type(message) is Hello:
                return readHello(message)
            if type(message) is Request:
                fields, length = heads.readRequest(message, self._limits, self._fields)
                return tuple(fields), length
        except (heads.Malformed, Violation, NotUnderstood) as problem:
            return type(problem).__name__, str(problem)
        return None

    def facts(self) -> tuple[Any, ...]:
        """
        See L{invariants.Subject}.
        """
        return (self._decoder.state,)

    def held(self) -> object:
        """
        See L{invariants.Subject}.
        """
        return self._decoder

    def goOn(self) -> None:
        """
        See L{invariants.Subject}.  Whether a frame has ended isn't shown, and
        what is in the middle of one takes all that comes.
        """

    def end(self) -> list[Any]:
        """
        See L{invariants.Subject}.  The decoder isn't told.
        """
        return []


OPENING: Final = MAGIC + frame(Greeting().hello(False))


def _asFrame(data: bytes) -> bytes:
    return OPENING + len(data).to_bytes(4, "big") + data


def _asItIs(data: bytes) -> bytes:
    return data


_HTTP_TOKENS: Final = (
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\x0b",
    b"\x85",
    b"\xa0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b'"',
    b"\\",
    b"=",
    b"0\r\n\r\n",
    b"1\r\nx\r\n",
    b'5;a="b"\r\nhello\r\n',
    b"ffffffffffffffff",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"chunked",
    b"gzip, chunked",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: content-length\r\n",
    b"Host: a\r\n",
    b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"HTTP/1.1\r\n",
    b"HTTP/1.0\r\n",
)

REQUESTS: Final = Target(
    name="request",
    subjects=(lambda: RequestSubject(NORMAL), lambda: RequestSubject(SMALL)),
    wires=(_asItIs,),
    after=AFTER,
    tokens=(
        *_HTTP_TOKENS,
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        b"OPTIONS * ",
        b"CONNECT a:1 ",
        b"http://a/",
    ),
    caches=(head._known, headers._known),
    cacheBound=1024 * 1024,
    join=joinedBy(Data, lambda one, two: Data(one.data + two.data)),
)

RESPONSES: Final = Target(
    name="response",
    subjects=(
        lambda: ResponseSubject(NORMAL, False, True),
        lambda: ResponseSubject(NORMAL, True, True),
        lambda: ResponseSubject(SMALL, False, False),
    ),
    wires=(_asItIs,),
    after=NEXT,
    tokens=(
        *_HTTP_TOKENS,
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 ",
        b"HTTP/1.1 204 ",
        b"HTTP/1.0 304 ",
    ),
    caches=(head._known, headers._known),
    cacheBound=1024 * 1024,
    join=joinedBy(Data, lambda one, two: Data(one.data + two.data)),
)

RPC: Final = Target(
    name="rpc",
    subjects=(lambda: DecoderSubject(128 * 1024),),
    wires=(_asItIs, _asFrame),
    after=OPENING + frame(Ping(0, 1)),
    tokens=(
        MAGIC,
        OPENING,
        *(bytes((octet,)) for octet in (0x80, 0x90, 0x91, 0xA0, 0xC0, 0xC1, 0xC2)),
        *(bytes((octet,)) for octet in (0xC4, 0xC6, 0xC7, 0xCB, 0xCF, 0xD3, 0xD8)),
        b"\xd9\xff",
        b"\xdc\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x00",
        b"\xcf\x00\x1f\xff\xff\xff\xff\xff\xff",
        b"\xcf\x00\x20\x00\x00\x00\x00\x00\x00",
        b"\xc4\x04host\xc4\x01a",
        b"\xc4\x0econtent-length\xc4\x011",
    ),
    caches=(heads._known, headers._known),
    cacheBound=1024 * 1024,
    join=list,
)

TARGETS: Final = {target.name: target for target in (REQUESTS, RESPONSES, RPC)}
