"""
Mutants: heads, order, and what must be refused.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from zope.interface import implementer_only

from penstock.core.errors import DeadlineExceeded, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IExchange
from penstock.core.order import Stage
from penstock.core.testing import Deliberate

from ..reference import TARGET, TOKEN, Calling, ReferenceRequester, Serving
from .mutant import mutant


@mutant("order-servingEndProvidesInterface")
@implementer_only(IExchange)
class HalfAChannel(Serving):
    pass


@mutant("order-callingEndProvidesInterfaces")
@implementer_only(IExchange)
class HalfACaller(Calling):
    pass


@mutant(
    "order-requestStartedComesFirst",
    "order-responseInOrder",
    "flow-pausedCallerGetsTheHead",
)
class StartsTwice(Calling):
    def headReceived(self, *args: Any) -> None:
        if self._callbacks is not None:
            self._callbacks.requestStarted(self)
        super().headReceived(*args)


class Stranger:
    pass


@mutant("order-startRequestReturnsTheExchange")
class ReturnsSomethingElse(ReferenceRequester):
    def startRequest(self, *args: Any, **kwargs: Any) -> Any:
        super().startRequest(*args, **kwargs)
        return Stranger()


@mutant("order-methodCrosses")
class ShoutsMethods(Serving):
    def begin(self, factory: Any, command: bytes, *head: Any) -> None:
        super().begin(factory, command.upper(), *head)


@mutant("order-targetCrossesUnchanged")
class TidiesTargets(Serving):
    def begin(self, factory: Any, command: bytes, path: bytes, *head: Any) -> None:
        super().begin(factory, command, path.replace(b"/../", b"/"), *head)


@mutant("order-versionIsAPair")
class VersionAsText(Serving):
    def begin(
        self, factory: Any, command: bytes, path: bytes, version: Any, *head: Any
    ) -> None:
        super().begin(factory, command, path, "HTTP/1.1", *head)  # type: ignore[arg-type]


@mutant("order-factsAreFields")
class SameId:
    @property
    def connectionInfo(self) -> ConnectionInfo:
        return ConnectionInfo("reference", "1")


@mutant("order-factsAreNotTheirs")
class BelievesForwarded(Serving):
    def begin(
        self, factory: Any, c: bytes, p: bytes, v: Any, in_headers: Headers, *rest: Any
    ) -> None:
        self.secure = in_headers.get(b"x-forwarded-proto") == b"https"
        super().begin(factory, c, p, v, in_headers, *rest)

    @property
    def connectionInfo(self) -> ConnectionInfo:
        return super().connectionInfo._replace(secure=self.secure)


@mutant(
    "order-requestBeginsWithItsHead",
    "content-contentLengthIsAFact",
    "content-requestContentOfKnownLengthCrosses",
    "content-shortRequestIsLost",
    "content-longRequestIsRefused",
    "end-*RequestOfKnownLength",
    "content-noTrailersBehindALength",
)
class WaitsForContent(Serving):
    """
    Of a request that says how long it is.
    """

    head: Any = None

    def begin(self, *head: Any) -> None:
        if head[-1]:
            self.head = head
        else:
            super().begin(*head)

    def contentReceived(self, data: bytes) -> None:
        if self.head is not None:
            head, self.head = self.head, None
            super().begin(*head)
        super().contentReceived(data)


@mutant(
    "order-completeOnce*",
)
class RequestsCompleteTwice(Serving):
    def _complete(self) -> None:
        super()._complete()
        if self._callbacks is not None:
            super()._complete()


@mutant("order-responseInOrder")
class ResponsesCompleteTwice(Calling):
    def _complete(self) -> None:
        callbacks = self._callbacks
        super()._complete()
        with suppress(Deliberate):
            callbacks.handleContentComplete(None)


@mutant("order-writtenIsCounted")
class CountsNothing:
    written = property(lambda self: 0, lambda self, value: None)


@mutant("order-patience*", "pressure-patience*")
class Impatient(Serving):
    def begin(self, *head: Any) -> None:
        self.wire.clock.callLater(30, self.lose, DeadlineExceeded("too slow"))
        super().begin(*head)


# What must be refused


def silently(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except LocalProtocolError:
            return None

    return call


@mutant("refusal-contentBeforeHeadIsRefused")
class IgnoresContentBeforeHead(Serving):
    def writeData(self, data: bytes) -> None:
        if self.stage is not Stage.WAITING:
            super().writeData(data)


@mutant("refusal-secondHeadIsRefused")
class IgnoresSecondHead(Serving):
    def writeHeaders(self, *args: Any) -> None:
        if self.stage is not Stage.WRITING:
            super().writeHeaders(*args)


@mutant("refusal-intermediateAfterHeadIsRefused")
class SendsIntermediatesAnyTime(Serving):
    def writeIntermediateResponse(self, code: int, *args: Any) -> None:
        if self.stage is Stage.WRITING:
            self._sendIntermediate(code, None, None)
        else:
            super().writeIntermediateResponse(code, *args)


@mutant("refusal-badIntermediateCodeIsRefused")
class SwitchesProtocols(Serving):
    def writeIntermediateResponse(self, code: int, *args: Any) -> None:
        super().writeIntermediateResponse(100 if code == 101 else code, *args)


@mutant("refusal-badCodeIsRefused")
class AnyCode(Serving):
    def writeHeaders(self, code: int, *args: Any) -> None:
        super().writeHeaders(code if 200 <= code <= 999 else 500, *args)


@mutant("refusal-badLengthIsRefused")
class AnyLength(Serving):
    def writeHeaders(self, code: int, headers: Headers, *args: Any) -> None:
        try:
            super().writeHeaders(code, headers, *args)
        except LocalProtocolError as problem:
            if "Content-Length" not in str(problem):
                raise


@mutant("refusal-badLengthOfARequestIsRefused")
class AnyLengthOfARequest(ReferenceRequester):
    def length(self, fields: Headers) -> int | None:
        try:
            return super().length(fields)
        except LocalProtocolError:
            return None


@mutant("refusal-lengthWithoutContentIsRefused")
class MendsLengths(ReferenceRequester):
    """
    Of requests without content.
    """

    def startRequest(
        self,
        method: Any,
        uri: Any,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: Any = None,
    ) -> Any:
        if not hasContent:
            headers = headers.copy()
            headers.removeHeader(b"content-length")
        return super().startRequest(method, uri, headers, callbacks, hasContent)


@mutant("refusal-badHostIsRefused")
class FirstHost(ReferenceRequester):
    """
    Of several.
    """

    def fields(self, uri: bytes, headers: Headers) -> Headers:
        headers = headers.copy()
        headers.setRaw(b"host", *headers.getRaw(b"host")[:1])
        return super().fields(uri, headers)


@mutant("refusal-badReasonIsRefused")
class AnyReason(Serving):
    def _checkReason(self, code_message: bytes | None) -> None:
        pass


@mutant("refusal-badTargetIsRefused")
class AnyTarget(ReferenceRequester):
    def check(self, method: bytes, uri: bytes) -> None:
        if TOKEN.fullmatch(method) is None:
            raise LocalProtocolError("not a token")


@mutant("refusal-badMethodIsRefused")
class AnyMethod(ReferenceRequester):
    def check(self, method: bytes, uri: bytes) -> None:
        if TARGET.fullmatch(uri) is None:
            raise LocalProtocolError("not a target")


@mutant("refusal-secondProducerIsRefused")
class ReplacesProducers(Serving):
    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.unregisterProducer()
        super().registerProducer(producer, streaming)


class CarelessHeaders(Headers):
    def addRaw(self, name: Any, value: Any) -> None:
        pass


@mutant("refusal-fieldsAreCheckedWhenTheyAreSet")
class UncheckedFields(Serving):
    def begin(
        self, factory: Any, c: bytes, p: bytes, v: Any, in_headers: Headers, *rest: Any
    ) -> None:
        careless = CarelessHeaders.trusted(list(in_headers))
        super().begin(factory, c, p, v, careless, *rest)
