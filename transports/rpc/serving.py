"""
Exchanges that the peer has started.
"""

from __future__ import annotations

from typing import Final

from penstock.core.exchange import ServingExchange
from penstock.core.headers import Headers
from penstock.core.order import Stage
from penstock.transports.rpc.codec import encode, encodeParts
from penstock.transports.rpc.exchanges import Arrival, Ending, Owner, RPCExchange, Wire
from penstock.transports.rpc.heads import headFields, responseFields
from penstock.transports.rpc.messages import (
    Finish,
    Method,
    WriteHeaders,
    WriteIntermediateResponse,
)

# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Wire.OPEN
_SENT: Final = Ending.SENT
_HEAD: Final = Arrival.HEAD
_WRITING: Final = Stage.WRITING
_WRITE_HEADERS: Final = int(Method.writeHeaders)


class RPCServing(RPCExchange, ServingExchange):
    """
    An exchange that the peer has started.

    @ivar facts: what the peer says of the first hop.
    """

    _contentMethod = int(Method.writeData)

    def __init__(self, owner: Owner, number: int, credit: int) -> None:
        """
        @param credit: octets of content that the peer takes.
        """
        super().__init__()
        self._setUp(owner, number, credit, _OPEN, _HEAD)
        self.facts: tuple[object, ...] | None = None
        # The caller doesn't want the content of the response.
        self._muted = False

    def peerStopped(self) -> None:
        """
        See L{RPCExchange}.

        The response goes on as one without content.
        """
        self._muted = True
        self._queue = None
        self._queued = 0
        if self._stage is _WRITING:
            self._stage = Stage.BODILESS
        elif self._ending is Ending.DUE:
            self._output.urgent.append(self)
            self._output.touch()
        producer, self._producer = self._producer, None
        self._blocked = False
        self._fileDone()
        if producer is not None:
            try:
                producer.stopProducing()
            except Exception:
                self._producerFailed()

    def _sendIntermediate(
        self, code: int, headers: Headers | None, code_message: bytes | None
    ) -> None:
        """
        See L{ServingExchange}.
        """
        if self.wire is _OPEN:
            message = WriteIntermediateResponse(
                self.number, code, headFields(headers), code_message
            )
            self._sendOrFail(encode(message))

    def _sendHead(
        self, code: int, headers: Headers, code_message: bytes | None
    ) -> None:
        """
        See L{ServingExchange}.
        """
        if self.wire is _OPEN:
            if self._muted and self._stage is _WRITING:
                self._stage = Stage.BODILESS
            self._head = (code, responseFields(code, headers), code_message)
            self._output.urgent.append(self)
            self._output.touch()

    def _emitHead(self) -> None:
        code, fields, reason = self._head
        first = self._first
        self._head = self._first = None
        self._sendOrFail(
            encode(WriteHeaders(self.number, code, fields, reason, first, False))
        )

    def _emitEnd(self) -> None:
        if self._head is not None and self._outTrailers is None:
            code, fields, reason = self._head
            first = self._first
            self._head = self._first = None
            if not self._sendOrFail(
                encodeParts(
                    _WRITE_HEADERS, self.number, code, fields, reason, first, True
                )
            ):
                return
        else:
            if self._head is not None:
                self._emitHead()
            self._output.send(encode(Finish(self.number, self._outTrailers)))
        self._ending = _SENT
        self._owner.closed(self)
