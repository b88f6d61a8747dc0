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
from typing import Final

from penstock.transports.http1.body import ChunkedDecoder, LengthDecoder
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.head import TOKEN, Malformed, checkPart, parseFields
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import (
    SHOWN,
    RequestHead,
    interpret,
    parseRequestLine,
)

# What a request may begin with, besides empty lines: by octet.
_STARTS: Final = bytes(
    re.match(TOKEN, bytes([octet])) is not None for octet in range(256)
)

_CR: Final = 0x0D

# A head longer than this isn't kept to be recognized when it comes again:
# what an idle connection holds is what it costs.
_MAX_KEPT: Final = 4096

Event = RequestHead | Data | End | Rejected


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
        line = self._buffer[start : start + SHOWN]
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
            line = parseRequestLine(buffer[start : lineEnd - 1])
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
            checkPart(buffer, blockStart, self._searched, limits.fieldBlock)
            self._searched = len(buffer)
            return None
        method, target, version = line or parseRequestLine(buffer[start : lineEnd - 1])
        block = buffer[blockStart:end]
        last = self._head
        if last is not None and block == self._block and version == last.version:
            # What fields say depends on nothing else.
            head = RequestHead(method, target, *last[2:])
        else:
            parsed = parseFields(block, limits.fields)
            head = interpret(method, target, version, parsed)
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
