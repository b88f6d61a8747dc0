"""
B: header fields.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError
from penstock.core.fields import STANDARD
from penstock.core.forwarding import dropForwarding
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.transports.http1.limits import Limits
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.messages import Message

from ..http1.messages import GET, head
from ..http1.rejected import REJECTED
from ..requirements.ends import Caller
from ..rpc.wires import Scene, request
from .bad_input import (
    HELLO,
    HOST,
    Called,
    Case,
    End,
    Noting,
    Sited,
    callRPC,
    checkHTTP,
    deliveries,
    frames,
    ok,
    refused,
    remember,
)

LINE_END = "line end without CR"
CONTROL = "control character in a field"
NAME = "field name is not a token"
COLON = "field without a colon"

# By id, or by case.
REASONS = {
    "B1 bare CR": CONTROL,
    "B1 CR CR LF": CONTROL,
    "B1 NUL": CONTROL,
    "B1": LINE_END,
    "B2": CONTROL,
    "B3 no colon": COLON,
    "B3": NAME,
    "B4": COLON,
    "B5 NBSP around chunked": "malformed Transfer-Encoding",
    "B5": CONTROL,
    "B6 two Content-Type": "several Content-Type",
    "B6": "several Host",
    "B9": "too many fields",
    "B11": "fields too large",
}

CASES: dict[str, Case] = {
    name: refused(code, REASONS.get(name) or REASONS[name.partition(" ")[0]], data)
    for name, (code, data) in REJECTED.items()
    if name.startswith("B")
}


def taken(block: bytes, *more: bytes) -> Case:
    """
    A head that is taken, and so is what comes after it.
    """
    return Case(
        (head(block), *more, HELLO),
        ok() * 2,
        End.OPEN,
        ("GET / [] whole",) * 2,
    )


CASES |= {
    "B1 bare LF, then a field": refused(
        400, LINE_END, head(b"Foo: x\nX-Forwarded-For: 127.0.0.1\r\n")
    ),
    "B1 bare LF in the last field": refused(
        400, LINE_END, GET + HOST + b"Foo: x\n\r\n"
    ),
    "B1 CR at the end of a value": refused(400, CONTROL, head(b"Foo: x\r\r\n")),
    "B1 only CR": refused(400, CONTROL, head(b"Foo: \r\r\n")),
    **{
        f"B2 {octet:#04x} at the end of a value": refused(
            400, CONTROL, head(b"Foo: x%c\r\n" % octet)
        )
        for octet in (0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F)
    },
    **{
        f"B2 {octet:#04x} in a name": refused(
            400, CONTROL, head(b"Foo%cX: x\r\n" % octet)
        )
        for octet in (0x00, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E)
    },
    # An octet of UTF-8, so it can't be refused; and ends no line.
    "B2 0x85 is only an octet": taken(b"Foo: x\x85Injected: y\r\n"),
    "B3 NBSP before the colon": refused(400, NAME, head(b"Foo\xa0: x\r\n")),
    "B3 tab before the colon": refused(400, NAME, head(b"Foo\t: x\r\n")),
    "B3 space before Transfer-Encoding's colon": refused(
        400, NAME, head(b"Transfer-Encoding : chunked\r\n"), b"0\r\n\r\n"
    ),
    "B4 folded, with a colon": refused(400, NAME, head(b"Foo: x\r\n Bar: y\r\n")),
    "B4 folded to nothing": refused(400, COLON, head(b"Foo: x\r\n \r\n")),
    "B4 folded chunked": refused(
        400, COLON, head(b"Transfer-Encoding:\r\n chunked\r\n"), b"0\r\n\r\n"
    ),
    "B5 NBSP around a length": refused(
        400,
        "Content-Length is not a number",
        head(b"Content-Length: \xa05\r\n"),
        b"hello",
    ),
    "B6 two Content-Length": refused(
        400, "several Content-Length", head(b"Content-Length: 0\r\n" * 2)
    ),
    "B6 Host in another case": refused(
        400, "several Host", GET + HOST + b"hOST: b\r\n\r\n"
    ),
    "B9 very many": refused(
        431, "fields too large", head(b"A: b\r\n" * 100_000), before=HELLO
    ),
    "B9 as many as may be": taken(b"A: b\r\n" * 127),
    "B11 in drips": refused(
        431, "fields too large", GET + b"".join([b"A: b\r\n"] * 11_000)
    ),
    "B11 a name without end": refused(431, "fields too large", GET + b"A" * 70_000),
    "B11 a limit of one's own": refused(
        431, "fields too large", head(b"A: bc\r\n"), limits=Limits(fieldBlock=11)
    ),
    "B12 close in a list": Case(
        (HELLO, head(b"Connection: x-real-ip,, close\r\nX-Real-IP: b\r\n"), HELLO),
        ok() + ok(fields=b"Connection: close\r\n"),
        End.OVER,
        ("GET / [] whole",) * 2,
    ),
    "B12 close in another line": Case(
        (head(b"Connection: keep-alive\r\nConnection: close\r\n"), HELLO),
        ok(fields=b"Connection: close\r\n"),
        End.OVER,
        ("GET / [] whole",),
    ),
    "B12 not close": taken(b"Connection: closed, x-close, keep-alive\r\n"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


CONTROLS = (0x00, 0x01, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x7F)

# What a message of RPC can say, and the code that answers it.
MESSAGES: dict[str, tuple[Message, int]] = {
    "B1 bare LF": (request(3, b"foo", b"x\nContent-Length: 44"), 400),
    "B1 bare CR": (request(3, b"foo", b"x\rContent-Length: 44"), 400),
    "B1 CR LF": (request(3, b"foo", b"x\r\nContent-Length: 44"), 400),
    "B1 NUL": (request(3, b"foo", b"x\x00y"), 400),
    **{
        f"B2 {octet:#04x} in value": (request(3, b"foo", b"x%cy: z" % octet), 400)
        for octet in CONTROLS
    },
    **{
        f"B2 {octet:#04x} in name": (request(3, b"fo%co" % octet, b"x"), 400)
        for octet in (*CONTROLS, 9)
    },
    "B2 0x85 is only an octet": (request(3, b"foo", b"x\x85Injected: y"), 200),
    "B3 space after the name": (request(3, b"Content-Length ", b"3"), 400),
    "B3 tab before the name": (request(3, b"\tContent-Length", b"1"), 400),
    "B3 no name": (request(3, b"", b"x"), 400),
    "B3 a colon": (request(3, b"Foo:", b"x"), 400),
    "B3 space in name": (request(3, b"Na me", b"x"), 400),
    "B3 0x85 in name": (request(3, b"Name\x85", b"x"), 400),
    "B3 0xa0 in name": (request(3, b"Name\xa0", b"x"), 400),
    "B4 folded": (request(3, b"foo", b"x\r\n y"), 400),
    "B5 NBSP around chunked": (
        request(3, b"transfer-encoding", b"\xa0chunked\xa0"),
        400,
    ),
    "B5 NBSP around a length": (request(3, b"content-length", b"\xa00"), 400),
    "B5 white space before a value": (request(3, b"a", b" b"), 400),
    "B5 white space after a value": (request(3, b"a", b"b\t"), 400),
    "B6 two Host": (request(3, b"Host", b"a", b"host", b"b"), 400),
    "B6 two equal Host": (request(3, b"Host", b"a", b"Host", b"a"), 400),
    "B6 two Content-Type": (
        request(3, b"Content-Type", b"a/b", b"content-type", b"a/c"),
        400,
    ),
    "B6 two Content-Length": (
        request(3, b"Content-Length", b"0", b"content-length", b"0"),
        400,
    ),
    "B9 too many fields": (request(3, *[b"a", b"b"] * 129), 431),
    "B11 too large": (request(3, b"a", b"b" * 65536), 431),
    "B12 Connection": (request(3, b"Connection", b"x-real-ip, keep-alive"), 400),
}


@pytest.mark.parametrize(("message", "code"), MESSAGES.values(), ids=MESSAGES)
def test_rpc(message: Message, code: int) -> None:
    """
    M8: what comes through a tunnel is looked at as if it came from a stranger.
    """
    callRPC(message, code)


def test_tooManyForAFrame() -> None:
    """
    B9: there can't be more in a frame than its arrays may have.
    """
    sent = frames(request(1), request(3, *[b"a", b"b"] * 1000), request(5))
    for pieces in deliveries(*sent):
        called = Called()
        called.receive(*pieces)
        assert called.isClosed
        assert called.root.seen == ["GET / []"]


# What a caller in memory can say, and what is raised.
FIELDS: dict[str, tuple[list[tuple[Any, Any]], str]] = {
    "B1 bare LF": ([("foo", "x\nContent-Length: 44")], "InvalidField"),
    "B1 bare CR": ([("foo", "x\rContent-Length: 44")], "InvalidField"),
    "B1 NUL": ([("foo", "x\x00y")], "InvalidField"),
    **{
        f"B2 {octet:#04x} in value": ([("foo", f"x{octet:c}y: z")], "InvalidField")
        for octet in CONTROLS
    },
    "B3 space after the name": ([("Content-Length ", "3")], "InvalidField"),
    "B3 tab before the name": ([("\tContent-Length", "1")], "InvalidField"),
    "B3 no name": ([("", "x")], "InvalidField"),
    "B3 a colon": ([("Foo:", "x")], "InvalidField"),
    "B3 space in name": ([("Na me", "x")], "InvalidField"),
    "B3 0x85 in name": ([(b"Name\x85", "x")], "InvalidField"),
    "B3 0xa0 in name": ([(b"Name\xa0", "x")], "InvalidField"),
    "B4 folded": ([("foo", "x\r\n y")], "InvalidField"),
    "B5 NBSP around a length": ([("Content-Length", b"\xa00")], "LocalProtocolError"),
    "B6 two Host": ([("Host", "a"), ("host", "b")], "LocalProtocolError"),
    "B6 two Content-Type": (
        [("Content-Type", "a/b"), ("content-type", "a/c")],
        "LocalProtocolError",
    ),
    "B6 two Content-Length": (
        [("Content-Length", "0"), ("content-length", "0")],
        "LocalProtocolError",
    ),
}


@pytest.mark.parametrize(("fields", "raised"), FIELDS.values(), ids=FIELDS)
def test_memory(fields: list[tuple[Any, Any]], raised: str) -> None:
    assert remember("GET", "/", fields) == (raised, [])


def test_noCallerSendsThem() -> None:
    """
    B6: what no server takes, no calling end sends.
    """
    types = Headers([("Content-Type", "a/b"), ("Content-Type", "a/c")])
    with pytest.raises(LocalProtocolError):
        Caller().client.startRequest(b"GET", b"/", types, None)
    scene = Scene()
    with pytest.raises(LocalProtocolError):
        scene.ask(headers=types)
    assert scene.peer.take() == []


def test_oneLookAtManyCopies() -> None:
    """
    B9: what there is of many fields is found in a time that grows with them,
    and no faster.
    """

    def took(count: int) -> float:
        began = time.process_time()
        headers = Headers.trusted([(b"A", b"b")] * count)
        assert len(headers.get("a") or b"") == 3 * count - 2
        headers.addRaw("a", "c")
        headers.removeHeader("b")
        return time.process_time() - began

    took(1000)
    # Quadratic, this would be a hundred times.
    assert min(took(100_000) for _ in range(3)) < 40 * max(
        min(took(10_000) for _ in range(5)), 1e-4
    )


UNITS = (
    b"0",
    b"-",
    b"a;",
    b"a,",
    b"a=",
    b'"',
    b'a="b",',
    b"\t ",
    b"*/*,",
    b"a/b;",
    b"(",
    b"=",
    b":",
    b'\\"',
)


@pytest.mark.parametrize("unit", UNITS)
def test_noFieldTakesLong(unit: bytes) -> None:
    """
    B10: not even to find that it makes no sense.
    """

    def took(name: bytes, before: bytes, size: int) -> float:
        value = before + unit * (size // len(unit)) + b"\x80"
        began = time.process_time()
        try:
            STANDARD.parse(name, [value])
        except ValueError:
            pass
        return time.process_time() - began

    for row in STANDARD:
        for before in (b"", b"Digest ", b"a="):
            if took(row.key, before, 20_000) > 0.05:
                # Quadratic, this would be sixteen times.
                most = 10 * min(took(row.key, before, 5_000) for _ in range(3))
                least = min(took(row.key, before, 20_000) for _ in range(3))
                assert least < most, (row.key, before)


def test_errorPagesDoNotTakeLong() -> None:
    """
    B10: nor for a page of our own, which looks at Accept.
    """
    for unit in UNITS:
        sited = Sited(Resource())
        value = unit * (60_000 // len(unit))
        began = time.process_time()
        sited.receive(
            b"GET /none HTTP/1.1\r\n" + HOST + b"Accept: " + value + b"\r\n\r\n"
        )
        assert time.process_time() - began < 0.3
        assert sited.codes == [404]


@pytest.mark.parametrize(
    "value",
    [b" " * 60000 + b"x", b"\t " * 30000, b'"' * 60000, b"a," * 30000, b"a=" * 30000],
    ids=["spaces", "white space", "quotes", "list", "pairs"],
)
def test_noBacktracking(value: bytes) -> None:
    """
    B10: no value takes long to be looked at, whatever it is taken for.
    """
    names = [
        b"Accept",
        b"Cache-Control",
        b"Content-Disposition",
        b"Content-Type",
        b"Cookie",
        b"Forwarded",
        b"If-Match",
        b"Link",
        b"Range",
        b"X-Foo",
    ]
    for name in names:
        sited = Sited(Typed(name))
        began = time.process_time()
        sited.receive(head(name + b": " + value + b"\r\n"))
        assert time.process_time() - began < 2.0, name
        assert sited.codes[0] in (200, 412)


class Typed(Noting):
    """
    Wants a typed value.
    """

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name

    def render(self, request: Any) -> Any:
        request.in_headers.getHeader(self.name)
        return b""


UNDERSCORES: dict[str, str] = {
    "B7 client": "X_Forwarded_For",
    "B7 scheme": "X_FORWARDED_PROTO",
    "B7 address": "X_Real_IP",
    "B7 one of each": "X-Forwarded_Host",
}


@pytest.mark.parametrize("name", UNDERSCORES.values(), ids=UNDERSCORES)
def test_underscores(name: str) -> None:
    """
    They aren't the field with dashes, and go where that goes.
    """
    headers = Headers([(name, "evil")])
    assert not headers.hasHeader(name.replace("_", "-"))
    dropForwarding(headers)
    assert len(headers) == 0


def test_noEnvironment() -> None:
    """
    B8: fields become neither variables of the environment nor names of
    anything else.
    """
    seen = []

    class Environment(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> Any:
            seen.append(dict(os.environ))
            return b""

    before = dict(os.environ)
    Sited(Environment()).receive(head(b"Proxy: http://evil\r\n"))
    with MemoryClient(Environment()) as client:
        client.get("/", {"Proxy": "http://evil"})
    assert seen == [before] * 2


def test_noProxyFromTheEnvironment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    B8: no calling end lets the environment choose whom it calls.
    """
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://evil:1")
    caller = Caller(host=b"a")
    caller.call("GET", "/x")
    (asked,) = caller.asked()
    assert asked.start[1] == b"/x"
    assert asked.get(b"host") == b"a"


def test_whatConnectionCantHide() -> None:
    """
    B12: fields that others decide by aren't taken away by a client's word.
    """
    names = (
        "authorization",
        "cookie",
        "forwarded",
        "host",
        "x-forwarded-for",
        "x-real-ip",
    )
    seen: list[tuple[str, ...]] = []

    class Names(Noting):
        def render(self, request: Any) -> Any:
            seen.append(tuple(name for name in names if name in request.in_headers))
            return b""

    fields = [(name, "a") for name in (*names, "x-own") if name != "host"]
    block = "".join(f"{name}: {value}\r\n" for name, value in fields)
    options = "keep-alive, x-own," + ",".join(names)
    Sited(Names()).receive(head(f"{block}Connection: {options}\r\n".encode()))
    remember("GET", "/", [*fields, ("Connection", options)], root=Names())
    assert seen == [names] * 2
