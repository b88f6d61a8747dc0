"""
What a server's sweep sees of a connection, and does to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.core.errors import DeadlineExceeded, PeerGone
from penstock.core.order import Stage
from penstock.transports.http1.deadlines import Progress, Waiting
from penstock.transports.http1.events import Rejected
from penstock.transports.http1.hangup import Hangup, mayBeWhole, socketOf
from penstock.transports.http1.intake import Intake
from penstock.transports.http1.refusing import RefusingConnection

if TYPE_CHECKING:
    from socket import socket


class WatchedConnection(RefusingConnection):
    """
    Knows what it waits for, and whether its peer has gone unnoticed.

    It only looks at how far things have got; L{HTTPChannel
    <penstock.transports.http1.channel.HTTPChannel>} makes them go.
    """

    def unwatched(self) -> socket | None:
        """
        See L{penstock.transports.http1.hangup.Unwatched}.
        """
        if self._readPaused and self._exchange is not None:
            return socketOf(self.transport)
        return None

    def hungUp(self, how: Hangup, below: socket) -> None:
        """
        See L{penstock.transports.http1.hangup.Unwatched}.

        If it has only stopped sending, and the rest of the content is in the
        kernel's buffer, the request shall have it.  (Of chunks one can only
        say that an empty line in the end might be their end.)
        """
        if how is Hangup.CLOSED and self._intake is Intake.CONTENT:
            if self._mayBeWhole is None:
                # Nothing more comes, so this is known for good.
                reader = self._reader
                self._mayBeWhole = mayBeWhole(
                    below, reader.remaining, reader.buffered, reader.last(4)
                )
            if self._mayBeWhole:
                return
        self._breakOff(PeerGone("the peer closed the connection"))

    def progress(self) -> Progress:
        """
        See L{penstock.transports.http1.deadlines.Watched}.
        """
        intake = self._intake
        if intake is Intake.CLOSING:
            return self._writing() or (Waiting.CLOSE, 0)
        if intake is Intake.SWITCHED:
            return (Waiting.NOTHING, 0)
        if self._blocked or self._sender is not None:
            return self._writing() or (Waiting.WRITE, self._taken())
        if intake is Intake.HEAD:
            if self._reader.inHead:
                return (Waiting.HEAD, self._requests)
            if not self._requests:
                return (Waiting.FIRST, 0)
            # It costs less to parse a head again than to keep it.
            self._reader.forget()
            return self._writing() or (Waiting.IDLE, self._requests)
        if intake is Intake.CONTENT and not self._readPaused and not self._expects:
            # Each request gets time of its own.
            return (Waiting.CONTENT, (self._requests << 64) + self._content)
        if intake is Intake.DRAIN:
            return (Waiting.DRAIN, self._requests)
        exchange = self._exchange
        if exchange is not None and exchange.stage is Stage.WAITING:
            return (Waiting.ANSWER, self._requests + self._interims)
        return self._writing() or (Waiting.NOTHING, 0)

    def _writing(self) -> Progress | None:
        """
        @return: how far the peer has got with what was written; L{None} if it
            has it all.

        It hasn't, while the kernel keeps it: a megabyte for each of those who
        don't read would be kept for nothing, and nobody know.
        """
        if self._sender is not None:
            # What a file has sent isn't in what was written.
            return (Waiting.WRITE, self._taken())
        if self._delivery.acknowledged == self._written:
            return None
        reached = self._delivery.look(self._written, self._taken())
        return None if reached is None else (Waiting.WRITE, reached)

    def expire(self, waiting: Waiting) -> None:
        """
        See L{penstock.transports.http1.deadlines.Watched}.
        """
        exchange = self._exchange
        match waiting:
            case Waiting.HEAD:
                self._refuse(Rejected(408, "head takes too long"))
            case Waiting.FIRST | Waiting.IDLE:
                # What has come meanwhile is read in the reactor's next turn.
                if not self._unread():
                    self._close()
            case Waiting.CONTENT if exchange is not None:
                self._failContent(
                    exchange,
                    DeadlineExceeded("content took too long"),
                    Rejected(408, "content takes too long"),
                )
            case Waiting.ANSWER if exchange is not None:
                self._failAnswer(exchange)
            case Waiting.DRAIN:
                self._endDrain(408)
            case Waiting.CLOSE if self._closed:
                # It has all, and a reset would take that back from who hasn't
                # read it yet.
                self._leave()
            case Waiting.CLOSE:
                self._close()
            case _:
                self._breakOff(DeadlineExceeded("the peer takes nothing"))
