"""
Mutants: content, files and trailers.
"""

from typing import Any, BinaryIO

from twisted.internet.defer import Deferred

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.order import Action, Stage

from ..reference import Calling, Serving
from .mutant import mutant


@mutant("content-requestContent*Cross*")
class ReadsTextOfRequests(Serving):
    def contentReceived(self, data: bytes) -> None:
        super().contentReceived(data.replace(b"\r\n", b"\n"))


@mutant("content-responseContent*Cross*")
class ReadsTextOfResponses(Calling):
    def contentReceived(self, data: bytes) -> None:
        super().contentReceived(data.replace(b"\r\n", b"\n"))


class WaitsForMore:
    """
    With a line feed at the end: it looks ahead.
    """

    kept = b""

    def _sendData(self, data: bytes) -> None:
        data = self.kept + data
        self.kept = b"\n" if data == b"\n" else b""
        if not self.kept:
            super()._sendData(data)  # type: ignore[misc]

    def _sendEnd(self, trailers: Headers | None) -> None:
        if self.kept:
            super()._sendData(self.kept)  # type: ignore[misc]
        super()._sendEnd(trailers)  # type: ignore[misc]


@mutant("content-requestContentIsNotHeldBack")
class CallerWaitsForMore(WaitsForMore, Calling):
    pass


@mutant("content-responseContentIsNotHeldBack")
class ServerWaitsForMore(WaitsForMore, Serving):
    pass


class EmptyEnds:
    """
    As a chunk of no octets does in the chunked coding.
    """

    def writeData(self, data: bytes) -> None:
        super().writeData(data)  # type: ignore[misc]
        if not data and self.stage is Stage.WRITING:  # type: ignore[attr-defined]
            self._sendEnd(None)  # type: ignore[attr-defined]


@mutant("content-emptyRequestDataIsNothing", "calling-requestWithAnIterable")
class EmptyEndsRequests(EmptyEnds, Calling):
    pass


@mutant("content-emptyResponseDataIsNothing")
class EmptyEndsResponses(EmptyEnds, Serving):
    pass


@mutant("content-emptyMessagesAreWhole")
class NeverEndsEmptyRequests(Calling):
    def _sendEnd(self, trailers: Headers | None) -> None:
        if self.written:
            super()._sendEnd(trailers)


@mutant(
    "content-contentLengthIsAFact",
    "calling-requestWith*Bytes",
    "calling-requestWithNothing",
)
class NeverKnowsLengths(Serving):
    def begin(self, *head: Any) -> None:
        super().begin(*head[:-1], None)


class KeepsNoPromise:
    def writeData(self, data: bytes) -> None:
        try:
            super().writeData(data)  # type: ignore[misc]
        except LocalProtocolError as problem:
            if "longer" not in str(problem):
                raise
            self._sendData(data)  # type: ignore[attr-defined]

    def writeFile(self, file: BinaryIO, offset: int, length: int) -> Any:
        try:
            return super().writeFile(file, offset, length)  # type: ignore[misc]
        except LocalProtocolError as problem:
            if "longer" not in str(problem):
                raise
            return None


@mutant("content-longRequestIsRefused")
class LongRequests(KeepsNoPromise, Calling):
    pass


@mutant("content-longResponseIsRefused", "file-fileBeyondLengthIsRefused")
class LongResponses(KeepsNoPromise, Serving):
    pass


class EndsShort:
    """
    It raises, as it should, but the peer sees a proper end.
    """

    def finish(self, trailers: Headers | None = None) -> None:
        short = self._remaining  # type: ignore[has-type]
        self._remaining = None
        super().finish(trailers)  # type: ignore[misc]
        if short:
            raise LocalProtocolError("too short")


@mutant(
    "content-shortRequestIsLost",
    "content-noTrailersBehindALength",
)
class ShortRequests(EndsShort, Calling):
    pass


@mutant(
    "content-shortResponseIsLost",
    "content-noTrailersBehindALength",
)
class ShortResponses(EndsShort, Serving):
    pass


@mutant(
    "content-requestTrailersCross",
    "framing-hopFieldsOfTrailersStay",
)
class DropsTrailersOfRequests(Calling):
    def _sendEnd(self, trailers: Headers | None) -> None:
        super()._sendEnd(None)


@mutant(
    "content-responseTrailersCross",
    "framing-hopFieldsOfTrailersStay",
)
class DropsTrailersOfResponses(Serving):
    def _sendEnd(self, trailers: Headers | None) -> None:
        super()._sendEnd(None)


@mutant("content-noTrailersBehindALength")
class TrailersAnywhere(Serving):
    def finish(self, trailers: Headers | None = None) -> None:
        self.trailers = trailers
        super().finish(trailers)

    def _sendEnd(self, trailers: Headers | None) -> None:
        super()._sendEnd(self.trailers)


@mutant(
    "content-noTrailersAreNone",
    "content-noTrailersBehindALength",
)
class AlwaysTrailers(Serving):
    def _sendEnd(self, trailers: Headers | None) -> None:
        super()._sendEnd(trailers)
        if trailers is None:
            self.wire.calls.pop()
            self.send(self.peer.contentEnded, Headers())


@mutant("content-manyPiecesCross")
class OvertakesUnderLoad(Serving):
    """
    Every hundredth piece goes before the one in front of it.
    """

    pieces = 0

    def _sendData(self, data: bytes) -> None:
        super()._sendData(data)
        self.pieces += 1
        if self.pieces % 100 == 0:
            calls = self.wire.calls
            calls[-1], calls[-2] = calls[-2], calls[-1]


@mutant("content-buffersMayBeFilledAnew")
class KeepsBuffers:
    """
    And not what is in them.
    """

    buffer: Any = None

    def writeData(self, data: bytes) -> None:
        self.buffer = data
        try:
            super().writeData(data)  # type: ignore[misc]
        finally:
            self.buffer = None

    def _sendData(self, data: bytes) -> None:
        super()._sendData(self.buffer or data)  # type: ignore[misc]


@mutant("content-onlyOctetsAreContent")
class TakesAnything:
    def writeData(self, data: Any) -> None:
        if isinstance(data, int):
            data = bytes(data)
        super().writeData(data)  # type: ignore[misc]


@mutant("content-oneBigWriteCrosses")
class CutsBigWrites:
    def _sendData(self, data: bytes) -> None:
        super()._sendData(data[: 1024 * 1024])  # type: ignore[misc]


@mutant(
    "content-bothDirectionsAtOnce",
    # The others are answered before the request is whole.
    "end-finishedRequestIsLeftAlone",
    "late-callersCallsAfterTheEndDoNothing",
    "end-earlyAnswerArrives",
    "end-earlyAnswerStopsTheUpload",
    "release-earlyAnswerLetsGoOfAFile",
)
class HalfDuplex(Calling):
    """
    Reads content only when it has sent all.
    """

    def contentReceived(self, data: bytes) -> None:
        if self.stage is Stage.WRITING:
            self.wire.clock.callLater(0.01, self.contentReceived, data)
        else:
            super().contentReceived(data)

    def contentEnded(self, trailers: Headers | None = None) -> None:
        if self.stage is Stage.WRITING:
            self.wire.clock.callLater(0.01, self.contentEnded, trailers)
        else:
            super().contentEnded(trailers)


# Files


@mutant(
    "file-file*Cross*",
    "file-nothingBesideAFile",
    "pressure-slowCallerBoundsAFile",
    "calling-requestWithAFile",
    "pressure-slowServerBoundsAFile",
)
class MissesTheLastOctet:
    def _sendFile(self, file: BinaryIO, offset: int, length: int, done: Any) -> None:
        super()._sendFile(file, offset, max(1, length - 1), done)  # type: ignore[misc]


@mutant("file-emptyFileIsNothing")
class NeverDoneWithNothing(Serving):
    def writeFile(self, file: BinaryIO, offset: int, length: int) -> Deferred[None]:
        fired = super().writeFile(file, offset, length)
        return fired if length else Deferred()


@mutant("file-shortFileIsLost", "pressure-slowCallerBoundsAFile")
class ReadsFilesAtOnce(Serving):
    def _sendFile(self, file: BinaryIO, offset: int, length: int, done: Any) -> None:
        file.seek(offset)
        data = file.read(length)
        if data:
            self._sendData(data)
        done()


@mutant("file-nothingBesideAFile")
class WritesBesideFiles(Serving):
    def _may(self, action: Action) -> bool:
        file, self._file = self._file, None
        try:
            return super()._may(action)
        finally:
            self._file = file


@mutant("framing-noContentFromAFileOrProducer")
class KeepsFilesOfHEAD(Serving):
    def writeFile(self, file: BinaryIO, offset: int, length: int) -> Deferred[None]:
        fired = super().writeFile(file, offset, length)
        return Deferred() if self.stage is Stage.BODILESS else fired
