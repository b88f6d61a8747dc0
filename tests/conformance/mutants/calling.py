"""
Mutants: the calling end.
"""

from collections.abc import Iterator
from contextlib import suppress
from types import GeneratorType
from typing import Any

from twisted.internet.defer import Deferred, succeed

from penstock.core.headers import Headers
from penstock.core.testing import Deliberate

from ..reference import Calling, ReferenceRequester
from .mutant import mutant


@mutant("calling-oneAfterTheOther")
class RunsOut(ReferenceRequester):
    """
    Of something, after forty requests.
    """

    count = 0

    def startRequest(self, *args: Any, **kwargs: Any) -> Any:
        exchange = super().startRequest(*args, **kwargs)
        self.count += 1
        if self.count > 40:
            exchange.cut()
        return exchange


@mutant("calling-manyAtOnce")
class TakesFew(ReferenceRequester):
    def startRequest(self, *args: Any, **kwargs: Any) -> Any:
        exchange = super().startRequest(*args, **kwargs)
        if len(self._underWay) > 20:
            exchange.cut()
        return exchange


@mutant("calling-exchangesDoNotMix")
class Mixes(Calling):
    """
    Every ninth write goes to whom the last one went to.
    """

    def _sendData(self, data: bytes) -> None:
        state = self.wire.__dict__
        peer = self.peer
        state["count"] = state.get("count", 0) + 1
        if state["count"] % 9 == 0:
            self.peer = state["last"]
        super()._sendData(data)
        self.peer = state["last"] = peer


# The convenient face


class Face(ReferenceRequester):
    """
    Does something to what goes through C{request}.
    """

    def request(
        self, method: Any, uri: Any, headers: Headers | None = None, body: Any = None
    ) -> Deferred[Any]:
        return super().request(method, uri, headers, self.changed(body))

    def changed(self, body: Any) -> Any:
        return body


@mutant("calling-requestFiresWithTheHead", "calling-readingFails")
class FiresAtTheEnd(ReferenceRequester):
    def request(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        def whole(response: Any) -> Deferred[Any]:
            read: Deferred[Any] = response.read()
            read.addCallback(lambda content: response)
            return read

        return super().request(*args, **kwargs).addCallback(whole)


@mutant("calling-requestWithNothing")
class AlwaysABody(Face):
    def changed(self, body: Any) -> Any:
        return b"nothing" if body is None else body


@mutant("calling-requestWithBytes")
class NoBytes(Face):
    def changed(self, body: Any) -> Any:
        return None if isinstance(body, bytes) else body


@mutant("calling-requestWithEmptyBytes")
class EmptyInChunks(Face):
    def changed(self, body: Any) -> Any:
        return [b""] if body == b"" else body


@mutant("calling-requestWithAnIterable")
class FirstBlockOnly(Face):
    def changed(self, body: Any) -> Any:
        return body[:1] if isinstance(body, list) else body


@mutant("calling-requestWithAnAsynchronousIterable")
class NothingAsynchronous(Face):
    def changed(self, body: Any) -> Any:
        return [] if hasattr(body, "__aiter__") else body


@mutant("calling-requestWithAFile")
class LeavesFilesOpen(Face):
    def changed(self, body: Any) -> Any:
        return body.read() if hasattr(body, "read") else body


@mutant("calling-requestWithAFailingBody")
class EndsFailedBodies(Face):
    def changed(self, body: Any) -> Any:
        return lenient(body) if isinstance(body, GeneratorType) else body


def lenient(blocks: Iterator[bytes]) -> Iterator[bytes]:
    with suppress(Deliberate):
        yield from blocks


@mutant("calling-requestIsCancelled")
class CancelsNothing(ReferenceRequester):
    def request(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        outer: Deferred[Any] = Deferred()
        super().request(*args, **kwargs).addBoth(
            lambda result: outer.called or outer.callback(result)
        )
        return outer


@mutant(
    "calling-requestFails",
    "calling-requestWithAFailingBody",
)
class FailsOtherwise(ReferenceRequester):
    def request(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        def otherwise(failure: Any) -> None:
            raise OSError(str(failure.value))

        return super().request(*args, **kwargs).addErrback(otherwise)


@mutant("calling-readingFails")
class ReadsWhatItHas(ReferenceRequester):
    def request(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        def lenient(response: Any) -> Any:
            return Lenient(response)

        return super().request(*args, **kwargs).addCallback(lenient)


class Lenient:
    def __init__(self, response: Any) -> None:
        self.code = response.code
        self.headers = response.headers
        self._response = response

    def read(self) -> Any:
        return self._response.read().addErrback(lambda failure: b"")


# Closing


@mutant("calling-closeFinishesWhatIsUnderWay")
class ClosesAtOnce(ReferenceRequester):
    def close(self) -> Deferred[None]:
        super().close()
        return succeed(None)


@mutant("calling-closeFinishesWhatIsUnderWay")
class ClosesWithForce(ReferenceRequester):
    def close(self) -> Deferred[None]:
        if self._underWay:
            self._wire.calls.append(self._wire.cut)
        return super().close()


@mutant("calling-closedTakesNoMore")
class TakesMoreWhenClosed(ReferenceRequester):
    def close(self) -> Deferred[None]:
        closed = super().close()
        if closed.called:
            self._closed = None
        return closed


@mutant("calling-close*")
class NeverCloses(ReferenceRequester):
    def closeIfIdle(self) -> None:
        pass
