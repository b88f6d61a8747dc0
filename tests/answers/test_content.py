"""
Content that resources read, over each transport.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Final

import pytest

from penstock.core.codings import CODINGS, FRAME, FRAMES
from penstock.core.content import Buffer, Stream
from penstock.core.resource import Resource
from penstock.core.response import Response

JSON: Final = ("content-type", "application/json")


class Echo(Resource):
    """
    Answers with what it was sent.
    """

    def __init__(self, read: Callable[[Any], Any], decode: bool = False) -> None:
        super().__init__()
        self.read = read
        self.policy = Buffer(decode=decode)

    async def render_POST(self, request: Any) -> Response:
        read = self.read(request)
        return Response.json(await read if isawaitable(read) else read)


def json(request: Any) -> Any:
    return request.json()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"1e999", 400),
        (b"[-1e999]", 400),
        (b'{"a": 1E+400}', 400),
        (b"NaN", 400),
        (b"-Infinity", 400),
        (b"1" * 5000, 400),
        (b"[" * 100_000, 400),
        (b"", 400),
        (b"\xff\xfe1\0", 400),
        (b"1.7976931348623157e+308", 200),
        (b"[0.1, -1e-05, 1e-999]", 200),
        (b'"\\ud800"', 200),
        (b'{"\\udc00": ["\\u00e4"]}', 200),
    ],
    ids=repr,
)
def test_json(way: Any, content: bytes, code: int) -> None:
    """
    Whatever is taken for JSON can be answered with; the rest is the client's
    mistake.
    """
    answer = way.ask(Echo(json), "POST", "/", [JSON], content)
    assert answer.code == code
    if code == 200:
        assert answer.body == content.replace(b"1e-999", b"0.0")


def encoded(coding: str, data: bytes) -> bytes:
    encoder = CODINGS[coding].encoder()
    return encoder.feed(data) + encoder.finish()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("framed", [False, True], ids=["length", "no length"])
def test_nothingCoded(way: Any, coding: str, framed: bool) -> None:
    """
    Of no content, no coding can be taken off, whether its length is known
    beforehand or not.
    """
    root = Echo(lambda request: request.text(), decode=True)
    fields = [("content-encoding", coding)]
    body = iter(()) if framed else b""
    answer = way.ask(root, "POST", "/", fields, body)
    assert (answer.code, answer.body) == (200, b'""')


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize(
    ("size", "number", "code"),
    [
        (0, FRAMES, 200),
        (0, FRAMES * 40, 400),
        (1, FRAMES * 40, 400),
        (2 * FRAME, FRAMES * 2, 200),
    ],
    ids=["some", "many empty", "many small", "many"],
)
def test_members(way: Any, coding: str, size: int, number: int, code: int) -> None:
    """
    Content may consist of several.  Frames of zstd can't be of any number that
    are next to nothing: each costs time.
    """
    root = Echo(lambda request: len(request.body), decode=True)
    # What doesn't get smaller.
    member = encoded(coding, bytes(at * at * at % 251 for at in range(size)))
    fields = [("content-encoding", coding)]
    answer = way.ask(root, "POST", "/", fields, member * number)
    if coding == "gzip" or code == 200:
        assert (answer.code, answer.body) == (200, b"%d" % (size * number))
    else:
        assert answer.code == code


GZIP: Final = encoded("gzip", b"abc")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encoded("gzip", GZIP), 200),
        (b"nonsense", 400),
        (encoded("gzip", b"nonsense"), 400),
        (encoded("gzip", GZIP)[:-1], 400),
        (encoded("gzip", GZIP[:-1]), 400),
        (encoded("gzip", GZIP) + b"more", 400),
    ],
    ids=["whole", "outside", "inside", "cut outside", "cut inside", "more"],
)
@pytest.mark.parametrize("policy", [Buffer, Stream])
def test_twoCodings(way: Any, policy: Any, content: bytes, code: int) -> None:
    """
    What is wrong with either of two codings is told.
    """
    root = Echo(lambda request: request.readText())
    root.policy = policy(1000, decode=True)
    answer = way.ask(root, "POST", "/", [("content-encoding", "gzip, gzip")], content)
    assert answer.code == code


# Members that expand to nothing, however long they are.
NOTHING: Final = {
    "gzip": b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"x" * 200_000 + b"\0\x03" + b"\0" * 9,
    "zstd": b"\x50\x2a\x4d\x18\x40\x0d\x03\0" + b"x" * 200_000,
}


@pytest.mark.parametrize("coding", NOTHING)
@pytest.mark.parametrize("framed", [False, True], ids=["length", "no length"])
@pytest.mark.parametrize("limit", [100_000, 300_000])
@pytest.mark.parametrize("policy", [Buffer, Stream])
def test_limitOfWhatComes(
    way: Any, policy: Any, coding: str, framed: bool, limit: int
) -> None:
    """
    The limit holds for what comes, too, whatever it expands to.
    """
    root = Echo(lambda request: request.readText())
    root.policy = policy(limit, decode=True)
    content = NOTHING[coding]
    body = iter([content[:60_000], content[60_000:]]) if framed else content
    answer = way.ask(root, "POST", "/", [("content-encoding", coding)], body)
    assert answer.code == (413 if limit < len(content) else 200)


@pytest.mark.parametrize("coding", NOTHING)
def test_limitInside(way: Any, coding: str) -> None:
    """
    It holds between two codings, too.
    """
    root = Echo(lambda request: request.text())
    root.policy = Buffer(100_000, decode=True)
    content = encoded("gzip", NOTHING[coding])
    assert len(content) < 1000
    fields = [("content-encoding", f"{coding}, gzip")]
    assert way.ask(root, "POST", "/", fields, content).code == 413
