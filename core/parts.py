"""
A form that is read as it comes, part by part::

    async for part in request.parts:
        if part.isFile:
            async for block in part:
                ...
        else:
            text = await part.text()

The client is held back while nobody reads.  What is left of a part when the
next one is asked for is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.core.charsets import decodeText
from penstock.core.content import MAX_BUFFERED, Content
from penstock.core.errors import LimitExceeded
from penstock.core.formparts import Event, FormParser, PartHead
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.values.disposition import ContentDisposition


class Part:
    """
    A part of a form, to be read once, in one of three ways: C{async for},
    L{read} or L{text}.

    @ivar name: of the field.
    @ivar filename: see L{penstock.core.formdata.Upload}; L{None} for a field
        that isn't a file.
    @ivar headers: the fields of the part, L{Headers}.
    """

    __slots__ = ("_head", "_parts", "filename", "headers", "name")

    def __init__(self, parts: PartStream, head: PartHead) -> None:
        self._parts = parts
        self._head = head
        self.name = head.name
        self.headers: Headers = head.headers
        self.filename: str | None = None
        if head.filename is not None:
            named = ContentDisposition("form-data", head.filename)
            self.filename = named.baseName or ""

    def __repr__(self) -> str:
        """
        What the part is called.
        """
        return f"<Part {self.name!r} {self.filename!r}>"

    @property
    def isFile(self) -> bool:
        """
        Whether it is a file, rather than the text of a field.
        """
        return self.filename is not None

    @property
    def mediaType(self) -> MediaType | None:
        """
        The type that the sender claims, L{None} without one that parses.
        """
        return self._head.mediaType

    def __aiter__(self) -> Part:
        """
        The content as it comes.  Raises what L{PartStream} does.
        """
        return self

    async def __anext__(self) -> bytes:
        data = await self._parts.nextBlock(self)
        if data is None:
            raise StopAsyncIteration
        return data

    async def read(self, limit: int = MAX_BUFFERED) -> bytes:
        """
        Put all of it together.

        @param limit: octets.
        @raise LimitExceeded: if there is more; and what L{PartStream} raises.
        """
        whole = bytearray()
        async for data in self:
            whole += data
            if len(whole) > limit:
                raise LimitExceeded("a part of the form is too large")
        return bytes(whole)

    async def text(self, limit: int = MAX_BUFFERED) -> str:
        """
        As L{read}, decoded.

        @raise penstock.core.errors.ContentError: if it can't be.
        """
        return decodeText(await self.read(limit), self._head.charset)


class PartStream:
    """
    The parts of a form, in order, to be read once.

    Reading raises an L{penstock.core.errors.ExchangeLost} if the form never
    comes to its end, which a L{LimitExceeded} is one of, and a
    L{penstock.core.errors.ContentError} if it isn't well-formed.  A resource
    may let all of these pass.
    """

    __slots__ = ("_content", "_current", "_ended", "_events", "_parser", "_problem")

    def __init__(self, content: Content, parser: FormParser) -> None:
        self._content = content
        self._parser = parser
        self._events: Iterator[Event] = iter(())
        self._current: Part | None = None
        self._ended = False
        self._problem: Exception | None = None

    def __aiter__(self) -> PartStream:
        """
        The parts as they come.
        """
        return self

    async def __anext__(self) -> Part:
        while True:
            event = await self._next()
            if isinstance(event, PartHead):
                self._current = part = Part(self, event)
                return part
            if event is None and self._ended:
                self._current = None
                raise StopAsyncIteration

    async def nextBlock(self, part: Any) -> bytes | None:
        """
        @return: some more of C{part}; L{None} at its end, or when another one
            has been begun.
        """
        if self._current is not part:
            return None
        event = await self._next()
        if isinstance(event, bytes):
            return event
        self._current = None
        return None

    async def _next(self) -> Event:
        """
        @return: the next event; L{None} for ever when all is over.
        """
        while True:
            if self._problem is not None:
                raise self._problem
            try:
                for event in self._events:
                    return event
            except Exception as problem:
                # What comes after it must never be taken for a part.
                self._problem = problem
                continue
            if self._ended:
                return None
            data = await self._content.next()
            if data is None:
                self._events = self._parser.close()
                self._ended = True
            else:
                self._events = self._parser.feed(data)
