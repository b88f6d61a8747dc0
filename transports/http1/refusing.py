"""
A connection of the serving end, as something that ends for a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from penstock.core.errors import DeadlineExceeded, ExchangeLost
from penstock.core.order import Stage
from penstock.transports.http1.channel_request import ChannelRequest
from penstock.transports.http1.connection import ServerConnection
from penstock.transports.http1.delivery import Delivery
from penstock.transports.http1.events import Rejected
from penstock.transports.http1.intake import Intake
from penstock.transports.http1.request_reader import RequestReader
from penstock.transports.http1.writer import errorResponse

if TYPE_CHECKING:
    from penstock.transports.http1.factory import HTTPFactory

_log: Final = Logger()


class RefusingConnection(ServerConnection):
    """
    Answers in place of the application, and gives up.
    """

    # What few connections ever change is set here: an instance with more than
    # thirty attributes makes each look at any of them slower, by a twentieth of
    # a request's time in all.

    # Octets of content that have come, of all requests together.
    _content = 0

    # Interim responses that were written, of all requests together.
    _interims = 0

    # What becomes of the connection when the content is whole: a head to send,
    # and the protocol that gets it.
    _handOver: tuple[bytes, Any] | None = None

    # Whether the content can be whole, though the peer sends no more.
    _mayBeWhole: bool | None = None

    def __init__(self, factory: HTTPFactory) -> None:
        super().__init__(factory)
        self._reader = RequestReader(factory.limits)
        self._intake = Intake.HEAD
        self._exchange: ChannelRequest | None = None
        # The peer waits for 100 before it sends content.
        self._expects = False
        self._requests = 0
        self._reads = 0
        # Octets of the present request's content that nobody wanted, or of
        # whatever comes after the last request.
        self._dropped = 0
        self._delivery = Delivery()

    # Answering

    def _refuse(self, rejected: Rejected, line: bytes | None = None) -> None:
        """
        Answer what can't be taken, and take nothing more.

        @param line: of the request, if the reader doesn't have it any more.
        """
        self._logRefusal(rejected)
        if line is None:
            line = self._reader.refused or self._reader.firstLine()
        self._tellRefusal(*rejected, line)
        self._answer(rejected.code)

    def _tellRefusal(self, code: int | None, reason: str, line: bytes) -> None:
        """
        Tell the site of a request that it won't get: see
        L{penstock.core.interfaces.IRefusals}.
        """
        if self.factory.refused is not None:
            self.factory.refused(self.describeConnection(), code, reason, line)

    def _failContent(
        self, exchange: ChannelRequest, problem: ExchangeLost, rejected: Rejected
    ) -> None:
        """
        The rest of the present request can't be had: answer for it, if there
        is time.
        """
        self._logRefusal(rejected)
        isWaiting = exchange.stage is Stage.WAITING
        if isWaiting:
            problem.code = rejected.code
        self._intake = Intake.CLOSING
        self._lose(problem)
        if isWaiting:
            self._answer(rejected.code, exchange.head.method != b"HEAD")
        else:
            self.abort()

    def _failAnswer(self, exchange: ChannelRequest) -> None:
        """
        The application doesn't answer: do so in its place.
        """
        _log.warn(
            "Nothing has answered {method} from {peer} in time",
            method=exchange.head.method,
            peer=self._peer,
        )
        self._intake = Intake.CLOSING
        problem = DeadlineExceeded("there was no answer in time")
        problem.code = 503
        self._lose(problem)
        self._answer(503, exchange.head.method != b"HEAD")

    def _endDrain(self, code: int) -> None:
        """
        The rest of content that nobody wants won't be waited for.

        @param code: for whom that leaves without an answer.
        """
        if self._handOver is None:
            self._linger()
        else:
            self._answer(code)

    def _answer(
        self, code: int, hasContent: bool = True, fields: tuple[bytes, ...] = ()
    ) -> None:
        """
        Send a response of our own, the last one.  Nothing of the input is in
        it.

        @param hasContent: whether it doesn't answer HEAD.
        @param fields: lines of more fields.
        """
        self._out.append(
            errorResponse(code, self.factory.dateLine(), hasContent, fields)
        )
        self._linger()

    def _logRefusal(self, rejected: Rejected) -> None:
        _log.info(
            "Refused input from {peer}: {code}, {reason}",
            peer=self._peer,
            code=rejected.code,
            reason=rejected.reason,
        )

    # Ending

    def _lose(self, problem: ExchangeLost) -> None:
        """
        Tell the present exchange, if there is one, that it is lost.
        """
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lose(problem)

    def _breakOff(self, problem: ExchangeLost) -> None:
        """
        Give up the connection, and the present exchange with it.
        """
        self._lose(problem)
        self.abort()

    def abort(self) -> None:
        """
        Give up the connection, visibly.
        """
        self._exchange = None
        self._intake = Intake.CLOSING
        self._abort()

    def giveUp(self) -> None:
        """
        The server waits no longer.
        """
        if self._isDone():
            self._intake = Intake.CLOSING
            self._leave()
        else:
            self._breakOff(DeadlineExceeded("the server is shutting down"))

    def _isDone(self) -> bool:
        """
        @return: whether all responses were written that there will be.
        """
        if self._intake is Intake.HEAD:
            return not self._reader.inHead
        return self._intake is Intake.CLOSING

    def _close(self) -> None:
        self._intake = Intake.CLOSING
        super()._close()

    def _linger(self) -> None:
        """
        Close, but so that what was written can be read.
        """
        self._intake = Intake.CLOSING
        self._dropped = 0
        self._reader.forget()
        self._closeOurSide()
