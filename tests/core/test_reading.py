"""
Tests for what is read of a request: L{penstock.core.reading},
L{penstock.core.decoding}, L{penstock.core.codings},
L{penstock.core.charsets} and L{penstock.core.jsontext}.
"""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.charsets import decodeText
from penstock.core.codings import CODINGS
from penstock.core.content import Buffer, Form, Parts, Stream
from penstock.core.errors import MalformedContent, PeerGone
from penstock.core.jsontext import parseJSON
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import Wire, ask, gone

BOMB = 10_000_000


def encoded(coding: str, data: bytes) -> bytes:
    encoder = CODINGS[coding].encoder()
    return encoder.feed(data) + encoder.finish()


class Taking(Resource):
    """
    Answers what it has read.
    """

    def __init__(self, policy: Any, what: str = "body") -> None:
        super().__init__()
        self.policy = policy
        self.what = what

    async def render_POST(self, request: Request) -> Any:
        if self.what == "text":
            if isinstance(self.policy, Buffer):
                assert request.text() == await request.readText()
            return await request.readText()
        if self.what == "json":
            if isinstance(self.policy, Buffer):
                assert request.json() == await request.readJSON()
            return Response.json(await request.readJSON())
        if isinstance(self.policy, Parts):
            found = [(part.name, await part.text()) async for part in request.parts]
            return Response.json(found)
        if isinstance(self.policy, Form):
            return Response.json(request.form)
        if isinstance(self.policy, Stream):
            return b"".join([block async for block in request.content])
        return request.body


def post(
    resource: Any, body: bytes, fields: Any = (), size: int = 1 << 20, length: Any = -1
) -> Wire:
    if length == -1:
        length = len(body)
    wire, _ = ask(Site(resource), b"POST", headers=fields, body=None, length=length)
    for at in range(0, len(body), size):
        if wire.ended:
            break
        wire.contentReceived(body[at : at + size])
    if not wire.ended:
        wire.contentEnded()
    return wire


# Text


TEXTS: dict[str, tuple[bytes, bytes | None, Any]] = {
    "no type": (b"", "ä".encode(), "ä"),
    "no charset": (b"text/plain", "ä".encode(), "ä"),
    "mark": (b"text/plain", b"\xef\xbb\xbfa", "a"),
    "latin-1": (b"text/plain; charset=ISO-8859-1", b"\xe4", "ä"),
    "in quotes": (b'text/plain; charset="utf-8"', "ä".encode(), "ä"),
    "windows": (b"text/plain; charset=windows-1252", b"\x80", "€"),
    "utf-16": (b"text/plain; charset=utf-16", "\ufeffä".encode("utf-16-le"), "ä"),
    "japanese": (b"text/plain; charset=Shift_JIS", b"\x82\xa0", "あ"),
    "type that isn't one": (b"nonsense", b"a", "a"),
    "empty": (b"text/plain", b"", ""),
    "not UTF-8": (b"text/plain", b"\xff", 400),
    "surrogates": (b"text/plain", b"\xed\xa0\x80", 400),
    "not ASCII": (b"text/plain; charset=us-ascii", b"\xff", 400),
    "unknown": (b"text/plain; charset=klingon", b"a", 415),
    "no charset of the web": (b"text/plain; charset=utf-7", b"a", 415),
    "no charset at all": (b"text/plain; charset=zlib", b"a", 415),
    "quadratic": (b"text/plain; charset=idna", b"a" * 1000, 415),
    "long": (b"text/plain; charset=" + b"x" * 5000, b"a", 415),
}


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
@pytest.mark.parametrize(("kind", "body", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_text(policy: Any, kind: bytes, body: bytes, expected: Any) -> None:
    """
    Text is decoded by its charset, or refused.
    """
    wire = post(Taking(policy, "text"), body, [(b"content-type", kind)] if kind else [])
    if isinstance(expected, int):
        assert wire.code == expected
    else:
        assert (wire.code, wire.body.decode()) == (200, expected)


def test_charsetsAreTexts() -> None:
    """
    Each of the charsets that are known decodes ASCII, or something as plain.
    """
    for name in ("utf-8", "iso-8859-15", "gb18030", "big5", "euc-kr", "koi8-r"):
        assert decodeText(b"abc", name) == "abc"


# JSON


JSON: dict[str, tuple[bytes, bytes, Any]] = {
    "object": (b"application/json", b'{"a": [1, 2.5, null]}', b'{"a": [1, 2.5, null]}'),
    "charset": (b"application/json; charset=utf-8", b"1", b"1"),
    "mark": (b"application/json", b"\xef\xbb\xbf1", b"1"),
    "suffix": (b"application/ld+json", b"[]", b"[]"),
    "scalar": (b"application/json", b'"a"', b'"a"'),
    "white space": (b"application/json", b" \r\n\t1 ", b"1"),
    "empty": (b"application/json", b"", 400),
    "half": (b"application/json", b'{"a": ', 400),
    "more": (b"application/json", b"1 2", 400),
    "NaN": (b"application/json", b"NaN", 400),
    "Infinity": (b"application/json", b"[-Infinity]", 400),
    "not UTF-8": (b"application/json", b'"\xff"', 400),
    "UTF-16": (b"application/json", '"a"'.encode("utf-16"), 400),
    "deep": (b"application/json", b"[" * 200_000, 400),
    "deep and whole": (b"application/json", b"[" * 100_000 + b"]" * 100_000, 400),
    "long number": (b"application/json", b"1" * 5000, 400),
    "text": (b"text/plain", b"1", 415),
    "no type": (b"", b"1", 415),
    "form": (b"application/x-www-form-urlencoded", b"1", 415),
}


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
@pytest.mark.parametrize(("kind", "body", "expected"), JSON.values(), ids=JSON.keys())
def test_json(policy: Any, kind: bytes, body: bytes, expected: Any) -> None:
    """
    JSON is parsed, or refused.
    """
    wire = post(Taking(policy, "json"), body, [(b"content-type", kind)] if kind else [])
    if isinstance(expected, int):
        assert wire.code == expected
    else:
        assert (wire.code, wire.body) == (200, expected)


@pytest.mark.everywhere
def test_readLimits() -> None:
    """
    What is read late has a limit of its own.
    """

    class Little(Resource):
        policy = Stream()

        async def render_POST(self, request: Request) -> str:
            return await request.readText(3)

    assert post(Little(), b"abc").body == b"abc"
    assert post(Little(), b"abcd").code == 413


@given(st.binary(max_size=50))
def test_jsonGarbage(data: bytes) -> None:
    """
    Anything at all is JSON or isn't.
    """
    try:
        parseJSON(data)
    except MalformedContent:
        pass


# Codings


POLICIES: dict[str, Any] = {
    "buffer": Buffer(decode=True),
    "stream": Stream(decode=True),
}

PLAIN = bytes(range(256)) * 1000
URL = b"application/x-www-form-urlencoded"


@pytest.mark.everywhere
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
@pytest.mark.parametrize("size", [1 << 20, 101, 1])
def test_decoded(coding: str, policy: Any, size: int) -> None:
    """
    Content comes as it was before it was coded, however it is cut.
    """
    body = encoded(coding, PLAIN)
    for length in (len(body), None):
        wire = post(Taking(policy), body, [(b"content-encoding", coding)], size, length)
        assert (wire.code, wire.body) == (200, PLAIN)


def test_allCodingsAreTested() -> None:
    """
    The extras are there.
    """
    assert list(CODINGS) == ["br", "zstd", "gzip", "deflate"]


GZIPPED = gzip.compress(b"hello")
CASES: dict[str, tuple[bytes, bytes, Any]] = {
    "identity": (b"identity", b"hello", b"hello"),
    "alias": (b"x-gzip", GZIPPED, b"hello"),
    "case": (b"GZip", GZIPPED, b"hello"),
    "two": (b"gzip, br", encoded("br", GZIPPED), b"hello"),
    "same twice": (b"gzip, gzip", gzip.compress(GZIPPED), b"hello"),
    "three": (b"gzip, br, gzip", gzip.compress(encoded("br", GZIPPED)), 415),
    "unknown": (b"compress", b"x", 415),
    "one unknown": (b"gzip, foo", GZIPPED, 415),
    "malformed field": (b"gz ip", GZIPPED, 400),
    "K3 not coded": (b"gzip", b"hello", 400),
    "K3 raw": (b"deflate", zlib.compressobj(wbits=-15).flush(), 400),
    "K3 members": (b"gzip", GZIPPED * 3, b"hello" * 3),
    "K3 empty members": (b"gzip", gzip.compress(b"") * 50 + GZIPPED, b"hello"),
    "K3 frames": (b"zstd", encoded("zstd", b"a") * 3, b"aaa"),
    "K3 garbage behind gzip": (b"gzip", GZIPPED + b"x", 400),
    "K3 garbage behind deflate": (b"deflate", zlib.compress(b"a") + b"x", 400),
    "K3 garbage behind br": (b"br", encoded("br", b"a") + b"x", 400),
    "K3 garbage behind zstd": (b"zstd", encoded("zstd", b"a") + b"x", 400),
    "K3 breaks off": (b"gzip", GZIPPED[:-1], 400),
    "K3 deflate breaks off": (b"deflate", zlib.compress(b"abc")[:-1], 400),
    "K3 br breaks off": (b"br", encoded("br", b"abc")[:-1], 400),
    "K3 zstd breaks off": (b"zstd", encoded("zstd", b"abc")[:-1], 400),
    "K3 wrong sum": (b"gzip", GZIPPED[:-8] + b"xxxx" + GZIPPED[-4:], 400),
    **{
        f"K3 {coding} bomb": (coding.encode(), encoded(coding, bytes(BOMB)), 413)
        for coding in CODINGS
    },
    "K3 bomb in a bomb": (
        b"gzip, gzip",
        gzip.compress(gzip.compress(bytes(BOMB * 5))),
        413,
    ),
}


@pytest.mark.everywhere
@pytest.mark.parametrize("kind", ["buffer", "stream"])
@pytest.mark.parametrize("size", [1 << 20, 7], ids=["whole", "cut"])
@pytest.mark.parametrize(
    ("coding", "body", "expected"), CASES.values(), ids=CASES.keys()
)
def test_codings(
    kind: str, size: int, coding: bytes, body: bytes, expected: Any
) -> None:
    """
    What isn't what it says, or is too much, is refused.
    """
    limit = 1 << 20
    policy = (
        Buffer(limit, decode=True) if kind == "buffer" else Stream(limit, decode=True)
    )
    wire = post(Taking(policy), body, [(b"content-encoding", coding)], size)
    assert wire.ended
    if isinstance(expected, int):
        assert wire.code == expected
        if expected == 415:
            accepted = wire.headers.get(b"accept-encoding")
            assert accepted == b"br, zstd, gzip, deflate"
    else:
        assert (wire.code, wire.body) == (200, expected)


@pytest.mark.everywhere
@pytest.mark.parametrize("coding", CODINGS)
def test_boundedMemory(coding: str) -> None:
    """
    A bomb never takes more than its limit, and a little.
    """
    body = encoded(coding, bytes(BOMB * 10))
    resource = Taking(Buffer(1 << 20, decode=True))
    tracemalloc.start()
    try:
        wire = post(resource, body, [(b"content-encoding", coding)])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert wire.code == 413
    assert peak < 3 << 20


@pytest.mark.parametrize("coding", CODINGS)
def test_slowReader(coding: str) -> None:
    """
    Nothing is expanded that nobody reads, and the client is held back.
    """
    got = 0

    class Slow(Resource):
        policy = Stream(decode=True)

        def render_POST(self, request: Request) -> None:
            pass

    wire, request = ask(
        Site(Slow()),
        b"POST",
        headers=[(b"content-encoding", coding)],
        body=None,
        length=None,
    )
    wire.contentReceived(encoded(coding, bytes(BOMB)))
    assert wire.paused
    assert request.content._size <= 256 * 1024
    wire.contentEnded()
    assert not request.content.complete
    ended = False
    while not ended:
        block = request.content.next().result
        ended = block is None
        got += len(block or b"")
        assert request.content._size <= 256 * 1024
    assert got == BOMB


@pytest.mark.everywhere
def test_rawUnlessAsked() -> None:
    """
    Without the wish, content comes as it was sent; text and JSON don't.
    """
    fields = [(b"content-encoding", b"gzip"), (b"content-type", b"application/json")]
    assert post(Taking(Buffer()), GZIPPED, fields).body == GZIPPED
    for what in ("text", "json"):
        wire = post(Taking(Buffer(), what), GZIPPED, fields)
        assert wire.code == 415
        assert wire.headers.get(b"accept-encoding") == b"identity"
    one = gzip.compress(b"1")
    assert post(Taking(Buffer(decode=True), "json"), one, fields).body == b"1"


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Form, Parts])
def test_forms(policy: Any) -> None:
    """
    A form is decoded if that is asked for, and refused otherwise.
    """
    fields = [(b"content-encoding", b"gzip"), (b"content-type", URL)]
    body = gzip.compress(b"a=1")
    wire = post(Taking(policy()), body, fields)
    assert (wire.code, wire.headers.get(b"accept-encoding")) == (415, b"identity")
    for size in (100, 1):
        wire = post(Taking(policy(decode=True)), body, fields, size)
        assert wire.code == 200
        assert b"1" in wire.body
    for bad, code in [(b"a=%ff", 400), (b"a=" + b"1" * 300_000, 413)]:
        wire = post(Taking(policy(decode=True)), gzip.compress(bad), fields)
        assert wire.code == code


@pytest.mark.everywhere
@pytest.mark.parametrize("kind", ["buffer", "stream"])
def test_noContent(kind: str) -> None:
    """
    No content has no coding, whatever it says.
    """
    wire = post(Taking(POLICIES[kind]), b"", [(b"content-encoding", b"gzip")])
    assert (wire.code, wire.body) == (200, b"")


def test_disconnect() -> None:
    """
    Who leaves midway has sent nothing.
    """
    told: list[Any] = []

    class Reading(Resource):
        policy = Stream(decode=True)
        cancelOnDisconnect = False

        async def render_POST(self, request: Request) -> Any:
            try:
                await request.readText()
            except PeerGone as problem:
                told.append(problem)
            return b""

    for resource in (Reading(), Taking(Buffer(decode=True))):
        wire, _ = ask(
            Site(resource),
            b"POST",
            headers=[(b"content-encoding", b"gzip")],
            body=None,
            length=100,
        )
        wire.contentReceived(GZIPPED)
        wire.lose(gone())
        assert wire.code == 0
    assert len(told) == 1


@pytest.mark.everywhere
@pytest.mark.parametrize("coding", CODINGS)
@given(data=st.binary(max_size=100), size=st.integers(1, 30))
def test_garbage(coding: str, data: bytes, size: int) -> None:
    """
    Anything at all is taken or refused.
    """
    fields = [(b"content-encoding", coding)]
    wire = post(Taking(Buffer(1000, decode=True)), data, fields, size)
    assert wire.code in (200, 400, 413)
    assert wire.ended
