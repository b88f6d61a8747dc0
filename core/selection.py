"""
What of a representation is sent: all of it, nothing, or ranges of it (RFC
9110, sections 13 and 14).

For the answer to a GET or HEAD that would be C{2xx} without conditions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from penstock.core import ranges
from penstock.core.body import FilePart, Series, closeBlocks, discard, knownLength
from penstock.core.conditions import Outcome, evaluate, rangeApplies
from penstock.core.headers import Headers
from penstock.core.length import parseLength
from penstock.core.produced import Produced

# What describes the representation (RFC 9110, section 8; RFC 9530): a 304
# doesn't repeat it (section 15.4.5), and a page that says that it is not to be
# had is something else.
_OF_REPRESENTATION: Final = (
    b"content-type",
    b"content-encoding",
    b"content-language",
    b"content-length",
    b"content-disposition",
    b"content-digest",
    b"content-md5",
    b"repr-digest",
    b"digest",
)

_NOT_OF_ERRORS: Final = (
    *_OF_REPRESENTATION,
    b"content-location",
    b"cache-control",
    b"expires",
)

# What holds for all of the content, and not for a part of it (RFC 9530,
# section 2; RFC 1864, section 2).
_OF_CONTENT: Final = (b"content-digest", b"content-md5")


@dataclass(frozen=True, slots=True)
class Selection:
    """
    What to send.

    @ivar code: the status code.  With an error's, the body is empty, and is
        to be replaced by a page.
    @ivar body: as L{penstock.core.body.normalise} returns it.
    @ivar length: of C{body}, in octets; L{None} if it isn't known, or to be
        left alone.
    """

    code: int
    body: Any
    length: int | None


def select(
    method: bytes,
    asked: Headers,
    code: int,
    headers: Headers,
    body: Any,
    boundary: Callable[[], str],
) -> Selection:
    """
    @param asked: the fields of the request.
    @param code: the code that would be answered without conditions, C{2xx}.
    @param headers: the fields to send; changed to what goes with the outcome.
    @param body: the whole representation, as
        L{penstock.core.body.normalise} returns it.  What isn't sent of it is
        discarded.
    @param boundary: makes what doesn't occur in C{body}: letters and digits.
    """
    length = knownLength(body)
    etag = headers.getStandard(b"etag")
    modified = headers.getStandard(b"last-modified")
    outcome = evaluate(method, asked, etag, modified)
    if outcome is Outcome.NOT_MODIFIED:
        discard(body)
        keepOfNotModified(headers)
        return Selection(304, b"", None)
    if outcome is Outcome.PRECONDITION_FAILED:
        discard(body)
        keepOfError(headers)
        return Selection(412, b"", 0)
    if (
        code != 200
        or method != b"GET"
        or b"range" not in asked
        or isinstance(body, Produced)
        or headers.getStandard(b"accept-ranges") == ("none",)
        or not rangeApplies(asked, etag, modified)
    ):
        return Selection(code, body, length)
    whole = length
    if whole is None:
        # What comes in pieces has ranges where its length was declared.
        whole = _declared(headers)
    spec = asked.getStandard(b"range")
    if spec is None or whole is None:
        return Selection(code, body, length)
    selected = ranges.selectRanges(spec, whole)
    if selected is ranges.UNSATISFIABLE:
        discard(body)
        headers.setRaw(b"content-range", b"bytes */%d" % whole)
        keepOfError(headers)
        return Selection(416, b"", 0)
    if selected is None or (len(selected) > 1 and not _hasParts(headers, length)):
        return Selection(code, body, length)
    for name in _OF_CONTENT:
        headers.removeHeader(name)
    if len(selected) > 1:
        return _several(headers, body, whole, selected, boundary())
    start, stop = selected[0]
    field = bytes(ranges.ContentRange(start, stop, whole))
    headers.setRaw(b"content-range", field)
    if length is None:
        headers.setRaw(b"content-length", b"%d" % (stop - start))
    return Selection(206, _cut(body, start, stop), stop - start)


def keepOfNotModified(headers: Headers) -> None:
    """
    Leave what a 304 has of C{headers}, which were those of a 200.
    """
    for name in _OF_REPRESENTATION:
        headers.removeHeader(name)
    headers.removeHeader(b"accept-ranges")
    if headers.getStandard(b"etag") is not None:
        headers.removeHeader(b"last-modified")


def keepOfError(headers: Headers) -> None:
    """
    Leave what an error has of C{headers}, which were those of a 200.
    """
    for name in _NOT_OF_ERRORS:
        headers.removeHeader(name)


def _declared(headers: Headers) -> int | None:
    try:
        return parseLength(headers.lines(b"content-length"))
    except ValueError:
        return None


def _hasParts(headers: Headers, length: int | None) -> bool:
    """
    @return: whether several ranges can be sent at once: not of what comes in
        order, and not of what has a coding, since nobody could say whether
        the parts have it or all of the message.
    """
    return length is not None and not headers.hasHeader(b"content-encoding")


def _cut(body: Any, start: int, stop: int) -> Any:
    if isinstance(body, FilePart):
        return FilePart(body.file, body.offset + start, stop - start)
    if isinstance(body, bytes):
        return body[start:stop]
    if isinstance(body, AsyncIterator):
        return AsyncSlice(body, start, stop)
    return Slice(body, start, stop)


def _several(
    headers: Headers,
    body: Any,
    whole: int,
    selected: list[tuple[int, int]],
    boundary: str,
) -> Selection:
    """
    C{multipart/byteranges} (RFC 9110, section 14.6).
    """
    delimiter = b"--" + boundary.encode("ascii")
    mediaType = headers.get(b"content-type")
    typed = b"" if mediaType is None else b"Content-Type: " + mediaType + b"\r\n"
    pieces: list[bytes | FilePart] = []
    for start, stop in selected:
        field = bytes(ranges.ContentRange(start, stop, whole))
        pieces.append(
            b"%s%s\r\n%sContent-Range: %s\r\n\r\n"
            % (b"\r\n" if pieces else b"", delimiter, typed, field)
        )
        pieces.append(_cut(body, start, stop))
    pieces.append(b"\r\n" + delimiter + b"--\r\n")
    headers.setRaw(b"content-type", f"multipart/byteranges; boundary={boundary}")
    if isinstance(body, bytes):
        data = b"".join(pieces)  # type: ignore[arg-type]
        return Selection(206, data, len(data))
    series = Series(tuple(pieces))
    return Selection(206, series, knownLength(series))


class Slice:
    """
    Some of what comes in blocks.
    """

    def __init__(self, blocks: Iterator[bytes], start: int, stop: int) -> None:
        self._blocks = blocks
        self._skip = start
        self._left = stop - start

    def __iter__(self) -> Slice:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            self.close()
            raise StopIteration
        block, self._skip, self._left = _some(
            next(self._blocks), self._skip, self._left
        )
        # Nothing of those that are skipped: between them, others get a turn.
        return block

    def close(self) -> None:
        """
        See L{penstock.core.body.discard}.
        """
        discard(self._blocks)


class AsyncSlice:
    """
    Some of what comes in blocks, now and then.
    """

    def __init__(self, blocks: AsyncIterator[bytes], start: int, stop: int) -> None:
        self._blocks = blocks
        self._skip = start
        self._left = stop - start

    def __aiter__(self) -> AsyncSlice:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            await self.aclose()
            raise StopAsyncIteration
        block, self._skip, self._left = _some(
            await anext(self._blocks), self._skip, self._left
        )
        return block

    async def aclose(self) -> None:
        """
        See L{penstock.core.body.discard}.
        """
        await closeBlocks(self._blocks)


def _some(block: bytes, skip: int, left: int) -> tuple[bytes, int, int]:
    """
    @return: what is wanted of C{block}, and how much is to be skipped and
        wanted after it.
    """
    wanted = block[skip : skip + left]
    return wanted, max(0, skip - len(block)), left - len(wanted)
