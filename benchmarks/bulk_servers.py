"""
Big bodies: a site that hashes what it is sent, and sends a file.

Run as C{python bulk_servers.py KIND FILE}: KIND is C{http}, C{rpc}, or
C{gateway:PORT} for HTTP in front of the RPC server at PORT.  Prints the port.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

from twisted.internet import reactor

from penstock.core.content import Stream
from penstock.core.resource import Resource
from penstock.core.server import Request, Site
from penstock.resources.file import File
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPFactory
from penstock.transports.rpc import RPCFactory, connectRPC


class Upload(Resource):
    """
    Hashes what comes, as it comes.
    """

    policy = Stream()

    async def render_PUT(self, request: Request) -> str:
        digest = hashlib.sha256()
        async for chunk in request.content:
            digest.update(chunk)
        return digest.hexdigest()


def main() -> None:
    """
    Serve until killed.
    """
    kind, path = sys.argv[1:]
    root: Any = Resource()
    root.putChild("up", Upload())
    root.putChild("down", File(path))
    factory: Any
    if kind == "rpc":
        factory = RPCFactory(Site(root), reactor=reactor)
    else:
        if kind != "http":
            address = f"rpc://127.0.0.1:{kind.partition(':')[2]}"
            root = Forward(connectRPC(reactor, address))
        factory = HTTPFactory(Site(root), reactor)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
