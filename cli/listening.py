"""
Open ports: made from endpoints, named by URLs, closed in good order.
"""

from __future__ import annotations

import re
import selectors
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import click
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError

from penstock.cli.endpoints import Endpoint
from penstock.cli.missing import explainImport

# How often connections that wait are let in before a port is closed, some each
# time.  More may come all the while.
_TIMES: Final = 50


class NotListening(click.ClickException):
    """
    An endpoint can't be listened on.  The message says which, and why.
    """

    exit_code = 1


def urlOf(scheme: str, address: Any, secure: bool = False) -> str:
    """
    @param scheme: C{"http"} or C{"rpc"}.
    @param address: L{twisted.internet.interfaces.IAddress}.

    @return: what somebody who wants to connect to C{address} would write.
        The path of a unix socket stands in the authority, encoded.
    """
    if secure:
        scheme += "s"
    if isinstance(address, IPv4Address):
        return f"{scheme}://{address.host}:{address.port}/"
    if isinstance(address, IPv6Address):
        return f"{scheme}://[{address.host}]:{address.port}/"
    if isinstance(address, UNIXAddress) and address.name is not None:
        return f"{scheme}+unix://{quote(address.name, safe='')}/"
    return f"{scheme}:{address}"


_UNKNOWN: Final = re.compile(r"unexpected keyword argument '(\w+)'")

_PEM: Final = (
    "privateKey= and certKey= must name files in PEM that belong together; without"
    " certKey=, one file has both"
)


def letIn(port: Any) -> None:
    """
    Accept the connections that wait at C{port}.  When it is closed they would be
    reset, and most have sent a request already.

    @param port: L{twisted.internet.interfaces.IListeningPort}; if it is none
        that can be asked, nothing is done.
    """
    doRead = getattr(port, "doRead", None)
    if doRead is None or not getattr(port, "connected", False):
        return
    with selectors.DefaultSelector() as waiting:
        waiting.register(port, selectors.EVENT_READ)
        for _ in range(_TIMES):
            if not waiting.select(0):
                break
            doRead()


@dataclass(frozen=True, slots=True)
class Listener:
    """
    An open port.

    @ivar factory: what serves its connections, and can C{drain(seconds)}.
    @ivar port: L{twisted.internet.interfaces.IListeningPort}.
    @ivar url: where it is.
    """

    factory: Any
    port: Any
    url: str


class Listening:
    """
    All ports of a server.

    @ivar listeners: L{Listener}s, in the order they were opened.
    """

    def __init__(self, reactor: Any, host: str) -> None:
        """
        @param host: the address for ports that are written without one.
        """
        self._reactor = reactor
        self._host = host
        self.listeners: list[Listener] = []

    async def open(self, scheme: str, endpoint: Endpoint, factory: Any) -> Listener:
        """
        Open a port.

        @param scheme: of its URL.
        @raise NotListening: if that can't be done.
        @raise click.UsageError: if Twisted makes nothing of the endpoint
            string.
        """
        try:
            server: Any = serverFromString(  # type: ignore[no-untyped-call]
                self._reactor, endpoint.describe(self._host)
            )
        except OSError as problem:
            # A key or a certificate that isn't there.
            raise NotListening(f"{endpoint.text}: {problem}") from None
        except ImportError as problem:
            raise NotListening(f"{endpoint.text}: {explainImport(problem)}") from None
        except TypeError as problem:
            unknown = _UNKNOWN.search(str(problem))
            reason = f"there is no {unknown[1]}=" if unknown else str(problem)
            raise click.UsageError(f"{endpoint.text!r}: {reason}") from None
        except Exception as problem:
            # What the parsers of plugins raise is theirs to choose; what OpenSSL
            # says of files that it can't read helps nobody.
            reason = _PEM if endpoint.secure else str(problem)
            raise click.UsageError(f"{endpoint.text!r}: {reason}") from None
        try:
            port = await server.listen(factory)
        except (CannotListenError, OSError) as problem:
            cause = getattr(problem, "socketError", problem)
            reason = getattr(cause, "strerror", None) or str(cause)
            raise NotListening(f"can't listen on {endpoint.text}: {reason}") from None
        listener = Listener(
            factory, port, urlOf(scheme, port.getHost(), endpoint.secure)
        )
        self.listeners.append(listener)
        return listener

    async def close(self, seconds: float) -> None:
        """
        Take no more connections, and wait for the exchanges under way.

        @param seconds: as long as that at most.
        """
        for listener in self.listeners:
            letIn(listener.port)
        closing = [
            closed
            for listener in self.listeners
            for closed in (
                maybeDeferred(listener.port.stopListening),
                maybeDeferred(listener.factory.drain, seconds),
            )
        ]
        await DeferredList(closing, consumeErrors=True)
