"""
Both directions of a session at once: which messages are whose, the credit of
the connection, and the end of everything.

Messages come from the session, and go into its L{Output}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.core.errors import Cancelled, ExchangeLost, Unavailable
from penstock.core.interfaces import RequestFactory
from penstock.transports.rpc.caller import Caller
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.deadlines import Deadlines
from penstock.transports.rpc.direction import Direction, Session
from penstock.transports.rpc.exchange import RPCExchange
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    LOST,
    MAX_CREDIT,
    AbortConnection,
    Credit,
    StopProducing,
)
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.progress import Arrival
from penstock.transports.rpc.room import Room
from penstock.transports.rpc.server import Server
from penstock.transports.rpc.violation import Violation


class Multiplexer:
    """
    The exchanges of a session.

    @ivar caller: those that are started here.
    @ivar server: those that the peer has started.
    @ivar actions: what acts on each message that is about an exchange, or
        credit.  Each raises L{Violation} if the message may not be.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        requestFactory: RequestFactory | None,
        limits: RPCLimits,
        dialled: bool,
        trustFacts: bool,
        deadlines: Deadlines,
    ) -> None:
        """
        @param requestFactory: serves the peer's requests; L{None} to refuse
            them.
        @param dialled: whether this side makes the connection.
        @param trustFacts: whether the peer is believed what it says of the
            first hop of its requests.
        """
        self._output = output
        room = Room(limits.connectionWindow, self._giveCredit)
        ours, theirs = (1, 2) if dialled else (2, 1)
        self.caller = Caller(session, output, room, limits, ours)
        self.server = Server(
            session,
            output,
            room,
            limits,
            theirs,
            requestFactory,
            trustFacts,
            deadlines,
        )
        # By the last bit of their numbers.
        directions: dict[int, Direction[Any]] = {
            ours & 1: self.caller,
            theirs & 1: self.server,
        }
        self._directions = directions
        self.actions: dict[type, Callable[[Any], None]] = {
            **self.server.actions,
            **self.caller.actions,
            AbortConnection: self._abortConnection,
            StopProducing: self._stopProducing,
            Credit: self._credit,
        }

    # For the session

    @property
    def underWay(self) -> int:
        """
        Number of exchanges that are not over on the wire.
        """
        return len(self.server.exchanges) + self.caller.underWay

    def begin(self, peer: Greeting) -> None:
        """
        The peer has said hello.
        """
        self.server.begin(peer.window)
        self.caller.begin(peer.exchanges, peer.window)

    def close(self) -> None:
        """
        Take no more requests, and start none beside those that wait.
        """
        self.server.isOpen = self.caller.isOpen = False

    def starving(self) -> list[RPCExchange]:
        """
        @return: exchanges whose content waits to be sent.
        """
        return [
            exchange
            for direction in self._directions.values()
            for exchange in direction.exchanges.values()
            if exchange.isStarving
        ]

    def loseAll(self, problem: ExchangeLost) -> None:
        """
        There is no connection any more.

        @param problem: for exchanges that the peer knows of; others get
            L{Unavailable}.
        """
        exchanges: list[RPCExchange] = [*self.server.clear(), *self.caller.clear()]
        for exchange in exchanges:
            exchange.detach()
        self._output.clear()
        for exchange in exchanges:
            exchange.lose(problem if exchange.number else Unavailable(str(problem)))

    # Messages

    def _find(self, number: int) -> tuple[Direction[Any], RPCExchange | None]:
        """
        See L{Direction.find}.
        """
        direction = self._directions[number & 1]
        return direction, direction.find(number)

    def _abortConnection(self, message: AbortConnection) -> None:
        number, reason, text = message
        direction, exchange = self._find(number)
        if exchange is not None:
            kind = LOST.get(reason, Cancelled)
            if kind is Unavailable and exchange.arrival is not Arrival.NOTHING:
                # Too late to say that.
                kind = Cancelled
            direction.aborted(
                exchange, kind("the peer gave up" + (f": {text}" if text else ""))
            )

    def _stopProducing(self, message: StopProducing) -> None:
        _, exchange = self._find(message.exchange)
        if exchange is not None:
            exchange.peerStopped()

    def _credit(self, message: Credit) -> None:
        number, octets = message
        if not number:
            self._output.credit += octets
            total = self._output.credit
        else:
            _, exchange = self._find(number)
            if exchange is None:
                return
            total = exchange.creditReceived(octets)
        if total > MAX_CREDIT:
            raise Violation("too much credit")

    def _giveCredit(self, octets: int) -> None:
        self._output.send(encode(Credit(0, octets)))
