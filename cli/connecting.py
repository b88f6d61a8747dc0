"""
The calling end for a URL.
"""

from __future__ import annotations

from typing import Any

from penstock.transports.http1 import connectHTTP
from penstock.transports.rpc import connectRPC


def connect(reactor: Any, origin: str) -> Any:
    """
    @param origin: the scheme and the authority of a URL: see
        L{penstock.cli.location.Location}.

    @return: L{penstock.core.interfaces.IRequester}; it connects when it is
        first used.
    """
    if origin.startswith("rpc:"):
        return connectRPC(reactor, origin)
    return connectHTTP(reactor, origin)
