"""
Heads: fields and what goes with them, checked when they come in as if they
came from a stranger over HTTP/1.1.

What is wrong with a head is wrong with one exchange; the connection goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Final, NamedTuple

from penstock.core.authority import parseAuthority
from penstock.core.errors import InvalidField, LocalProtocolError
from penstock.core.headers import Headers, RawField, fieldName
from penstock.core.hop import HOP_BY_HOP, endToEnd
from penstock.core.length import parseLength
from penstock.core.trailers import trailerFields
from penstock.core.uri import checkTypes, requestHost, requestTarget
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import Fields, Request

# RFC 9110, section 9.1.
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# RFC 9112, section 3.2, as far as it is about octets.
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")

# RFC 9110, section 5.5, and RFC 9112, section 4 for a reason phrase.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

# What a spelling of a name means to us: its lower-case form, or None if it is
# like any other.  Peers choose names: so long ones aren't kept, and when there
# are too many it begins anew, so that nobody can fill it for good.
_WATCHED: Final = HOP_BY_HOP | {b"content-length", b"host"}
_MAX_KNOWN: Final = 2048
_MAX_KNOWN_LENGTH: Final = 64

# The fields that are kept of a peer that is quiet.
_MAX_KEPT: Final = 64
_MAX_KEPT_SIZE: Final = 4096

_known: dict[bytes, bytes | None] = {}


class Malformed(Exception):
    """
    A head can't be taken.

    @ivar code: the status code that says so in an answer.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Head(NamedTuple):
    """
    The fields of a head.
    """

    headers: Headers
    contentLength: int | None
    """What Content-Length says; L{None} without one."""


def _learn(name: bytes) -> bytes | None:
    try:
        lower = fieldName(name)
    except InvalidField:
        raise Malformed(400, "a field name is not a token") from None
    watched = lower if lower in _WATCHED else None
    if len(name) <= _MAX_KNOWN_LENGTH:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[name] = watched
    return watched


def readFields(fields: Fields, count: int, size: int) -> Head:
    """
    @param fields: flat, an even number.
    @param count: how many fields there may be.
    @param size: how long they may be, together.

    @raise Malformed: if they may not be in a head, or are too many.
    """
    if len(fields) > 2 * count:
        raise Malformed(431, "too many fields")
    together = b"".join(fields)
    if len(together) > size:
        raise Malformed(431, "fields too large")
    # One look for all: what a name may not have besides, _learn finds.
    if _CONTROL.search(together) is not None:
        raise Malformed(400, "control character in a field")
    lengths: tuple[bytes, ...] = ()
    host: bytes | None = None
    pairs = tuple(zip(fields[::2], fields[1::2], strict=True))
    for name, value in pairs:
        try:
            watched = _known[name]
        except KeyError:
            watched = _learn(name)
        if value[:1] in (b" ", b"\t") or value[-1:] in (b" ", b"\t"):
            raise Malformed(400, "white space around a field value")
        if watched is not None:
            if watched == b"content-length":
                lengths += (value,)
            elif watched != b"host":
                raise Malformed(400, "a field of the hop")
            elif host is not None:
                raise Malformed(400, "several Host")
            else:
                host = value
    try:
        length = parseLength(lengths)
        if host is not None:
            parseAuthority(host)
    except ValueError as problem:
        raise Malformed(400, str(problem)) from None
    return Head(Headers.trusted(pairs), length)


def readTrailers(fields: Fields | None, limits: RPCLimits) -> Headers | None:
    """
    @return: a trailer section, without fields that may not be in one; L{None}
        if nothing is left.

    @raise Malformed: see L{readFields}.
    """
    if fields is None:
        return None
    headers = readFields(fields, limits.trailerFields, limits.trailers).headers
    allowed = trailerFields(headers)
    return Headers.trusted(allowed) if allowed else None


class FieldReader:
    """
    Reads the fields of heads.  Those of a peer often repeat, and then what is
    known of the last ones is used again: 0.6 instead of 3 microseconds for
    two fields.
    """

    __slots__ = (
        "_count",
        "_fields",
        "_length",
        "_ofRequests",
        "_shared",
        "_size",
        "line",
    )

    def __init__(self, count: int, size: int, ofRequests: bool = False) -> None:
        """
        @param count: how many fields there may be.
        @param size: how long they may be, together.
        @param ofRequests: whether content must not be of several types.
        """
        self._count = count
        self._size = size
        self._ofRequests = ofRequests
        # The last method and target that were checked.
        self.line: tuple[bytes, bytes] | None = None
        self._fields: Fields = ()
        self._shared: Headers | None = None
        self._length: int | None = None

    def read(self, fields: Fields) -> tuple[Headers, int | None]:
        """
        See L{readFields}.
        """
        if fields == self._fields:
            if self._shared is None:
                self._shared, self._length = self._read(fields)
            return self._shared.shared(), self._length
        head = self._read(fields)
        # Kept as long as the connection, so they must not be many.
        if len(fields) <= _MAX_KEPT and sum(map(len, fields)) <= _MAX_KEPT_SIZE:
            self._fields = fields
            self._shared = None
        return head.headers, head.contentLength

    def _read(self, fields: Fields) -> Head:
        head = readFields(fields, self._count, self._size)
        if self._ofRequests and len(head.headers.lines(b"content-type")) > 1:
            # Whoever looks at the content next may choose the other one.
            raise Malformed(400, "several Content-Type")
        return head


def readRequest(
    message: Request, limits: RPCLimits, reader: FieldReader
) -> tuple[Headers, int | None]:
    """
    Check a request.

    @param reader: for its fields.
    @raise Malformed: if it may not be.
    """
    command, path = message.command, message.path
    if (command, path) != reader.line:
        if len(command) > limits.command:
            raise Malformed(501, "the method is too long")
        if _METHOD.fullmatch(command) is None:
            raise Malformed(400, "the method is not a token")
        if len(path) > limits.path:
            raise Malformed(414, "the target is too long")
        if _TARGET.fullmatch(path) is None:
            raise Malformed(400, "malformed request target")
        if len(path) <= _MAX_KEPT_SIZE:
            reader.line = (command, path)
    headers, length = reader.read(message.fields)
    if message.complete:
        size = 0 if message.content is None else len(message.content)
        if length is not None and length != size:
            raise Malformed(400, "the content has not its Content-Length")
    return headers, length


def checkReason(reason: bytes | None) -> None:
    """
    @raise Malformed: if it isn't a reason phrase.
    """
    if reason is not None and _CONTROL.search(reason) is not None:
        raise Malformed(400, "control character in a reason phrase")


def flatten(fields: Iterable[RawField]) -> Fields:
    """
    @return: C{fields}, as they go into a message.
    """
    return tuple(chain.from_iterable(fields))


def headFields(headers: Headers | None) -> Fields:
    """
    @return: what is sent of C{headers} in a head.
    """
    return () if headers is None else flatten(endToEnd(headers))


def responseFields(code: int, headers: Headers) -> Fields:
    """
    @return: what is sent of C{headers} in the head of a response.
    """
    if code == 204 and b"content-length" in headers.names():
        # RFC 9110, section 8.6.
        return flatten(_without(endToEnd(headers), b"content-length"))
    if headers.hasNone(HOP_BY_HOP):
        return tuple(chain.from_iterable(headers))
    return flatten(endToEnd(headers))


def trailersOf(headers: Headers | None) -> Fields | None:
    """
    @return: what is sent of C{headers} at the end of a message.
    """
    return flatten(trailerFields(headers)) or None if headers else None


def requestFields(
    method: bytes,
    uri: bytes,
    headers: Headers,
    hasContent: bool,
    authority: bytes | None,
) -> tuple[bytes, Fields, int | None]:
    """
    What of a request goes into its message.

    @param authority: the Host to send if nothing else names one.
    @return: the target, the fields, and what Content-Length promises.

    @raise LocalProtocolError: if it may not go on a wire.
    """
    if _METHOD.fullmatch(method) is None:
        raise LocalProtocolError("a method must be a token")
    target, host = requestTarget(method, uri)
    try:
        length = parseLength(headers.getRaw(b"content-length"))
    except ValueError as problem:
        raise LocalProtocolError(str(problem)) from None
    if length and not hasContent:
        raise LocalProtocolError("a Content-Length, but no content")
    if hasContent and method == b"TRACE":
        # RFC 9110, section 9.3.8.
        raise LocalProtocolError("TRACE has no content")
    checkTypes(headers)
    fields = endToEnd(headers)
    if (not hasContent or length == 0) and headers.hasHeader(b"expect"):
        # RFC 9110, section 10.1.1.
        fields = _without(fields, b"expect")
    if host is None and requestHost(headers) is None:
        host = authority
    if host is not None:
        fields = [(b"Host", host), *_without(fields, b"host")]
    return target, flatten(fields), length if hasContent else None


class RequestFields:
    """
    Remembers what L{requestFields} made of the last request.  Those that one
    caller makes often repeat: 0.6 instead of 3 microseconds.
    """

    __slots__ = ("_asked", "_given", "_made")

    def __init__(self) -> None:
        self._asked: tuple[object, ...] = ()
        self._given: list[RawField] = []
        self._made: tuple[bytes, Fields, int | None] = (b"", (), None)

    def make(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        hasContent: bool,
        authority: bytes | None,
    ) -> tuple[bytes, Fields, int | None]:
        """
        See L{requestFields}.
        """
        asked = (method, uri, hasContent, authority)
        given = list(headers)
        if asked == self._asked and given == self._given:
            return self._made
        made = requestFields(method, uri, headers, hasContent, authority)
        fields = made[1]
        if len(fields) <= _MAX_KEPT and sum(map(len, fields)) <= _MAX_KEPT_SIZE:
            self._asked, self._given, self._made = asked, given, made
        return made


def _without(fields: Iterable[RawField], unwanted: bytes) -> list[RawField]:
    return [field for field in fields if fieldName(field[0]) != unwanted]
