"""
The same echo on penstock's RPC and on Perspective Broker.

Run as C{python echo_servers.py NAME}; prints the port.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor


def penstock() -> Any:
    """
    A resource that returns what it is sent.
    """
    from penstock.core.resource import Resource
    from penstock.core.server import Site
    from penstock.transports.rpc import RPCFactory

    class Echo(Resource):
        def render_POST(self, request: Any) -> bytes:
            body: bytes = request.body
            return body

    return RPCFactory(Site(Echo()), reactor=reactor)


def pb() -> Any:
    """
    The same, there.
    """
    from twisted.spread.pb import PBServerFactory, Root

    class Echo(Root):
        def remote_echo(self, data: bytes) -> bytes:
            return data

    return PBServerFactory(Echo())


def main() -> None:
    """
    Serve until killed.
    """
    factory = {"penstock": penstock, "pb": pb}[sys.argv[1]]()
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
