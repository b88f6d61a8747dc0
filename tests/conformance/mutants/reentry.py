"""
Mutants: what goes wrong inside callbacks.
"""

from contextlib import suppress
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from penstock.core.errors import PeerGone
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.order import Stage

from ..reference import Calling, ReferenceRequester, Serving
from .mutant import mutant

log = Logger()


@mutant("reentry-answerInTheFactory", "reentry-abortInTheFactory")
class GoesOnAfterTheFactory(Serving):
    """
    With a request that has ended inside it.
    """

    def begin(self, factory: Any, *head: Any) -> None:
        made: list[Any] = []

        def keep(*args: Any) -> Any:
            made.append(factory(*args))
            return made[0]

        super().begin(keep, *head)
        if made and self.stage in (Stage.FINISHED, Stage.LOST):
            made[0].handleContentComplete(None)


@mutant("reentry-pauseInTheFactory", "flow-pausedRequestIsNotWhole")
class ForgetsPauseInTheFactory(Serving):
    def begin(self, factory: Any, *head: Any) -> None:
        def forget(*args: Any) -> Any:
            made = factory(*args)
            self._paused = False
            return made

        super().begin(forget, *head)


@mutant("reentry-stopInTheFactory")
class ForgetsStopInTheFactory(Serving):
    def begin(self, factory: Any, *head: Any) -> None:
        def forget(*args: Any) -> Any:
            made = factory(*args)
            if self.stage is Stage.WAITING:
                self._inflow = Inflow.OPEN
            return made

        super().begin(forget, *head)


@mutant("reentry-lossInTheFactory")
class ForgetsLossInTheFactory(Serving):
    def lose(self, problem: Any) -> None:
        super().lose(problem)
        self._lostEarly = None


@mutant("reentry-failureInTheFactory")
class SwallowsFailuresOfFactories(Serving):
    def _failed(self) -> None:
        if self._callbacks is not None:
            super()._failed()


class InHalves:
    """
    Content is handed over in two pieces, come what may.
    """

    def _deliver(self, data: bytes) -> None:
        callbacks = self._callbacks  # type: ignore[attr-defined]
        super()._deliver(data[:1])  # type: ignore[misc]
        if data[1:]:
            callbacks.handleContentChunk(data[1:])
            self._contentConsumed(len(data) - 1)  # type: ignore[attr-defined]


@mutant(
    "flow-resumingAndPausingInAChunk",
    "end-ownAbortIsSilent",
    "reentry-answerInAChunk",
    "reentry-abortInAChunk",
    "reentry-pauseInAChunk",
    "reentry-stopInAChunk",
    "reentry-failureInAChunkOfARequest",
)
class RequestsInHalves(InHalves, Serving):
    pass


@mutant(
    "flow-resumingAndPausingInAChunk",
    "reentry-cancelInAChunk",
    "reentry-pauseTheResponseInAChunk",
    "reentry-failureInAChunkOfAResponse",
    "reentry-failureEndsTheExchangeInAChunk",
)
class ResponsesInHalves(InHalves, Calling):
    pass


@mutant("reentry-answerInAChunk", "reentry-abortInAChunk")
class AlwaysTellsOfTheEnd(Serving):
    """
    Whether or not the request has ended meanwhile.
    """

    kept: Any = None

    def _deliver(self, data: bytes) -> None:
        self.kept = self._callbacks
        super()._deliver(data)

    def contentEnded(self, trailers: Headers | None = None) -> None:
        over = self._isOver()
        super().contentEnded(trailers)
        if over and self.kept is not None:
            self.kept.handleContentComplete(trailers)


@mutant("reentry-answerAtTheEnd", "reentry-abortAtTheEnd")
class AnsweredIsLost(Serving):
    """
    If it answers inside C{handleContentComplete}.
    """

    def _complete(self) -> None:
        callbacks = self._callbacks
        super()._complete()
        if self._isOver():
            callbacks.connectionLost(Failure(PeerGone("it is over")))


@mutant("reentry-callsInAbortsOfProducers")
class StopsProducersEarly(Serving):
    """
    Before the exchange is over for those who write.
    """

    def lose(self, problem: Any) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        super().lose(problem)


@mutant(
    "reentry-cancelAtTheHead",
    "reentry-cancelInAChunk",
    # A transport gives up too, when a callback fails.
    "reentry-failure*InAChunk*Response",
    "reentry-failureEndsTheExchange*",
)
class IgnoresCancelInside(Calling):
    def abortConnection(self) -> None:
        if not self._delivering:
            super().abortConnection()


@mutant("reentry-cancelAtAnIntermediate")
class IgnoresCancelAtIntermediates(Calling):
    interim = False

    def intermediateReceived(self, *args: Any) -> None:
        self.interim = True
        super().intermediateReceived(*args)
        self.interim = False

    def abortConnection(self) -> None:
        if not self.interim:
            super().abortConnection()


class Starts(Calling):
    starting = False

    def abortConnection(self) -> None:
        if not self.starting:
            super().abortConnection()

    def _sendData(self, data: bytes) -> None:
        if not self.starting:
            super()._sendData(data)


@mutant("reentry-cancelAtTheStart", "reentry-contentFromTheStart")
class IgnoresTheStart(ReferenceRequester):
    """
    What a caller does inside C{requestStarted} is lost.
    """

    calling = Starts

    def startRequest(self, *args: Any, **kwargs: Any) -> Any:
        Starts.starting = True
        try:
            return super().startRequest(*args, **kwargs)
        finally:
            Starts.starting = False


class Busy(Calling):
    completing = False

    def _complete(self) -> None:
        Busy.completing = True
        try:
            super()._complete()
        finally:
            Busy.completing = False


@mutant("reentry-nextRequestAtTheEnd")
class BusyAtTheEnd(ReferenceRequester):
    calling = Busy

    def startRequest(self, *args: Any, **kwargs: Any) -> Any:
        exchange = super().startRequest(*args, **kwargs)
        if Busy.completing:
            exchange.cut()
        return exchange


# Callbacks that fail


@mutant(
    "reentry-failureInAChunk*",
    "reentry-failureAtTheHeadOfAResponse",
    "reentry-failureAtTheEndOfARequest",
)
class OneFailureForAll:
    """
    A callback that raises takes the connection with it.
    """

    def _callbackFailed(self) -> None:
        super()._callbackFailed()  # type: ignore[misc]
        self.wire.cut()  # type: ignore[attr-defined]


@mutant("reentry-failureAtTheEndOfAResponse")
class SwallowsFailuresAtTheEnd(Calling):
    def _complete(self) -> None:
        callbacks = self._callbacks
        self._callbacks = Silent(callbacks)
        super()._complete()


class Silent:
    """
    Callbacks whose exceptions nobody hears of.
    """

    def __init__(self, callbacks: Any) -> None:
        self._callbacks = callbacks

    def handleContentComplete(self, trailers: Headers | None) -> None:
        with suppress(Exception):
            self._callbacks.handleContentComplete(trailers)


@mutant("reentry-failureOfAProducer*")
class SwallowsFailuresOfProducers(Serving):
    def _producerFailed(self) -> None:
        log.failure("A producer failed")


@mutant("reentry-failureAtALoss*")
class LetsFailuresThrough:
    def _tell(self, callbacks: Any, problem: Any) -> None:
        callbacks.connectionLost(Failure(problem))


@mutant("reentry-failureEndsTheExchange*", "reentry-failureInAChunkOfAResponse")
class GoesOnAfterFailures(Calling):
    def _callbackFailed(self) -> None:
        log.failure("A callback failed")


@mutant("reentry-failureInAChunkOfARequest", "reentry-failureAtTheEndOfARequest")
class WaitsAfterFailures(Serving):
    def _callbackFailed(self) -> None:
        log.failure("A callback failed")
