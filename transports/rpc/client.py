"""
The dialling side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.authority import Authority
from penstock.core.client import Requester
from penstock.core.endpoints import TLSEndpoint, hostEndpoint
from penstock.core.errors import Unavailable
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IRequester, RequestFactory
from penstock.transports.rpc.calling_exchange import RPCCalling
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.phases import Phase
from penstock.transports.rpc.session import RPCSession

DEFAULT_PORT: Final = 7780


class _One(Factory):
    """
    Makes the session that is there already.
    """

    noisy = False

    def __init__(self, session: RPCSession) -> None:
        self._session = session

    def buildProtocol(self, addr: IAddress | None) -> RPCSession:
        return self._session


@implementer(IRequester)
class RPCClient(Requester):
    """
    Makes requests of a server, on one connection, which it makes when it is
    needed; and serves what the server asks in turn.
    """

    def __init__(
        self,
        reactor: Any,
        endpoint: IStreamClientEndpoint,
        *,
        requestFactory: RequestFactory | None = None,
        authority: bytes | None = None,
        limits: RPCLimits | None = None,
        timeouts: RPCTimeouts | None = None,
        trustFacts: bool = True,
        onSession: Callable[[RPCSession], None] | None = None,
    ) -> None:
        """
        @param reactor: L{twisted.internet.interfaces.IReactorTime}.
        @param requestFactory: serves what the server asks; L{None} for
            nothing.
        @param authority: the Host of requests that name none.
        @param trustFacts: whether the server is believed what it says of the
            first hop of its requests.  It is, since we chose whom to dial.
        @param onSession: called with each L{RPCSession} that is ready.
        """
        self._clock = reactor
        self._endpoint = endpoint
        self._requestFactory = requestFactory
        self._authority = authority
        self._limits = limits or RPCLimits()
        self._timeouts = timeouts or RPCTimeouts()
        self._trustFacts = trustFacts
        self._onSession = onSession
        self._isClosed = False
        # The one that takes requests, and all that aren't closed.
        self._session: RPCSession | None = None
        self._sessions: dict[RPCSession, Deferred[Any]] = {}
        self._ready: list[Deferred[RPCSession]] = []

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> RPCCalling:
        """
        See L{penstock.core.interfaces.IRequester}.

        @param info: what is known of the first hop, if the request is passed
            on.
        """
        session = self._session
        if session is None or not session.isUsable:
            session = self._dial()
        return session.requester.startRequest(
            method, uri, headers, callbacks, hasContent, info
        )

    def connect(self) -> Deferred[RPCSession]:
        """
        Make a connection if there is none.

        @return: fires with the session when the server has said hello; or
            fails with L{Unavailable}.
        """
        session = self._session
        if session is None or not session.isUsable:
            session = self._dial()
        ready: Deferred[RPCSession] = Deferred()
        if session.phase is Phase.OPEN:
            ready.callback(session)
        elif session.phase is Phase.CLOSED:
            return fail(Unavailable("no connection"))
        else:
            self._ready.append(ready)
        return ready

    def close(self) -> Deferred[None]:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        self._isClosed = True
        closing: list[Deferred[None]] = []
        for session, dialling in list(self._sessions.items()):
            closing.append(session.close())
            if session.phase is Phase.CLOSED:
                dialling.cancel()
        return DeferredList(closing).addCallback(_nothing)

    def _dial(self) -> RPCSession:
        session = RPCSession(
            self._requestFactory,
            self._clock,
            dialled=True,
            limits=self._limits,
            timeouts=self._timeouts,
            trustFacts=self._trustFacts,
            authority=self._authority,
            onOpen=self._opened,
            onClosed=self._closed,
        )
        if self._isClosed:
            session.failed(Failure(Unavailable("the client is closed")))
            return session
        self._session = session
        # connect() may fail at once.
        dialling: Deferred[Any] = Deferred()
        self._sessions[session] = dialling
        dialling = self._endpoint.connect(_One(session))
        if session in self._sessions:
            self._sessions[session] = dialling
        dialling.addCallbacks(_nothing, session.failed)
        return session

    def _opened(self, session: RPCSession) -> None:
        ready, self._ready = self._ready, []
        for deferred in ready:
            deferred.callback(session)
        if self._onSession is not None:
            self._onSession(session)

    def _closed(self, session: RPCSession) -> None:
        self._sessions.pop(session, None)
        if self._session is session:
            self._session = None
            ready, self._ready = self._ready, []
            for deferred in ready:
                deferred.errback(Unavailable("no connection"))


def _nothing(ignored: object) -> None:
    """
    The result doesn't matter.
    """


def connectRPC(reactor: Any, url: str, **options: Any) -> RPCClient:
    """
    Make a client.  It connects when it is first asked.

    @param reactor: of Twisted.
    @param url: C{rpc://host} or C{rpc://host:port}, or C{rpcs:} for TLS, a path
        is not used; or an endpoint as L{clientFromString} knows it,
        C{unix:/run/worker.sock} say.
    @param options: see L{RPCClient}.

    @raise ValueError: if C{url} is neither.
    @raise ImportError: for C{rpcs} without pyOpenSSL.
    """
    if "://" not in url:
        # Untyped in Twisted.
        parse: Any = clientFromString
        return RPCClient(reactor, parse(reactor, url), **options)
    parts = urlsplit(url)
    if (
        parts.scheme not in ("rpc", "rpcs")
        or not parts.hostname
        or parts.username is not None
    ):
        raise ValueError("not an rpc URL")
    port = parts.port or DEFAULT_PORT
    authority = bytes(Authority(parts.hostname, parts.port))
    endpoint: Any = hostEndpoint(reactor, parts.hostname, port)
    if parts.scheme == "rpcs":
        endpoint = TLSEndpoint(reactor, parts.hostname, endpoint)
    return RPCClient(reactor, endpoint, **{"authority": authority, **options})
