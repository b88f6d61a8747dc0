"""
Requests to the other end of a session.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IRequester
from penstock.transports.rpc.calling import RPCCalling


class Session(Protocol):
    """
    L{penstock.transports.rpc.session.RPCSession}, as far as it is needed here.
    """

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
        Start a request.
        """

    def close(self) -> Deferred[None]:
        """
        Finish and close.
        """


@implementer(IRequester)
class SessionRequester(Requester):
    """
    The calling end of one session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

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

        @param info: see L{RPCSession.startRequest}.
        """
        return self._session.startRequest(
            method, uri, headers, callbacks, hasContent, info
        )

    def close(self) -> Deferred[None]:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        return self._session.close()
