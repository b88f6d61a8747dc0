"""
Mutants: fields, codes, interim responses, and responses without content.
"""

from typing import Any

from penstock.core.headers import Headers
from penstock.core.hop import endToEnd
from penstock.core.order import Stage

from ..reference import Calling, ReferenceRequester, Serving
from .mutant import mutant


def merged(headers: Headers) -> Headers:
    """
    @return: a field for each name.
    """
    return Headers((name, headers.get(name) or b"") for name, _ in headers)


@mutant("framing-requestFieldsCross")
class MergesFieldsOfRequests(ReferenceRequester):
    def fields(self, uri: bytes, headers: Headers) -> Headers:
        return merged(super().fields(uri, headers))


@mutant("framing-responseFieldsCross")
class MergesFieldsOfResponses(Calling):
    def headReceived(self, code: int, headers: Headers, *args: Any) -> None:
        super().headReceived(code, merged(headers), *args)


@mutant("framing-manyFieldsCross")
class FewFields(ReferenceRequester):
    def fields(self, uri: bytes, headers: Headers) -> Headers:
        return Headers(list(super().fields(uri, headers))[:64])


@mutant("framing-hopFieldsOfARequestStay")
class LeaksFieldsOfRequests(ReferenceRequester):
    def fields(self, uri: bytes, headers: Headers) -> Headers:
        copy = headers.copy()
        copy.setRaw(b"Host", *super().fields(uri, headers).getRaw(b"host"))
        return copy


@mutant("framing-hopFieldsOfARequestStay")
class LeaksListedFields(ReferenceRequester):
    """
    Those that Connection lists.
    """

    def fields(self, uri: bytes, headers: Headers) -> Headers:
        copy = headers.copy()
        copy.removeHeader(b"connection")
        return super().fields(uri, copy)


@mutant(
    "framing-hopFieldsOfAResponseStay",
    "framing-noLengthOf204",
)
class LeaksFieldsOfResponses(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        self.send(self.peer.headReceived, code, headers.copy(), code_message)


@mutant("framing-hopFieldsOfTrailersStay")
class LeaksTrailers(Serving):
    def _sendEnd(self, trailers: Headers | None) -> None:
        self.send(self.peer.contentEnded, trailers)


@mutant("framing-fieldsAreNotChanged")
class ChangesFieldsOfRequests(ReferenceRequester):
    def startRequest(
        self, method: Any, uri: Any, headers: Headers, *args: Any, **kwargs: Any
    ) -> Any:
        headers.setRaw(b"X-Via", b"penstock")
        return super().startRequest(method, uri, headers, *args, **kwargs)


@mutant("framing-fieldsAreNotChanged")
class ChangesFieldsOfResponses(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        headers.setRaw(b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT")
        super()._sendHead(code, headers, code_message)


@mutant("framing-fieldsAreNotKept")
class KeepsFields(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        def arrive() -> None:
            fields = Headers(endToEnd(headers))
            if code == 204:
                fields.removeHeader(b"content-length")
            self.peer.headReceived(code, fields, code_message)

        self.send(arrive)


@mutant("framing-authorityBecomesHost")
class IgnoresAuthority(ReferenceRequester):
    def fields(self, uri: bytes, headers: Headers) -> Headers:
        return super().fields(b"/", headers)


@mutant("framing-hostCrosses")
class OneHost(ReferenceRequester):
    def fields(self, uri: bytes, headers: Headers) -> Headers:
        fields = super().fields(uri, headers)
        if fields.getRaw(b"host") == headers.getRaw(b"host"):
            fields.setRaw(b"Host", b"localhost")
        return fields


@mutant("framing-codesCross")
class KnownCodesOnly(Calling):
    def headReceived(self, code: int, *args: Any) -> None:
        super().headReceived(code if code < 600 else 500, *args)


@mutant("framing-reasonCrosses")
class DropsReasons(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        super()._sendHead(code, headers, None)


@mutant(
    "framing-intermediates*Cross",
    "reentry-cancelAtAnIntermediate",
)
class DropsIntermediates(Serving):
    def _sendIntermediate(self, *args: Any) -> None:
        pass


@mutant("framing-intermediatesCross")
class OneIntermediate(Calling):
    """
    For each code.
    """

    last = 0

    def intermediateReceived(self, code: int, headers: Headers) -> None:
        if code != self.last:
            super().intermediateReceived(code, headers)
        self.last = code


@mutant(
    "framing-intermediates*",
    "reentry-cancelAtAnIntermediate",
)
class IntermediatesAreFinal(Calling):
    """
    To those that don't know the code.
    """

    begun = False

    def intermediateReceived(self, code: int, headers: Headers) -> None:
        self.headReceived(code, headers)

    def headReceived(self, *args: Any) -> None:
        if not self.begun:
            super().headReceived(*args)
        self.begun = True


# Content that is asked for


class Holds(Calling):
    """
    Keeps content back until it is asked for, or not.
    """

    asked = True

    def _sendData(self, data: bytes) -> None:
        if self.asked:
            super()._sendData(data)

    def _sendEnd(self, trailers: Headers | None) -> None:
        if self.asked:
            super()._sendEnd(trailers)


@mutant("framing-askedForContentComes")
class NeverLetsGo(ReferenceRequester):
    calling = Holds

    def startRequest(
        self, method: Any, uri: Any, headers: Headers, *args: Any, **kwargs: Any
    ) -> Any:
        exchange = super().startRequest(method, uri, headers, *args, **kwargs)
        exchange.asked = b"expect" not in headers
        return exchange


class WaitsToBeAsked(Calling):
    """
    And takes nothing else for an answer.
    """

    waiting = False

    def intermediateReceived(self, code: int, headers: Headers) -> None:
        self.waiting = False
        super().intermediateReceived(code, headers)

    def headReceived(self, *args: Any) -> None:
        if not self.waiting:
            super().headReceived(*args)


@mutant("framing-unaskedForContentIsRefused")
class MustBeAsked(ReferenceRequester):
    calling = WaitsToBeAsked

    def startRequest(
        self, method: Any, uri: Any, headers: Headers, *args: Any, **kwargs: Any
    ) -> Any:
        exchange = super().startRequest(method, uri, headers, *args, **kwargs)
        exchange.waiting = b"expect" in headers
        return exchange


# Without content


@mutant(
    "framing-noContentToHEAD",
    "framing-lengthOfHEADCrosses",
    "framing-noContentFrom*",
    "content-noTrailersBehindALength",
)
class ForgetsHEAD(Serving):
    def begin(self, factory: Any, command: bytes, *head: Any) -> None:
        super().begin(factory, command, *head)
        self._isHead = False


class ForgetsACode(Serving):
    code: int

    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        super()._sendHead(code, headers, code_message)
        if code == self.code:
            self._stage = Stage.WRITING


@mutant("framing-noContentWith204")
class Forgets204(ForgetsACode):
    code = 204


@mutant("framing-noContentWith205")
class Forgets205(ForgetsACode):
    code = 205


@mutant("framing-noContentWith304")
class Forgets304(ForgetsACode):
    code = 304


@mutant("framing-noLengthOf204")
class LengthOf204(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        if code == 204:
            self.send(self.peer.headReceived, code, headers.copy(), code_message)
        else:
            super()._sendHead(code, headers, code_message)


@mutant("framing-lengthOfHEADCrosses")
class NoLengthForHEAD(Serving):
    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        if self._isHead:
            headers = headers.copy()
            headers.removeHeader(b"content-length")
        super()._sendHead(code, headers, code_message)
