"""
What can be done with an upload, as a form and without one.

Run as C{python form_upload_servers.py KIND}: KIND is C{http} or C{rpc}.  Prints
the port.  C{/longest} tells for how long the event loop was kept from everything
else at most since it was last asked.
"""

from __future__ import annotations

import hashlib
import sys
import time
from tempfile import TemporaryFile
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from penstock.core.content import Form, Parts, Stream
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.transports.http1 import HTTPFactory
from penstock.transports.rpc import RPCFactory

LIMIT = 1 << 40


class Lateness:
    """
    How late a clock that ticks each millisecond was at most.
    """

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.longest = 0.0
        LoopingCall(self.tick).start(0.001)

    def tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self.last)
        self.last = now

    def take(self) -> float:
        """
        @return: seconds since the last time it was asked.
        """
        self.tick()
        longest, self.longest = self.longest, 0.0
        return longest


class Longest(Resource):
    def __init__(self) -> None:
        super().__init__()
        self.lateness = Lateness()

    def render_GET(self, request: Request) -> Response:
        return Response.json(self.lateness.take())


def told(size: int, digest: str = "") -> Response:
    """
    How much there was, and what came of it.
    """
    return Response.json({"size": size, "sha256": digest})


class RawDropped(Resource):
    policy = Stream()

    async def render_PUT(self, request: Request) -> Response:
        size = 0
        async for block in request.content:
            size += len(block)
        return told(size)


class RawHashed(Resource):
    policy = Stream()

    async def render_PUT(self, request: Request) -> Response:
        digest = hashlib.sha256()
        size = 0
        async for block in request.content:
            digest.update(block)
            size += len(block)
        return told(size, digest.hexdigest())


class RawKept(Resource):
    policy = Stream()

    async def render_PUT(self, request: Request) -> Response:
        size = 0
        with TemporaryFile() as file:
            async for block in request.content:
                file.write(block)
                size += len(block)
        return told(size)


class PartsDropped(Resource):
    policy = Parts(limit=None)

    async def render_POST(self, request: Request) -> Response:
        size = 0
        assert request.parts is not None
        async for part in request.parts:
            async for block in part:
                size += len(block)
        return told(size)


class PartsHashed(Resource):
    policy = Parts(limit=None)

    async def render_POST(self, request: Request) -> Response:
        digest = hashlib.sha256()
        size = 0
        assert request.parts is not None
        async for part in request.parts:
            async for block in part:
                digest.update(block)
                size += len(block)
        return told(size, digest.hexdigest())


class FormKept(Resource):
    policy = Form(limit=None)

    def render_POST(self, request: Request) -> Response:
        (upload,) = request.files["file"]
        return told(upload.size)


def main() -> None:
    """
    Serve until killed.
    """
    root = Resource()
    root.putChild("longest", Longest())
    for kind in (RawDropped, RawHashed, RawKept, PartsDropped, PartsHashed, FormKept):
        root.putChild(kind.__name__, kind())
    factory: Any
    if sys.argv[1] == "rpc":
        factory = RPCFactory(Site(root), reactor=reactor)
    else:
        factory = HTTPFactory(Site(root), reactor)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
