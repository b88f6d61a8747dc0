"""
Pass requests on, through any transport's calling end.

A request that comes over HTTP/1.1 goes to a worker over RPC, say, and its
response back, each a piece at a time: neither is ever put together here.  Who
is slow slows the other side; who goes away takes the other side with it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.content import Discard, Policy, Stream
from penstock.core.errors import (
    DeadlineExceeded,
    HTTPError,
    LengthRequired,
    Unavailable,
)
from penstock.core.forwarding import Style, announce, dropForwarding
from penstock.core.headers import Headers
from penstock.core.interfaces import IResource, IResponseCallbacks
from penstock.core.response import Response

# What this and all behind it go by (RFC 9110, section 7.6.3).
PSEUDONYM: Final = "penstock"
_BY: Final = PSEUDONYM.encode("ascii")

_DIGITS: Final = re.compile(rb"[0-9]{1,9}")


@implementer(IResource)
class Forward:
    """
    Whatever is asked below this resource, another server answers.

    The request target goes on as it came, the fields too, but for those of the
    hop, and for those that say where a request comes from: these are written
    anew.  Over RPC, what is known of the client goes along as facts, too.  An
    answer of the other server is passed on whatever its code; if there is
    none, the client gets 502, 503 (nobody took the request, so it may be sent
    again), 504 (it took too long) or 411 (the other server is so old that it has
    to be told the length of the content, and there was too much to wait for it).
    """

    cancelOnDisconnect = True

    def __init__(
        self, requester: Any, policy: str | Style | None = Style.X_FORWARDED
    ) -> None:
        """
        @param requester: L{penstock.core.interfaces.IRequester}, for any
            number of clients: one of HTTP needs a connection for each exchange
            (see C{maxConnections} of
            L{penstock.transports.http1.HTTPClient}), one of RPC but one.
        @param policy: in which fields the other server is told who the client
            is: C{"x-forwarded"}, C{"forwarded"}, or L{None} for none.  What
            the client itself says there never passes; what trusted proxies
            said does, as a fact, if this is below a
            L{penstock.resources.trusted.TrustedProxies}.

        @raise ValueError: if there is no such policy.
        @raise TypeError: if C{requester} is none.
        """
        self._style = None if policy is None else Style(policy)
        if not hasattr(requester, "startRequest"):
            kind = type(requester).__name__
            raise TypeError(f"not a {kind}, but connectHTTP(reactor, url), say")
        self.requester = requester

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        """
        See L{IResource}.
        """
        request.postpath = segments
        return self, ()

    def contentPolicy(self, request: Any) -> Policy:
        """
        See L{IResource}.
        """
        if request.method == b"TRACE":
            # RFC 9110, section 9.3.8: it has none that could be passed on.
            return Discard()
        # Whether the content is wanted, the other server says.
        return Stream(accept=False)

    def render(self, request: Any) -> Response | None:
        """
        See L{IResource}.
        """
        if request.method in (b"OPTIONS", b"TRACE"):
            # RFC 9110, section 7.6.2: a request may name how far it goes.
            left = request.in_headers.get(b"max-forwards")
            if left is not None and _DIGITS.fullmatch(left):
                if not int(left):
                    return Response(headers=[(b"allow", request.site.allow)])
                request.in_headers.setRaw(b"max-forwards", b"%d" % (int(left) - 1))
        headers = request.in_headers.copy()
        if self._style is None:
            dropForwarding(headers)
        else:
            announce(headers, request.connectionInfo, self._style)
        Relay(request).start(self.requester, headers)
        return None


@implementer(IResponseCallbacks)
class Relay:
    """
    One exchange with a client, and one with the server that answers it.
    """

    __slots__ = ("_answered", "_downstream", "_producer", "_request", "_upstream")

    def __init__(self, request: Any) -> None:
        """
        @param request: L{penstock.core.server.Request}.
        """
        self._request = request
        # The exchange with the client, which carries the response ...
        self._downstream = request.chanRequest
        # ... and the one with the server, which carries the request.
        self._upstream: Any = None
        self._producer: Any = None
        self._answered = False

    def start(self, requester: Any, headers: Headers) -> None:
        """
        Pass the request on.

        @param headers: its fields, which may be changed.
        """
        request = self._request
        hasContent = self._downstream.contentLength != 0
        if request.method == b"TRACE":
            # See contentPolicy().
            hasContent = False
            headers.removeHeader(b"content-length")
        # RFC 9110, section 7.6.3: who passes a request on says so.
        headers.addRaw(b"via", b"%d.%d %b" % (*request.clientproto, _BY))
        upstream = requester.startRequest(
            request.method,
            request.uri,
            headers,
            self,
            hasContent,
            request.connectionInfo,
        )
        request.whenDone().addCallback(self._clientDone)
        if hasContent and not request.done:
            self._producer = ContentProducer(self._downstream)
            upstream.registerProducer(self._producer, True)
            request.content.deliver(self._contentCame, self._contentEnded)

    def requestStarted(self, clientRequest: Any) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._upstream = clientRequest

    # From the client to the server

    def _contentCame(self, data: bytes) -> None:
        self._upstream.writeData(data)
        if self._producer.paused:
            # It was paused before reading began, which resumed the exchange:
            # there is no connection to the server yet, say.
            self._downstream.pauseProducing()

    def _contentEnded(self, problem: Failure | None) -> None:
        self._upstream.unregisterProducer()
        if problem is None:
            self._upstream.finish(self._request.content.trailers)
        else:
            self._upstream.abortConnection()

    def _clientDone(self, ignored: None) -> None:
        if self._request.disconnected:
            self._upstream.abortConnection()

    # From the server to the client

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        """
        See L{IResponseCallbacks}.
        """
        # RFC 9110, section 15.2: whether or not anybody has asked for it.
        self._downstream.writeIntermediateResponse(code, headers)

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See L{IResponseCallbacks}.
        """
        request = self._request
        self._answered = True
        request.code = code
        request.code_message = code_message
        request.out_headers = headers
        if b"via" in headers:
            _hideHosts(headers)
        # Whatever it lacks, this isn't the one to say so.
        self._downstream.writeHeaders(code, headers, code_message)
        request.began = True
        self._downstream.registerProducer(ContentProducer(self._upstream), True)

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._downstream.writeData(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._downstream.unregisterProducer()
        self._request.finish(trailers)

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._downstream.unregisterProducer()
        if self._request.done:
            return
        # For who runs this: the client learns no more than the code.
        self._request.remark = str(reason.value)
        if reason.check(LengthRequired):
            self._request.refuse(HTTPError(411))
        elif reason.check(Unavailable):
            self._request.refuse(
                HTTPError(503, headers=Headers([(b"retry-after", b"1")]))
            )
        elif reason.check(DeadlineExceeded):
            self._request.refuse(HTTPError(504))
        else:
            self._request.refuse(HTTPError(502))


def _hideHosts(headers: Headers) -> None:
    """
    Say how many servers a response went through, but not what they are called:
    that is nobody's business (RFC 9110, section 7.6.3).
    """
    steps = headers.getStandard(b"via")
    headers.removeHeader(b"via")
    if steps:
        headers.setHeader(
            b"via",
            tuple(replace(it, receivedBy=PSEUDONYM, comment=None) for it in steps),
        )


@implementer(IPushProducer)
class ContentProducer:
    """
    The incoming content of one exchange, as the producer of another.

    @ivar paused: whether the other side takes no more just now.
    """

    __slots__ = ("_exchange", "paused")

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self.paused = False

    def pauseProducing(self) -> None:
        """
        The other side takes no more just now.
        """
        self.paused = True
        self._exchange.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Go on.
        """
        self.paused = False
        self._exchange.resumeProducing()

    def stopProducing(self) -> None:
        """
        The other side has gone, or has answered early: what else belongs to
        the exchange is decided where that is noticed.
        """
        self._exchange.stopProducing()
