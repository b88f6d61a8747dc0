"""
Read requests from bytes (RFC 9112, sections 2, 3, 6 and 9.6).

Bytes in, events out: no transport, no reactor, no callbacks::

    reader.receive(data)
    while (event := reader.nextEvent()) is not None:
        ...

Each request is one L{RequestHead}, any number of L{Data}, one L{End}.
Malformed input is one L{Rejected}, after which nothing is read.  However the
bytes are cut, the events are the same, but for what one L{Data} has.

Nothing is parsed ahead: whoever doesn't ask for events makes input wait.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from penstock.core.headers import Headers
from penstock.core.hop import HOP_BY_HOP, connectionOptions, withoutHop
from penstock.core.interfaces import Version
from penstock.transports.http1.body import ChunkedDecoder, LengthDecoder
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.head import (
    BARE_LINE_END,
    TOKEN,
    FieldBlock,
    Malformed,
    checkHost,
    checkTransferEncoding,
    parseContentLength,
    parseFields,
    parseUpgrade,
)
from penstock.transports.http1.limits import Limits

# RFC 9112, section 3: single spaces, and nothing but visible ASCII between
# them.
_REQUEST_LINE: Final = re.compile(
    rb"(" + TOKEN + rb") ([\x21-\x7e]+) (HTTP/[0-9]\.[0-9])"
)

_VERSIONS: Final[dict[bytes, Version]] = {b"HTTP/1.1": (1, 1), b"HTTP/1.0": (1, 0)}

# RFC 9112, section 3.2.2, as far as it tells the form from others.
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][0-9A-Za-z+.-]*+://[^/?#]")

# RFC 9112, section 3.2.3.
_AUTHORITY: Final = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._~!$&'()*+,;=%-]++):[0-9]{1,5}"
)

# What a request may begin with, besides empty lines: by octet.
_STARTS: Final = bytes(
    re.match(TOKEN, bytes([octet])) is not None for octet in range(256)
)

_CR: Final = 0x0D

# A head longer than this isn't kept to be recognized when it comes again:
# what an idle connection holds is what it costs.
_MAX_KEPT: Final = 4096

# What logs show of a head that was refused.
_SHOWN: Final = 256


class RequestHead(NamedTuple):
    """
    The head of a request.  Shared by all requests that look alike.
    """

    method: bytes
    """A token, case kept."""

    target: bytes
    """In one of the four forms, as far as its beginning tells."""

    version: Version

    fields: Headers
    """All but those of the hop.  To be given away as C{fields.shared()}."""

    contentLength: int | None
    """Octets of content to come; L{None} if it comes in chunks."""

    keepAlive: bool
    """Whether the peer would like to go on with this connection."""

    expectContinue: bool
    """Whether the peer waits for 100 before it sends its content."""

    upgrade: tuple[bytes, ...] = ()
    """Protocols that the peer offers to go on with, in lower case."""

    hop: frozenset[bytes] = frozenset()
    """What Connection lists, in lower case."""


Event = RequestHead | Data | End | Rejected


def requestLine(head: RequestHead) -> bytes:
    """
    @return: the beginning of its request line: for logs.
    """
    return b" ".join(head[:2])[:_SHOWN]


class State(Enum):
    """
    What comes next.
    """

    HEAD = auto()
    """The head of a request, or nothing."""

    CONTENT = auto()
    """Content, of which there is some or might be."""

    BARE_END = auto()
    """The end of a request without content."""

    REJECTED = auto()
    """Nothing any more."""


# Looking these up on their class each time takes 125 ns with Python 3.11.
_HEAD: Final = State.HEAD
_BARE: Final = State.BARE_END


class RequestReader:
    """
    An incremental reader of one connection's requests.

    @ivar refused: the beginning of the head that was rejected, as far as it
        had come: for logs.
    """

    __slots__ = (
        "_block",
        "_buffer",
        "_decoder",
        "_emptyLines",
        "_head",
        "_headBytes",
        "_limits",
        "_position",
        "_searched",
        "refused",
        "state",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.state = State.HEAD
        # What was received and not parsed begins at _position in _buffer.
        self._buffer = b""
        self._position = 0
        # Up to where in _buffer there is no end of a head.
        self._searched = 0
        self._emptyLines = 0
        self._decoder: LengthDecoder | ChunkedDecoder | None = None
        # The last head and its field block, and what they were parsed to.  Peers
        # repeat themselves: recognizing it is almost free, parsing is not.
        self._headBytes = b""
        self._head: RequestHead | None = None
        self._block: bytes | None = None
        self.refused = b""

    @property
    def buffered(self) -> int:
        """
        Octets that were received and not parsed.
        """
        return len(self._buffer) - self._position

    @property
    def remaining(self) -> int | None:
        """
        Octets of content that were not parsed yet; L{None} if nobody knows.
        """
        if self._decoder is None:
            return 0
        return self._decoder.remaining

    def last(self, size: int) -> bytes:
        """
        @return: the last C{size} octets that were received and not parsed, or
            fewer.
        """
        return self._buffer[max(self._position, len(self._buffer) - size) :]

    def firstLine(self) -> bytes:
        """
        @return: the first line of what was received and not parsed, or its
            beginning.
        """
        start = self._position
        line = self._buffer[start : start + _SHOWN]
        return line.partition(b"\n")[0].removesuffix(b"\r")

    @property
    def inHead(self) -> bool:
        """
        Whether some of a head is there, and the rest isn't.
        """
        return self.state is State.HEAD and (
            self._position < len(self._buffer) or self._emptyLines > 0
        )

    def forget(self) -> None:
        """
        Don't remember what was parsed: the connection is idle, and its memory
        is better used.
        """
        if self._position >= len(self._buffer):
            self._buffer = b""
            self._position = self._searched = 0
        self._headBytes = b""
        self._head = self._block = None

    def receive(self, data: bytes) -> None:
        """
        Take some bytes.
        """
        if self._position >= len(self._buffer):
            self._buffer = data
            self._searched = 0
        elif self.state is State.REJECTED:
            # Whoever goes on feeding it makes it hold one piece at most.
            self._buffer = b""
        else:
            # A long backlog is copied for each read that is added to it, so
            # it is the reader's owner who must keep it short.
            self._buffer = self._buffer[self._position :] + data
            self._searched = max(0, self._searched - self._position)
        self._position = 0

    def recognize(self, data: bytes) -> RequestHead | None:
        """
        In place of L{receive} and L{nextEvent}: most of what most connections
        receive is, octet for octet, what they received before.

        @return: what C{data} is, if it is the last head again, without
            content, and all that there is; else L{None}, and nothing is taken.
        """
        if data != self._headBytes or self._position < len(self._buffer):
            return None
        head = self._head
        if head is None or head.contentLength != 0 or self.state is not _HEAD:
            return None
        self._emptyLines = 0
        return head

    def nextEvent(self) -> Event | None:
        """
        @return: what comes next; L{None} if that isn't known before more has
            been received.
        """
        state = self.state
        if state is _HEAD:
            buffer, position = self._buffer, self._position
            if self._headBytes and buffer.startswith(self._headBytes, position):
                self._position = position + len(self._headBytes)
                return self._begin(self._head)
            if position >= len(buffer):
                return None
            try:
                head = self._readHead()
            except Malformed as problem:
                self.refused = self.firstLine()
                return self._reject(Rejected(problem.code, problem.reason))
            return None if head is None else self._begin(head)
        if state is State.CONTENT:
            return self._readContent()
        if state is State.BARE_END:
            self.state = State.HEAD
            return _BARE_END
        return None

    def takeRest(self) -> bytes:
        """
        @return: what was received and not parsed.  Nothing is read any more.
        """
        rest = self._buffer[self._position :]
        self._stop()
        return rest

    def skipEnd(self) -> None:
        """
        In place of L{nextEvent}, which would return the L{End} of a request
        without content.
        """
        if self.state is _BARE:
            self.state = _HEAD

    def _begin(self, head: RequestHead | None) -> RequestHead | None:
        """
        A head is complete.
        """
        if head is not None:
            length = head.contentLength
            self._emptyLines = 0
            if length == 0:
                self.state = _BARE
            else:
                self.state = State.CONTENT
                if length is None:
                    self._decoder = ChunkedDecoder(self._limits, head.hop)
                else:
                    self._decoder = LengthDecoder(length)
        return head

    def _reject(self, rejected: Rejected) -> Rejected:
        self._stop()
        return rejected

    def _stop(self) -> None:
        self.state = State.REJECTED
        self._decoder = None
        self._buffer = b""
        self._position = 0
        self.forget()

    # Heads

    def _readHead(self) -> RequestHead | None:
        """
        Read a head from its first octet.

        What happens depends on the octets in their order and never on how
        many of them are there: a rule is looked at as soon as it can be
        decided, and rules about earlier octets come first.
        """
        buffer = self._buffer
        if not _STARTS[buffer[self._position]] and not self._skipEmptyLines():
            return None
        start = self._position
        limits = self._limits
        lineEnd = buffer.find(b"\n", start, start + limits.startLine + 2)
        if lineEnd < 0:
            if len(buffer) - start >= limits.startLine + 2:
                raise Malformed(414, "request line too long")
            return None
        if buffer[lineEnd - 1] != _CR:
            raise Malformed(400, "line end without CR")
        if self._searched <= lineEnd:
            # Checked when it is first there, not again with each octet after.
            line = self._parseLine(buffer[start : lineEnd - 1])
        else:
            line = None
        # The field block is empty where the line's CRLF is followed by
        # another: so the end is looked for from there.
        blockStart = lineEnd + 1
        end = buffer.find(
            b"\r\n\r\n",
            max(lineEnd - 1, self._searched - 3),
            blockStart + limits.fieldBlock + 4,
        )
        if end < 0:
            self._checkPart(blockStart)
            self._searched = len(buffer)
            return None
        method, target, version = line or self._parseLine(buffer[start : lineEnd - 1])
        block = buffer[blockStart:end]
        last = self._head
        if last is not None and block == self._block and version == last.version:
            # What fields say depends on nothing else.
            head = RequestHead(method, target, *last[2:])
        else:
            parsed = parseFields(block, limits.fields)
            head = _interpret(method, target, version, parsed)
        if end + 4 - start <= _MAX_KEPT:
            self._block = block
            self._headBytes, self._head = buffer[start : end + 4], head
        self._position = end + 4
        self._searched = 0
        return head

    def _skipEmptyLines(self) -> bool:
        """
        @return: whether there is something after them.
        """
        buffer = self._buffer
        while buffer.startswith(b"\r\n", self._position):
            self._position += 2
            self._emptyLines += 1
            if self._emptyLines > self._limits.emptyLines:
                raise Malformed(400, "empty lines instead of a request")
        left = len(buffer) - self._position
        if not left or (left == 1 and buffer[self._position] == _CR):
            return False
        if not _STARTS[buffer[self._position]]:
            raise Malformed(400, "malformed request line")
        return True

    def _checkPart(self, blockStart: int) -> None:
        """
        Look at a field block whose end isn't there.
        """
        limit = self._limits.fieldBlock + 4
        buffer = self._buffer
        bare = BARE_LINE_END.search(
            buffer, max(blockStart, self._searched - 1), blockStart + limit
        )
        if bare is not None:
            raise Malformed(400, "line end without CR")
        if len(buffer) - blockStart >= limit:
            raise Malformed(431, "fields too large")

    def _parseLine(self, line: bytes) -> tuple[bytes, bytes, Version]:
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            raise Malformed(400, "malformed request line")
        method, target, protocol = match.groups()
        version = _VERSIONS.get(protocol)
        if version is None:
            raise Malformed(505, "neither HTTP/1.0 nor HTTP/1.1")
        if method == b"CONNECT":
            wellFormed = _AUTHORITY.fullmatch(target) is not None
        elif target.startswith(b"/"):
            wellFormed = True
        elif target == b"*":
            wellFormed = method == b"OPTIONS"
        else:
            wellFormed = _ABSOLUTE.match(target) is not None
        if not wellFormed:
            raise Malformed(400, "malformed request target")
        return method, target, version

    # Content

    def _readContent(self) -> Event | None:
        decoder = self._decoder
        if decoder is None:
            return None
        if decoder.outcome is None:
            buffer, position = self._buffer, self._position
            if position >= len(buffer):
                return None
            payload = decoder.receive(buffer[position:] if position else buffer)
            self._buffer = decoder.rest
            self._position = self._searched = 0
            if payload:
                return Data(payload)
        outcome = decoder.outcome
        if outcome is None:
            return None
        if type(outcome) is Rejected:
            return self._reject(outcome)
        self._decoder = None
        self.state = State.HEAD
        return outcome


_BARE_END: Final = End()


def _interpret(
    method: bytes, target: bytes, version: Version, parsed: FieldBlock
) -> RequestHead:
    """
    Make out what the fields say about the message and its connection.

    @raise Malformed: where they don't say one thing.
    """
    fields, framing = parsed
    if version == (1, 1) or b"host" in framing:
        # RFC 9112, section 3.2: HTTP/1.0 needs none.
        checkHost(framing.get(b"host"))
    contentLength: int | None = 0
    if b"transfer-encoding" in framing:
        if version == (1, 0):
            raise Malformed(400, "Transfer-Encoding in HTTP/1.0")
        if b"content-length" in framing:
            raise Malformed(400, "both Content-Length and Transfer-Encoding")
        checkTransferEncoding(framing[b"transfer-encoding"])
        contentLength = None
    elif b"content-length" in framing:
        contentLength = parseContentLength(framing[b"content-length"])
    if len(framing.get(b"content-type", ())) > 1:
        # Whoever looks at the content next may choose the other one.
        raise Malformed(400, "several Content-Type")
    keepAlive = version == (1, 1)
    upgrade: tuple[bytes, ...] = ()
    options: frozenset[bytes] = frozenset()
    if not HOP_BY_HOP.isdisjoint(framing):
        connection = framing.get(b"connection", ())
        options = connectionOptions(connection)
        keepAlive = b"close" not in options and (keepAlive or b"keep-alive" in options)
        fields = withoutHop(fields, connection)
        if b"upgrade" in options and version == (1, 1):
            upgrade = parseUpgrade(framing.get(b"upgrade", ()))
    expectContinue = (
        b"expect" in framing
        and version == (1, 1)
        and contentLength != 0
        and b"100-continue" in connectionOptions(framing[b"expect"])
    )
    return RequestHead(
        method,
        target,
        version,
        Headers.trusted(fields),
        contentLength,
        keepAlive,
        expectContinue,
        upgrade,
        options,
    )
