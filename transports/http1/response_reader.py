"""
Read the responses of one connection (RFC 9112), one request at a time.

Bytes in, events out; no transport, clock or callback.  For each request that
was sent, L{ResponseReader.expect} makes the reader take one response::

    IDLE --expect--> HEAD --final head--> CONTENT --End--> IDLE
                      |  ^                   |
                      +--+ interim           +--Rejected, or not to be
                                               reused--> CLOSED

It is exactly as strict as the reader of requests, and more generous only
where the RFCs ask for it: a reason phrase may be empty, or missing together
with the space before it (RFC 9112, section 4), lines may be folded (section
5.2), and equal Content-Length are taken as one (section 6.3).  However the
bytes are cut, the outcome is the same; after a L{Rejected} nothing is taken any
more.  Octets that no request has asked for are never a response: they make the
connection useless.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from penstock.core.headers import Headers, RawField, fieldName
from penstock.core.hop import HOP_BY_HOP, connectionOptions, withoutHop
from penstock.transports.http1.body import (
    ChunkedDecoder,
    CloseDecoder,
    Decoder,
    LengthDecoder,
)
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.head import (
    FieldBlock,
    Malformed,
    checkPart,
    checkTransferEncoding,
    parseContentLength,
    parseFoldedFields,
)
from penstock.transports.http1.limits import Limits

# Interim responses before one final response.  A server that works for half
# an hour and says so every 20 seconds sends ninety.
MAX_INTERIM: Final = 100

_PROTOCOL: Final = b"HTTP/1."

# RFC 9112, section 4, with the minor versions that there are.  Codes beyond
# 599 mean no more than their receiver wants (RFC 9110, section 15).
_STATUS_LINE: Final = re.compile(
    rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t \x21-\x7e\x80-\xff]*+))?\r\n"
)

# A parameter of Keep-Alive.
_TIMEOUT: Final = re.compile(
    rb"(?:\A|,)[ \t]*timeout[ \t]*=[ \t]*\"?([0-9]{1,9})\"?[ \t]*(?:,|\Z)",
    re.IGNORECASE,
)


class Interim(NamedTuple):
    """
    An interim response.
    """

    code: int
    headers: Headers


class Head(NamedTuple):
    """
    The head of the final response, without the fields of the hop.
    """

    code: int
    headers: Headers
    reason: bytes


_END: Final = End()

Event = Interim | Head | Data | End | Rejected


class _State(Enum):
    """
    Where the reader is.
    """

    IDLE = auto()
    """No response is expected."""

    HEAD = auto()
    """A head is to come."""

    CONTENT = auto()
    """The head of the final response has come."""

    CLOSED = auto()
    """Nothing is taken any more."""


class ResponseReader:
    """
    An incremental reader.

    @ivar isUntouched: whether nothing has come since L{expect}.
    @ivar persistent: whether the connection can take another request after the
        present response (RFC 9112, section 9.3).  Known from the final head on,
        and again after the end.
    @ivar isOld: whether the last final head was of HTTP/1.0.
    @ivar keptFor: for how many seconds it said that the connection will be
        kept; L{None} if it didn't say.
    """

    __slots__ = (
        "_decoder",
        "_interim",
        "_isHead",
        "_limits",
        "_searched",
        "_state",
        "_tail",
        "isOld",
        "isUntouched",
        "keptFor",
        "persistent",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = _State.IDLE
        # The beginning of a head, and how much of it has no end in it.
        self._tail = b""
        self._searched = 0
        self._decoder: Decoder | None = None
        self._interim = 0
        self._isHead = False
        self.isOld = False
        self.keptFor: int | None = None
        self.persistent = True
        self.isUntouched = True

    # Facts

    @property
    def awaitsHead(self) -> bool:
        """
        Whether the head of the final response is still to come.
        """
        return self._state is _State.HEAD

    @property
    def hasInterim(self) -> bool:
        """
        Whether there were interim responses before the present one.
        """
        return self._interim > 0

    @property
    def remaining(self) -> int | None:
        """
        Octets of content that are still to come, if that is known.
        """
        return None if self._decoder is None else self._decoder.remaining

    @property
    def endsOnClosing(self) -> bool:
        """
        Whether the end of the connection is that of the content.
        """
        return type(self._decoder) is CloseDecoder

    # In

    def expect(self, isHead: bool) -> None:
        """
        A request has been sent on this idle connection.

        @param isHead: whether its response has no content, whatever it says.
        """
        if self._state is not _State.IDLE:
            raise RuntimeError("a reader takes one response at a time")
        self._state = _State.HEAD
        self._isHead = isHead
        self._interim = 0
        self.isUntouched = True

    def receive(self, data: bytes) -> list[Event]:
        """
        Take some octets.
        """
        events: list[Event] = []
        if self._state is _State.CLOSED or not data:
            return events
        self.isUntouched = False
        try:
            while data:
                if self._state is _State.HEAD:
                    data = self._readHead(data, events)
                elif self._state is _State.CONTENT:
                    data = self._readContent(data, events)
                else:
                    data = self._readSurplus(events)
        except Malformed as problem:
            self._close()
            events.append(Rejected(problem.code, problem.reason))
        return events

    def receiveEnd(self, clean: bool) -> End | Rejected | None:
        """
        The connection was closed.

        @param clean: whether the peer has closed it on purpose: without an
            error, and with TLS after saying so (RFC 9112, section 9.8).
        @return: what that means for the response that was expected; L{None}
            if there was none.
        """
        state, decoder = self._state, self._decoder
        self._close()
        if state is _State.HEAD:
            return Rejected(400, "closed before a response was complete")
        if state is _State.CONTENT and decoder is not None:
            if type(decoder) is CloseDecoder and not clean:
                return Rejected(400, "broken within content that ends on closing")
            decoder.receiveEnd()
            return decoder.outcome
        return None

    # Steps

    def _readHead(self, data: bytes, events: list[Event]) -> bytes:
        """
        @return: what comes after the head.
        """
        data = self._tail + data
        limits = self._limits
        match = _STATUS_LINE.match(data, 0, limits.startLine + 2)
        if match is None:
            self._checkStatusLine(data)
            self._tail = data
            return b""
        start = match.end()
        # The field block is empty where the line's CRLF is followed by
        # another: so the end is looked for from there.
        end = data.find(
            b"\r\n\r\n",
            max(start - 2, self._searched - 3),
            start + limits.fieldBlock + 4,
        )
        if end < 0:
            checkPart(data, start, self._searched, limits.fieldBlock)
            self._tail = data
            self._searched = len(data)
            return b""
        self._tail = b""
        self._searched = 0
        block = parseFoldedFields(data[start:end], limits.fields)
        events.append(self._headRead(match, block))
        if self._state is _State.IDLE:
            self._ended(events, len(data) > end + 4)
            return b""
        return data[end + 4 :]

    def _checkStatusLine(self, data: bytes) -> None:
        """
        Look at the beginning of a head that isn't known to have a status line:
        what can't become one any more is refused at once.
        """
        limit = self._limits.startLine + 2
        if not data.startswith(_PROTOCOL[: len(data)]) or b"\n" in data[:limit]:
            raise Malformed(400, "malformed status line")
        if len(data) >= limit:
            raise Malformed(431, "status line too long")

    def _headRead(self, match: re.Match[bytes], block: FieldBlock) -> Interim | Head:
        """
        Decide what follows this head (RFC 9112, section 6.3).
        """
        minor, status, reason = match.groups()
        code = int(status)
        fields, framing = block
        length = None
        isOld = minor == b"0"
        chunked = b"transfer-encoding" in framing
        if b"content-length" in framing:
            # Looked at even where it frames nothing: whom it is passed on to
            # may see that in another way.
            length, fields = _mergeLengths(framing[b"content-length"], fields)
        if chunked:
            checkTransferEncoding(framing, isOld)
        options: frozenset[bytes] = frozenset()
        self.keptFor = None
        if not framing.keys().isdisjoint(HOP_BY_HOP):
            connection = framing.get(b"connection", ())
            options = connectionOptions(connection)
            fields = withoutHop(fields, connection)
            if b"keep-alive" in framing:
                self.keptFor = _keptFor(framing[b"keep-alive"])
        headers = Headers.trusted(fields)
        if code < 200:
            return self._interimRead(code, headers)
        self.isOld = isOld
        self.persistent = b"close" not in options and (
            not isOld or b"keep-alive" in options
        )
        if self._isHead or code == 204 or code == 304 or length == 0:
            self._state = _State.IDLE
        else:
            self._state = _State.CONTENT
            if chunked:
                self._decoder = ChunkedDecoder(self._limits, options, folds=True)
            elif length is not None:
                self._decoder = LengthDecoder(length)
            else:
                self._decoder = CloseDecoder()
                self.persistent = False
        return Head(code, headers, reason or b"")

    def _interimRead(self, code: int, headers: Headers) -> Interim:
        if code == 101:
            # Only who has sent Upgrade gets this (RFC 9110, section 7.8), and
            # what follows would not be HTTP.
            raise Malformed(400, "switching protocols without being asked")
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise Malformed(431, "too many interim responses")
        return Interim(code, headers)

    def _readContent(self, data: bytes, events: list[Event]) -> bytes:
        decoder = self._decoder
        if decoder is None:
            return b""
        payload = decoder.receive(data)
        if payload:
            events.append(Data(payload))
        outcome = decoder.outcome
        if type(outcome) is Rejected:
            self._close()
            events.append(outcome)
        elif type(outcome) is End:
            self._decoder = None
            self._state = _State.IDLE
            self._ended(events, bool(decoder.rest), outcome)
        return b""

    def _ended(self, events: list[Event], more: bool, end: End = _END) -> None:
        """
        @param more: whether anything came after the end.
        """
        events.append(end)
        if not self.persistent:
            self._close()
        elif more:
            self._readSurplus(events)

    def _readSurplus(self, events: list[Event]) -> bytes:
        """
        RFC 9112, section 9.2: what comes without a request is no response.
        Empty lines may be let pass, but whoever sends one too many has lost
        count.
        """
        self._close()
        events.append(Rejected(400, "octets that nobody asked for"))
        return b""

    def _close(self) -> None:
        self._state = _State.CLOSED
        self.persistent = False
        self._decoder = None
        self._tail = b""


def _keptFor(lines: list[bytes]) -> int | None:
    """
    @param lines: the Keep-Alive fields of a head (RFC 2068, section 19.7.1.1:
        nobody has defined it since, and many send it).
    """
    found = _TIMEOUT.search(b",".join(lines))
    return None if found is None else int(found[1])


def _mergeLengths(
    lines: list[bytes], fields: tuple[RawField, ...]
) -> tuple[int, tuple[RawField, ...]]:
    """
    Make one of several equal Content-Length (RFC 9112, section 6.3, item 5).

    @return: the length, and C{fields} with one such field at most.
    """
    if len(lines) == 1 and b"," not in lines[0]:
        return parseContentLength(lines), fields
    values = {value.strip(b" \t") for line in lines for value in line.split(b",")}
    length = parseContentLength(list(values))
    merged: list[RawField] = []
    seen = False
    for name, value in fields:
        if fieldName(name) == b"content-length":
            if seen:
                continue
            seen, value = True, b"%d" % length
        merged.append((name, value))
    return length, tuple(merged)
