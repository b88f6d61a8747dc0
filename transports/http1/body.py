"""
Find the content in what follows a head (RFC 9112, sections 6 and 7).

One decoder for each way to frame a message.  All have the same face::

    payload = decoder.receive(data)    # what of data is content
    outcome = decoder.outcome          # None: more is to come
    rest = decoder.rest                # what came after the end

C{payload} comes before C{outcome}.  After an outcome nothing is taken any
more: an L{End} is the end of the message, a L{Rejected} that of the
connection.  However the bytes are cut, the joined payload and the outcome are
the same.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from penstock.core.trailers import trailerFields
from penstock.transports.http1.events import End, Rejected
from penstock.transports.http1.head import (
    TOKEN,
    Malformed,
    checkPart,
    parseFields,
    parseFoldedFields,
)
from penstock.transports.http1.limits import Limits

# RFC 9112, section 7.1.  Possessive throughout, so that nothing is tried
# twice.  Fifteen digits are an exabyte, as the eighteen of Content-Length.
_QUOTED: Final = (
    rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
)
_EXTENSION: Final = (
    rb"(?:[ \t]*+;[ \t]*+" + TOKEN + rb"+"
    rb"(?:[ \t]*+=[ \t]*+(?:" + TOKEN + rb"+|" + _QUOTED + rb"))?+)"
)
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)(" + _EXTENSION + rb"*+)\r\n")


class LengthDecoder:
    """
    Content of a length that is known beforehand.  What is received is passed
    on as it is, without a copy.
    """

    __slots__ = ("outcome", "remaining", "rest")

    def __init__(self, length: int) -> None:
        """
        @param length: in octets, more than none.
        """
        self.remaining: int | None = length
        self.outcome: End | Rejected | None = None
        self.rest = b""

    def receive(self, data: bytes) -> bytes:
        """
        @return: what of C{data} is content; may be empty.
        """
        if self.outcome is not None:
            self.rest += data
            return b""
        left = (self.remaining or 0) - len(data)
        if left > 0:
            self.remaining = left
            return data
        self.remaining = 0
        self.outcome = End()
        if left == 0:
            return data
        self.rest = data[left:]
        return data[:left]

    def receiveEnd(self) -> None:
        """
        The connection was closed: content that isn't whole is lost.
        """
        if self.outcome is None:
            self.outcome = Rejected(400, "closed within content")


class CloseDecoder:
    """
    Content that ends with the connection.  Only a response has that.
    """

    __slots__ = ("outcome", "remaining", "rest")

    def __init__(self) -> None:
        self.remaining: int | None = None
        self.outcome: End | Rejected | None = None
        self.rest = b""

    def receive(self, data: bytes) -> bytes:
        """
        @return: C{data}.
        """
        return data if self.outcome is None else b""

    def receiveEnd(self) -> None:
        """
        The connection was closed, so this was all.
        """
        if self.outcome is None:
            self.outcome = End()


class _Expects(Enum):
    """
    What comes next in chunked content.
    """

    SIZE = auto()
    """A chunk-size line."""

    PAYLOAD = auto()
    """Octets of a chunk."""

    CRLF = auto()
    """The line end after a chunk's octets."""

    TRAILERS = auto()
    """The trailer section."""

    NOTHING = auto()
    """There is an outcome."""


class ChunkedDecoder:
    """
    Content in chunks.

    What one call receives comes out in one piece, whatever the chunks: a
    million of one octet cost a million regular expressions and no more.
    """

    __slots__ = (
        "_chunk",
        "_expects",
        "_extensions",
        "_hop",
        "_limits",
        "_parse",
        "_tail",
        "outcome",
        "remaining",
        "rest",
    )

    def __init__(
        self,
        limits: Limits,
        hop: frozenset[bytes] = frozenset(),
        folds: bool = False,
    ) -> None:
        """
        @param hop: what Connection lists, in lower case: such trailers aren't
            meant for anybody else (RFC 9110, section 7.6.1).
        @param folds: whether lines of trailers may be folded.
        """
        self._limits = limits
        self._parse = parseFoldedFields if folds else parseFields
        self._hop = hop
        self._expects = _Expects.SIZE
        # Octets to come of the present chunk.
        self._chunk = 0
        # Octets of all extensions so far.
        self._extensions = 0
        # The beginning of a line that isn't complete.
        self._tail = b""
        self.remaining: int | None = None
        self.outcome: End | Rejected | None = None
        self.rest = b""

    def receive(self, data: bytes) -> bytes:
        """
        @return: what of C{data} is content; may be empty.
        """
        if self._tail:
            data = self._tail + data
            self._tail = b""
        payload: list[bytes] = []
        position, size = 0, len(data)
        expects = self._expects
        while position < size:
            if expects is _Expects.PAYLOAD:
                end = position + self._chunk
                if end > size:
                    self._chunk = end - size
                    payload.append(data[position:] if position else data)
                    position = size
                    break
                payload.append(data[position:end])
                position = end
                expects = _Expects.CRLF
            elif expects is _Expects.CRLF:
                if not data.startswith(b"\r\n", position):
                    if data[position:] != b"\r":
                        self._reject(400, "chunk not followed by CRLF")
                    break
                position += 2
                expects = _Expects.SIZE
            elif expects is _Expects.SIZE:
                match = _SIZE_LINE.match(data, position)
                if match is None:
                    self._checkLine(data, position)
                    break
                start, end = match.span(2)
                if end != start or end - position > self._limits.chunkLine:
                    self._extensions += end - start
                    if self._overLine(end - position):
                        break
                position = match.end()
                self._chunk = int(match[1], 16)
                expects = _Expects.PAYLOAD if self._chunk else _Expects.TRAILERS
            elif expects is _Expects.TRAILERS:
                end = self._endOfTrailers(data, position)
                if end < 0:
                    break
                position = end
                expects = _Expects.NOTHING
            else:
                break
        if self.outcome is None:
            self._expects = expects
            self._tail = data[position:]
        else:
            self._expects = _Expects.NOTHING
            self._tail = b""
            if type(self.outcome) is End:
                self.rest += data[position:]
        return payload[0] if len(payload) == 1 else b"".join(payload)

    def receiveEnd(self) -> None:
        """
        The connection was closed: content that isn't whole is lost.
        """
        if self.outcome is None:
            self._reject(400, "closed within chunked content")

    def _checkLine(self, data: bytes, position: int) -> None:
        """
        Say what is wrong with a chunk-size line, if it isn't just incomplete.
        """
        limit = self._limits.chunkLine
        end = data.find(b"\n", position, position + limit + 2)
        if end >= 0:
            self._reject(400, "malformed chunk size")
        elif len(data) - position >= limit + 2:
            self._reject(400, "chunk-size line too long")

    def _overLine(self, length: int) -> bool:
        limits = self._limits
        if length > limits.chunkLine:
            self._reject(400, "chunk-size line too long")
        elif self._extensions > limits.extensions:
            self._reject(400, "too many chunk extensions")
        return self.outcome is not None

    def _endOfTrailers(self, data: bytes, position: int) -> int:
        """
        @return: where the trailer section at C{position} ends; less than 0 if
            that isn't known yet, or there is something wrong with it.
        """
        if data.startswith(b"\r\n", position):
            self.outcome = End()
            return position + 2
        limit = self._limits.trailers
        end = data.find(b"\r\n\r\n", position, position + limit + 4)
        try:
            if end < 0:
                checkPart(data, position, position, limit, "trailers")
                return -1
            block = self._parse(data[position:end], self._limits.trailerFields)
        except Malformed as problem:
            self._reject(problem.code, problem.reason)
            return -1
        trailers = trailerFields(block.fields)
        if self._hop:
            trailers = tuple(it for it in trailers if it[0].lower() not in self._hop)
        self.outcome = End(trailers)
        return end + 4

    def _reject(self, code: int, reason: str) -> None:
        self.outcome = Rejected(code, reason)


Decoder = LengthDecoder | ChunkedDecoder | CloseDecoder
