"""
One exchange: what is the same on every transport.

L{ServingExchange} and L{CallingExchange} provide the interfaces of the seam.
A transport subclasses one of each and supplies a few hooks that put things on
its wire (the methods C{_send…}); in the other direction it calls the methods
C{begin}, C{contentReceived}, C{contentEnded} and C{lose}.  Everything that a
request can notice is decided here, once: the order of calls, a
Content-Length that is kept, messages without content, pausing, who is told
what at the end, and that it is told exactly once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.errors import ExchangeLost, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.incoming import Incoming, Inflow
from penstock.core.interfaces import (
    ConnectionInfo,
    IChannelRequest,
    IClientRequest,
    RequestFactory,
    Version,
)
from penstock.core.length import parseLength
from penstock.core.order import Action, Stage
from penstock.core.outgoing import Outgoing

if TYPE_CHECKING:
    from penstock.core.certified import CertifiedHosts

_log: Final = Logger()

# RFC 9112, section 4: what a reason-phrase must not have.
_NOT_IN_REASON: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

_WAITING: Final = Stage.WAITING
_WRITING: Final = Stage.WRITING
_BODILESS: Final = Stage.BODILESS
_FINISHED: Final = Stage.FINISHED
_LOST: Final = Stage.LOST

_OPEN: Final = Inflow.OPEN
_RECEIVED: Final = Inflow.RECEIVED
_STOPPED: Final = Inflow.STOPPED
_DELIVERED: Final = Inflow.DELIVERED


class Exchange(Outgoing, Incoming):
    """
    What serving and calling have in common: a message that goes out, and the
    content of one that comes in.
    """

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        What is known of the connection.  Made when somebody asks.
        """
        raise NotImplementedError

    def lose(self, problem: ExchangeLost) -> None:
        """
        For the transport: the exchange can't go on.  Harmless when it is over.
        """
        if not self._isOver():
            callbacks = self._callbacks
            self._end()
            self._tell(callbacks, problem)

    def _tell(self, callbacks: Any, problem: ExchangeLost) -> None:
        try:
            callbacks.connectionLost(Failure(problem))
        except Exception:
            _log.failure("A callback failed on being told that its exchange is lost")

    def _callbackFailed(self) -> None:
        """
        A callback raised: its exchange can't be trusted any more, others can.
        """
        _log.failure("A callback failed; its exchange is aborted")
        if not self._isOver():
            self.abortConnection()

    def _end(self) -> None:
        """
        Nothing is called on the callbacks from now on, and nothing written.
        """
        self._callbacks = None
        self._stopInflow()
        self._loseOutflow()


@implementer(IChannelRequest)
class ServingExchange(Exchange):
    """
    An exchange in which this side answers.  Over when the response is
    finished or lost.
    """

    contentLength: int | None = 0
    certifiedHosts: CertifiedHosts | None = None
    _isHead: bool = False
    _lostEarly: ExchangeLost | None = None

    # What a transport supplies

    def _sendIntermediate(
        self, code: int, headers: Headers | None, code_message: bytes | None
    ) -> None:
        """
        Put an interim response on the wire, where the peer can take it.
        """
        raise NotImplementedError

    def _sendHead(
        self, code: int, headers: Headers, code_message: bytes | None
    ) -> None:
        """
        Put the head of the response on the wire.

        C{self.stage} tells whether content may follow, C{self._remaining} its
        length if it is known.
        """
        raise NotImplementedError

    # For the transport

    def begin(
        self,
        factory: RequestFactory,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
        contentLength: int | None,
    ) -> None:
        """
        For the transport: the head of a request is complete.

        @param contentLength: see L{IChannelRequest}.
        """
        if command == b"HEAD":
            self._isHead = True
        if contentLength != 0:
            self.contentLength = contentLength
        try:
            callbacks = factory(self, command, path, version, in_headers)
        except Exception:
            _log.failure("A request failed to begin")
            self._failed()
            return
        if self._lostEarly is not None:
            self._tell(callbacks, self._lostEarly)
        elif self._stage is not _FINISHED and self._stage is not _LOST:
            self._callbacks = callbacks
            if self._held or self._inflow is _RECEIVED:
                self._flush()

    def lose(self, problem: ExchangeLost) -> None:
        """
        See L{Exchange.lose}.
        """
        if self._callbacks is None and not self._isOver():
            # The factory is still at work: tell the request when it exists.
            self._lostEarly = problem
            self._end()
        else:
            super().lose(problem)

    def _recordLate(self, name: str) -> None:
        """
        See L{Exchange._recordLate}.
        """
        super()._recordLate(name)
        if name == "finish" or name == "abortConnection":
            # The request, inside its factory, has ended the exchange as far
            # as it knows, and so is to be told nothing more.
            self._lostEarly = None

    # Down

    def writeIntermediateResponse(
        self,
        code: int,
        headers: Headers | None = None,
        code_message: bytes | None = None,
    ) -> None:
        """
        See L{IChannelRequest}.
        """
        if self._may(Action.INTERMEDIATE):
            # 101 hands over the connection, which isn't a request's to give.
            if not 100 <= code <= 199 or code == 101:
                raise LocalProtocolError("not the code of an interim response")
            self._checkReason(code_message)
            self._sendIntermediate(code, headers, code_message)

    def writeHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See L{IChannelRequest}.
        """
        if self._stage is not _WAITING and not self._may(Action.HEADERS):
            return
        if not 200 <= code <= 999:
            raise LocalProtocolError("not the code of a final response")
        if code_message is not None:
            self._checkReason(code_message)
        try:
            length = parseLength(headers.lines(b"content-length"))
        except ValueError as problem:
            raise LocalProtocolError(str(problem)) from None
        # RFC 9110, sections 9.3.2, 15.3.5, 15.3.6 and 15.4.5.
        if self._isHead or code in (204, 205, 304):
            self._stage = _BODILESS
        else:
            self._stage = _WRITING
            self._remaining = length
        self._sendHead(code, headers, code_message)

    def _leave(self) -> None:
        """
        For a carrier with L{penstock.core.interfaces.IUpgradable}, when it may
        (C{Action.UPGRADE}): the exchange is over, without a response.
        """
        self._stage = _FINISHED
        self._callbacks = None
        self._stopInflow()

    def _checkReason(self, code_message: bytes | None) -> None:
        if code_message is not None and _NOT_IN_REASON.search(code_message):
            raise LocalProtocolError("a reason phrase must not have control characters")

    # The end

    def _isOver(self) -> bool:
        return self._stage is _FINISHED or self._stage is _LOST

    def _sent(self, trailers: Headers | None) -> None:
        self._callbacks = None
        if self._held is not None or self._paused:
            self._stopInflow()
        elif self._inflow is _OPEN or self._inflow is _RECEIVED:
            self._inflow = _STOPPED
        self._sendEnd(trailers)

    def _callbackFailed(self) -> None:
        _log.failure("A callback of a request failed")
        self._failed()

    def _failed(self) -> None:
        """
        Answer for a request that can't: 500 if there is still time, else
        visibly nothing.
        """
        if self._stage is _WAITING:
            self.writeHeaders(500, Headers([(b"content-length", b"0")]))
            self.finish()
        elif not self._isOver():
            self.abortConnection()


@implementer(IClientRequest)
class CallingExchange(Exchange):
    """
    An exchange in which this side asks.  Over when the response is whole, or
    lost.
    """

    __slots__ = ("_isHead", "_over")

    def __init__(
        self, method: bytes, callbacks: Any, hasContent: bool, length: int | None
    ) -> None:
        """
        @param callbacks: L{penstock.core.interfaces.IResponseCallbacks}.
        @param length: what Content-Length promises, if anything.
        """
        super().__init__()
        self._callbacks = callbacks
        self._isHead = method == b"HEAD"
        self._over = False
        if hasContent:
            self._stage = _WRITING
            self._remaining = length
        else:
            self._stage = _FINISHED

    # For the transport

    def intermediateReceived(self, code: int, headers: Headers) -> None:
        """
        For the transport: an interim response has come.
        """
        if self._callbacks is not None:
            try:
                self._callbacks.handleIntermediateResponse(code, headers)
            except Exception:
                self._callbackFailed()

    def headReceived(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        For the transport: the head of the response has come.
        """
        if self._callbacks is not None:
            self._delivering = True
            try:
                self._callbacks.handleHeaders(code, headers, code_message)
            except Exception:
                self._callbackFailed()
            finally:
                self._delivering = False
            if self._held or self._inflow is _RECEIVED:
                self._flush()

    def lose(self, problem: ExchangeLost) -> None:
        """
        See L{Exchange.lose}.

        A response that has come whole isn't lost with its connection: what is
        held of it is delivered when it is wanted.
        """
        if self._inflow is not _RECEIVED:
            super().lose(problem)
        elif self._stage is not _FINISHED:
            self._loseOutflow()

    # What a transport supplies

    def _responseDelivered(self) -> None:
        """
        The response is whole, all its content is delivered, and the exchange
        is over.  If C{self.stage} isn't FINISHED, the request wasn't: the
        peer must not wait for the rest.

        Comes just before C{handleContentComplete}, inside which the next
        request is often started; and then finds the connection free.
        """

    # The end

    def _isOver(self) -> bool:
        return self._over

    def _complete(self) -> None:
        callbacks = self._callbacks
        self._inflow = _DELIVERED
        self._drained()
        try:
            callbacks.handleContentComplete(self._trailers)
        except Exception:
            _log.failure("A callback for a response failed")

    def _drained(self) -> None:
        if not self._over:
            if self._stage is _FINISHED:
                self._over = True
                self._callbacks = None
            else:
                self._end()
            self._responseDelivered()

    def _end(self) -> None:
        self._over = True
        super()._end()

    def _sent(self, trailers: Headers | None) -> None:
        self._sendEnd(trailers)
