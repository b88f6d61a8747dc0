"""
One request to a server that must know beforehand how long its content is.
"""

from __future__ import annotations

from typing import Any, Final

from penstock.core.errors import LengthRequired
from penstock.core.headers import Headers
from penstock.transports.http1.client_exchange import (
    MAX_KEPT,
    ClientExchange,
    ConnectionOwner,
)
from penstock.transports.http1.writer import requestHead

TOO_OLD: Final = "the server speaks HTTP/1.0, and must be told a Content-Length"


class GatheringExchange(ClientExchange):
    """
    Puts its content together before it asks for a connection.

    Not blocked while it does: there is nothing yet that could be slow.
    """

    gathers = True

    __slots__ = ("_gathered", "_headers", "_host", "_method", "_target")

    def __init__(
        self,
        owner: ConnectionOwner,
        method: bytes,
        target: bytes,
        host: bytes,
        headers: Headers,
        callbacks: Any,
        again: bool,
    ) -> None:
        """
        @param headers: without Content-Length.  Copied.

        All others are those of L{requestHead} and of L{ClientExchange}.
        """
        super().__init__(owner, method, b"", callbacks, hasContent=True, again=again)
        self._method = method
        self._target = target
        self._host = host
        self._headers = headers.copy()
        self._gathered = 0
        self._blocked = False

    def _put(self, data: bytes) -> None:
        super()._put(data)
        self._gathered += len(data)
        if self._gathered > MAX_KEPT:
            self.shut()
            self.lose(LengthRequired(TOO_OLD))

    def _sendEnd(self, trailers: Headers | None) -> None:
        headers = self._headers
        # There is nothing to gain from it any more.
        headers.removeHeader(b"expect")
        headers.setRaw(b"Content-Length", b"%d" % self._gathered)
        self._head, _ = requestHead(
            self._method, self._target, self._host, headers, True
        )
        self._owner.exchangeGathered(self)
