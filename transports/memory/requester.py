"""
The calling end in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from zope.interface import implementer

from penstock.core.authority import parseAuthority
from penstock.core.certified import CertifiedHosts
from penstock.core.client import Requester
from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    LocalProtocolError,
    Unavailable,
)
from penstock.core.headers import Headers, RawField
from penstock.core.hop import endToEnd
from penstock.core.interfaces import (
    ConnectionInfo,
    IRequester,
    RequestFactory,
    Version,
)
from penstock.core.length import parseLength
from penstock.core.uri import checkTypes, requestHost, requestTarget
from penstock.transports.memory.clock import VirtualClock
from penstock.transports.memory.exchange import (
    MemoryChannelRequest,
    MemoryClientRequest,
)
from penstock.transports.memory.lane import WINDOW, Terms

# Requests that begin inside one another, before the next has to wait for the
# event loop.  Whoever starts one whenever another ends would otherwise run out
# of stack; a resource takes some thirty calls of the thousand that Python has.
MAX_DEPTH: Final = 10

# RFC 9110, section 5.6.2.
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# RFC 9112, section 3.2, as far as it is about octets.
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")

# RFC 9110, section 8.6: a user agent says that it sends nothing where the
# method gives content a meaning.
_WITH_CONTENT: Final = frozenset({b"POST", b"PUT", b"PATCH"})

# What the transport has its own of.
_OUR_OWN: Final = frozenset({b"host"})
_OUR_OWN_WITHOUT_CONTENT: Final = frozenset({b"host", b"content-length"})

# Pairs of method and target that were found to be good.  Bounded, since a
# test may make up any number.
_MAX_KNOWN: Final = 1024

_CLIENT: Final = IPv4Address("TCP", "127.0.0.1", 49152)
_SERVER: Final = IPv4Address("TCP", "127.0.0.1", 80)


def checkLine(method: bytes, target: bytes) -> None:
    """
    @raise LocalProtocolError: if C{method} or C{target} may not go on a wire.
    """
    if _METHOD.fullmatch(method) is None:
        raise LocalProtocolError("a method must be a token")
    if _TARGET.fullmatch(target) is None:
        raise LocalProtocolError("a target must be visible ASCII")


@implementer(IRequester)
class MemoryRequester(Requester):
    """
    Sends requests to a request factory in the same process, by calling it.

    All of an exchange that needs no waiting happens inside C{startRequest}.
    What must wait for the event loop waits for C{clock}::

        requester = MemoryRequester(Site(root))
        response = requester.request("GET", "/")

    @ivar clock: what is given as C{clock}.
    @ivar terms: L{Terms}.
    """

    def __init__(
        self,
        factory: RequestFactory,
        clock: Any = None,
        *,
        window: int = WINDOW,
        piece: int | None = None,
        host: bytes = b"localhost",
        peer: IAddress | None = _CLIENT,
        local: IAddress | None = _SERVER,
        secure: bool = False,
        deadline: float | None = None,
        version: Version = (1, 1),
        trustFacts: bool = True,
        certifiedHosts: Iterable[str] | None = None,
    ) -> None:
        """
        @param factory: L{RequestFactory}, for instance a
            L{penstock.core.server.Site}.
        @param clock: L{twisted.internet.interfaces.IReactorTime}: a running
            reactor, or a clock that somebody advances; by default a new
            L{VirtualClock}.
        @param window: octets of content that may wait for either end before
            the other one's producer is paused.  At least 1.
        @param piece: octets of content that are handed over at once, at most;
            as many as C{window} by default.
        @param host: the Host field of requests that have none of their own.
        @param peer: the address of the client, for C{connectionInfo}.
        @param local: the address of the server, for C{connectionInfo}.
        @param secure: whether the scheme is https.
        @param deadline: seconds that the client says it will wait.  Then the
            exchange is lost.
        @param version: what the client speaks.
        @param trustFacts: whether a request that is passed on says in its
            C{connectionInfo} what is known of its first hop.
        @param certifiedHosts: the hosts that the server's certificate is valid
            for, as in L{CertifiedHosts}; L{None} to serve any.
        """
        if window < 1 or (piece is not None and piece < 1):
            raise ValueError("a window and a piece are at least one octet")
        self.clock = VirtualClock() if clock is None else clock
        self.terms = Terms(self._soon, window, window if piece is None else piece)
        self._factory = factory
        self._version = version
        self._facts = ConnectionInfo(
            "memory", "", peer, local, secure, deadline=deadline
        )
        checkHost(host)
        self._host = host
        self._plain: tuple[RawField, ...] = ((b"Host", host),)
        self._known: dict[tuple[bytes, bytes], tuple[bytes, bytes | None]] = {}
        self._trustFacts = trustFacts
        self._certifiedHosts = (
            None if certifiedHosts is None else CertifiedHosts(certifiedHosts)
        )
        self._live: set[MemoryClientRequest] = set()
        self._deadlines: dict[MemoryClientRequest, Any] = {}
        self._closing: list[Deferred[None]] | None = None
        # Requests whose beginning is on the stack, each inside another's end.
        self._depth = 0

    def _soon(self, call: Any) -> None:
        self.clock.callLater(0, call)

    def facts(self, number: int, first: ConnectionInfo | None = None) -> ConnectionInfo:
        """
        @param first: what the caller says of the first hop.

        @return: what an exchange with C{number} knows of its connection.
        """
        facts = self._facts._replace(requestId=f"memory-{number}")
        if first is None:
            return facts
        if not self._trustFacts:
            # How long somebody waits is their own business.
            return facts._replace(deadline=first.deadline)
        return first._replace(transport="memory")

    def _limit(self, client: MemoryClientRequest, deadline: float | None) -> None:
        """
        Let nobody work on C{client}'s request when nobody waits any more.
        """
        if deadline is not None:
            problem = DeadlineExceeded("the client doesn't wait any longer")
            self._deadlines[client] = self.clock.callLater(
                deadline, client.breakConnection, problem
            )

    @property
    def underWay(self) -> tuple[MemoryClientRequest, ...]:
        """
        The exchanges that aren't over.
        """
        return tuple(self._live)

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
        See L{IRequester}.  The request factory is called before it returns,
        and so may the callbacks be.
        """
        known = self._known.get((method, uri))
        if known is None:
            known = self._learn(method, uri)
        target, authority = known
        if hasContent:
            if method == b"TRACE":
                # RFC 9110, section 9.3.8.
                raise LocalProtocolError("TRACE has no content")
        elif headers and headers.hasHeader(b"expect"):
            # RFC 9110, section 10.1.1.
            headers = headers.copy()
            headers.removeHeader(b"expect")
        return self.start(
            method, target, headers, callbacks, hasContent, authority, info
        )

    def start(
        self,
        method: bytes,
        target: bytes,
        headers: Headers | None,
        callbacks: Any,
        hasContent: bool,
        authority: bytes | None = None,
        info: ConnectionInfo | None = None,
    ) -> MemoryClientRequest:
        """
        Start an exchange with a target just as it is.

        @param method: as L{checkLine} takes it.
        @param target: as L{checkLine} takes it; in any form.
        @param headers: L{None} is none.
        @param authority: what goes into the Host field instead of anything
            else.
        @param info: what is known of the first hop, if the request is passed
            on.
        """
        length: int | None = 0
        if not headers and authority is None and method not in _WITH_CONTENT:
            fields = self._plain
            if hasContent:
                length = None
        else:
            if headers is None:
                headers = Headers()
            fields = self._fields(method, headers, hasContent, authority)
            length = lengthOf(headers)
            if not hasContent:
                if length:
                    raise LocalProtocolError("a Content-Length, but no content")
                length = 0
        server = self._makeServer()
        client = MemoryClientRequest(
            self, server, method, callbacks, hasContent, length
        )
        if info is not None:
            server.first = info
        if info is None or not self._trustFacts:
            server.certifiedHosts = self._certifiedHosts
        callbacks.requestStarted(client)
        if self._closing is not None:
            client.lose(Unavailable("the requester is closed"))
        if not client.isOver:
            self._live.add(client)
            if info is not None or self._facts.deadline is not None:
                self._limit(client, server.connectionInfo.deadline)
            in_headers = Headers.trusted(fields)
            if self._depth < MAX_DEPTH:
                self._begin(client, method, target, in_headers, hasContent, length)
            else:
                self._soon(
                    lambda: self._begin(
                        client, method, target, in_headers, hasContent, length
                    )
                )
        return client

    def _begin(
        self,
        client: MemoryClientRequest,
        method: bytes,
        target: bytes,
        in_headers: Headers,
        hasContent: bool,
        length: int | None,
    ) -> None:
        if client.isOver:
            return
        server = client.server
        self._depth += 1
        try:
            server.begin(
                self._factory, method, target, self._version, in_headers, length
            )
            if not hasContent:
                server.contentEnded()
        finally:
            self._depth -= 1

    def _makeServer(self) -> MemoryChannelRequest:
        return MemoryChannelRequest(self, self._version)

    def _learn(self, method: bytes, uri: bytes) -> tuple[bytes, bytes | None]:
        """
        Check a method and a URI, and take the URI apart.

        @return: the target to send, and the authority, if the URI has one.

        @raise LocalProtocolError: if they may not go on a wire.
        """
        if _METHOD.fullmatch(method) is None:
            raise LocalProtocolError("a method must be a token")
        known = requestTarget(method, uri)
        if len(self._known) < _MAX_KNOWN:
            self._known[method, uri] = known
        return known

    def _fields(
        self,
        method: bytes,
        headers: Headers,
        hasContent: bool,
        authority: bytes | None,
    ) -> tuple[RawField, ...]:
        """
        @return: the fields as they would arrive: Host first, nothing of the
            hop, and a Content-Length only where there is content or it is 0.
        """
        if authority is None:
            authority = requestHost(headers) or self._host
        checkTypes(headers)
        dropped = _OUR_OWN if hasContent else _OUR_OWN_WITHOUT_CONTENT
        fields = [(b"Host", authority)]
        fields += [
            field for field in endToEnd(headers) if field[0].lower() not in dropped
        ]
        if not hasContent and method in _WITH_CONTENT:
            fields.append((b"Content-Length", b"0"))
        return tuple(fields)

    def breakConnections(self, problem: ExchangeLost | None = None) -> None:
        """
        Break off whatever is under way: see
        L{MemoryClientRequest.breakConnection}.
        """
        for exchange in self.underWay:
            exchange.breakConnection(problem)

    def exchangeOver(self, exchange: MemoryClientRequest) -> None:
        """
        For an exchange: it is over.  Harmless twice.
        """
        self._live.discard(exchange)
        if self._deadlines:
            deadline = self._deadlines.pop(exchange, None)
            if deadline is not None and deadline.active():
                deadline.cancel()
        if self._closing and not self._live:
            waiting, self._closing = self._closing, []
            for closed in waiting:
                closed.callback(None)

    def close(self) -> Deferred[None]:
        """
        See L{IRequester}.
        """
        if self._closing is None:
            self._closing = []
        if not self._live:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closing.append(closed)
        return closed


def checkHost(host: bytes) -> None:
    """
    @raise LocalProtocolError: if C{host} may not be in a Host field: no server
        would take it.
    """
    try:
        parseAuthority(host)
    except ValueError:
        raise LocalProtocolError("a Host is a host and perhaps a port") from None


def lengthOf(headers: Headers) -> int | None:
    """
    @raise LocalProtocolError: for a Content-Length that isn't one number.
    """
    try:
        return parseLength(headers.getRaw(b"content-length"))
    except ValueError as problem:
        raise LocalProtocolError(str(problem)) from None
