"""
What comes before and behind a response, over each transport.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from penstock.core.errors import InvalidField, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from ..core.fakes import Wire, ask

STYLE = ("link", "</style.css>; rel=preload; as=style")
SCRIPT = ("link", "</site.js>; rel=preload; as=script")


class Page(Resource):
    """
    A page that takes its time.
    """

    def render_GET(self, request: Request) -> Response:
        request.writeEarlyHints([STYLE])
        request.writeEarlyHints(Headers([STYLE, SCRIPT]))
        return Response.html("<p>", headers=[STYLE, SCRIPT])


def test_earlyHints(way: Any) -> None:
    """
    Hints come before the response, as often as they are given.
    """
    answer = way.ask(Page())
    assert answer.code == 200
    hints = [(code, list(headers.getRaw("link"))) for code, headers in answer[4]]
    style, script = STYLE[1].encode(), SCRIPT[1].encode()
    assert hints == [(103, [style]), (103, [style, script])]
    assert answer.headers.getRaw("link") == (style, script)


@pytest.mark.everywhere
def test_notAfterTheAnswer() -> None:
    """
    Once the response has begun it is too late.
    """

    class Late(Resource):
        def render_GET(self, request: Request) -> None:
            request.write(b"x")
            with pytest.raises(LocalProtocolError):
                request.writeEarlyHints([STYLE])
            request.finish()

    wire, _ = ask(Site(Late()))
    assert (wire.code, wire.ended, wire.intermediate) == (200, True, [])


@pytest.mark.everywhere
def test_nothingGetsIn() -> None:
    """
    F1: control characters raise where they are given.
    """

    class Bad(Resource):
        def render_GET(self, request: Request) -> bytes:
            with pytest.raises(InvalidField):
                request.writeEarlyHints([("link", "a\r\nb: c")])
            return b""

    wire, _ = ask(Site(Bad()))
    assert (wire.code, wire.intermediate) == (200, [])


async def blocks() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


class Trailing(Resource):
    """
    Says at the end what it couldn't know before.
    """

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body

    def render_GET(self, request: Request) -> Response:
        headers = [("trailer", "server-timing")]
        trailers = Headers([("server-timing", "made;dur=1.5")])
        return Response(self.body(), 200, headers, trailers)


@pytest.mark.parametrize("body", [blocks, lambda: iter([b"one", b"two"])])
def test_trailers(way: Any, body: Any) -> None:
    """
    Trailers come behind content of unknown length.
    """
    answer = way.ask(Trailing(body))
    assert answer.body == b"onetwo"
    assert answer.trailers.get("server-timing") == b"made;dur=1.5"


@pytest.mark.parametrize(
    "trailers", [{"x-a": "1"}, [("x-a", "1")], Headers([("x-a", "1")])], ids=repr
)
def test_givenTrailers(way: Any, trailers: Any) -> None:
    """
    They are given as fields are.
    """

    class Given(Resource):
        def render_GET(self, request: Request) -> Response:
            return Response(blocks(), trailers=trailers)

    answer = way.ask(Given())
    assert answer.trailers.get("x-a") == b"1"
    assert answer.headers.get("trailer") is not None


def test_noRoomForTrailers(way: Any) -> None:
    """
    Where the length is known there is no room for them.
    """
    answer = way.ask(Trailing(lambda: b"onetwo"))
    assert (answer.body, answer.trailers) == (b"onetwo", None)


class Declared(Resource):
    """
    Knows how long it will be, although it comes in pieces.
    """

    def render_GET(self, request: Request) -> Response:
        return Response(
            blocks(),
            headers=[("content-length", "6")],
            trailers=Headers([("server-timing", "made;dur=1.5")]),
        )


@pytest.mark.everywhere
def test_noneAnnounced() -> None:
    """
    Trailers that there is no room for aren't announced, either.
    """
    wire = ask(Site(Declared()))[0]
    assert (wire.body, wire.trailers) == (b"onetwo", None)
    assert "trailer" not in wire.headers


@pytest.mark.everywhere
def test_trailersOfHEAD() -> None:
    """
    There are none behind what isn't sent.
    """
    wire: Wire = ask(Site(Trailing(blocks)), b"HEAD")[0]
    assert (wire.ended, wire.trailers) == (True, None)
