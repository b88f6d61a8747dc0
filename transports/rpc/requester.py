"""
Requests to the other end of a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IRequester
from penstock.transports.rpc.caller import Caller
from penstock.transports.rpc.calling_exchange import RPCCalling
from penstock.transports.rpc.facts import writeFacts
from penstock.transports.rpc.heads import RequestFields


@implementer(IRequester)
class SessionRequester(Requester):
    """
    The calling end of one session.
    """

    def __init__(
        self,
        caller: Caller,
        authority: bytes | None,
        close: Callable[[], Deferred[None]],
    ) -> None:
        """
        @param authority: the Host of requests that name none.
        @param close: closes the session.
        """
        self._caller = caller
        self._authority = authority
        self._close = close
        self._fields = RequestFields()

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
            on: goes with it as facts.
        """
        target, fields, length = self._fields.make(
            method, uri, headers, hasContent, self._authority
        )
        facts = None if info is None else writeFacts(info)
        caller = self._caller
        exchange = RPCCalling(
            caller, method, target, fields, facts, callbacks, hasContent, length
        )
        if hasContent and caller.admit(exchange):
            # Nothing was sent, nor is anything called back, before there is
            # content to go with the head; and that is coming now.
            callbacks.requestStarted(exchange)
        else:
            callbacks.requestStarted(exchange)
            caller.start(exchange)
        return exchange

    def close(self) -> Deferred[None]:
        """
        See L{penstock.core.interfaces.IRequester}.
        """
        return self._close()
