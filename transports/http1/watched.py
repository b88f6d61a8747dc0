"""
What a server's sweep sees of a connection, and does to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.core.errors import DeadlineExceeded, ExchangeLost, PeerGone
from penstock.transports.http1.channel_request import ChannelRequest
from penstock.transports.http1.connection import ServerConnection
from penstock.transports.http1.deadlines import Progress, Waiting
from penstock.transports.http1.events import Rejected
from penstock.transports.http1.hangup import Hangup, mayBeWhole
from penstock.transports.http1.intake import Intake
from penstock.transports.http1.request_reader import RequestReader

if TYPE_CHECKING:
    from socket import socket

    from penstock.transports.http1.factory import HTTPFactory


class WatchedConnection(ServerConnection):
    """
    Knows what it waits for, and whether its peer has gone unnoticed.

    It only looks at how far things have got; L{HTTPChannel
    <penstock.transports.http1.channel.HTTPChannel>} makes them go.
    """

    def __init__(self, factory: HTTPFactory) -> None:
        super().__init__(factory)
        self._reader = RequestReader(factory.limits)
        self._intake = Intake.HEAD
        self._exchange: ChannelRequest | None = None
        # The peer waits for 100 before it sends content.
        self._expects = False
        self._requests = 0
        self._reads = 0
        # Whether the content can be whole, though the peer sends no more.
        self._mayBeWhole: bool | None = None

    @property
    def isDeaf(self) -> bool:
        """
        Whether somebody should be told if the peer goes, and nothing is read
        that would show it.
        """
        return self._readPaused and self._exchange is not None

    def hungUp(self, how: Hangup, beneath: socket) -> None:
        """
        The peer has gone.

        If it has only stopped sending, and the rest of the content is in the
        kernel's buffer, the request shall have it.  (Of chunks one can only
        say that an empty line in the end might be their end.)
        """
        if how is Hangup.CLOSED and self._intake is Intake.CONTENT:
            if self._mayBeWhole is None:
                # Nothing more comes, so this is known for good.
                reader = self._reader
                self._mayBeWhole = mayBeWhole(
                    beneath, reader.remaining, reader.buffered, reader.last(4)
                )
            if self._mayBeWhole:
                return
        self._lose(PeerGone("the peer closed the connection"))
        self.abort()

    def progress(self) -> Progress:
        """
        See L{penstock.transports.http1.deadlines.Watched}.
        """
        intake = self._intake
        if intake is Intake.CLOSING:
            if self._unsent():
                return (Waiting.WRITE, self._taken())
            return (Waiting.CLOSE, 0)
        if self._blocked or self._sender is not None:
            return (Waiting.WRITE, self._taken())
        if intake is Intake.HEAD:
            if self._reader.inHead or not self._requests:
                return (Waiting.HEAD, self._requests)
            # It costs less to parse a head again than to keep it.
            self._reader.forget()
            return (Waiting.IDLE, self._requests)
        if intake is Intake.CONTENT and not self._readPaused and not self._expects:
            return (Waiting.CONTENT, self._reads)
        if intake is Intake.DRAIN:
            return (Waiting.DRAIN, self._requests)
        return (Waiting.NOTHING, 0)

    def expire(self, waiting: Waiting) -> None:
        """
        See L{penstock.transports.http1.deadlines.Watched}.
        """
        exchange = self._exchange
        match waiting:
            case Waiting.HEAD if self._reader.inHead:
                self._refuse(Rejected(408, "head takes too long"))
            case Waiting.HEAD | Waiting.IDLE:
                self._intake = Intake.CLOSING
                self._close()
            case Waiting.CONTENT if exchange is not None:
                self._failContent(
                    exchange,
                    DeadlineExceeded("content took too long"),
                    Rejected(408, "content takes too long"),
                )
            case Waiting.DRAIN:
                self._linger()
            case Waiting.CLOSE if not self._closed:
                self._close()
            case _:
                self._lose(DeadlineExceeded("the peer takes nothing"))
                self.abort()

    # What ends it

    def _lose(self, problem: ExchangeLost) -> None:
        """
        Tell the present exchange, if there is one, that it is lost.
        """
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lose(problem)

    def abort(self) -> None:
        """
        Give up the connection, visibly.
        """
        self._exchange = None
        self._intake = Intake.CLOSING
        self._abort()

    def _refuse(self, rejected: Rejected) -> None:
        """
        Answer what can't be taken, and take nothing more.
        """
        raise NotImplementedError

    def _failContent(
        self, exchange: ChannelRequest, problem: ExchangeLost, rejected: Rejected
    ) -> None:
        """
        The rest of the present request can't be had: answer for it, if there
        is time.
        """
        raise NotImplementedError

    def _linger(self) -> None:
        """
        Close, but so that what was written can be read.
        """
        raise NotImplementedError
