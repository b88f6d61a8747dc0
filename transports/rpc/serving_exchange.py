"""
Exchanges that the peer has started.
"""

from __future__ import annotations

from typing import Final, Protocol

from penstock.core.certified import CertifiedHosts
from penstock.core.exchange import ServingExchange
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.order import Stage
from penstock.transports.rpc.codec import encode, encodeParts
from penstock.transports.rpc.exchange import Owner, RPCExchange
from penstock.transports.rpc.facts import readFacts
from penstock.transports.rpc.heads import headFields, responseFields
from penstock.transports.rpc.messages import (
    Finish,
    Method,
    WriteIntermediateResponse,
)
from penstock.transports.rpc.progress import Arrival, Ending, Wire

# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Wire.OPEN
_CLOSED: Final = Wire.CLOSED
_SENT: Final = Ending.SENT
_HEAD: Final = Arrival.HEAD
_WRITING: Final = Stage.WRITING
_WRITE_HEADERS: Final = int(Method.writeHeaders)


class ServingOwner(Owner, Protocol):
    """
    The peer's exchanges, as one of them knows them.
    """

    trustFacts: bool
    """Whether the peer is believed what it says of the first hop."""

    certifiedHosts: CertifiedHosts | None
    """See L{penstock.core.interfaces.IChannelRequest}."""

    def answered(self, exchange: RPCServing) -> None:
        """
        C{exchange} was over on the wire with what it has sent last.
        """


class RPCServing(RPCExchange, ServingExchange):
    """
    An exchange that the peer has started.
    """

    _owner: ServingOwner
    _contentMethod = int(Method.writeData)
    # The caller doesn't want the content of the response.
    _muted: bool = False

    def __init__(
        self,
        owner: ServingOwner,
        number: int,
        credit: int,
        length: int | None,
        facts: tuple[object, ...] | None,
    ) -> None:
        """
        @param credit: octets of content that the peer takes.
        @param length: what Content-Length promises.
        @param facts: what the peer says of the first hop.
        """
        # What it inherits from sets up nothing, and to ask for that costs 0.15 µs.
        self._setUp(owner, number, credit, _OPEN, _HEAD)
        self.certifiedHosts = owner.certifiedHosts
        self._expected = length
        self._facts = facts

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        owner = self._owner
        info = owner.info
        hop = info._replace(requestId=f"{info.requestId}-{self.number}")
        return readFacts(self._facts, hop, owner.trustFacts)

    def peerStopped(self) -> None:
        """
        See L{RPCExchange}.

        The response goes on as one without content.
        """
        self._muted = True
        self._dropBacklog()
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
            if not self._output.sendFitting(encode(message)):
                self._isTooLong(None)

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

    def _emitHead(self, complete: bool = False) -> None:
        head, content = self._head, self._first
        self._head = self._first = None
        message = encodeParts(_WRITE_HEADERS, self.number, *head, content, complete)
        if not self._output.sendFitting(message):
            self._isTooLong(content)

    def _emitEnd(self) -> None:
        whole = self._head is not None and self._outTrailers is None
        if self._head is not None:
            self._emitHead(whole)
            if self.wire is _CLOSED:
                return
        if not whole:
            self._output.send(encode(Finish(self.number, self._outTrailers)))
        self._ending = _SENT
        self._owner.answered(self)
