"""
How a site takes content.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.content import Buffer, Discard, Form, Stream
from penstock.core.errors import LimitExceeded, PeerGone
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import ask, gone


class Taking(Resource):
    """
    Echoes content under a policy.
    """

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    async def render_POST(self, request: Request) -> Any:
        if isinstance(self.policy, Stream):
            return await request.content.read()
        if isinstance(self.policy, Form):
            return Response.json(request.form)
        return request.body


EXPECT = [(b"expect", b"100-continue")]


def test_buffer() -> None:
    """
    Buffered content is whole when it is rendered, and is asked for at once.
    """
    wire, request = ask(
        Site(Taking(Buffer())), b"POST", headers=EXPECT, body=None, length=4
    )
    assert wire.intermediate == [100]
    wire.contentReceived(b"ab")
    wire.contentReceived(b"cd")
    assert wire.events == [100]
    wire.contentEnded()
    assert (wire.code, wire.body) == (200, b"abcd")


@pytest.mark.everywhere
def test_stream() -> None:
    """
    A stream is rendered at once, and its content asked for when it is read.
    """
    begin: Deferred[None] = Deferred()
    got: list[bytes] = []

    class Upload(Resource):
        policy = Stream()

        async def render_PUT(self, request: Request) -> Any:
            await begin
            async for chunk in request.content:
                got.append(chunk)
            return b"done"

    wire, request = ask(Site(Upload()), b"PUT", headers=EXPECT, body=None, length=None)
    assert wire.intermediate == []
    begin.callback(None)
    assert wire.intermediate == [100]
    wire.contentReceived(b"ab")
    assert got == [b"ab"]
    wire.contentReceived(b"cd")
    wire.contentEnded()
    assert got == [b"ab", b"cd"]
    assert wire.body == b"done"


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(3), Stream(3), Discard(), Form(3)])
def test_noContentNo100(policy: Any) -> None:
    """
    Refusing never sends 100.
    """
    fields = [*EXPECT, (b"content-type", b"application/x-www-form-urlencoded")]
    wire, _ = ask(Site(Taking(policy)), b"POST", headers=fields, body=None, length=4)
    assert wire.intermediate == []
    assert wire.code == (200 if isinstance(policy, Discard) else 413)
    assert wire.ended


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(3), Stream(3)])
def test_tooLongUnannounced(policy: Any) -> None:
    """
    Content that turns out too long is refused when it does.
    """
    wire, _ = ask(Site(Taking(policy)), b"POST", body=None, length=None)
    wire.contentReceived(b"abc")
    assert not wire.ended
    wire.contentReceived(b"d")
    assert wire.code == 413
    assert wire.ended


@pytest.mark.everywhere
def test_form() -> None:
    """
    A form's fields are decoded.
    """
    wire, _ = ask(
        Site(Taking(Form())),
        b"POST",
        headers=[(b"content-type", b"application/x-www-form-urlencoded")],
        body=b"a=1&b=%C3%A4&a=2&c=",
    )
    assert wire.body == '{"a": ["1", "2"], "b": ["ä"], "c": [""]}'.encode()


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("type", "body", "code"),
    [
        (b"text/plain", b"a=1", 415),
        (b"nonsense", b"a=1", 415),
        (b"application/x-www-form-urlencoded", b"a=%ff", 400),
        (b"application/x-www-form-urlencoded", b"a=\xff", 400),
        (b"application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1001), 413),
    ],
)
def test_badForm(type: bytes, body: bytes, code: int) -> None:
    """
    What isn't a form is refused.
    """
    wire, _ = ask(
        Site(Taking(Form())), b"POST", headers=[(b"content-type", type)], body=body
    )
    assert wire.code == code


@pytest.mark.everywhere
def test_unwantedContentIsDropped() -> None:
    """
    A GET's content, and that for a method which isn't allowed, is never read.
    """
    for method, code in [(b"GET", 405), (b"PUT", 405)]:
        wire, request = ask(Site(Taking(Buffer())), method, body=b"xyz")
        assert wire.code == code
        assert request.body == b""


def test_slowReaderPauses() -> None:
    """
    Content that nobody reads pauses the transport, and reading resumes it.
    """

    class Slow(Resource):
        policy = Stream()

        def render_PUT(self, request: Request) -> None:
            pass

    wire, request = ask(Site(Slow()), b"PUT", body=None, length=None)
    for _ in range(4):
        wire.contentReceived(b"x" * 32768)
    assert wire.paused
    assert wire.held == 2 * 32768
    got = [request.content.next().result for _ in range(4)]
    assert b"".join(got) == b"x" * 4 * 32768
    assert not wire.paused


@pytest.mark.parametrize("policy", [Buffer(), Stream(), Form()])
def test_disconnectInContent(policy: Any, loggedErrors: Any) -> None:
    """
    Truncated content is never rendered as if it were whole.
    """
    wire, request = ask(
        Site(Taking(policy)),
        b"POST",
        headers=[(b"content-type", b"application/x-www-form-urlencoded")],
        body=None,
        length=10,
    )
    wire.contentReceived(b"abc")
    wire.lose(gone())
    assert request.disconnected
    assert wire.code == 0
    assert loggedErrors.events == []


def test_contentLost() -> None:
    """
    Who reads a stream is told why it ends.
    """
    told: list[Any] = []

    class Upload(Resource):
        policy = Stream()
        cancelOnDisconnect = False

        async def render_PUT(self, request: Request) -> Any:
            try:
                await request.content.read()
            except PeerGone as problem:
                told.append(problem)
            return b""

    wire, _ = ask(Site(Upload()), b"PUT", body=None, length=None)
    wire.lose(gone())
    assert len(told) == 1


@pytest.mark.everywhere
def test_readLimit() -> None:
    """
    read() has a limit of its own.
    """

    class Upload(Resource):
        policy = Stream()

        async def render_PUT(self, request: Request) -> Any:
            try:
                return await request.content.read(2)
            except LimitExceeded:
                return b"too long"

    wire, _ = ask(Site(Upload()), b"PUT", body=b"abc")
    assert wire.body == b"too long"
