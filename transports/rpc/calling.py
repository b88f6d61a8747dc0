"""
Exchanges that this side has started.
"""

from __future__ import annotations

from typing import Any, Final

from penstock.core.errors import LimitExceeded
from penstock.core.exchange import CallingExchange
from penstock.core.incoming import Inflow
from penstock.core.order import Stage
from penstock.transports.rpc.codec import encode, encodeParts
from penstock.transports.rpc.exchanges import (
    WITH_HEAD,
    Arrival,
    Ending,
    Owner,
    RPCExchange,
    Wire,
    take,
)
from penstock.transports.rpc.messages import (
    Fields,
    HandleContentComplete,
    Method,
    Reason,
)

# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Wire.OPEN
_WAITING: Final = Wire.WAITING
_SENT: Final = Ending.SENT
_DUE: Final = Ending.DUE
_NOTHING: Final = Arrival.NOTHING
_REQUEST: Final = int(Method.request)
_HEAD: Final = Arrival.HEAD
_FINISHED: Final = Stage.FINISHED
_STOPPED: Final = Inflow.STOPPED


class RPCCalling(RPCExchange, CallingExchange):
    """
    An exchange that this side has started.
    """

    _contentMethod = int(Method.handleContentChunk)

    def __init__(
        self,
        owner: Owner,
        method: bytes,
        target: bytes,
        fields: Fields,
        facts: tuple[object, ...] | None,
        callbacks: Any,
        hasContent: bool,
        length: int | None,
    ) -> None:
        """
        @param length: what Content-Length promises.
        """
        super().__init__(method, callbacks, hasContent, length)
        self._setUp(owner, 0, 0, _WAITING, _NOTHING)
        self._request = (method, target, 11, fields)
        self._facts = facts
        # What the request says of its content if none is written.
        self._bare = b"" if hasContent else None
        if not hasContent:
            self._ending = _DUE
        # Until there is a connection.
        self._blocked = True

    @property
    def isHead(self) -> bool:
        """
        Whether the response has no content, whatever its fields say.
        """
        return self._isHead

    def admit(self, credit: int) -> None:
        """
        The peer takes it.

        @param credit: octets of content that it takes.
        """
        self.wire = _OPEN
        self._credit = credit
        self._head = self._request
        queue, size = self._queue, self._queued
        if queue is not None and size <= min(WITH_HEAD, credit, self._output.credit):
            self._first = take(queue, size)
            self._queue = None
            self._queued = 0
            self._credit -= size
            self._output.credit -= size
            self.sentContent += size
        if self._ending is _DUE and self._queue is None and self._output.isDirect():
            self._emitEnd()
            return
        self._output.urgent.append(self)
        self._output.touch()
        if self._queue is None:
            self.outputReady()
        else:
            self._getInLine()

    def _contentStopped(self) -> None:
        """
        See L{penstock.core.exchange.Exchange}.

        If all of the request was sent and the head of the response has come,
        nobody wants anything of the exchange any more.
        """
        if self._ending is _SENT and self.arrival is _HEAD:
            self._owner.abandon(self, Reason.DONE)
            self._drained()
        else:
            super()._contentStopped()

    def responseArrived(self) -> None:
        """
        The response is whole and the exchange over on the wire, so what was
        not sent of the request won't be.
        """
        if self._stage is not _FINISHED:
            self._loseOutflow()

    def peerStopped(self) -> None:
        """
        See L{RPCExchange}.

        What was not sent of the request won't be, and the response is still to
        come.
        """
        self._queue = None
        self._queued = 0
        self._ending = _SENT
        if self._stage is not _FINISHED:
            self._loseOutflow()

    def _isUnwanted(self) -> bool:
        return self._ending is _SENT

    def _emitHead(self) -> None:
        first = self._first
        self._head = self._first = None
        self._emitRequest(first, False)

    def _emitEnd(self) -> None:
        self._ending = _SENT
        if self._head is not None and self._outTrailers is None:
            first = self._first
            self._head = self._first = None
            self._emitRequest(self._bare if first is None else first, True)
        else:
            if self._head is not None:
                self._emitHead()
            if not self.isClosed:
                message = HandleContentComplete(self.number, self._outTrailers)
                self._output.send(encode(message))
        if self._inflow is _STOPPED and not self.isClosed and self.arrival is _HEAD:
            self._contentStopped()

    def _emitRequest(self, content: bytes | None, complete: bool) -> None:
        number = self._owner.nextNumber
        message = encodeParts(
            _REQUEST, number, *self._request, content, complete, self._facts
        )
        if self._output.fits(message):
            # First, since sending it may find that the connection is gone.
            self._owner.opened(self)
            self.number = number
            self._output.send(message)
            if self._inflow is _STOPPED:
                super()._contentStopped()
        else:
            self._owner.abandon(self, Reason.LIMIT)
            self.lose(LimitExceeded("the head is longer than the peer takes"))
