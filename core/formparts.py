"""
HTML forms (RFC 7578, and the older format that is like a query): octets in,
parts out.

Both formats come out alike: for each part a L{PartHead}, some L{bytes}, and
L{None}.  How the octets are cut makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import multipart

from penstock.core.charsets import decodeText
from penstock.core.content import Form
from penstock.core.errors import (
    InvalidField,
    LimitExceeded,
    MalformedContent,
    UnsupportedContent,
)
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType

# RFC 2046, section 5.1.1: bcharsnospace and the space, seventy at most, and no
# space at the end.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")

# RFC 7578, section 4.2: each part has one.
_NAMED: Final = re.compile(rb";[\t ]*name[\t ]*=", re.IGNORECASE)

# RFC 7578, section 4.7: other encodings are deprecated, and nobody sends them.
_PLAIN_ENCODINGS: Final = frozenset((b"7bit", b"8bit", b"binary"))

# Octets that stand for one, where it is escaped: "%41".
_ESCAPE: Final = 3

URL_ENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class PartHead:
    """
    What is known of a part before its content.

    @ivar name: of the field.
    @ivar filename: as the sender has it, path and all; L{None} for a field
        that isn't a file.
    @ivar headers: the fields of the part itself, L{Headers}.
    @ivar charset: that the sender names for it, L{None} for none.
    """

    name: str
    filename: str | None = None
    headers: Headers = field(default_factory=Headers)
    charset: str | None = None

    @property
    def mediaType(self) -> MediaType | None:
        """
        The type that the sender claims, L{None} without one that parses.
        """
        media: MediaType | None = self.headers.getStandard(b"content-type")
        return media


Event = PartHead | bytes | None


class FormParser:
    """
    One form, within its limits.
    """

    def __init__(self, media: MediaType | None, limits: Form) -> None:
        """
        @param media: of the content.
        @param limits: the policy.

        @raise UnsupportedContent: if C{media} isn't that of a form.
        @raise MalformedContent: if the boundary is missing, or can't be one.
        """
        self._limits = limits
        self._reader: _Multipart | _URLEncoded
        essence = None if media is None else media.essence
        if media is None or essence not in (URL_ENCODED, MULTIPART):
            raise UnsupportedContent("This is no form.")
        if essence == MULTIPART:
            self._reader = _Multipart(media.get("boundary"), limits)
        else:
            decodeText(b"", media.get("charset"))
            self._reader = _URLEncoded(media.get("charset"), limits)
        self._fields = 0
        self._files = 0
        # Octets of fields, and of the part that is being read.
        self._kept = 0
        self._size = 0
        self._most: int | None = None
        self._isFile = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """
        Take more content.

        @param data: not empty.
        @return: what it shows; to be exhausted before anything else is fed.
            It may raise a L{LimitExceeded} or L{MalformedContent} instead,
            which is the end.
        """
        return self._bounded(self._reader.feed(data))

    def close(self) -> Iterator[Event]:
        """
        That was all of it.

        @return: as L{feed}.
        """
        return self._bounded(self._reader.close())

    def _bounded(self, events: Iterator[Event]) -> Iterator[Event]:
        limits = self._limits
        for event in events:
            if isinstance(event, bytes):
                self._size += len(event)
                if self._most is not None and self._size > self._most:
                    raise LimitExceeded("a part of the form is too large")
                if not self._isFile:
                    self._keep(len(event))
            elif event is not None:
                self._size = 0
                self._isFile = event.filename is not None
                if self._isFile:
                    self._files += 1
                    self._most = limits.fileSize
                else:
                    self._fields += 1
                    self._most = limits.fieldSize
                if self._files > limits.files or self._fields > limits.fields:
                    raise LimitExceeded("the form has too many parts")
                self._keep(len(event.name))
            yield event

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > self._limits.fieldsSize:
            raise LimitExceeded("the fields of the form are too large")


class _Multipart:
    """
    C{multipart/form-data}, by the C{multipart} package.
    """

    def __init__(self, boundary: str | None, limits: Form) -> None:
        if boundary is None or _BOUNDARY.fullmatch(boundary) is None:
            raise MalformedContent("The form has no boundary.")
        self._parser = multipart.PushMultipartParser(
            boundary.encode("ascii"),
            max_header_size=limits.partFieldSize,
            max_header_count=limits.partFields,
            max_segment_count=limits.fields + limits.files,
        )
        # What the content must begin with.  RFC 2046 has room for a preamble
        # there; nobody sends one, and the parser would look for the boundary
        # in all of it.
        self._opening: bytes | None = b""
        self._delimiter = b"--" + boundary.encode("ascii")

    def feed(self, data: bytes) -> Iterator[Event]:
        if self._opening is not None:
            data = self._opening + data
            start = 2 if data.startswith(b"\r\n") else 0
            found = data[start : start + len(self._delimiter)]
            if not self._delimiter.startswith(found) and data != b"\r":
                raise MalformedContent("The form doesn't begin with its boundary.")
            if len(found) < len(self._delimiter):
                self._opening = data
                return
            self._opening = None
        yield from self._events(self._parser.parse(data))

    def close(self) -> Iterator[Event]:
        try:
            self._parser.close()
        except multipart.MultipartError:
            raise MalformedContent("The form breaks off.") from None
        return iter(())

    def _events(self, events: Iterator[Any]) -> Iterator[Event]:
        try:
            for event in events:
                if isinstance(event, multipart.MultipartSegment):
                    event = _partHead(event)
                yield event
        except multipart.ParserLimitReached:
            raise LimitExceeded("a part of the form has too large a head") from None
        except multipart.MultipartError:
            raise MalformedContent("The form is malformed.") from None


def _partHead(segment: Any) -> PartHead:
    try:
        headers = Headers(
            [(name, value.encode("utf-8")) for name, value in segment.headerlist]
        )
    except InvalidField:
        raise MalformedContent("A part of the form has a malformed head.") from None
    for name in (b"content-disposition", b"content-type"):
        if len(headers.lines(name)) > 1:
            raise MalformedContent("A part of the form has a field twice.")
    disposition = headers.get(b"content-disposition") or b""
    if not segment.name and _NAMED.search(disposition) is None:
        raise MalformedContent("A part of the form has no name.")
    encoding = headers.get(b"content-transfer-encoding")
    if encoding is not None and encoding.lower() not in _PLAIN_ENCODINGS:
        raise UnsupportedContent("A part of the form is encoded.")
    media = headers.getStandard(b"content-type")
    charset = None if media is None else media.get("charset")
    return PartHead(segment.name, segment.filename, headers, charset)


class _URLEncoded:
    """
    C{application/x-www-form-urlencoded}.
    """

    def __init__(self, charset: str | None, limits: Form) -> None:
        self._charset = charset
        self._most = _ESCAPE * (limits.fieldSize + limits.fieldsSize)
        # The field that hasn't come to its end.
        self._begun = bytearray()

    def feed(self, data: bytes) -> Iterator[Event]:
        start = 0
        while (end := data.find(b"&", start)) >= 0:
            self._begun += data[start:end]
            yield from self._ended()
            start = end + 1
        if start < len(data):
            self._begun += data[start:]
            if len(self._begun) > self._most:
                raise LimitExceeded("a field of the form is too large")

    def close(self) -> Iterator[Event]:
        return self._ended()

    def _ended(self) -> Iterator[Event]:
        whole = bytes(self._begun)
        if whole:
            self._begun.clear()
            name, _, value = whole.replace(b"+", b" ").partition(b"=")
            charset = self._charset
            text = decodeText(unquote_to_bytes(name), charset)
            yield PartHead(text, charset=charset)
            if value:
                yield unquote_to_bytes(value)
            yield None
