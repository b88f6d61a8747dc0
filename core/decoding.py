"""
Incoming content without its coding, where a resource asks for that.

What comes is expanded a block at a time, and no further while nobody takes
it: neither a slow reader nor a kilobyte that stands for a gigabyte fills the
memory.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from twisted.python.failure import Failure

from penstock.core.codings import CODINGS, Decoder
from penstock.core.errors import HTTPError, LimitExceeded, MalformedContent
from penstock.core.headers import Headers

# Octets to expand at a time.
BLOCK: Final = 64 * 1024

# Codings on top of each other.  One is usual, and more than two only serve
# to make something small of something large.
MAX_CODINGS: Final = 2

_ALIASES: Final = {"x-gzip": "gzip"}


def refusal(names: str) -> HTTPError:
    """
    @param names: of the codings that would do.

    @return: 415, with those (RFC 9110, section 12.5.3).
    """
    return HTTPError(
        415,
        "The content has a coding that is not taken here.",
        Headers([(b"accept-encoding", names)]),
    )


def codingsOf(headers: Headers) -> list[str]:
    """
    @return: the codings of content, in lower case, in the order in which they
        were applied.

    @raise HTTPError: 400, if nobody can say which.
    """
    if not headers.hasHeader(b"content-encoding"):
        return []
    names = headers.getStandard(b"content-encoding")
    if names is None:
        raise HTTPError(400, "The Content-Encoding is malformed.")
    lower = [name.lower() for name in names]
    return [_ALIASES.get(name, name) for name in lower if name != "identity"]


class Decoding:
    """
    Stands between an exchange and whatever takes its content.

    For the exchange's callbacks it is what takes the content, for that it is
    the exchange.
    """

    __slots__ = (
        "_decoder",
        "_ended",
        "_exchange",
        "_held",
        "_paused",
        "_pumping",
        "_room",
        "_stopped",
        "_taker",
        "_trailers",
    )

    def __init__(
        self, exchange: Any, decoder: Decoder, limit: int | None = None
    ) -> None:
        """
        @param limit: octets that may come; L{None} for any number.
        """
        self._exchange = exchange
        self._decoder = decoder
        self._room = limit
        self._taker: Any = None
        self._held: deque[bytes] = deque()
        self._paused = False
        self._stopped = False
        self._pumping = False
        self._ended = False
        self._trailers: Headers | None = None

    def feeds(self, taker: Any) -> None:
        """
        @param taker: has C{chunkReceived}, C{completed} and C{lost}, as
            L{penstock.core.content.Content} does.
        """
        self._taker = taker

    # As what takes the content

    def chunkReceived(self, data: bytes) -> None:
        """
        Some more has come.
        """
        if self._room is not None:
            self._room -= len(data)
            if self._room < 0:
                self._fail(LimitExceeded("there is too much of what is decoded"))
                return
        # A large block would be copied for each of the pieces it consists of.
        for start in range(0, len(data), BLOCK):
            self._held.append(data[start : start + BLOCK])
        self._pump()

    def completed(self, trailers: Headers | None = None) -> None:
        """
        All has come.
        """
        self._ended = True
        self._trailers = trailers
        self._pump()

    def lost(self, reason: Failure) -> None:
        """
        The rest will never come.
        """
        if not self._stopped:
            self._halt()
            self._taker.lost(reason)

    # As the exchange

    def pauseProducing(self) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        self._paused = True
        self._exchange.pauseProducing()

    def resumeProducing(self) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        self._paused = False
        self._pump()
        if not self._paused and not self._stopped:
            self._exchange.resumeProducing()

    def stopProducing(self) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if not self._stopped:
            self._halt()
            self._exchange.stopProducing()

    def stop(self) -> None:
        """
        Nobody takes any more, and there is no need to tell.
        """
        self._halt()
        if isinstance(self._taker, Decoding):
            self._taker.stop()

    def _halt(self) -> None:
        self._stopped = True
        self._held.clear()

    def _fail(self, problem: Exception) -> None:
        self.stopProducing()
        self._taker.lost(Failure(problem))

    def _pump(self) -> None:
        """
        Expand as much as is taken.
        """
        if self._pumping:
            return
        self._pumping = True
        decoder = self._decoder
        try:
            while not self._stopped and not self._paused:
                if decoder.pending:
                    data = b""
                elif self._held:
                    data = self._held.popleft()
                else:
                    if self._ended:
                        decoder.finish()
                        self._stopped = True
                        self._taker.completed(self._trailers)
                    return
                made = decoder.feed(data, BLOCK)
                if made:
                    self._taker.chunkReceived(made)
        except MalformedContent as problem:
            self._fail(problem)
        finally:
            self._pumping = False


def decodings(
    exchange: Any, headers: Headers, limit: int | None
) -> tuple[Decoding, Decoding] | None:
    """
    @param limit: octets of content, with each of its codings.
    @return: what takes the content from C{exchange}, and what feeds whatever
        is to have it; L{None} if the content has no coding.

    @raise HTTPError: 415 for an unknown coding, or too many.
    """
    names = codingsOf(headers)
    if len(names) > MAX_CODINGS or not all(name in CODINGS for name in names):
        raise refusal(", ".join(CODINGS))
    first: Decoding | None = None
    last = None
    for name in reversed(names):
        decoding = Decoding(last or exchange, CODINGS[name].decoder(), limit)
        if last is None:
            first = decoding
        else:
            last.feeds(decoding)
        last = decoding
    return None if first is None or last is None else (first, last)
