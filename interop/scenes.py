"""
What a mix of requests can't show: that events come at once, that a server
which won't wait is understood, and that caches keep what they may keep::

    python scenes.py
"""

from __future__ import annotations

import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caller import Caller
from files import makeFiles
from orders import Answer, Order
from ours import OurCaller
from proxies import tree
from stages import Route
from tree import octets, words
from twisted.internet.task import deferLater

EVENTS = 5

# Milliseconds between two events.
PERIOD = 200

STREAMING = ("", "nginx", "nginx-kept", "haproxy-nodelay", "varnish", "squid") + (
    "penstock",
    "gateway",
    "nginx-kept gateway",
    "penstock haproxy-nodelay",
)

CACHES = ("varnish-cached", "squid-cached", "nginx-cached")

_LOGGED = tree("--http", "0", "--trust", "127.0.0.1", "--access-log")


@contextmanager
def started(name: str) -> Iterator[Route]:
    """
    @return: gives a route, whose tree logs what it is asked.
    """
    with tempfile.TemporaryDirectory(prefix="interop-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        files = folder / "files"
        files.mkdir()
        makeFiles(files)
        route = Route(name.split(), folder, files, _LOGGED)
        try:
            yield route
        finally:
            route.stop()


def arrivals(port: int) -> list[float]:
    """
    @return: when each event came, in seconds after the request.
    """
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        began = time.monotonic()
        request = f"GET /events/{EVENTS}/{PERIOD} HTTP/1.1\r\nHost: site.example\r\n"
        client.sendall(f"{request}\r\n".encode())
        came: list[float] = []
        data = b""
        while len(came) < EVENTS:
            block = client.recv(65536)
            if not block:
                break
            data += block
            now = time.monotonic() - began
            came += [now] * (len(re.findall(rb"data: event", data)) - len(came))
        return came


def isPrompt(name: str) -> str:
    """
    @return: what is wrong with how events come along a route.
    """
    with started(name) as route:
        came = arrivals(route.port)
    late = [
        when - place * PERIOD / 1000
        for place, when in enumerate(came)
        if when > (place + 1) * PERIOD / 1000
    ]
    if len(came) < EVENTS:
        return f"{len(came)} of {EVENTS} events came"
    return f"{len(late)} events were late, by {max(late):.2f} s" if late else ""


class Visitor:
    """
    Asks a cache, and looks at what that asks the tree.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._caller = Caller(("127.0.0.1", route.port), "127.0.0.11", keep=True)
        self._number = 0

    def get(self, target: str, *fields: tuple[str, str]) -> Answer:
        """
        @return: what came.
        """
        self._number += 1
        numbered = (("X-Order", str(self._number)), *fields)
        order = Order(self._number, "visit", "GET", target, numbered)
        (answer,) = self._caller.call([order])
        return answer

    def codes(self, target: str) -> list[int]:
        """
        @return: what the tree has answered there so far.
        """
        # The log is written once in a while.
        time.sleep(0.4)
        pattern = rf'"GET {re.escape(target)}" ([0-9]+)'
        return list(map(int, re.findall(pattern, self._route.tree.process.written())))


def fresh(visitor: Visitor) -> bool:
    """
    What is fresh is asked for once.
    """
    both = [visitor.get("/kept/a/5000").content for _ in range(2)]
    return both == [octets("a", 5000)] * 2 and visitor.codes("/kept/a/5000") == [200]


def validated(visitor: Visitor) -> bool:
    """
    What was fresh is validated, and found to be the same.
    """
    target = "/stale/b/5000"
    first = visitor.get(target)
    # Caches may go on with what is stale while they look.
    for _ in range(4):
        time.sleep(1.3)
        again = visitor.get(target)
        if again.code != 200 or again.content != first.content:
            return False
    codes = visitor.codes(target)
    return codes[0] == 200 and len(codes) > 1 and set(codes[1:]) == {304}


def forgotten(visitor: Visitor) -> bool:
    """
    C{no-store} is asked for each time.
    """
    seen = [visitor.get("/echo/seen") for _ in range(2)]
    return [answer.values("x-order") for answer in seen] != [["1"]] * 2 and (
        visitor.codes("/echo/seen") == [200, 200]
    )


def languages(visitor: Visitor) -> bool:
    """
    What varies with a field is kept for each value of it.
    """
    for _ in range(2):
        for language in ("en", "de"):
            answer = visitor.get("/languages/3000", ("Accept-Language", language))
            if answer.content != octets(language, 3000):
                return False
    return visitor.codes("/languages/3000") == [200, 200]


def codings(visitor: Visitor) -> bool:
    """
    Nobody gets a coding that he can't read; each has its own entity tag.
    """
    plain, tags = words(5000).encode(), set()
    for _ in range(2):
        for like in ("identity", "gzip"):
            answer = visitor.get("/kepttext/5000", ("Accept-Encoding", like))
            coded = answer.values("content-encoding")
            if like == "identity" and (coded or answer.content != plain):
                return False
            tags.add((tuple(coded), *answer.values("etag")))
    return len(tags) == 2


def known(visitor: Visitor) -> bool:
    """
    Who has it already gets 304, from the cache.
    """
    target = "/kept/c/5000"
    (tag,) = visitor.get(target).values("etag")
    again = visitor.get(target, ("If-None-Match", tag))
    other = visitor.get(target, ("If-None-Match", '"other"'))
    return (again.code, other.code) == (304, 200) and visitor.codes(target) == [200]


def parts(visitor: Visitor) -> bool:
    """
    A part of what is kept is that part.
    """
    target = "/kept/d/5000"
    visitor.get(target)
    part = visitor.get(target, ("Range", "bytes=1000-1999"))
    return part.code == 206 and part.content == octets("d", 5000)[1000:2000]


async def _slowly(reactor: Any) -> AsyncIterator[bytes]:
    for _ in range(10):
        await deferLater(reactor, 0.1)
        yield b"slowly"


async def timedOut(caller: OurCaller) -> bool:
    """
    Content that comes too slowly is answered with 408, in the middle of it; the
    next request isn't.
    """
    sending = _slowly(caller.reactor)
    slow = await caller.requester.request("PUT", "/echo/slow", None, sending)
    await slow.read()
    quick = await caller.requester.request("GET", "/kept/a/100")
    return (slow.code, await quick.read()) == (408, octets("a", 100))


async def unasked(caller: OurCaller) -> bool:
    """
    A 408 on a connection that was never used answers nothing.
    """
    given = caller.requester.request("GET", "/kept/a/100")
    given.addErrback(lambda failure: None)
    given.cancel()
    await deferLater(caller.reactor, 1.0)
    quick = await caller.requester.request("GET", "/kept/a/100")
    return bool(quick.code == 200 and await quick.read() == octets("a", 100))


IMPATIENT = (timedOut, unasked)


def isRight(scene: Callable[[OurCaller], Any]) -> bool:
    """
    Play a scene between penstock's client and a server that won't wait.
    """
    found: list[bool] = []

    async def play() -> None:
        found.append(await scene(caller))

    with started("haproxy-impatient") as route:
        caller = OurCaller(route.port, 1)
        caller.work(play)
    return found == [True]


SCENES: tuple[Callable[[Visitor], bool], ...] = (
    fresh,
    validated,
    forgotten,
    languages,
    codings,
    known,
    parts,
)


def main() -> None:
    """
    Play all of them.
    """
    bad = 0
    for name in STREAMING:
        problem = isPrompt(name)
        bad += bool(problem)
        print(f"events, {name or 'nothing between'}: {problem or 'at once'}")
    for scene in IMPATIENT:
        isGood = isRight(scene)
        bad += not isGood
        print(f"haproxy-impatient, {scene.__name__}: {'good' if isGood else 'WRONG'}")
    for name in CACHES:
        with started(name) as route:
            for look in SCENES:
                isGood = look(Visitor(route))
                bad += not isGood
                print(f"{name}, {look.__name__}: {'good' if isGood else 'WRONG'}")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
