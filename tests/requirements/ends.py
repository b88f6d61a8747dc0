"""
Both ends as the tests of requirements use them: bytes in, bytes out.

The serving end is an HTTPFactory with a Site, the calling end an HTTPClient,
a gateway one of each with Forward between them.  What they send is taken
apart by a reader of this module's own, which is as strict as the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.pool import HTTPClient

from ..http1.calling import FakeEndpoint, FakeTransport
from ..http1.wires import Wire

HELLO = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_STATUS_LINE = re.compile(
    rb"HTTP/([0-9]\.[0-9]) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)"
)
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9]\.[0-9])")
_FIELD = re.compile(
    rb"(" + _TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*"
    rb"[\x21-\x7e\x80-\xff])?)?)[ \t]*"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]+)\r\n")


class Ungrammatical(Exception):
    """
    It isn't HTTP.
    """


class Message(NamedTuple):
    """
    A request or response that was sent.
    """

    start: tuple[bytes, ...]
    """Method, target and version; or version, code and phrase."""

    fields: list[tuple[bytes, bytes]]
    """As they were sent."""

    content: bytes
    trailers: list[tuple[bytes, bytes]]

    @property
    def code(self) -> int:
        return int(self.start[1])

    @property
    def names(self) -> list[bytes]:
        return [name.lower() for name, _ in self.fields]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key.lower() == name]

    def get(self, name: bytes) -> bytes | None:
        """
        The one value of the field C{name}.
        """
        values = self.all(name)
        if len(values) > 1:
            raise Ungrammatical(f"several {name!r}")
        return values[0] if values else None


def _fields(block: bytes) -> list[tuple[bytes, bytes]]:
    fields = []
    for line in block.split(b"\r\n") if block else []:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise Ungrammatical(line)
        fields.append((found[1], found[2]))
    return fields


def _chunks(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    content = b""
    while True:
        found = _CHUNK.match(data)
        if found is None:
            raise Ungrammatical(data[:40])
        size = int(found[1], 16)
        data = data[found.end() :]
        if not size:
            break
        content += data[:size]
        if data[size : size + 2] != b"\r\n":
            raise Ungrammatical("a chunk without its end")
        data = data[size + 2 :]
    if data.startswith(b"\r\n"):
        return content, [], data[2:]
    block, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        raise Ungrammatical("trailers without their end")
    return content, _fields(block), rest


def _next(
    data: bytes, pattern: re.Pattern[bytes], bodiless: Callable[[Message], bool]
) -> tuple[Message, bytes]:
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        raise Ungrammatical(data[:80])
    line, _, block = head.partition(b"\r\n")
    found = pattern.fullmatch(line)
    if found is None:
        raise Ungrammatical(line)
    message = Message(found.groups(), _fields(block), b"", [])
    coding, length = message.get(b"transfer-encoding"), message.get(b"content-length")
    if coding is not None and length is not None:
        raise Ungrammatical("both Transfer-Encoding and Content-Length")
    if bodiless(message):
        return message, rest
    if coding is not None:
        if coding != b"chunked":
            raise Ungrammatical(coding)
        content, trailers, rest = _chunks(rest)
        return message._replace(content=content, trailers=trailers), rest
    if length is not None:
        size = int(length)
        if len(rest) < size:
            raise Ungrammatical("content shorter than its length")
        return message._replace(content=rest[:size]), rest[size:]
    if pattern is _REQUEST_LINE:
        return message, rest
    return message._replace(content=rest), b""


def answers(data: bytes, *methods: bytes) -> list[Message]:
    """
    The responses in C{data}, interim ones too.

    @param methods: of the requests; GET for those that aren't named.
    """
    left = list(methods)
    found = []
    while data:
        method = left[0] if left else b"GET"
        message, data = _next(
            data,
            _STATUS_LINE,
            lambda it, isHead=method == b"HEAD": (
                isHead or it.code < 200 or it.code in (204, 304)
            ),
        )
        found.append(message)
        if message.code >= 200 and left:
            left.pop(0)
    return found


def questions(data: bytes) -> list[Message]:
    """
    The requests in C{data}.
    """
    found = []
    while data:
        message, data = _next(data, _REQUEST_LINE, lambda it: False)
        found.append(message)
    return found


class Seen(Resource):
    """
    Answers to everything, and keeps what it was asked.

    @ivar seen: the requests that were rendered.
    @ivar answer: what is rendered: a value, or called with the request.
    """

    isLeaf = True

    def __init__(self, answer: Any = "hello") -> None:
        super().__init__()
        self.answer = answer
        self.seen: list[Any] = []

    def render_GET(self, request: Any) -> Any:
        self.seen.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    render_POST = render_PUT = render_DELETE = render_PATCH = render_GET


class Origin:
    """
    A serving end.

    @ivar root: the resource it serves.
    """

    def __init__(self, root: Any = None, **options: Any) -> None:
        self.root: Any = Seen() if root is None else root
        self.clock: Any = options.pop("clock", None) or Clock()
        self.site = options.pop("site", None) or Site(self.root)
        self.factory = HTTPFactory(self.site, self.clock, **options)
        self.connect()

    def connect(self) -> None:
        """
        Begin a new connection.
        """
        channel = self.factory.buildProtocol(None)
        if channel is None:
            raise RuntimeError("not taken")
        self.channel = channel
        self.wire = Wire()
        channel.makeConnection(self.wire)

    def send(self, *pieces: bytes) -> None:
        """
        Let some bytes come.
        """
        for piece in pieces:
            self.channel.dataReceived(piece)
        self.clock.advance(0)

    def take(self) -> bytes:
        """
        What was sent since the last time.
        """
        sent, self.wire.sent = self.wire.sent, b""
        return sent

    def ask(self, data: bytes, *methods: bytes) -> list[Message]:
        """
        @return: all answers to C{data}.
        """
        self.send(data)
        return answers(self.take(), *methods)

    def get(
        self,
        fields: bytes = b"",
        target: bytes = b"/",
        method: bytes = b"GET",
        version: bytes = b"1.1",
        content: bytes | None = None,
    ) -> Message:
        """
        @return: the final answer.
        """
        if content is not None:
            fields += b"Content-Length: %d\r\n" % len(content)
        found = self.ask(
            b"%b %b HTTP/%b\r\nHost: a\r\n%b\r\n%b"
            % (method, target, version, fields, content or b""),
            method,
        )
        (final,) = (it for it in found if it.code >= 200)
        return final

    def refusal(self, data: bytes) -> tuple[int, bool]:
        """
        @return: the code of the one answer to C{data}; and whether it was
            the last, said so, and no resource has seen anything.
        """
        seen = len(self.root.seen)
        (answer,) = self.ask(data)
        final = answer.get(b"connection") == b"close" and not self.wire.open
        self.send(HELLO)
        silent = self.take() == b"" and len(self.root.seen) == seen
        return answer.code, final and silent

    def wait(self, seconds: float) -> None:
        """
        Let time pass, until the connection ends.
        """
        for _ in range(int(seconds * 4)):
            if self.wire.open:
                self.clock.advance(0.25)

    def lose(self, reason: Exception | None = None) -> None:
        self.channel.connectionLost(Failure(reason or ConnectionDone()))


class Call:
    """
    A request of a L{Caller}.
    """

    def __init__(self, deferred: Any) -> None:
        self.response: Any = None
        self.problem: BaseException | None = None
        self.content: bytes | None = None
        self.contentProblem: BaseException | None = None
        deferred.addCallbacks(self._came, self._failed)

    def _came(self, response: Any) -> None:
        self.response = response
        response.read().addCallbacks(self._read, self._lost)

    def _failed(self, failure: Any) -> None:
        self.problem = failure.value

    def _read(self, content: bytes) -> None:
        self.content = content

    def _lost(self, failure: Any) -> None:
        self.contentProblem = failure.value

    @property
    def lost(self) -> BaseException | None:
        """
        What the caller was told instead of a whole answer.
        """
        return self.problem or self.contentProblem


class Caller:
    """
    A calling end, whose server does what the test says.
    """

    # What its connections are made of.
    transport = FakeTransport

    def __init__(self, **options: Any) -> None:
        self.clock: Any = options.pop("clock", None) or Clock()
        self.endpoint = FakeEndpoint()
        options.setdefault("host", b"a")
        self.client = HTTPClient(self.clock, self.endpoint, **options)

    def call(
        self,
        method: str = "GET",
        uri: str = "/",
        fields: list[tuple[str, str]] | None = None,
        body: Any = None,
    ) -> Call:
        """
        Make a request; on a connection, a new one if need be.
        """
        call = Call(self.client.request(method, uri, Headers(fields or ()), body))
        while self.endpoint.attempts:
            self.endpoint.accept(self.transport)
        return call

    @property
    def wire(self) -> Any:
        """
        The connection that was made last.
        """
        return self.endpoint.transports[-1]

    def answer(self, data: bytes, *more: bytes) -> None:
        """
        Let the server send something on the last connection.
        """
        self.wire.receive(data, *more)

    def asked(self) -> list[Message]:
        """
        @return: the requests that were sent on the last connection, since the
            last time.
        """
        return questions(self.wire.take())

    def wait(self, seconds: float) -> None:
        """
        Let time pass, until the last connection ends.
        """
        for _ in range(int(seconds * 4)):
            if not self.wire.ending:
                self.clock.advance(0.25)


class Gateway:
    """
    A serving end that forwards to a calling end.
    """

    def __init__(self) -> None:
        self.upstream = Caller(host=b"b")
        self.origin = Origin(Forward(self.upstream.client), clock=self.upstream.clock)

    def forward(self, data: bytes) -> Message:
        """
        @return: what the server behind gets of the request C{data}.
        """
        self.origin.send(data)
        while self.upstream.endpoint.attempts:
            self.upstream.endpoint.accept()
        (asked,) = self.upstream.asked()
        return asked

    def relay(self, response: bytes, request: bytes = HELLO) -> list[Message]:
        """
        @return: what becomes of C{response}.
        """
        self.forward(request)
        self.upstream.answer(response)
        self.origin.clock.advance(0)
        return answers(self.origin.take(), request.partition(b" ")[0])


def plain(response: Any, *fields: tuple[str, str], code: int = 200) -> Response:
    """
    A response with C{fields}.
    """
    return Response(response, code, list(fields))


def blocks() -> Iterator[bytes]:
    """
    Content of a length that nobody knows beforehand.
    """
    return iter([b"hel", b"lo"])
