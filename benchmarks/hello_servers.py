"""
The same hello on penstock and on twisted.web, on the default reactor.

Run as C{python hello_servers.py NAME}; prints the port.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor

BODY = b"Hello, world!\n"


def penstock() -> Any:
    """
    A resource that returns bytes.
    """
    from penstock.core.resource import Resource
    from penstock.core.server import Site
    from penstock.transports.http1 import HTTPFactory

    class Hello(Resource):
        contentType = "text/plain"

        def render_GET(self, request: Any) -> bytes:
            return BODY

    return HTTPFactory(Site(Hello()), reactor)


def twisted_web() -> Any:
    """
    The same, there.
    """
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    class Hello(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> bytes:
            request.setHeader(b"content-type", b"text/plain")
            return BODY

    class Quiet(Site):
        def log(self, request: Any) -> None:
            """
            Penstock's site has no access log here either.
            """

    return Quiet(Hello())


def main() -> None:
    """
    Serve until killed.
    """
    factory = {"penstock": penstock, "twisted.web": twisted_web}[sys.argv[1]]()
    port = reactor.listenTCP(0, factory, backlog=1024, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
