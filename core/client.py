"""
The calling end's convenient face: a request out, a response back.

Every transport's calling end inherits L{Requester}, which makes C{request}
out of C{startRequest}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.body import discard, knownLength, normalise, writeBody
from penstock.core.composed import checkComposed
from penstock.core.content import MAX_BUFFERED, Content
from penstock.core.errors import Cancelled, LimitExceeded
from penstock.core.headers import Fields, Headers
from penstock.core.interfaces import ConnectionInfo, IResponseCallbacks

# RFC 9110, section 8.6: a user agent says that it sends nothing where the
# method gives content a meaning.
_METHODS_WITH_CONTENT = frozenset((b"POST", b"PUT", b"PATCH"))


class Response:
    """
    A response whose head has arrived.

    @ivar code: the status code.
    @ivar message: the reason phrase, or L{None} where the carrier has none.
    @ivar headers: L{Headers}.
    @ivar intermediate: the interim responses that came before, as pairs of
        code and L{Headers}.
    @ivar content: L{Content}, to be read once.
    """

    __slots__ = ("_exchange", "code", "content", "headers", "intermediate", "message")

    def __init__(
        self,
        exchange: Any,
        code: int,
        headers: Headers,
        message: bytes | None,
        intermediate: list[tuple[int, Headers]],
    ) -> None:
        self._exchange = exchange
        self.code = code
        self.headers = headers
        self.message = message
        self.intermediate = intermediate
        self.content = Content(exchange)

    @property
    def trailers(self) -> Headers | None:
        """
        The trailer section, once the content is complete.
        """
        return self.content.trailers

    def read(self, limit: int = MAX_BUFFERED) -> Deferred[bytes]:
        """
        See L{Content.read}.
        """
        return self.content.read(limit)

    def cancel(self) -> None:
        """
        Give up: the server learns that nobody listens any more.
        """
        self._exchange.abortConnection()
        self.content.lost(Failure(Cancelled("cancelled by this side")))


@implementer(IResponseCallbacks)
class Call:
    """
    One request, until its response is complete.
    """

    __slots__ = (
        "_answered",
        "_body",
        "_content",
        "_exchange",
        "_intermediate",
        "_writing",
    )

    def __init__(self, body: Any) -> None:
        """
        @param body: as L{normalise} returns it.
        """
        self._body = body
        self._exchange: Any = None
        self._intermediate: list[tuple[int, Headers]] = []
        self._answered: Deferred[Response] | None = Deferred(self._cancel)
        self._content: Content | None = None
        self._writing: Deferred[None] | None = None

    @property
    def answered(self) -> Deferred[Response]:
        """
        Fires with the response.  Only to be asked before it has.
        """
        if self._answered is None:
            raise RuntimeError("answered already")
        return self._answered

    def requestStarted(self, clientRequest: Any) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._exchange = clientRequest

    def send(self) -> None:
        """
        Write the body.
        """
        body, self._body = self._body, None
        if not body and isinstance(body, bytes):
            return
        try:
            writing = writeBody(self._exchange, body)
        except Exception:
            discard(body)
            self._failed(Failure())
            return
        if writing is None:
            self._exchange.finish()
        else:
            self._writing = writing
            writing.addCallbacks(self._written, self._failed)

    def _written(self, ignored: None) -> None:
        self._writing = None
        self._exchange.finish()

    def _failed(self, failure: Failure) -> None:
        """
        The body couldn't be produced.
        """
        self._writing = None
        self._exchange.abortConnection()
        self.connectionLost(failure)

    def _cancel(self, answered: Deferred[Response]) -> None:
        self._answered = None
        if self._exchange is not None:
            self._exchange.abortConnection()

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._intermediate.append((code, headers))

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See L{IResponseCallbacks}.
        """
        response = Response(
            self._exchange, code, headers, code_message, self._intermediate
        )
        self._content = response.content
        answered, self._answered = self._answered, None
        if answered is not None:
            answered.callback(response)

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{IResponseCallbacks}.
        """
        if self._content is not None:
            self._content.chunkReceived(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{IResponseCallbacks}.
        """
        if self._content is not None:
            self._content.completed(trailers)

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IResponseCallbacks}.
        """
        answered, self._answered = self._answered, None
        if answered is not None:
            answered.errback(reason)
        elif self._content is not None:
            self._content.lost(reason)


class Reply:
    """
    A whole response.

    @ivar code: the status code.
    @ivar headers: L{Headers}.
    @ivar body: all of the content.
    @ivar trailers: the trailer section, or L{None}.
    """

    __slots__ = ("body", "code", "headers", "trailers")

    def __init__(
        self, code: int, headers: Headers, body: bytes, trailers: Headers | None
    ) -> None:
        self.code = code
        self.headers = headers
        self.body = body
        self.trailers = trailers


@implementer(IResponseCallbacks)
class WholeCall:
    """
    One request with a short body, until its response is put together.
    """

    __slots__ = ("_body", "_code", "_exchange", "_headers", "_parts", "_room", "whole")

    def __init__(self, body: bytes, limit: int) -> None:
        self._body = body
        self._room = limit
        self._exchange: Any = None
        self._code = 0
        self._headers: Any = None
        self._parts: list[bytes] | None = None
        self.whole: Deferred[Reply] = Deferred(self._cancelled)

    def requestStarted(self, clientRequest: Any) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._exchange = clientRequest
        if self._body:
            clientRequest.writeData(self._body)
            clientRequest.finish()

    def _cancelled(self, whole: Deferred[Reply]) -> None:
        if self._exchange is not None:
            self._exchange.abortConnection()

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        """
        See L{IResponseCallbacks}.
        """

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._code = code
        self._headers = headers

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._room -= len(data)
        if self._room < 0:
            self._exchange.abortConnection()
            self.whole.errback(LimitExceeded("the response is longer than the limit"))
        elif self._parts is None:
            self._parts = [data]
        else:
            self._parts.append(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{IResponseCallbacks}.
        """
        parts = self._parts
        if parts is None:
            body = b""
        else:
            body = parts[0] if len(parts) == 1 else b"".join(parts)
        self.whole.callback(Reply(self._code, self._headers, body, trailers))

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self.whole.errback(reason)


class Requester:
    """
    Makes C{request} and C{call} out of C{startRequest}: see
    L{penstock.core.interfaces.IRequester}.

    @cvar secure: whether nobody else can listen to what is sent.  What isn't HTTP,
        its makers have to secure.
    """

    secure: bool = True

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> Any:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        raise NotImplementedError

    def call(
        self,
        method: bytes | str,
        uri: bytes | str,
        headers: Fields | None = None,
        body: bytes = b"",
        limit: int = MAX_BUFFERED,
    ) -> Deferred[Reply]:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        if isinstance(method, str):
            method = method.encode("ascii")
        if isinstance(uri, str):
            uri = uri.encode("ascii")
        if headers is not None or method == b"OPTIONS":
            headers = Headers.of(headers)
            checkComposed(method, headers, bool(body), self.secure)
        if body or method in _METHODS_WITH_CONTENT:
            field = (b"Content-Length", b"%d" % len(body))
            if headers is None:
                headers = Headers.trusted([field])
            else:
                headers = headers.copy()
                headers.setRaw(*field)
        elif headers is None:
            headers = Headers()
        call = WholeCall(body, limit)
        self.startRequest(method, uri, headers, call, bool(body))
        return call.whole

    def request(
        self,
        method: bytes | str,
        uri: bytes | str,
        headers: Fields | None = None,
        body: Any = None,
    ) -> Deferred[Any]:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        if isinstance(method, str):
            method = method.encode("ascii")
        if isinstance(uri, str):
            uri = uri.encode("ascii")
        hasContent = body is not None
        content = normalise(body)
        length = knownLength(content)
        if length == 0:
            hasContent = False
            discard(content)
            content = b""
        if headers is not None or method == b"OPTIONS":
            try:
                headers = Headers.of(headers)
                checkComposed(method, headers, hasContent, self.secure)
            except Exception:
                discard(content)
                raise
        if length is not None and (hasContent or method in _METHODS_WITH_CONTENT):
            field = (b"Content-Length", b"%d" % length)
            if headers is None:
                headers = Headers.trusted([field])
            else:
                headers = headers.copy()
                headers.setRaw(*field)
        elif headers is None:
            headers = Headers()
        call = Call(content)
        answered = call.answered
        try:
            self.startRequest(method, uri, headers, call, hasContent)
        except Exception:
            discard(content)
            raise
        if hasContent:
            call.send()
        return answered
