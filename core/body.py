"""
Outgoing content: everything that a response or a request may have as its body,
written to an exchange.
"""

from __future__ import annotations

import os
import stat
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
)
from dataclasses import dataclass
from io import BytesIO, FileIO, TextIOBase
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.coroutines import settle
from penstock.core.produced import Produced, Production

# Octets of a file that are read at a time.
BLOCK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class FilePart:
    """
    A part of a file as a body.  The file is closed when it has been sent, or
    never will be.

    @ivar file: a regular file, open for reading in binary mode.
    @ivar offset: octets from its start.
    @ivar length: octets.
    """

    file: BinaryIO
    offset: int
    length: int

    @classmethod
    def rest(cls, file: BinaryIO) -> FilePart:
        """
        @return: what is left of C{file} from its position on.
        """
        offset = file.tell()
        return cls(file, offset, max(0, os.fstat(file.fileno()).st_size - offset))


@dataclass(frozen=True, slots=True)
class Series:
    """
    One after the other as a body.  Its files are closed when all is sent, or
    never will be.
    """

    pieces: tuple[bytes | FilePart, ...]


Body = (
    bytes
    | str
    | FilePart
    | Series
    | BinaryIO
    | Iterable[bytes]
    | AsyncIterable[bytes]
    | Produced
    | None
)
"""
What may be a body: L{str} is encoded as UTF-8.

A file on disk that is open for reading is sent from its position on; what else
has C{read} (an open member of a C{zip} file, a C{GzipFile}) a block at a time.

So may what has C{twisted.web.iweb.IBodyProducer}: the bodies that Twisted's
own client sends, and those that other packages make for it.
"""


def normalise(body: Any) -> Any:
    """
    @return: C{body} as L{bytes}, a L{FilePart}, a L{Series}, a L{Produced}, an
        iterator or an asynchronous iterator.

    @raise TypeError: if it is nothing of what may be a body.
    """
    if type(body) is bytes:
        return body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, (bytes, FilePart, Series, Produced)):
        return body
    if hasattr(body, "startProducing"):
        return Produced.byBodyProducer(body)
    if isinstance(body, AsyncIterable):
        return aiter(body)
    if isinstance(body, BytesIO):
        return body.read()
    if isinstance(body, TextIOBase):
        raise TypeError("a file of text can't be a body: open it in binary mode")
    if hasattr(body, "read"):
        return FilePart.rest(body) if _isOnDisk(body) else ReadBlocks(body)
    if isinstance(body, Iterable):
        return iter(body)
    hint = ": see Produced" if hasattr(body, "resumeProducing") else ""
    raise TypeError(f"{type(body).__name__} can't be a body{hint}")


def _isOnDisk(file: Any) -> bool:
    """
    @return: whether what is read from C{file} is what its C{fileno} has: not so
        where that is decompressed, say.
    @raise TypeError: if whoever reads it might have to wait.
    """
    # Named temporary files stand around another one.
    inner = getattr(file, "file", file)
    if not isinstance(getattr(inner, "raw", inner), (FileIO, SpooledTemporaryFile)):
        return False
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise TypeError("a pipe or device can't be a body: it would keep all waiting")
    return True


class ReadBlocks:
    """
    What a file-like object has, a block at a time.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __iter__(self) -> ReadBlocks:
        return self

    def __next__(self) -> bytes:
        block = self._file.read(BLOCK)
        # None isn't the end: there is nothing yet, and nobody would say when.
        if block == b"":
            raise StopIteration
        return block

    def close(self) -> None:
        """
        See L{discard}.
        """
        self._file.close()


def knownLength(body: Any) -> int | None:
    """
    @param body: as L{normalise} returns it.

    @return: its length in octets if it is known beforehand.
    """
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, (FilePart, Produced)):
        return body.length
    if isinstance(body, Series):
        return sum(map(_lengthOf, body.pieces))
    return None


def _lengthOf(piece: bytes | FilePart) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.length


def discard(body: Any) -> None:
    """
    Let go of a C{body} (as L{normalise} returns it) that won't be sent.
    """
    if isinstance(body, FilePart):
        body.file.close()
    elif isinstance(body, Series):
        for piece in body.pieces:
            discard(piece)
    elif isinstance(body, Produced):
        body.discard()
    elif isinstance(body, AsyncIterator):
        Deferred.fromCoroutine(closeBlocks(body)).addErrback(_ignore)
    elif isinstance(body, Iterator):
        closeNow = getattr(body, "close", None)
        if closeNow is not None:
            closeNow()


async def closeBlocks(blocks: AsyncIterator[bytes]) -> None:
    """
    Let go of C{blocks}, if it is anything that has to be told.
    """
    close = getattr(blocks, "aclose", None)
    if close is not None:
        await close()


def _ignore(failure: Failure) -> None:
    """
    What an unsent body says about being closed interests nobody.
    """


def writeBody(
    exchange: Any, body: Any, begin: Callable[[], None] | None = None
) -> Deferred[None] | None:
    """
    Write C{body} to C{exchange}, at the pace that its peer takes it; without
    ending the message.

    @param exchange: L{penstock.core.interfaces.IExchange}.
    @param body: as L{normalise} returns it.
    @param begin: called once, when there is something to write, to put the
        head out: for an iterator, when it has made its first block, even an
        empty one; so what it raises before that can still be answered.
        L{None} if the head is out.

    @return: L{None} if it is written; else fires with L{None} when it is, or
        when the exchange was lost meanwhile; or fails with what producing it
        raised.
    @raise Exception: what producing it raised at once.
    """
    if isinstance(body, bytes):
        # First, since that is what most bodies are, and asking an abstract
        # class takes ten times as long.
        if begin is not None:
            begin()
        exchange.writeData(body)
        return None
    if isinstance(body, AsyncIterator):
        return AsyncIteratorProducer(exchange, body, begin).start()
    if isinstance(body, Iterator):
        return IteratorProducer(exchange, body, begin).start()
    if begin is not None:
        begin()
    if isinstance(body, FilePart):
        written: Deferred[None] = exchange.writeFile(
            body.file, body.offset, body.length
        )
        return written.addBoth(_close, body.file)
    if isinstance(body, Produced):
        return Production(exchange).run(body.start)
    return Deferred.fromCoroutine(_writeSeries(exchange, body))


def _checked(block: Any) -> bytes:
    """
    @return: C{block}.  As it is now, if it can be changed: who fills one buffer
        again and again does so before the last one is sent.
    @raise TypeError: if C{block} is none: before it could be taken for one.
    """
    if isinstance(block, bytes):
        return block
    if isinstance(block, (bytearray, memoryview)):
        return bytes(block)
    raise TypeError(f"{type(block).__name__} can't be a block of a body")


async def _writeSeries(exchange: Any, body: Series) -> None:
    try:
        for piece in body.pieces:
            if isinstance(piece, bytes):
                exchange.writeData(piece)
            else:
                await exchange.writeFile(piece.file, piece.offset, piece.length)
    finally:
        discard(body)


def _close(result: Any, file: BinaryIO) -> Any:
    file.close()
    return result


@implementer(IPullProducer)
class IteratorProducer:
    """
    Writes what an iterator yields, a block for each that is asked for.
    """

    def __init__(
        self,
        exchange: Any,
        blocks: Iterator[bytes],
        begin: Callable[[], None] | None = None,
    ) -> None:
        """
        @param begin: see L{writeBody}.
        """
        self._exchange = exchange
        self._blocks = blocks
        self._begin = begin
        # The block that was made before the head was out.
        self._first: bytes | None = b""
        self._done: Deferred[None] | None = Deferred(self._cancelled)

    def start(self) -> Deferred[None]:
        """
        Begin to write.
        """
        done = self._done
        try:
            if self._begin is not None:
                self._first = self._next()
                self._begin()
        except BaseException:
            discard(self._blocks)
            raise
        self._exchange.registerProducer(self, False)
        # registerProducer may have run it to its end.
        return done  # type: ignore[return-value]

    def resumeProducing(self) -> None:
        """
        Write the next block.
        """
        block, self._first = self._first, b""
        try:
            if block == b"":
                block = self._next()
            if block is not None:
                # Also an empty one: whoever makes many of them doesn't keep
                # the loop to itself.
                self._exchange.writeData(block)
                return
        except Exception:
            self._end(Failure())
        else:
            self._end(None)

    def _next(self) -> bytes | None:
        """
        @return: the next block; L{None} at the end.
        @raise TypeError: if it is none, such as L{None}.
        """
        for block in self._blocks:
            return _checked(block)
        return None

    def stopProducing(self) -> None:
        """
        Nobody wants the rest.
        """
        done, self._done = self._done, None
        discard(self._blocks)
        if done is not None:
            done.callback(None)

    def _end(self, result: Failure | None) -> None:
        done, self._done = self._done, None
        self._exchange.unregisterProducer()
        discard(self._blocks)
        if done is not None:
            done.callback(result)

    def _cancelled(self, done: Deferred[None]) -> None:
        self._done = None
        self._exchange.unregisterProducer()
        discard(self._blocks)


@implementer(IPushProducer)
class AsyncIteratorProducer:
    """
    Writes what an asynchronous iterator yields, and waits with the next block
    while the peer takes no more.
    """

    def __init__(
        self,
        exchange: Any,
        blocks: AsyncIterator[bytes],
        begin: Callable[[], None] | None = None,
    ) -> None:
        """
        @param begin: see L{writeBody}.
        """
        self._exchange = exchange
        self._blocks = blocks
        self._begin = begin
        self._running: Deferred[None] | None = None
        self._gate: Deferred[None] | None = None
        self._paused = False
        self._opened = False
        self._registered = False
        self._stopped = False

    def start(self) -> Deferred[None] | None:
        """
        Begin to write.

        @return: L{None} if it is all written.
        """
        if self._begin is None:
            # Who waits for the first block must hear that nobody wants it.
            self._open()
            if self._stopped:
                discard(self._blocks)
                return None
        # All its steps run in one context, from the first on: what it sets
        # there it also finds there.
        running = settle(self._run())
        if not isinstance(running, Deferred):
            return None
        self._running = running
        if self._stopped:
            running.cancel()
        return running

    async def _run(self) -> None:
        try:
            async for block in self._blocks:
                data = _checked(block)
                if not self._opened:
                    self._open()
                if self._stopped:
                    return
                self._exchange.writeData(data)
                if data and self._paused and not self._stopped:
                    self._gate = Deferred()
                    await self._gate
            if not self._opened:
                self._open()
        except CancelledError:
            if not self._stopped:
                raise
        finally:
            if self._registered and not self._stopped:
                self._exchange.unregisterProducer()
            await closeBlocks(self._blocks)

    def _open(self) -> None:
        """
        There is something to write, or there won't be anything.
        """
        self._opened = True
        if self._begin is not None:
            self._begin()
        self._exchange.registerProducer(self, True)
        self._registered = True

    def pauseProducing(self) -> None:
        """
        Write no more after the block that is being written.
        """
        self._paused = True

    def resumeProducing(self) -> None:
        """
        Go on.
        """
        self._paused = False
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.callback(None)

    def stopProducing(self) -> None:
        """
        Nobody wants the rest.
        """
        self._stopped = True
        if self._running is not None:
            self._running.cancel()
