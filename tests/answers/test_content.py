"""
Content that resources read, over each transport.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from penstock.core.codings import CODINGS, MEMBER, MEMBERS
from penstock.core.content import Buffer
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

    def render_POST(self, request: Any) -> Response:
        return Response.json(self.read(request))


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
        (0, MEMBERS, 200),
        (0, MEMBERS * 40, 400),
        (1, MEMBERS * 40, 400),
        (2 * MEMBER, MEMBERS * 2, 200),
    ],
    ids=["some", "many empty", "many small", "many"],
)
def test_members(way: Any, coding: str, size: int, number: int, code: int) -> None:
    """
    Content may consist of several, but not of any number that are next to
    nothing: each costs time.
    """
    root = Echo(lambda request: len(request.body), decode=True)
    # What doesn't get smaller.
    member = encoded(coding, bytes(at * at * at % 251 for at in range(size)))
    fields = [("content-encoding", coding)]
    answer = way.ask(root, "POST", "/", fields, member * number)
    assert answer.code == code
    if code == 200:
        assert answer.body == b"%d" % (size * number)
