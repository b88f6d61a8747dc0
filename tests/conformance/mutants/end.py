"""
Mutants: ends, and what is let go of then.
"""

from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure

from penstock.core.errors import ExchangeLost, LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.interfaces import RequestFactory

from ..reference import Calling, ReferenceHarness, ReferenceRequester, Serving, Wire
from .mutant import mutant

log = Logger()


class BreakIsEnd:
    """
    A broken carrier ends the content that it carried, as the end of the
    connection ends some messages of HTTP/1.0.
    """

    begun = False

    def contentReceived(self, data: bytes) -> None:
        self.begun = True
        super().contentReceived(data)  # type: ignore[misc]

    def cut(self) -> None:
        if self.begun:
            self.contentEnded()  # type: ignore[attr-defined]
        super().cut()  # type: ignore[misc]


@mutant("end-brokenRequest*")
class BreakEndsRequests(BreakIsEnd, Serving):
    pass


@mutant("end-brokenResponse*", "flow-pausedCallerNoticesTheLoss")
class BreakEndsResponses(BreakIsEnd, Calling):
    pass


@mutant(
    "end-brokenBeforeTheHead",
    "release-lossLetsGoOfAFileInARequest",
)
class SilentBreaks(Calling):
    """
    Before there is a response.
    """

    begun = False

    def headReceived(self, *args: Any) -> None:
        self.begun = True
        super().headReceived(*args)

    def cut(self) -> None:
        if self.begun:
            super().cut()


class TellsTwice:
    def _tell(self, callbacks: Any, problem: Any) -> None:
        super()._tell(callbacks, problem)  # type: ignore[misc]
        super()._tell(callbacks, problem)  # type: ignore[misc]


@mutant(
    "end-requestIsToldOnce",
    "release-lossStopsAProducer*",
    "reentry-lossInTheFactory",
    "reentry-failureAtALossOfARequest",
)
class TellsRequestsTwice(TellsTwice, Serving):
    pass


@mutant(
    "end-callerIsToldOnce",
    "release-lossStopsAProducer*",
    "reentry-failureAtALossOfAResponse",
)
class TellsCallersTwice(TellsTwice, Calling):
    pass


class TellsOtherwise:
    """
    In the words of the carrier.
    """

    def _tell(self, callbacks: Any, problem: Any) -> None:
        if isinstance(problem, PeerGone):
            problem = ConnectionLost()
        super()._tell(callbacks, problem)  # type: ignore[misc]


@mutant("end-requestIsToldWhy")
class TellsRequestsOtherwise(TellsOtherwise, Serving):
    pass


@mutant("end-callerIsToldWhy")
class TellsCallersOtherwise(TellsOtherwise, Calling):
    pass


@mutant("end-requestIsToldWhy", "end-callerIsToldWhy")
class TellsNoReason:
    def _tell(self, callbacks: Any, problem: Any) -> None:
        if isinstance(problem, PeerGone):
            problem = ExchangeLost("gone")
        super()._tell(callbacks, problem)  # type: ignore[misc]


@mutant("end-finishedRequestIsLeftAlone")
class RemembersFinished(Serving):
    """
    And tells them that the carrier broke.
    """

    kept: Any = None

    def _sent(self, trailers: Headers | None) -> None:
        self.kept = self._callbacks
        super()._sent(trailers)

    def cut(self) -> None:
        super().cut()
        if self.kept is not None:
            self.kept.connectionLost(Failure(PeerGone("late")))


@mutant("end-completeCallerIsLeftAlone")
class RemembersComplete(Calling):
    kept: Any = None

    def _complete(self) -> None:
        self.kept = self._callbacks
        super()._complete()

    def cut(self) -> None:
        super().cut()
        if self.kept is not None:
            self.kept.connectionLost(Failure(PeerGone("late")))


class BrittleWire(Wire):
    broken = False

    def cut(self) -> None:
        self.broken = True
        super().cut()

    def turn(self) -> bool:
        if self.broken:
            self.calls.clear()
        return super().turn()


@mutant("end-requestAfterABreak")
class NeverReconnects(ReferenceHarness):
    def serve(self, factory: RequestFactory) -> None:
        self.wire = BrittleWire()
        self.requester = ReferenceRequester(self.wire, factory)


@mutant("end-lossIsNoError")
class LogsLosses(Serving):
    def lose(self, problem: ExchangeLost) -> None:
        log.error("The other end has gone: {problem}", problem=problem)
        super().lose(problem)


# Giving up


@mutant(
    "content-shortResponseIsLost",
    "file-shortFileIsLost",
    "flow-pausedCallerNoticesTheAbort",
    "end-lossIsNoError",
    "end-abort*",
    "end-ownAbortIsSilent",
    "end-requestAfterAnAbort",
    "release-ownAbort*",
    "late-callsAfterAbortDoNothing",
    "reentry-abort*",
    "reentry-failureAtALossOfAResponse",
    "calling-requestFails",
    "calling-readingFails",
    "reentry-failureOfAProducer*",
)
class SwallowsAborts(Serving):
    def _sendAbort(self) -> None:
        pass


@mutant(
    "content-shortRequestIsLost",
    "flow-pausedRequestNoticesTheCallersEnd",
    "flow-pausedRequestNoticesTheLossBehindContent",
    "end-lossIsNoError",
    "end-cancel*",
    "end-ownCancelIsSilent",
    "end-requestAfterACancel",
    "end-abortHarmsNobodyElse",
    "release-ownAbortStops*",
    "reentry-callsInAbortsOfProducers",
    "reentry-cancel*",
    "reentry-failureAtALossOfARequest",
    "reentry-failureEndsTheExchange*",
    "calling-requestIsCancelled",
)
class SwallowsCancels(Calling):
    def _sendAbort(self) -> None:
        self.done(self)


class AbortIsEnd:
    """
    Giving up looks like the end of content, as closing a connection can.
    """

    def _sendAbort(self) -> None:
        if self.written:  # type: ignore[attr-defined]
            self._sendEnd(None)  # type: ignore[attr-defined]
        super()._sendAbort()  # type: ignore[misc]


@mutant(
    "content-shortResponseIsLost",
    "file-shortFileIsLost",
    "flow-pausedCallerNoticesTheAbort",
    "end-lossIsNoError",
    "end-abortInTheContent*",
    "end-abortAtOnce",
    "release-ownAbortLetsGoOfAFile",
    "calling-readingFails",
    "reentry-failureOfAProducerPush",
)
class AbortEndsResponses(AbortIsEnd, Serving):
    pass


@mutant(
    "content-shortRequestIsLost",
    "end-cancelInTheRequest*",
)
class CancelEndsRequests(AbortIsEnd, Calling):
    pass


@mutant("end-ownAbortIsSilent", "reentry-abortInAChunk", "reentry-abortAtTheEnd")
class TellsOfOwnAbort(Serving):
    def abortConnection(self) -> None:
        callbacks = self._callbacks
        super().abortConnection()
        if callbacks is not None:
            callbacks.connectionLost(Failure(PeerGone("by itself")))


@mutant(
    "end-ownCancelIsSilent",
    "end-cancelAtOnce",
    "reentry-cancel*",
    "reentry-failureEndsTheExchange*",
    "calling-requestWithAFailingBody",
)
class TellsOfOwnCancel(Calling):
    def abortConnection(self) -> None:
        callbacks = self._callbacks
        super().abortConnection()
        if callbacks is not None:
            callbacks.connectionLost(Failure(PeerGone("by itself")))


@mutant(
    "end-abortHarmsNobodyElse",
    # Those in which an exchange is given up beside another.
    "reentry-failureAtALoss*",
    "reentry-failureAtTheHeadOfAResponse",
    "reentry-failureInAChunkOfAResponse",
    "reentry-failureOfAProducer*",
)
class AbortsAll:
    def _sendAbort(self) -> None:
        super()._sendAbort()  # type: ignore[misc]
        self.wire.calls.append(self.wire.cut)  # type: ignore[attr-defined]


@mutant(
    "end-requestAfterAnAbort",
    "end-abortHarmsNobodyElse",
    "end-lossIsNoError",
    "reentry-failureAtALossOfAResponse",
    "reentry-failureOfAProducer*",
)
class AbortsForGood(Serving):
    def _sendAbort(self) -> None:
        super()._sendAbort()
        self.wire.calls.append(lambda: setattr(self.wire, "turn", lambda: False))


@mutant(
    "end-requestAfterACancel",
    "content-contentLengthIsAFact",
    "end-abortHarmsNobodyElse",
    "end-lossIsNoError",
    "release-ownAbortStopsAProducer*",
    "reentry-callsInAbortsOfProducers",
    "reentry-cancelAtTheStart",
    "reentry-failureAtALossOfARequest",
    "reentry-failureAtTheHeadOfAResponse",
    "reentry-failureInAChunkOfAResponse",
)
class CancelsForGood(Calling):
    def _sendAbort(self) -> None:
        super()._sendAbort()
        self.wire.calls.append(lambda: setattr(self.wire, "turn", lambda: False))


@mutant(
    "end-earlyAnswer*",
    "end-finishedRequestIsLeftAlone",
    "late-callersCallsAfterTheEndDoNothing",
    "reentry-answerInAChunk",
    "release-earlyAnswerLetsGoOfAFile",
)
class AnswersOnlyAtTheEnd(Serving):
    """
    An early answer isn't finished but given up.
    """

    def _sent(self, trailers: Headers | None) -> None:
        if self._inflow is Inflow.OPEN and self.contentLength != 0:
            self._sendAbort()
        super()._sent(trailers)


@mutant("end-earlyAnswerStopsTheUpload")
class WritesOnAfterTheAnswer(Calling):
    def _complete(self) -> None:
        self._producer = None
        super()._complete()


# Letting go


@mutant(
    "release-*StopsAProducer*",
    "end-earlyAnswerStopsTheUpload",
    "reentry-callsInAborts*",
)
class ForgetsProducers:
    def _loseOutflow(self) -> None:
        self._producer = None
        super()._loseOutflow()  # type: ignore[misc]


@mutant("release-lossStopsAProducer*")
class StopsProducersLate:
    """
    After C{connectionLost}.
    """

    def lose(self, problem: ExchangeLost) -> None:
        producer, self._producer = self._producer, None  # type: ignore[has-type]
        super().lose(problem)  # type: ignore[misc]
        if producer is not None:
            producer.stopProducing()


@mutant("release-*LetsGoOfAFile*", "file-shortFileIsLost")
class ForgetsFiles:
    def _loseOutflow(self) -> None:
        self._file = None
        super()._loseOutflow()  # type: ignore[misc]


# Late calls


class NotCounted:
    def _recordLate(self, name: str) -> None:
        pass


@mutant("late-calls*", "reentry-callsInAbortsOfProducers")
class LateCallsOfRequests(NotCounted, Serving):
    pass


@mutant("late-callersCalls*")
class LateCallsOfCallers(NotCounted, Calling):
    pass


class Raises:
    def _recordLate(self, name: str) -> None:
        raise LocalProtocolError(f"{name} is late")


@mutant(
    "late-calls*",
    "end-lossIsNoError",
    "reentry-callsInAbortsOfProducers",
    "reentry-cancelAtTheHead",
    "reentry-cancelInAChunk",
    "reentry-failureEndsTheExchange*",
)
class LateCallsRaise(Raises, Serving):
    pass


@mutant(
    "late-callersCalls*",
    "end-lossIsNoError",
    "reentry-failureInAChunkOfARequest",
)
class LateCallsOfCallersRaise(Raises, Calling):
    pass


@mutant("late-callsAfterFinishDoNothing")
class AbortsWhatIsFinished(Serving):
    def abortConnection(self) -> None:
        super().abortConnection()
        self.wire.calls.clear()
        self._sendAbort()


@mutant("late-*")
class KeepsLateProducers:
    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self._isOver():  # type: ignore[attr-defined]
            self._recordLate("registerProducer")  # type: ignore[attr-defined]
        else:
            super().registerProducer(producer, streaming)  # type: ignore[misc]


@mutant("late-*", "end-lossIsNoError")
class LogsLateCalls:
    def _recordLate(self, name: str) -> None:
        log.error("{name} is late", name=name)
        super()._recordLate(name)  # type: ignore[misc]
