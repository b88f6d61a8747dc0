"""
Mutants: pausing, stopping, and memory without bounds.
"""

from typing import Any

from penstock.core.headers import Headers
from penstock.core.incoming import Inflow

from ..reference import WINDOW, Calling, ReferenceRequester, Serving
from .mutant import mutant


@mutant(
    "flow-pausedRequestGetsNothing",
    "flow-pausedRequestIsNotWhole",
    "flow-stoppedRequestDropsWhatIsHeld",
    "pressure-slowServer*",
    "pressure-patienceWithASlowReader",
    "reentry-pauseIn*",
)
class RequestsIgnorePause(Serving):
    def pauseProducing(self) -> None:
        pass


@mutant(
    "flow-pausedCallerGetsNothing",
    "pressure-slowCaller*",
    "reentry-pauseTheResponse*",
    "flow-pausedCallerGetsTheHead",
)
class CallersIgnorePause(Calling):
    def pauseProducing(self) -> None:
        pass


@mutant("flow-pausingTwiceIsPausingOnce")
class CountsPauses:
    pauses = 0

    def pauseProducing(self) -> None:
        self.pauses += 1
        super().pauseProducing()  # type: ignore[misc]

    def resumeProducing(self) -> None:
        self.pauses = max(0, self.pauses - 1)
        if not self.pauses:
            super().resumeProducing()  # type: ignore[misc]


@mutant(
    "flow-pausedCallerGetsTheHead",
)
class PausesHeadsToo(Calling):
    def pauseProducing(self) -> None:
        super().pauseProducing()

    def headReceived(self, *args: Any) -> None:
        if self._paused:
            self.wire.clock.callLater(0.01, self.headReceived, *args)
        else:
            super().headReceived(*args)


class Reorders:
    """
    What was held comes last first.
    """

    def _flush(self) -> None:
        if self._held:  # type: ignore[attr-defined]
            self._held.reverse()  # type: ignore[attr-defined]
        super()._flush()  # type: ignore[misc]


@mutant(
    "flow-pausedRequestGetsNothing",
    "flow-resumingAndPausingInAChunk",
    "reentry-pauseInTheFactory",
)
class ReordersRequests(Reorders, Serving):
    pass


@mutant(
    "flow-pausedCallerGetsNothing",
    "flow-resumingAndPausingInAChunk",
    "reentry-pauseTheResponseAtTheHead",
)
class ReordersResponses(Reorders, Calling):
    pass


class DeafWhilePaused:
    def lose(self, problem: Any) -> None:
        if not self._paused:  # type: ignore[attr-defined]
            super().lose(problem)  # type: ignore[misc]


@mutant("flow-pausedRequestNotices*")
class RequestsDeafWhilePaused(DeafWhilePaused, Serving):
    pass


@mutant("flow-pausedCallerNotices*")
class CallersDeafWhilePaused(DeafWhilePaused, Calling):
    pass


@mutant("flow-pausedRequestNoticesTheLossBehindContent")
class CancelsInTurn(Calling):
    """
    Not before there is room for more content.
    """

    def _sendAbort(self) -> None:
        if self.credit > 0:
            super()._sendAbort()
        else:
            self.done(self)


@mutant("flow-stoppedRequestGetsNothing", "flow-stoppedRequestDrops*", "reentry-stop*")
class RequestsIgnoreStop(Serving):
    def stopProducing(self) -> None:
        pass


@mutant("flow-stoppedCallerGetsNothing")
class CallersIgnoreStop(Calling):
    def stopProducing(self) -> None:
        pass


@mutant("flow-stoppedRequestGetsNothing", "reentry-stop*")
class StoppedIsToldOfTheEnd(Serving):
    def contentEnded(self, trailers: Headers | None = None) -> None:
        if self._inflow is Inflow.STOPPED and self._callbacks is not None:
            self._callbacks.handleContentComplete(trailers)
        super().contentEnded(trailers)


@mutant("flow-stoppedRequestDropsWhatIsHeld")
class StopKeepsWhatIsHeld(Serving):
    def stopProducing(self) -> None:
        if not self._held:
            super().stopProducing()


@mutant("flow-stoppedRequestStopsNoWriter")
class NoCreditForTheUnwanted(Serving):
    def _contentConsumed(self, size: int) -> None:
        if self._inflow is not Inflow.STOPPED:
            super()._contentConsumed(size)


class ReadsWhenAllIsWritten(Calling):
    """
    A caller who is stuck with content doesn't see the response.
    """

    def contentEnded(self, trailers: Headers | None = None) -> None:
        if self._blocked:
            self.wire.clock.callLater(0.01, self.contentEnded, trailers)
        else:
            super().contentEnded(trailers)


@mutant(
    "flow-stoppedRequestStopsNoWriter",
    "flow-stoppedRequestCanAnswerAWriter",
    "end-earlyAnswerToASlowUpload",
    "release-earlyAnswerLetsGoOfAFile",
)
class DeadlocksWithTheUnwanted(ReferenceRequester):
    serving = NoCreditForTheUnwanted
    calling = ReadsWhenAllIsWritten


@mutant("flow-stoppedRequestHearsOfTheLoss")
class StoppedIsDeaf(Serving):
    def lose(self, problem: Any) -> None:
        if self._inflow is not Inflow.STOPPED:
            super().lose(problem)


@mutant(
    # Whatever is bigger than a window.
    "content-bothDirectionsAtOnce",
    "file-file*Cross*",
    "file-nothingBesideAFile",
    "flow-stoppedRequestStopsNoWriter",
    "pressure-slow*",
    "pressure-oneSlowReaderSlowsNobodyElse",
    "pressure-patienceWithASlowReader",
    "calling-requestWithAFile",
    "reentry-failureOfAProducerPush",
)
class NeverReturnsCredit:
    def _contentConsumed(self, size: int) -> None:
        pass


@mutant(
    "pressure-slow*",
    "reentry-failureOfAProducerPush",
)
class NoBackPressure:
    def outputBlocked(self) -> None:
        pass


@mutant(
    "pressure-pullProducerMayWriteLater",
    "reentry-failureOfAProducerPull",
)
class AsksTwice:
    def registerProducer(self, producer: Any, streaming: bool) -> None:
        super().registerProducer(producer, streaming)  # type: ignore[misc]
        if not streaming:
            producer.resumeProducing()


@mutant("pressure-oneSlowReaderSlowsNobodyElse")
class OneWindowForAll(Serving):
    @property
    def credit(self) -> int:
        return getattr(self.wire, "credit", WINDOW)

    @credit.setter
    def credit(self, value: int) -> None:
        if self.written:
            self.wire.credit = value  # type: ignore[attr-defined]
