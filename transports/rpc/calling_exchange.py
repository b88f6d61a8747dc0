"""
Exchanges that this side has started.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from penstock.core.exchange import CallingExchange
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.interfaces import ConnectionInfo
from penstock.core.order import Stage
from penstock.transports.rpc.codec import encode, encodeParts
from penstock.transports.rpc.exchange import WITH_HEAD, Owner, RPCExchange
from penstock.transports.rpc.messages import (
    Fields,
    HandleContentComplete,
    Method,
    Reason,
)
from penstock.transports.rpc.progress import Arrival, Ending, Wire

# RFC 9110, section 6.4.1, apart from HEAD.
_BODILESS: Final = frozenset((204, 205, 304))

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


class CallingOwner(Owner, Protocol):
    """
    Our own exchanges, as one of them knows them.
    """

    nextNumber: int
    """The number of the next exchange that is started."""

    def opened(self, exchange: RPCCalling) -> None:
        """
        The request of C{exchange} goes out now, with L{nextNumber}.
        """

    def forget(self, exchange: RPCCalling) -> None:
        """
        C{exchange} is over on the wire.
        """


class RPCCalling(RPCExchange, CallingExchange):
    """
    An exchange that this side has started.
    """

    _owner: CallingOwner
    _contentMethod = int(Method.handleContentChunk)
    # Until there is a place for it.
    _blocked: bool = True

    def __init__(
        self,
        owner: CallingOwner,
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

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        info = self._owner.info
        return info._replace(requestId=f"{info.requestId}-out-{self.number}")

    # For the session

    def admit(self, credit: int) -> None:
        """
        The peer takes it.

        @param credit: octets of content that it takes.
        """
        self.wire = _OPEN
        self._credit = credit
        self._head = self._request
        backlog = self._backlog
        if backlog is not None and backlog.size <= min(
            WITH_HEAD, credit, self._output.credit
        ):
            self._putWithHead(backlog.take(backlog.size))
            self._backlog = None
        if self._ending is _DUE and self._backlog is None and self._output.isDirect():
            self._emitEnd()
            return
        self._output.urgent.append(self)
        self._output.touch()
        if self._backlog is None:
            self.outputReady()
        else:
            self._getInLine()

    def headArrived(
        self, code: int, headers: Headers, reason: bytes | None, length: int | None
    ) -> None:
        """
        The head of the response has come.

        @param length: what its Content-Length promises.
        """
        self.arrival = _HEAD
        self._expected = 0 if self._isHead or code in _BODILESS else length
        self.headReceived(code, headers, reason)

    def peerStopped(self) -> None:
        """
        See L{RPCExchange}.

        What was not sent of the request won't be, and the response is still to
        come.
        """
        self._dropBacklog()
        self._ending = _SENT
        if self._stage is not _FINISHED:
            self._loseOutflow()

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

    def _messageArrived(self) -> None:
        """
        See L{RPCExchange}.

        The exchange is over on the wire, so what was not sent of the request
        won't be.
        """
        self._owner.forget(self)
        if self._stage is not _FINISHED:
            self._loseOutflow()

    def _emitHead(self, complete: bool = False) -> None:
        content = self._first
        self._head = self._first = None
        if content is None and complete:
            content = self._bare
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
            self._isTooLong(content)

    def _emitEnd(self) -> None:
        self._ending = _SENT
        whole = self._head is not None and self._outTrailers is None
        if self._head is not None:
            self._emitHead(whole)
        if not self.isClosed and not whole:
            message = HandleContentComplete(self.number, self._outTrailers)
            self._output.send(encode(message))
        if self._inflow is _STOPPED and not self.isClosed and self.arrival is _HEAD:
            self._contentStopped()
