"""
One exchange on an HTTP/1.1 connection, as a request sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from zope.interface import implementer

from penstock.core.errors import LocalProtocolError
from penstock.core.exchange import ServingExchange
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IUpgradable
from penstock.core.order import Action, Stage
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.writer import (
    Framing,
    chunk,
    intermediateHead,
    lastChunk,
    plainHead,
    responseFraming,
    responseHead,
    switchingHead,
)

if TYPE_CHECKING:
    from penstock.transports.http1.channel import HTTPChannel


_NONE: Final = Framing.NONE
_LENGTH: Final = Framing.LENGTH
_CHUNKED: Final = Framing.CHUNKED
_BODILESS: Final = Stage.BODILESS


@implementer(IUpgradable)
class ChannelRequest(ServingExchange):
    """
    Puts a response on its channel's wire.

    It is its channel's present exchange until the response is finished or
    lost; all that is written is written between.
    """

    __slots__ = ("_channel", "_framing", "_info", "head")

    def __init__(self, channel: HTTPChannel, head: RequestHead) -> None:
        # What it inherits from sets up nothing, and to ask for that costs 0.15 µs.
        self.head = head
        self._channel = channel
        self._framing = _NONE
        self._info: ConnectionInfo | None = None

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if self._info is None:
            self._info = self._channel.describeConnection()
        return self._info

    @property
    def upgradeOffers(self) -> tuple[bytes, ...]:
        """
        See L{penstock.core.interfaces.IUpgradable}.
        """
        return self.head.upgrade

    def upgrade(
        self, protocolName: bytes, protocol: Any, headers: Headers | None = None
    ) -> None:
        """
        See L{penstock.core.interfaces.IUpgradable}.
        """
        if not self._may(Action.UPGRADE):
            return
        if protocolName.lower() not in self.head.upgrade:
            raise LocalProtocolError("the peer didn't offer this protocol")
        head = switchingHead(protocolName, headers)
        self._leave()
        self._channel.handOver(head, protocol)

    def _sendIntermediate(
        self, code: int, headers: Headers | None, code_message: bytes | None
    ) -> None:
        # RFC 9110, section 15.2: HTTP/1.0 has none.
        if self.head.version != (1, 0):
            self._channel.intermediateSent(code)
            self._channel.write(intermediateHead(code, code_message, headers))

    def _sendHead(
        self, code: int, headers: Headers, code_message: bytes | None
    ) -> None:
        channel = self._channel
        if (
            self._remaining is not None
            and code_message is None
            and self.head.version == (1, 1)
            and channel.isPlain()
        ):
            head = plainHead(code, headers, channel.factory.dateLine())
            if head is not None:
                self._framing = _LENGTH
                channel.writeHead(head)
                return
        chunks = self.head.version != (1, 0)
        framing = self._framing = responseFraming(
            code, self._stage is _BODILESS, self._remaining is not None, chunks
        )
        channel.writeHead(
            responseHead(
                code,
                code_message,
                headers,
                framing,
                channel.persistence(code, framing),
                channel.factory.dateLine(),
                self._isHead,
                chunks,
            )
        )

    def _sendData(self, data: bytes) -> None:
        if self._framing is _CHUNKED:
            data = chunk(data)
        self._channel.write(data)

    def _sendEnd(self, trailers: Headers | None) -> None:
        if self._framing is _CHUNKED:
            self._channel.write(lastChunk(trailers))
        self._channel.responseEnded()

    def _sendAbort(self) -> None:
        self._channel.abort()

    def _sendFile(
        self, file: BinaryIO, offset: int, length: int, done: Callable[[], None]
    ) -> None:
        if self._framing is _CHUNKED or not self._channel.sendFile(
            self, file, offset, length, done
        ):
            super()._sendFile(file, offset, length, done)

    def sendRest(
        self, file: BinaryIO, offset: int, length: int, done: Callable[[], None]
    ) -> None:
        """
        Send what sendfile turned out not to take.
        """
        super()._sendFile(file, offset, length, done)

    def _later(self, call: Callable[[], None]) -> None:
        self._channel.factory.clock.callLater(0, call)

    def _contentPaused(self) -> None:
        self._channel.contentPaused()

    def _contentResumed(self) -> None:
        self._channel.contentResumed()

    def _contentStopped(self) -> None:
        self._channel.contentResumed()
