"""
The calling end for a URL.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

import click
from twisted.internet.endpoints import UNIXClientEndpoint

from penstock.cli.missing import explainImport
from penstock.transports.http1 import HTTPClient, connectHTTP
from penstock.transports.rpc import RPCClient, connectRPC

_UNIX: Final = "+unix"


def connect(reactor: Any, origin: str, patient: bool = False) -> Any:
    """
    @param origin: the scheme and the authority of a URL: see
        L{penstock.cli.location.Location}.
    @param patient: whether to wait for an answer for ever: somebody else looks
        at the clock.

    @return: L{penstock.core.interfaces.IRequester}; it connects when it is
        first used.
    @raise click.UsageError: if C{origin} can't be connected to.
    """
    scheme, _, authority = origin.partition("://")
    options: dict[str, Any] = {}
    if patient and scheme.startswith("http"):
        options = {"headTimeout": None, "contentTimeout": None}
    try:
        if scheme.endswith(_UNIX):
            path = unquote(authority)
            endpoint: Any = UNIXClientEndpoint(reactor, path)  # type: ignore[no-untyped-call]
            if scheme == "rpc" + _UNIX:
                return RPCClient(reactor, endpoint, authority=b"localhost")
            return HTTPClient(reactor, endpoint, **options)
        if scheme in ("rpc", "rpcs"):
            return connectRPC(reactor, origin)
        return connectHTTP(reactor, origin, **options)
    except ImportError as problem:
        raise click.UsageError(f"{origin}: {explainImport(problem)}") from None
    except ValueError as problem:
        raise click.UsageError(f"{origin}: {problem}") from None
