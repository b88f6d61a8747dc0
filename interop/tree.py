"""
What is served behind the proxies: a tree whose answers say what it was asked,
or can be worked out beforehand.

Its answers depend on the request and on nothing else, so that the same tree in
memory says what must come through a proxy.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

from twisted.internet.task import deferLater

from penstock.core.content import Buffer, Discard, Stream
from penstock.core.errors import HTTPError
from penstock.core.events import Event, EventStream
from penstock.core.headers import Headers
from penstock.core.resource import Resource, Wrapper
from penstock.core.response import Response
from penstock.resources.compressed import Compressed
from penstock.resources.file import File

MODIFIED = "Wed, 01 May 2024 10:00:00 GMT"

# Octets that Limited takes.
LIMIT = 64 * 1024


@lru_cache(64)
def octets(name: str, size: int) -> bytes:
    """
    @return: always the same C{size} octets for C{name}.
    """
    return random.Random(f"{name} {size}").randbytes(size)


def words(size: int) -> str:
    """
    @return: text that can be compressed.
    """
    chance = random.Random(size)
    text = ""
    while len(text) < size:
        text += (
            " ".join(chance.choices(("gate", "wheel", "water", "hose"), k=12)) + "\n"
        )
    return text[:size]


def number(text: str, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > most:
        raise HTTPError(404)
    return int(text)


def pairs(headers: Headers | None) -> list[list[str]] | None:
    if headers is None:
        return None
    return [
        [name.decode("latin-1"), value.decode("latin-1")] for name, value in headers
    ]


class Numbered(Wrapper):
    """
    Gives each response the number that its request has.
    """

    def before(self, request: Any) -> Any:
        asked = request.in_headers.get(b"x-order")
        if asked is not None:
            request.addFilter(
                lambda request, headers, body: headers.setRaw(b"x-order", asked) or body
            )
        return self.wrapped


class Echo(Resource):
    """
    Says what it was asked, whatever the method.
    """

    isLeaf = True

    def contentPolicy(self, request: Any) -> Any:
        return Discard() if request.method == b"TRACE" else Stream()

    async def render_POST(self, request: Any) -> Response:
        digest = hashlib.sha256()
        size = 0
        trailers = None
        if request.method != b"TRACE":
            async for block in request.content:
                digest.update(block)
                size += len(block)
            trailers = request.content.trailers
        target = request.target
        seen = {
            "method": request.method.decode("latin-1"),
            "path": target.path.decode("latin-1"),
            "query": None if target.query is None else target.query.decode("latin-1"),
            "host": request.host.decode("latin-1"),
            "segments": target.segments,
            "peer": getattr(request.connectionInfo.peer, "host", None),
            "secure": request.connectionInfo.secure,
            "size": size,
            "digest": digest.hexdigest(),
            "trailers": pairs(trailers),
            "fields": pairs(request.in_headers),
        }
        text = json.dumps(seen).encode("ascii")
        # By itself, as that is how it comes: neither changed nor kept.
        fields = [("content-type", "application/json"), ("cache-control", "no-store")]
        return Response(text, headers=fields)

    render_GET = render_PUT = render_PATCH = render_DELETE = render_POST
    render_PROPFIND = render_TRACE = render_OPTIONS = render_POST


class Octets(Resource):
    """
    C{/NAME/SIZE}: octets with validators.
    """

    isLeaf = True
    policy = Discard()

    def __init__(self, weak: bool = False, fields: Any = ()) -> None:
        super().__init__()
        self.prefix = "W/" if weak else ""
        self.fields = tuple(fields)

    def _find(self, request: Any) -> tuple[bytes, list[tuple[str, str]]]:
        if len(request.postpath) != 2:
            raise HTTPError(404)
        name, size = request.postpath
        content = octets(name, number(size, 8 << 20))
        return content, [
            ("etag", f'{self.prefix}"{name}-{size}"'),
            ("last-modified", MODIFIED),
            ("accept-ranges", "bytes"),
            *self.fields,
        ]

    def render_GET(self, request: Any) -> Response:
        content, fields = self._find(request)
        return Response(content, headers=fields)

    def render_PUT(self, request: Any) -> Response | None:
        """
        Changes nothing, but only under the conditions that are asked for.
        """
        _, fields = self._find(request)
        for name, value in fields:
            request.out_headers.setRaw(name, value)
        return Response(code=204) if request.checkPreconditions() else None

    render_DELETE = render_PUT


class Pieces(Resource):
    """
    C{/COUNT/SIZE}: content whose length isn't known beforehand.
    """

    isLeaf = True

    def __init__(self, clock: Any = None, trailers: bool = False) -> None:
        """
        @param clock: to wait 10 ms after each piece.
        @param trailers: whether to send the digest behind it.
        """
        super().__init__()
        self.clock = clock
        self.trailers = trailers

    def render_GET(self, request: Any) -> Response:
        if len(request.postpath) != 2:
            raise HTTPError(404)
        count, size = (number(text, 1 << 20) for text in request.postpath)
        fields = [("etag", f'"{count}-{size}"')]
        if self.trailers:
            digest = hashlib.sha256(b"".join(self._now(count, size))).hexdigest()
            return Response(
                self._now(count, size),
                headers=[*fields, ("trailer", "x-digest")],
                trailers=Headers([("x-digest", digest), ("x-count", str(count))]),
            )
        if self.clock is None:
            return Response(self._now(count, size), headers=fields)
        return Response(self._slowly(count, size), headers=fields)

    def _now(self, count: int, size: int) -> Iterator[bytes]:
        for place in range(count):
            yield octets(f"piece {place}", size)

    async def _slowly(self, count: int, size: int) -> AsyncIterator[bytes]:
        for block in self._now(count, size):
            yield block
            await deferLater(self.clock, 0.01)


class Later(Resource):
    """
    C{/MILLISECONDS}: an answer that takes its time.
    """

    isLeaf = True

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock = clock

    async def render_GET(self, request: Any) -> str:
        delay = number("".join(request.postpath), 1000)
        await deferLater(self.clock, delay / 1000)
        return f"after {delay} ms"


class Events(Resource):
    """
    C{/COUNT/MILLISECONDS}: so many events, with so much time between two.
    """

    isLeaf = True

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock = clock

    def render_GET(self, request: Any) -> Response:
        if len(request.postpath) != 2:
            raise HTTPError(404)
        count, delay = (number(text, 1000) for text in request.postpath)
        return EventStream(self._events(count, delay / 1000), self.clock).response()

    async def _events(self, count: int, delay: float) -> AsyncIterator[Event]:
        for place in range(count):
            yield Event(f"event {place}", id=str(place))
            await deferLater(self.clock, delay)


class Status(Resource):
    """
    C{/CODE}: an answer with that code, which says so in its content where it
    may have some.
    """

    isLeaf = True

    def render_GET(self, request: Any) -> Response:
        code = number("".join(request.postpath), 599)
        if code in (204, 205):
            return Response(code=code)
        fields = [("www-authenticate", 'Basic realm="there"')] if code == 401 else []
        return Response(f"This is {code}.\n", code, fields)

    render_POST = render_PUT = render_DELETE = render_GET


class Elsewhere(Resource):
    """
    C{/CODE}: a redirect.
    """

    isLeaf = True

    def render_GET(self, request: Any) -> Response:
        code = number("".join(request.postpath), 308)
        to = request.args.get("to", ["../echo/found"])[0]
        return Response.redirect(to, code)

    render_POST = render_GET


class Many(Resource):
    """
    C{/COUNT}: a response with so many fields, some of one name.
    """

    isLeaf = True

    def render_GET(self, request: Any) -> Response:
        count = number("".join(request.postpath), 90)
        fields = [
            (f"x-field-{place}", "value " * (place % 7)) for place in range(count)
        ]
        fields += [("set-cookie", f"c{place}=v; Path=/") for place in range(3)]
        fields += [("x-same", "one"), ("x-same", "two, three"), ("x-empty", "")]
        return Response(
            "many\n", headers=[(name, value.rstrip()) for name, value in fields]
        )


class Hinted(Resource):
    """
    An answer that announces itself.
    """

    def render_GET(self, request: Any) -> Response:
        request.writeEarlyHints([("link", "</style.css>; rel=preload; as=style")])
        return Response("hinted\n")


class Limited(Resource):
    """
    Takes content up to a limit, and gives it back.
    """

    policy = Buffer(limit=LIMIT)

    def render_PUT(self, request: Any) -> Response:
        return Response(request.body)

    render_POST = render_PUT


class Refused(Resource):
    """
    Takes nothing, and says so before it comes.
    """

    policy = Stream()

    def contentPolicy(self, request: Any) -> Any:
        if request.method != b"GET":
            raise HTTPError(403, "Nobody may put anything here.")
        return super().contentPolicy(request)

    def render_GET(self, request: Any) -> bytes:
        return b"nothing is taken here"

    def render_PUT(self, request: Any) -> None:
        raise HTTPError(403)

    render_POST = render_PUT


class Text(Resource):
    """
    C{/SIZE}: text that can be compressed.
    """

    isLeaf = True

    def __init__(self, fields: Any = ()) -> None:
        super().__init__()
        self.fields = tuple(fields)

    def render_GET(self, request: Any) -> Response:
        size = number("".join(request.postpath), 1 << 20)
        return Response(
            words(size),
            headers=[
                ("content-type", "text/plain; charset=utf-8"),
                ("etag", f'"text-{size}"'),
                *self.fields,
            ],
        )


class Plain(Resource):
    """
    What is answered in the shortest way there is.
    """

    def render_GET(self, request: Any) -> bytes:
        return b"Hello, world!"


class Languages(Resource):
    """
    C{/SIZE}: the same in several languages, to be kept for a while.
    """

    isLeaf = True

    def render_GET(self, request: Any) -> Response:
        size = number("".join(request.postpath), 1 << 20)
        language = (request.in_headers.get(b"accept-language") or b"en").decode(
            "latin-1"
        )
        return Response(
            octets(language, size),
            headers=[
                ("vary", "accept-language"),
                ("cache-control", "max-age=60"),
                ("etag", f'"{hashlib.md5(language.encode()).hexdigest()}-{size}"'),
            ],
        )


def tree(clock: Any, files: str) -> Any:
    """
    @param clock: L{twisted.internet.interfaces.IReactorTime}.
    @param files: a folder.
    """
    root = Resource()
    kept = [("cache-control", "max-age=60")]
    for name, child in (
        ("", Plain()),
        ("echo", Echo()),
        ("files", File(files)),
        ("data", Octets()),
        ("weak", Octets(weak=True)),
        ("kept", Octets(fields=kept)),
        ("stale", Octets(fields=[("cache-control", "max-age=1")])),
        ("pieces", Pieces()),
        ("slow", Pieces(clock)),
        ("trailers", Pieces(trailers=True)),
        ("later", Later(clock)),
        ("events", Events(clock)),
        ("status", Status()),
        ("elsewhere", Elsewhere()),
        ("many", Many()),
        ("hinted", Hinted()),
        ("limited", Limited()),
        ("refused", Refused()),
        ("text", Compressed(Text())),
        ("kepttext", Compressed(Text(kept))),
        ("languages", Languages()),
    ):
        root.putChild(name, child)
    return Numbered(root)


def root() -> Any:
    """
    Called by C{penstock serve}.
    """
    from twisted.internet import reactor

    return tree(reactor, os.environ["INTEROP_FILES"])
