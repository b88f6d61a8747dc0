"""
Outgoing content with a content coding, made as the client takes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO, Final

from penstock.core.body import FilePart, closeBlocks, discard
from penstock.core.codings import Encoder

# Octets that are compressed at a time: some milliseconds, in which nobody else
# gets a turn.
BLOCK: Final = 64 * 1024


def encodeBody(body: Any, encoder: Encoder, flush: bool) -> Any:
    """
    @param body: as L{penstock.core.body.normalise} returns it, and no
        L{penstock.core.body.Series}.
    @param flush: whether each block is to reach the client at once, rather
        than when enough has come.  Blocks of an asynchronous iterator always
        do: nobody knows when the next one comes.

    @return: the body with its coding.
    """
    if isinstance(body, AsyncIterator):
        return AsyncEncoding(body, encoder)
    if isinstance(body, bytes):
        if len(body) <= BLOCK:
            return encoder.feed(body) + encoder.finish()
        return Encoding(iter([body]), encoder, flush)
    if isinstance(body, FilePart):
        return Encoding(FileBlocks(body), encoder, flush)
    return Encoding(body, encoder, flush)


class FileBlocks:
    """
    A part of a file, a block at a time.
    """

    def __init__(self, part: FilePart) -> None:
        self._file: BinaryIO = part.file
        self._left = part.length
        self._file.seek(part.offset)

    def __iter__(self) -> FileBlocks:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            self.close()
            raise StopIteration
        block = self._file.read(min(BLOCK, self._left))
        if not block:
            raise EOFError("a file became shorter while it was being sent")
        self._left -= len(block)
        return block

    def close(self) -> None:
        """
        See L{penstock.core.body.discard}.
        """
        self._file.close()


class _Cut:
    """
    Large blocks in small ones.
    """

    __slots__ = ("_at", "_whole")

    def __init__(self) -> None:
        self._whole = b""
        self._at = 0

    @property
    def hasMore(self) -> bool:
        return self._at < len(self._whole)

    def of(self, whole: bytes | None) -> bytes | None:
        """
        @return: the first of C{whole}.
        """
        if whole is None or len(whole) <= BLOCK:
            return whole
        self._whole, self._at = whole, 0
        return self.next()

    def next(self) -> bytes:
        """
        @return: the next one, empty if there is none.
        """
        block = self._whole[self._at : self._at + BLOCK]
        self._at += BLOCK
        if not self.hasMore:
            self._whole, self._at = b"", 0
        return block


class Encoding:
    """
    Blocks with a coding.
    """

    def __init__(self, blocks: Iterator[bytes], encoder: Encoder, flush: bool) -> None:
        self._blocks = blocks
        self._encoder = encoder
        self._flush = flush
        self._cut = _Cut()
        self._ended = False

    def __iter__(self) -> Encoding:
        return self

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        taken = 0
        while True:
            block = self._cut.next() or self._cut.of(next(self._blocks, None))
            if block is None:
                self._ended = True
                self.close()
                return self._encoder.finish()
            made = self._encoder.feed(block)
            if self._flush:
                made += self._encoder.flush()
            taken += len(block)
            if made or not block or taken >= BLOCK:
                # Nothing, where much becomes little: others get a turn.
                return made

    def close(self) -> None:
        """
        See L{penstock.core.body.discard}.
        """
        discard(self._blocks)


class AsyncEncoding:
    """
    Blocks that come now and then, with a coding.
    """

    def __init__(self, blocks: AsyncIterator[bytes], encoder: Encoder) -> None:
        self._blocks = blocks
        self._encoder = encoder
        self._cut = _Cut()
        self._ended = False

    def __aiter__(self) -> AsyncEncoding:
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        try:
            block = self._cut.next() or self._cut.of(await anext(self._blocks))
        except StopAsyncIteration:
            self._ended = True
            return self._encoder.finish()
        made = self._encoder.feed(block or b"")
        return made if self._cut.hasMore else made + self._encoder.flush()

    async def aclose(self) -> None:
        """
        See L{penstock.core.body.discard}.
        """
        await closeBlocks(self._blocks)
