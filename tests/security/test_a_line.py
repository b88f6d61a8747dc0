"""
A: request lines.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.transports.rpc.messages import Message

from ..http1.messages import line
from ..http1.rejected import REJECTED
from ..rpc.wires import request
from .bad_input import (
    AFTER,
    HELLO,
    REFUSALS,
    Case,
    End,
    Noting,
    Sited,
    callRPC,
    checkHTTP,
    deliveries,
    ok,
    refused,
    remember,
)

LINE = "malformed request line"
TARGET = "malformed request target"
VERSION = "neither HTTP/1.0 nor HTTP/1.1"

# Where it isn't LINE.
REASONS = {
    "A1 LF in line": "line end without CR",
    "A3 HTTP/0.9": VERSION,
    "A3 HTTP/1.2": VERSION,
    "A3 HTTP/2.0": VERSION,
    "A3 HTTP/2 preface": VERSION,
    "A4 relative": TARGET,
    "A4 relative path": TARGET,
    **{name: TARGET for name in REJECTED if name.startswith(("A5", "A7"))},
    **{name: "request line too long" for name in REJECTED if name.startswith("A8")},
}

LONG = b"/" + b"a" * (16384 - len("GET / HTTP/1.1"))

CASES: dict[str, Case] = {
    name: refused(code, REASONS.get(name, LINE), data)
    for name, (code, data) in REJECTED.items()
    if name.startswith("A")
}
CASES |= {
    "A2 lower case is another method": Case(
        (line(b"get / HTTP/1.1"), HELLO),
        ok() * 2,
        End.OPEN,
        ("get / [] whole", "GET / [] whole"),
    ),
    "A5 the server as a whole": Case(
        (line(b"OPTIONS * HTTP/1.1"), HELLO),
        ok() * 2,
        End.OPEN,
        ("OPTIONS * [] whole", "GET / [] whole"),
    ),
    "A6 a tunnel": Case(
        (HELLO, line(b"CONNECT a:443 HTTP/1.1"), AFTER),
        ok() + REFUSALS[501],
        End.LINGERS,
        ("GET / [] whole",),
        ("501, CONNECT",),
    ),
    "A6 a tunnel with content": Case(
        (
            HELLO,
            line(b"CONNECT a:443 HTTP/1.1\r\nContent-Length: %d" % len(AFTER)),
            AFTER,
            AFTER,
        ),
        ok() + REFUSALS[501],
        End.LINGERS,
        ("GET / [] whole",),
        ("501, CONNECT",),
    ),
    "A6 a tunnel of HTTP/1.0": Case(
        (line(b"CONNECT a:443 HTTP/1.0"), AFTER),
        REFUSALS[501],
        End.LINGERS,
        (),
        ("501, CONNECT",),
    ),
    "A7 another host in the target": Case(
        (line(b"GET http://b/c HTTP/1.1"), HELLO),
        ok() * 2,
        End.OPEN,
        ("GET http://b/c [] whole", "GET / [] whole"),
    ),
    "A8 as long as it may be": Case(
        (line(b"GET %b HTTP/1.1" % LONG), HELLO),
        ok() * 2,
        End.OPEN,
        (f"GET {LONG.decode()} [] whole", "GET / [] whole"),
    ),
    "A8 HTTP/1.0": Case(
        (b"GET /" + b"a" * 16384 + b" HTTP/1.0\r\n\r\n", AFTER),
        REFUSALS[414],
        End.LINGERS,
        (),
        ("414, request line too long",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


# What a message of RPC can say, and the code that answers it.
MESSAGES: dict[str, tuple[Message, int]] = {
    "A1 LF in target": (request(3, path=b"/\nHTTP/1.1"), 400),
    "A1 tab in target": (request(3, path=b"/\tHTTP/1.1"), 400),
    "A1 NBSP in target": (request(3, path=b"/\xa0"), 400),
    "A1 space in method": (request(3, method=b"GET /"), 400),
    "A2 separators in method": (request(3, method=b'G=":<>(e)'), 400),
    "A2 a slash in method": (request(3, method=b"GET/:"), 400),
    "A2 empty method": (request(3, method=b""), 400),
    "A2 method not of ASCII": (request(3, method=b"G\xc3\x89T"), 400),
    "A4 relative": (request(3, path=b"!"), 400),
    "A4 relative path": (request(3, path=b"index.html"), 400),
    "A4 empty": (request(3, path=b""), 400),
    "A4 control": (request(3, path=b"/\x01"), 400),
    "A4 NUL": (request(3, path=b"/\x00"), 400),
    "A4 DEL": (request(3, path=b"/\x7f"), 400),
    "A4 high": (request(3, path=b"/\xc3\xa9"), 400),
    "A5 * with GET": (request(3, path=b"*"), 400),
    "A5 authority with GET": (request(3, path=b"a:80"), 400),
    "A5 origin with CONNECT": (request(3, method=b"CONNECT"), 400),
    "A6 a tunnel": (request(3, method=b"CONNECT", path=b"a:443"), 501),
    "A7 one slash": (request(3, path=b"http:/a/"), 400),
    "A7 three slashes": (request(3, path=b"http:///a/"), 400),
    "A7 no authority": (request(3, path=b"http://"), 400),
    "A7 a scheme that isn't spoken": (request(3, path=b"https://a/"), 421),
    "A8 too long": (request(3, path=b"/" + b"a" * 16384), 414),
    "A8 endless method": (request(3, method=b"G" * 257), 501),
}


@pytest.mark.parametrize(("message", "code"), MESSAGES.values(), ids=MESSAGES)
def test_rpc(message: Message, code: int) -> None:
    """
    One exchange is answered so, and no resource sees it; its neighbours are
    served.
    """
    callRPC(message, code)


# What a caller in memory can say, and the code, or what is raised.
CALLS: dict[str, tuple[tuple[Any, Any], int | str]] = {
    "A1 line end in target": (("GET", "/ HTTP/1.1\r\nX: y"), "LocalProtocolError"),
    "A1 tab in target": (("GET", "/\t"), "LocalProtocolError"),
    "A1 space in method": (("GET /", "/"), "LocalProtocolError"),
    "A2 separators in method": (('G=":<>(e)', "/"), "LocalProtocolError"),
    "A2 empty method": (("", "/"), "LocalProtocolError"),
    "A2 method not of ASCII": (("GÉT", "/"), "LocalProtocolError"),
    "A4 relative": (("GET", "!"), 400),
    "A4 relative path": (("GET", "index.html"), 400),
    "A4 empty": (("GET", ""), "LocalProtocolError"),
    "A4 control": (("GET", "/\x01"), "LocalProtocolError"),
    "A4 NUL": (("GET", b"/\x00"), "LocalProtocolError"),
    "A4 high": (("GET", b"/\xc3\xa9"), "LocalProtocolError"),
    "A5 * with GET": (("GET", "*"), 400),
    "A5 authority with GET": (("GET", "a:80"), 400),
    "A5 origin with CONNECT": (("CONNECT", "/"), 400),
    "A6 a tunnel": (("CONNECT", "a:443"), 501),
    "A7 one slash": (("GET", "http:/a/"), 400),
    "A7 three slashes": (("GET", "http:///a/"), 400),
    "A7 a scheme that isn't spoken": (("GET", "https://a/"), 421),
}


@pytest.mark.parametrize(("call", "found"), CALLS.values(), ids=CALLS)
def test_memory(call: tuple[Any, Any], found: int | str) -> None:
    assert remember(*call) == (found, [])


# Requests that a site refuses, since a target means something only to it.
SITES: dict[str, tuple[bytes, int]] = {
    "A4 a backslash": (b"GET /a\\b HTTP/1.1", 400),
    "A4 a fragment": (b"GET /#a HTTP/1.1", 400),
    "A7 a scheme that isn't spoken": (b"GET https://a/ HTTP/1.1", 421),
    "A7 a scheme of somebody else": (b"GET ftp://a/ HTTP/1.1", 400),
    "A7 a user": (b"GET http://u@a/ HTTP/1.1", 400),
    "A7 a port too many": (b"GET http://a:80:80/ HTTP/1.1", 400),
}


@pytest.mark.parametrize(("start", "code"), SITES.values(), ids=SITES)
def test_site(start: bytes, code: int) -> None:
    """
    The connection goes on: where the next request begins is certain.
    """
    for pieces in deliveries(HELLO, line(start), HELLO):
        sited = Sited()
        sited.receive(*pieces)
        assert sited.codes == [200, code, 200], pieces
        assert sited.root.seen == ["GET / []"] * 2


def test_whoseTarget() -> None:
    """
    A7: the target's host is the request's, whatever Host says.
    """
    hosts = []

    class Host(Noting):
        def render(self, request: Any) -> Any:
            hosts.append((request.host, request.scheme, request.path))
            return b""

    Sited(Host()).receive(line(b"GET http://b:81/c HTTP/1.1"))
    callRPC(request(3, b"Host", b"a", path=b"http://b:81/c"), 200, Host())
    remember("GET", "http://b:81/c", [("Host", "a")], root=Host())
    others = [it for it in hosts if it[0] == b"b:81"]
    assert set(others) == {(b"b:81", b"http", b"/c")}
    assert len(others) > 2
