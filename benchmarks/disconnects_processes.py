"""
The two processes that L{disconnects} watches: one that serves, and one that
calls.  Both take commands from standard input, a line each, and answer each
with a line of JSON.

C{report} says what there is in the process: file descriptors, objects that the
garbage collector knows, calls that wait for their time, memory, and what was
logged as an error.  C{go COUNT SEED} makes the second one ask.
"""

from __future__ import annotations

import gc
import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from ctypes import CDLL
from heapq import heapify
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
)
from twisted.internet.stdio import StandardIO
from twisted.internet.task import deferLater
from twisted.logger import LogLevel, formatEvent, globalLogBeginner
from twisted.protocols.basic import LineReceiver
from twisted.protocols.tls import TLSMemoryBIOFactory

from penstock.core.accesslog import AccessLog
from penstock.core.content import Buffer, Discard, Form, Stream
from penstock.core.endpoints import TLSEndpoint
from penstock.core.errors import ExchangeLost
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.resources.file import File
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPClient, HTTPFactory
from penstock.transports.http1.limits import Timeouts
from penstock.transports.rpc import RPCClient, RPCFactory

reactor: Any = installed

LARGE = b"large " * 170_000

# What clients leave behind is gone as soon as they are noticed to have left;
# what they keep, connections to a server, goes after a while.
IDLE = 1.0


class Large(Resource):
    def render_GET(self, request: Any) -> bytes:
        return LARGE


class Slow(Resource):
    async def render_GET(self, request: Any) -> bytes:
        await deferLater(reactor, random.random() * 0.04)
        return b"Hello, world!"


class Never(Resource):
    def render_GET(self, request: Any) -> Any:
        return Deferred()


class Events(Resource):
    def render_GET(self, request: Any) -> Response:
        return Response(self.events(), headers=[("content-type", "text/event-stream")])

    async def events(self) -> AsyncIterator[bytes]:
        while True:
            yield b"data: tick\n\n"
            await deferLater(reactor, 0.01)


class Pieces(Resource):
    async def render_GET(self, request: Any) -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"piece " * 500


class Upload(Resource):
    policy = Buffer(limit=2_000_000)

    def render_POST(self, request: Any) -> bytes:
        return b"%07d" % len(request.body)

    render_PUT = render_POST


class Sink(Resource):
    policy = Stream()

    async def render_POST(self, request: Any) -> bytes:
        count = 0
        async for data in request.content:
            count += len(data)
        return b"%07d" % count

    render_PUT = render_POST


class Refusing(Resource):
    policy = Discard()

    def render_POST(self, request: Any) -> Response:
        return Response(b"No.", 403)


class Filled(Resource):
    policy = Form()

    def render_POST(self, request: Any) -> bytes:
        return b"%07d" % len(request.files)


class Hello(Resource):
    def render_GET(self, request: Any) -> bytes:
        return b"Hello, world!"


def tree(folder: str) -> Resource:
    root = Resource()
    for name, resource in {
        "hello": Hello(),
        "large": Large(),
        "slow": Slow(),
        "never": Never(),
        "events": Events(),
        "pieces": Pieces(),
        "upload": Upload(),
        "sink": Sink(),
        "refusing": Refusing(),
        "form": Filled(),
        "file": File(str(Path(folder) / "file")),
    }.items():
        root.putChild(name, resource)
    return root


class Report:
    """
    What there is in this process.
    """

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        # Until logging begins, Twisted keeps all that is logged.
        globalLogBeginner.beginLoggingTo([self._logged], redirectStandardIO=False)
        sys.unraisablehook = self._unraisable

    def _logged(self, event: Any) -> None:
        if "log_failure" in event or event.get("log_level", LogLevel.debug) >= (
            LogLevel.error
        ):
            text = formatEvent(event)
            if "log_failure" in event:
                text += " | " + event["log_failure"].getTraceback()[-600:]
            self.errors[text] += 1

    def _unraisable(self, unraisable: Any) -> None:
        self.errors[f"unraisable: {unraisable.exc_value!r}"] += 1

    def __call__(self) -> dict[str, Any]:
        # Twisted keeps some cancelled calls until their time comes.
        calls = reactor._pendingTimedCalls
        calls[:] = [call for call in calls if not call.cancelled]
        heapify(calls)
        reactor._cancellations = 0
        for _ in range(3):
            gc.collect()
        # What is held counts, not what is kept to be used again.
        with suppress(OSError, AttributeError):
            CDLL(None).malloc_trim(0)
        objects = Counter(
            f"{type(each).__module__}.{type(each).__qualname__}"
            for each in gc.get_objects()
        )
        delayed = Counter(
            getattr(call.func, "__qualname__", repr(call.func))
            for call in reactor.getDelayedCalls()
        )
        return {
            "descriptors": descriptors(),
            "objects": objects,
            "delayed": delayed,
            "selectables": len(reactor.getReaders()) + len(reactor.getWriters()),
            "rss": int(
                re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]
            ),
            "errors": self.errors,
        }


def descriptors() -> Counter[str]:
    """
    @return: the open ones by what they are of.
    """
    found: Counter[str] = Counter()
    for name in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            # What listed them.
            continue
        found[re.sub(r"\[\d+\]|\d+$", "", what)] += 1
    return found


def holders(name: str) -> list[str]:
    """
    @param name: of a class.
    @return: what its latest instances are held by, and what that is held by.
    """
    gc.collect()
    found = [each for each in gc.get_objects() if type(each).__name__ == name]
    lines = []
    for each in found[-8:]:
        known = {id(found)}
        chain = each
        names = [repr(each)[:120]]
        for _ in range(6):
            above = [
                it
                for it in gc.get_referrers(chain)
                if id(it) not in known and it is not sys._getframe(1)
            ]
            known |= {id(above), id(chain)}
            if not above:
                break
            chain = above[0]
            names.append(f"{len(above)} of {type(chain).__name__} {chain!s:.120}")
        lines.append(" <- ".join(names))
    return lines


class Commands(LineReceiver):
    """
    Standard input and output.
    """

    delimiter = b"\n"

    def __init__(self, hello: Any, commands: dict[str, Callable[..., Any]]) -> None:
        self.hello = hello
        self.commands = commands

    def connectionMade(self) -> None:
        self.say(self.hello)

    def say(self, what: Any) -> None:
        self.sendLine(json.dumps(what).encode())

    def lineReceived(self, line: bytes) -> None:
        name, *arguments = line.decode().split()
        result = self.commands[name](*arguments)
        if isinstance(result, Deferred):
            result.addCallback(self.say)
        else:
            self.say(result)

    def connectionLost(self, reason: Any = None) -> None:
        if reactor.running:
            reactor.stop()


def certificate(folder: str) -> PrivateCertificate:
    pem = (Path(folder) / "key.pem").read_bytes()
    return PrivateCertificate.loadPEM(pem)


def serve(folder: str) -> None:
    report = Report()
    site = Site(tree(folder), AccessLog(lambda line: None))
    ports = {}

    def listen(name: str, factory: Any) -> int:
        listening: Any = reactor.listenTCP(0, factory, 200, interface="127.0.0.1")
        ports[name] = listening.getHost().port
        return int(ports[name])

    def http(requestFactory: Any) -> HTTPFactory:
        return HTTPFactory(requestFactory, reactor, timeouts=Timeouts(linger=2.0))

    direct = listen("direct", http(site))
    rpc = listen("rpc", RPCFactory(site, reactor=reactor))
    worker = RPCClient(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", rpc))
    listen("gateway", http(Site(Forward(worker))))
    client = HTTPClient(
        reactor,
        TCP4ClientEndpoint(reactor, "127.0.0.1", direct),
        idleTimeout=IDLE,
        maxConnections=64,
    )
    listen("proxy", http(Site(Forward(client))))
    options = certificate(folder).options()
    listen("tls", TLSMemoryBIOFactory(options, False, http(site), reactor))
    StandardIO(Commands(ports, {"report": report, "holders": holders}))


class Caller:
    """
    Asks, and often doesn't wait for the answer.
    """

    AT_ONCE = 32

    def __init__(self, folder: str, ports: dict[str, int]) -> None:
        def endpoint(name: str) -> Any:
            return TCP4ClientEndpoint(reactor, "127.0.0.1", ports[name])

        trusted: Any = Certificate.loadPEM(certificate(folder).dumpPEM())
        tls = TLSEndpoint(
            reactor,
            "localhost",
            endpoint("tls"),
            optionsForClientTLS("localhost", trustRoot=trusted),
        )
        settings: Any = {"idleTimeout": IDLE, "maxConnections": self.AT_ONCE}
        self.rpc = RPCClient(reactor, endpoint("rpc"))
        self.clients: list[Any] = [
            HTTPClient(reactor, endpoint("direct"), **settings),
            HTTPClient(reactor, endpoint("proxy"), **settings),
            HTTPClient(reactor, tls, secure=True, **settings),
            HTTPClient(
                reactor,
                endpoint("hostile"),
                headTimeout=1.0,
                contentTimeout=1.0,
                **settings,
            ),
            self.rpc,
        ]
        self.outcomes: Counter[str] = Counter()

    def go(self, count: str, seed: str) -> Deferred[Any]:
        """
        @return: fires with how it ended, for each request.
        """
        self.random = random.Random(int(seed))
        self.left = int(count)
        self.outcomes.clear()
        self.done: Deferred[Any] = Deferred()
        self.working = self.AT_ONCE
        for _ in range(self.AT_ONCE):
            ensureDeferred(self.work()).addBoth(self.worked)
        return self.done

    def worked(self, result: Any) -> None:
        if result is not None:
            self.outcomes[f"a caller failed: {result}"] += 1
        self.working -= 1
        if not self.working:
            self.done.callback(dict(self.outcomes))

    async def work(self) -> None:
        while self.left > 0:
            self.left -= 1
            if self.random.random() < 0.001:
                session = await self.rpc.connect()
                session.transport.abortConnection()
            try:
                self.outcomes[await self.ask()] += 1
            except ExchangeLost as problem:
                self.outcomes[type(problem).__name__] += 1

    async def ask(self) -> str:
        choose = self.random
        client = choose.choices(self.clients, (4, 2, 1, 2, 4))[0]
        target = choose.choice(
            ("/hello", "/hello", "/large", "/slow", "/never", "/events", "/pieces")
        )
        method, body = "GET", None
        if choose.random() < 0.3:
            method, target = "PUT", choose.choice(("/upload", "/sink"))
            body = choose.choice(
                (b"x" * 100, b"x" * 100_000, self.pieces(choose.randrange(8)))
            )
        asked = client.request(method, target, None, body)
        leave = choose.random()
        if target == "/never" or leave < 0.3:
            await deferLater(reactor, choose.random() * choose.choice((0.0, 0.02)))
            # It may have been answered, or lost.
            if not asked.called:
                asked.addErrback(lambda failure: None)
                asked.cancel()
                return "cancelled"
        response = await asked
        if target == "/events" or leave < 0.6:
            count = choose.randrange(4)
            async for _ in response.content:
                if count == 0:
                    break
                count -= 1
            response.cancel()
            return "left"
        await response.read(2_000_000)
        return str(response.code)

    async def pieces(self, count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 5000
            await deferLater(reactor, 0)


def call(folder: str, ports: dict[str, int]) -> None:
    report = Report()
    caller = Caller(folder, ports)
    StandardIO(
        Commands("ready", {"report": report, "holders": holders, "go": caller.go})
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        call(sys.argv[2], json.loads(sys.argv[3]))
    reactor.run()
