"""
The exchanges of a session in one direction, and what is the same in both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from penstock.core.errors import ExchangeLost
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.exchange import RPCExchange
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import AbortConnection, Reason
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.room import Room
from penstock.transports.rpc.violation import Violation

E = TypeVar("E", bound=RPCExchange)


class Session(Protocol):
    """
    The session, as its exchanges know it.
    """

    @property
    def info(self) -> ConnectionInfo:
        """
        What is known of the connection.
        """

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} from the event loop, soon.
        """

    def idle(self) -> None:
        """
        Nothing is under way any more, in one direction at least.
        """

    def refused(self, code: int, reason: str, line: bytes) -> None:
        """
        A request was answered without being taken.

        @param line: how it begins.
        """


class Direction(Generic[E]):
    """
    Exchanges by their numbers: see L{Caller} and L{Server}.

    @ivar isOpen: whether new ones may begin.
    @ivar exchanges: those that both sides know of, by number.
    @ivar output: see L{penstock.transports.rpc.exchange.Owner}, for this and
        the next.
    """

    def __init__(
        self, session: Session, output: Output, room: Room, limits: RPCLimits
    ) -> None:
        """
        @param room: for the content that comes.
        """
        self.isOpen = True
        self.exchanges: dict[int, E] = {}
        self.output = output
        self.limits = limits
        self.later = session.later
        self.consumed: Callable[[int], None] = room.consumed
        self._session = session
        self._room = room

    @property
    def info(self) -> ConnectionInfo:
        """
        See L{penstock.transports.rpc.exchange.Owner}.
        """
        return self._session.info

    def find(self, number: int) -> E | None:
        """
        @return: L{None} if the exchange is over.

        @raise Violation: if it never was.
        """
        exchange = self.exchanges.get(number)
        if exchange is None and not self._hasBegun(number):
            raise Violation("there was no such exchange")
        return exchange

    def abandon(self, exchange: E, reason: Reason, text: str = "") -> None:
        """
        See L{penstock.transports.rpc.exchange.Owner}.
        """
        if not exchange.isClosed:
            # Before its place is given to another.
            if exchange.number:
                self.output.send(encode(AbortConnection(exchange.number, reason, text)))
            self.output.leave(exchange)
            self.forget(exchange)

    def forget(self, exchange: E) -> None:
        """
        C{exchange} is over on the wire.
        """
        raise NotImplementedError

    def aborted(self, exchange: E, problem: ExchangeLost) -> None:
        """
        The peer has given C{exchange} up.
        """
        self.output.leave(exchange)
        self.forget(exchange)
        exchange.lose(problem)

    def _hasBegun(self, number: int) -> bool:
        """
        @return: whether there is, or was, an exchange of that C{number}.
        """
        raise NotImplementedError

    def _drop(self, content: bytes | None) -> None:
        """
        Nobody wants C{content}.
        """
        if content:
            self.consumed(len(content))
